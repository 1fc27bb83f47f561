// Package faults tests that no license is lost or used twice when something fails. It runs simulated PCs with real
// apps, a real server, and a proxy between them that drops, duplicates and forges answers. It kills the app at every
// write, restores backups, locks and replaces keyrings, and changes data at the vendor during a task. After each
// scenario one oracle checks that exactly the right PCs run and that no license is lost.
//
// A representative part runs with the other tests; make faults runs everything.
package faults
