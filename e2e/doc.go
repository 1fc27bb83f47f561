// Package e2e has tests only. They run the license manager against a real server on a real database, in one process:
// every task with lost calls, crashes and restored backups. Tests of real programs and windows are in the packages
// below.
package e2e
