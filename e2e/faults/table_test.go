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

var update = flag.Bool("update", false, "write docs/faults.md anew")

// tablePath is the table of all scenarios.
const tablePath = "../../docs/faults.md"

// chapters are the scenarios by what is attacked, with the test that runs them.
var chapters = []struct {
	title, test string
	list        []scenario
}{
	{"Licenses that left a PC, and damaged data", "TestLeft", lefts},
	{"The server is restored from a backup", "TestServerIsRestored", serverRestores},
	{"A PC's data are lost or put back from a backup", "TestPCIsPutBack", putBacks},
	{"The keyring", "TestKeyring", keyrings},
	{"Tasks that are canceled, and late answers", "TestCanceled", cancels},
	{"Removal codes that are typed", "TestTyped", typings},
	{"Two at once", "TestAtOnce", atOnce},
	{"Couriers", "TestCourier", couriers},
	{"What is stuck", "TestStuck", stucks},
	{"The vendor", "TestVendor", vendors},
}

// guards are the kinds of faults that were once found by attack, and the tests that keep each from coming back.
var guards = []struct{ kind, tests string }{
	{"A license that left, and whose removal code is lost, cannot be used again", "TestLeft"},
	{"An order that is disabled for a while counts as ended", "TestVendorInTheMiddle, TestVendor"},
	{"The server's data are restored from a backup", "TestServerIsRestored"},
	{"The app's data file is damaged while a move waits", "TestLeft"},
	{"The keyring is replaced while a task waits, or after giving back offline", "TestKeyring"},
	{"The app's data are removed while a move waits", "TestLeft"},
	{"A courier's answer without proof", "TestCourier"},
	{"Any JSON with status 200 counts as an answer; what is not listed is erased", "TestNetwork, TestNetworkOnce"},
	{"A canceled task is executed anyway", "TestCanceled, TestAtOnce"},
	{"Two PCs use one seat after a restore", "TestServerIsRestored"},
	{"A lock that somebody holds, a pipe in its place, a record that is too large", "TestStuck, TestLeft"},
	{"One call without an answer blocks all tasks", "TestStuck"},
	{"A second, right removal code joins the first, wrong task", "TestTyped"},
	{"Canceling a move erases a newer license", "TestCanceled"},
	{"One start without a keyring ends a waiting task", "TestKeyring"},
	{"A newer version's record is set aside as damaged", "TestLeft"},
	{"A waiting move cannot be canceled without a session", "TestCanceled"},
	{"A restored app cancels a completed move, and the program runs again", "TestPCIsPutBack"},
	{"After a key change the program says that there is no license", "TestVendor"},
	{"A removal code that another PC handed in is listed", "TestTyped"},
	{"A full disk leaves a task open without a trace", "TestStuck"},
	{"The app is killed, or its folder is full", "TestKilled, TestFolderFails"},
	{"Several of these, one after the other", "TestWalk"},
}

// The texts of docs/faults.md; ~ stands for the marks of code.
var (
	intro = code(`# What happens to a license when things go wrong

Every row is a test in [e2e/faults](../e2e/faults): made-up PCs with real apps and programs, a real server, and a
proxy between them. After each attack one oracle checks the program on every PC, the tables of every app and the
server's rows: exactly the right PC runs, the seats agree, no license is on two PCs, no task is open, no canceled task
took effect, and each active license runs, waits for a PC, or can be restored. ~make faults~ runs every attack;
~make test~ a representative part.

This page is written by ~go test ./e2e/faults -run TestTable -update~, and a test fails when it is out of date.

## The network

~TestNetwork~, ~TestNetworkOnce~: each of these happens to the call that does a task, to all calls during the task, and
to each of its calls alone; the app retries and refreshes meanwhile.

`)
	killing = code(`
## The app is killed, or its folder is full

~TestKilled~: at every write of each of these tasks, and of these: %s. Writes are those of the license folder (half a
file, and before it is renamed), of the keyring, each transaction of the app's data file, and the moments before and
after each call. Afterwards the task has taken effect one time or not at all; a task that was stored resumes.

~TestFolderFails~: each write of the license folder fails during each of these tasks, as on a full disk. The app says
so, nothing is lost, and the task completes when the disk works again.

~TestSiteCodeOfAnotherPC~: another PC has the Site code of this one by chance. A new license, a reactivation and a pick up
choose a new Site code and retry, up to three times; killed at any write they take effect one time.

## The vendor changes something during a task

~TestVendorInTheMiddle~: a task waits for a connection, the vendor makes a change, the app retries, the vendor reverts
the change.

`)
	walking = code(`
## At random

~TestWalk~: a person does things at random on two PCs (%s), while other things happen (%s). When the faults are over
and all apps have refreshed, everything agrees, and every license is given back with what the apps offer, until no seat
is taken. To repeat a seed: ~go test ./e2e/faults -run TestWalk -seed N~.
`)
	bounds = `
## Limits of the scheme

No offline scheme can prove a removal. These limit the damage: spent Site codes, removal codes that work one time, and
programs that validate their license at the server.

`
)

