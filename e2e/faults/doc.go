// Package faults attacks licenses: made-up PCs with real apps, a real server, and between them a proxy that loses,
// doubles and forges answers; kills at every write, restored backups, lost keyrings, a vendor who changes things in the
// middle. After each attack one oracle says whether exactly the right PC runs and no license is lost.
//
// A representative part runs with the other tests; make faults runs all.
package faults
