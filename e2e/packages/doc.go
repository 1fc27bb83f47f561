// Package packages tests the packages that people install, each on a system of its own: `make test-packages`.
package packages