func code(text string) string { return strings.ReplaceAll(text, "~", "`") }

// table writes docs/faults.md.
func table() string {
	var b strings.Builder
	row := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	head := func(cells ...string) {
		row(cells...)
		b.WriteString("|" + strings.Repeat("---|", len(cells)) + "\n")
	}
	b.WriteString(intro)
	var names []string
	for _, one := range tasks {
		names = append(names, one.name)
	}
	fmt.Fprintf(&b, "The tasks: %s.\n\n", strings.Join(names, ", "))
	head("What the network does", "What is seen")
	var seenOf []string
	byWhat := map[string][]string{}
	for _, m := range meddlings {
		if byWhat[m.seen] == nil {
			seenOf = append(seenOf, m.seen)
		}
		byWhat[m.seen] = append(byWhat[m.seen], m.name)
	}
	for _, what := range seenOf {
		row(strings.Join(byWhat[what], "; "), what)
	}
	names = nil
	for _, one := range killed {
		names = append(names, one.name)
	}
	fmt.Fprintf(&b, killing, strings.Join(names, ", "))
	head("The vendor", "What is seen")
	for _, v := range whims {
		row(v.name, v.seen)
	}
	b.WriteString("\n`TestVendorEndsInTheMiddle`: the vendor does so while a task with the license waits.\n\n")
	head("The vendor", "What is seen")
	for _, v := range ends {
		row(v.name, v.seen)
	}
	var does, happens []string
	for _, one := range doings {
		does = append(does, one.name)
	}
	for _, one := range troubles {
		happens = append(happens, one.name)
	}
	fmt.Fprintf(&b, walking, strings.Join(does, ", "), strings.Join(happens, ", "))
	limits, seen := []string{}, map[string]bool{}
	for _, c := range chapters {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`\n\n", c.title, c.test)
		head("What is done", "What is seen")
		for _, s := range c.list {
			text := s.seen
			if s.limit != "" {
				text += " *Limit: " + s.limit + ".*"
			}
			row(s.name, text)
			if s.limit != "" && !seen[s.limit] {
				limits, seen[s.limit] = append(limits, s.limit), true
			}
		}
	}
	b.WriteString(bounds)
	for _, l := range limits {
		fmt.Fprintf(&b, "- %s%s.\n", strings.ToUpper(l[:1]), l[1:])
	}
	b.WriteString("\n## Kinds of faults that were found, and what keeps them from coming back\n\n")
	head("Kind", "Tests")
	for _, g := range guards {
		row(g.kind, "`"+strings.ReplaceAll(g.tests, ", ", "`, `")+"`")
	}
	return b.String()
}

// docs/faults.md lists every scenario, and every test that it names is there.
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
	for _, c := range chapters {
		names := map[string]bool{}
		for _, s := range c.list {
			require.NotEmpty(t, s.seen, s.name)
			require.False(t, names[s.name], s.name)
			names[s.name] = true
		}
	}
}
