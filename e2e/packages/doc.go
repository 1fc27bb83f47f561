// Package packages tests the installable packages, each on its own clean system. The tests need root and the build tag
// packages (make test-packages).
package packages
