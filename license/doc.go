// Package license reads, shows, makes and checks the codes of the scheme acen/v1, compares the locks of PCs, and makes and
// verifies license files (codes.md).
//
// # Parts
//
//   - A program's [Signature] gives the fingerprint [Key]. It turns the raw values of the seven locks ([RawLocks]) into
//     a [Block] of nine bits each, and the block into [Codes]: Site code and Machine ID.
//   - An [ActivationKey] makes and checks the typed [ActivationCode] for Codes, and the [RemovalSeed] that makes and
//     verifies the [RemovalCode].
//   - A [SerialSeed] makes and opens serial numbers.
//   - A [SigningKey] signs license files ([File]) and receipts ([Receipt]); anyone verifies them with the [PublicKey].
//   - [Compare] alone decides whether a PC is still the one a license was bound to.
//   - The Parse functions read what people type and say which group is wrong; [Find] picks codes out of any text.
//
// All functions are free of side effects and safe for any goroutine.
//
// # Limits
//
// Know them before you rely on the scheme:
//
//   - A typed activation code is checked with the activation key. A program that accepts typed codes carries that key,
//     and a determined person can dig it out and then make codes for any PC. A license file cannot be forged that way,
//     for its signing key never leaves the server. The program chooses whether it accepts typed codes.
//   - No offline scheme can prove a removal: a copied backup of a PC can always run. What bounds it: a removal code
//     works once, its Site code is spent, removals are limited, and the server refuses at the next contact.
//   - Site code and Machine ID are masked with a key that anyone can derive from the public application signature. They
//     hide nothing: what keeps raw values private is that nine bits of each cannot be turned back into a serial number.
//   - A Site code has 20 check bits, and the block one: codes mistyped by chance pass as belonging together once in two
//     million times. They are no proof against codes made up on purpose; the seat limit is.
//   - The check letter catches every single wrong letter and every swap of neighbours, but not which letter is wrong.
package license
