// Package license reads, shows, makes and checks the codes of the scheme acen/v1, compares locks and
// makes and verifies license files (codes.md).
//
// What the scheme can and cannot do: a typed activation code is checked with the program's activation
// key, which a determined person can dig out of the program; a license file is signed with a key that
// only the server has and cannot be forged that way. No offline scheme proves a removal: a copied
// backup can always run. Single use, spent Site codes and refusal at the next contact bound it.
package license
