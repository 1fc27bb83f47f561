// Package license implements the code scheme acen/v2: the codes that a person copies or types, the comparison that
// recognizes a PC, license files, and what a server states about a license.
//
// # Codes
//
// A program has an application [Signature], which is public. Its fingerprint [Key] turns the raw values of a PC's seven
// locks ([RawLocks]) into a [Block] of 63 bits, 5 to 14 for each lock ([Lock.Bits]), and the block into [Codes]: a Site
// code and a Machine ID. [Key.Open] returns the block of codes, and fails with [ErrMismatch] if they do not belong
// together or are another program's.
//
// An [ActivationKey] makes and checks the typed [ActivationCode] for Codes, and derives the [RemovalSeed] with which a
// PC computes its [RemovalCode] and a server verifies it. A [SerialSeed] makes and opens serial numbers.
//
// The Parse functions parse typed codes: they ignore case, spaces and dashes, and a [CodeError] names the wrong group.
// [Find] returns every code in a text.
//
// # Comparison
//
// [Compare] decides whether a PC is the one that a license was made for. Servers, the desktop app, the terminal and the
// check inside a program all call it. Each lock has one of five states: [Same], [Changed], [Gone], [New] or [Absent].
// Only a lock that changed or is gone can differ ([LockState].Differs); New and Absent say nothing about the PC. A
// caller that tests for "not Same", or counts Same, is therefore wrong: use Differs, [Comparison.Differences],
// [Comparison.Compared] and [Comparison.Closer].
//
// Whatever a [Policy] allows, the network card or the disk must be that of the license, as far as they are readable:
// the other hardware locks only identify a model, and two PCs of one model must be distinguished.
//
// # Signed texts
//
// A [SigningKey] signs three kinds of PASETO v4.public tokens, which anyone verifies with the [PublicKey]. The implicit
// assertion keeps a token of one kind from passing as another.
//
//   - A [File] is a license: codes, features, policy and end. Its claims are trusted only after [VerifyFile];
//     [UnverifiedFile] is for showing them.
//   - A [Validation] answers a program that asks about its license. It contains the [Nonce] of the question, so an old
//     answer fails with [ErrValidationNonce] whatever the clock says. A plain answer over TLS would not do: whoever can
//     install a certificate and a proxy on a PC can forge it.
//   - A [Receipt] states that the server took a license from a PC. Keep the removal code until it is verified.
//
// All functions are free of side effects and safe for concurrent use. Secrets and raw values print as a placeholder.
//
// # What the codes reveal
//
// Raw values never leave a PC, but the codes narrow them down. Their masks are keyed by the application signature, so
// anyone can open the codes of a program:
//
//   - For the network card about a thousand addresses of one maker's sixteen million fit the 14 bits, and about as many
//     serials for the disk.
//   - The models of processor and firmware can be guessed.
//   - Each program has its own key. A vendor who collects the codes of several programs from one PC narrows an address
//     or a serial down to one.
//
// Tell people so wherever they see the codes of their PC.
//
// # What the comparison cannot distinguish
//
//   - A full copy of a virtual machine, with its address and its disk's serial.
//   - A container of one image on one kind of host.
//   - Two PCs of one model whose network cards or disks have the same 14-bit value: 1 pair in 8,000.
//
// Validation by the server limits all three.
//
// # What an attacker can do
//
//   - A program that accepts typed activation codes contains the activation key. A determined person can extract it and
//     make codes for any PC. A license file cannot be forged that way, because the signing key never leaves the server.
//     Each program chooses whether it accepts typed codes.
//   - A license file contains the removal seed. Whoever has the file can compute the removal code without removing
//     anything, and a restored backup of a PC runs as before: no offline scheme can prove a removal. A removal code
//     works once, its Site code is spent, removals are limited, and the server refuses at the next contact.
//   - Site codes have 20 check bits and the block one, against typing errors: 1 pair in 2 million of wrong codes passes
//     as belonging together. They do not protect against invented codes; the seats of an order do.
//   - A check letter detects every single wrong letter and every transposition of neighbors, but does not locate it.
//     The 45-bit tag of a serial number protects it from being guessed.
//   - A program can be patched. No scheme prevents that.
package license
