// Package packages tests the packages that people install, each on a clean system of its own. Its tests need the build
// tag packages and root, and run with make test-packages.
package packages
