package faults

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/faults.md")

// tablePath is the document that lists all scenarios.
const tablePath = "../../docs/faults.md"

// sections group the scenarios by what fails; test is the test that runs them.
var sections = []struct {
	title, test string
	list        []scenario
}{
	{"Departures and damaged data", "TestDepartures", departureScenarios},
	{"The server is restored from a backup", "TestServerRestored", serverRestoreScenarios},
	{"A PC's data are lost or restored from a backup", "TestPCRestored", pcRestoreScenarios},
	{"The keyring is locked or replaced", "TestKeyring", keyringScenarios},
	{"Canceled tasks and late answers", "TestCanceled", cancelScenarios},
	{"Typed removal codes", "TestTypedCodes", typedCodeScenarios},
	{"Concurrent tasks", "TestConcurrent", concurrencyScenarios},
	{"Couriers", "TestCarry", carryScenarios},
	{"Blocked files, blocked calls and full disks", "TestBlocked", blockedScenarios},
	{"The vendor changes something", "TestVendor", vendorScenarios},
}

// regressions are the kinds of faults that these tests found, with the tests that guard against each.
var regressions = []struct{ kind, tests string }{
	{"A license left its PC, its removal code is lost, and it can never be used again", "TestDepartures"},
	{"The licenses of an order that was disabled for a while count as ended", "TestVendorInTheMiddle, TestVendor"},
	{"The server is restored from a backup and disagrees with the apps", "TestServerRestored"},
	{"The app's data file is damaged while a move is pending", "TestDepartures"},
	{"The keyring is replaced while a task is pending, or after “Give back” without a network", "TestKeyring"},
	{"The app's data are deleted while a move is pending", "TestDepartures"},
	{"A courier's answer without a receipt is accepted", "TestCarry"},
	{"Any JSON with status 200 is an answer, and unlisted licenses are erased", "TestNetwork, TestNetworkEachCall"},
	{"A canceled task is executed anyway", "TestCanceled, TestConcurrent"},
	{"Two PCs use one seat after a restore", "TestServerRestored"},
	{"A file lock is never released, the lock file is a pipe, the state file is too large", "TestBlocked, TestDepartures"},
	{"One call without an answer blocks all tasks", "TestBlocked"},
	{"A correct removal code is typed after a wrong one, and the wrong one is sent", "TestTypedCodes"},
	{"Canceling a move erases a newer license", "TestCanceled"},
	{"One start without a keyring ends a pending task", "TestKeyring"},
	{"The state file of a newer version is set aside as damaged", "TestDepartures"},
	{"A pending move cannot be canceled when nobody is signed in", "TestCanceled"},
	{"A restored app cancels a completed move, and the program runs again", "TestPCRestored"},
	{"After a change of the signing key the program reports that there is no license", "TestVendor"},
	{"A removal code that another PC has handed in stays listed", "TestTypedCodes"},
	{"A full disk leaves a task open, and nothing reports it", "TestBlocked"},
	{"The app is killed, or its folder is full", "TestKilled, TestFolderWriteFails"},
	{"Several of these in sequence", "TestWalk"},
}

// The text of docs/faults.md. In it ~ stands for a backquote.
var (
	intro = code(`# What happens to a license when something fails

Every row is a test in [e2e/faults](../e2e/faults). It runs simulated PCs with real apps and programs, a real server,
and a proxy between them. After each scenario one oracle checks the program on every PC, the tables of every app and
the server's rows:

- exactly the right PCs run the program, and no license is on two PCs;
- the number of seats in use is right;
- no task is open, and no canceled task took effect;
- each active license runs, is released for another PC, or can be recovered.

~make faults~ runs every scenario, ~make test~ a representative part.

~go test ./e2e/faults -run TestTable -update~ writes this page; a test fails if it is out of date.

## The network

~TestNetwork~, ~TestNetworkEachCall~: each fault affects the call that performs a task, then all calls during the task,
then each of its calls alone. Meanwhile the app retries and refreshes.

`)
	killing = code(`
## The app is killed, or its folder is full

~TestKilled~: the app is killed at every write of each of these tasks, and of these: %s. The writes are

- each file of the license folder, half written and before it is renamed;
- the keyring;
- each transaction of the app's data file;
- the moments before and after each call.

Afterwards the task has taken effect once or not at all. A task that was stored resumes.

~TestFolderWriteFails~: each write of the license folder fails during each of these tasks, as on a full disk. The app
reports it, nothing is lost, and the task completes when the disk works again.

~TestSiteCodeOfAnotherPC~: another PC has the Site code of this PC by chance. A new license, a reactivation and a
pick-up choose another Site code and retry, up to three times. If the app is killed at any write, they still take
effect once.

## The vendor changes something during a task

~TestVendorInTheMiddle~: a task waits for a connection, the vendor makes a change, the app retries, and the vendor
reverts the change.

`)
	walking = code(`
## Random sequences

~TestWalk~: a person performs random tasks on two PCs (%s) while faults happen (%s). When the faults have ended and all
apps have refreshed, the PCs, the apps and the server agree. Then every license is given back with what the apps offer,
until no seat is in use. ~go test ./e2e/faults -run TestWalk -seed N~ repeats a sequence.
`)
	bounds = `
## Limits of the scheme

No offline scheme can prove that a license was removed. Spent Site codes, removal codes that work once, and programs
that validate their license at the server limit the damage:

`
)

