// Package twopcs runs the real programs on several simulated PCs of one machine. Each PC has its own network, home
// folder, keyring and hardware, in Linux namespaces. The test needs the build tag twopcs (make test-twopcs).
package twopcs
