// Package twopcs runs the real programs on several PCs of one machine: each has a network, a home, a keyring and
// hardware of its own, in namespaces of the kernel. Its test needs the build tag twopcs (make test-twopcs).
package twopcs