// code replaces ~ by backquotes.
func code(text string) string { return strings.ReplaceAll(text, "~", "`") }

// table returns the text of docs/faults.md.
func table() string {
	var b strings.Builder
	row := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	head := func(cells ...string) {
		row(cells...)
		b.WriteString("|" + strings.Repeat("---|", len(cells)) + "\n")
	}
	b.WriteString(intro)
	var names []string
	for _, tt := range tasks {
		names = append(names, tt.name)
	}
	fmt.Fprintf(&b, "The tasks: %s.\n\n", strings.Join(names, ", "))
	head("Fault", "Outcome")
	var outcomes []string
	byOutcome := map[string][]string{}
	for _, m := range networkFaults {
		if byOutcome[m.outcome] == nil {
			outcomes = append(outcomes, m.outcome)
		}
		byOutcome[m.outcome] = append(byOutcome[m.outcome], m.name)
	}
	for _, what := range outcomes {
		row(strings.Join(byOutcome[what], "; "), what)
	}
	names = nil
	for _, tt := range killTasks {
		names = append(names, tt.name)
	}
	fmt.Fprintf(&b, killing, strings.Join(names, ", "))
	head("The vendor", "Outcome")
	for _, v := range vendorChanges {
		row(v.name, v.outcome)
	}
	b.WriteString("\n`TestVendorEndsInTheMiddle`: the vendor does so while a task with the license is pending.\n\n")
	head("The vendor", "Outcome")
	for _, v := range vendorEndings {
		row(v.name, v.outcome)
	}
	var does, happens []string
	for _, tt := range actions {
		does = append(does, tt.name)
	}
	for _, tt := range disturbances {
		happens = append(happens, tt.name)
	}
	fmt.Fprintf(&b, walking, strings.Join(does, ", "), strings.Join(happens, ", "))
	limits, listed := []string{}, map[string]bool{}
	for _, c := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`\n\n", c.title, c.test)
		head("Scenario", "Outcome")
		for _, s := range c.list {
			text := s.outcome
			if s.limit != "" {
				text += " *Limit: " + s.limit + ".*"
			}
			row(s.name, text)
			if s.limit != "" && !listed[s.limit] {
				limits, listed[s.limit] = append(limits, s.limit), true
			}
		}
	}
	b.WriteString(bounds)
	for _, l := range limits {
		fmt.Fprintf(&b, "- %s%s.\n", strings.ToUpper(l[:1]), l[1:])
	}
	b.WriteString("\n## Faults that were found, and the tests that guard against them\n\n")
	head("Fault", "Tests")
	for _, g := range regressions {
		row(g.kind, "`"+strings.ReplaceAll(g.tests, ", ", "`, `")+"`")
	}
	return b.String()
}

// TestTable checks that docs/faults.md lists every scenario and that each test it names exists.
func TestTable(t *testing.T) {
	text := table()
	if *update {
		require.NoError(t, os.WriteFile(tablePath, []byte(text), 0o644))
	}
	content, err := os.ReadFile(tablePath)
	require.NoError(t, err)
	require.Equal(t, text, string(content), "docs/faults.md is out of date: go test ./e2e/faults -run TestTable -update")
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	var source strings.Builder
	for _, f := range files {
		code, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		source.Write(code)
	}
	for _, name := range regexp.MustCompile(`Test[A-Z]\w+`).FindAllString(text, -1) {
		require.Contains(t, source.String(), "func "+name+"(t *testing.T)")
	}
	for _, c := range sections {
		names := map[string]bool{}
		for _, s := range c.list {
			require.NotEmpty(t, s.outcome, s.name)
			require.False(t, names[s.name], s.name)
			names[s.name] = true
		}
	}
}
