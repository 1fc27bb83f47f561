// Package e2e contains end-to-end tests: they run the license manager against a real server and database in one
// process. They cover every task with lost calls, crashes and restored backups. Its subpackages test the real programs
// and windows.
package e2e
