package admincli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	check "github.com/stretchr/testify/require" // require is a function of this package
)

// withoutJSON are the commands without JSON output on request: serve only logs, and demo always prints JSON.
var withoutJSON = []string{"serve", "demo"}

// leaves lists the commands without subcommands, without the program's name.
func leaves(c *cobra.Command) (names []string) {
	if !c.HasSubCommands() {
		return []string{strings.TrimPrefix(c.CommandPath(), "acen-server ")}
	}
	for _, child := range c.Commands() {
		names = append(names, leaves(child)...)
	}
	return names
}

// With --json, every command that prints writes exactly one JSON value. The calls include every command, in the order
// of a vendor's work (spec: api "Storage and running").
func TestEveryCommandPrintsJSON(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	write := func(name, text string) string {
		check.NoError(t, os.WriteFile(in(name), []byte(text), 0o600))
		return in(name)
	}
	old, next := pcCodes(0), pcCodes(1)
	calls := [][]string{
		{"program add", "--name", "Lumen Studio 7", "--signature", "LUMENST7"},
		{"program import", write("p.csv", "name,application_signature\nFonts,LUMENFNT\n")},
		{"program list"},
		{"program show", "1"},
		{"program change", "1", "--features", "3"},
		{"program rule", "1", "add", "--per-day", "9"},
		{"program prepare-key", "1"},
		{"program use-key", "1", "--yes"},
		{"program export"},
		{"serial make", "1", "--count", "3"},
		{"serial list", "1"},
		{"serial find", "2"},
		{"serial print", "1", "1-3"},
		{"serial block", "1", "2"},
		{"serial unblock", "1", "2"},
		{"client add", "anna"},
		{"client import", write("c.csv", "username\nbruno\n")},
		{"client list"},
		{"client show", "1"},
		{"client change", "1", "--first-name", "Anna"},
		{"client export", "--output", in("clients.csv")},
		{"order add", "--client", "1", "--program", "1"},
		{"order import", write("o.csv", "id,client,program\n7,anna,LUMENST7\n")},
		{"order list"},
		{"order show", "1"},
		{"order change", "1", "--licenses", "2"},
		{"order export"},
		{"license add", "--order", "1", "--site-code", old.Site.String(), "--machine-id", old.Machine.String()},
		{"license list", "--order", "1"},
		{"license show", "20001"},
		{"license change", "20001", "--note", "Studio"},
		{"license extend", "20001", "--to", "never"},
		{"license replace", "20001", "--site-code", next.Site.String(), "--machine-id", next.Machine.String(), "--yes"},
		{"license end", "20002", "--yes"},
		{"template list"},
		{"template show", "activation"},
		{"template preview", "activation"},
		{"template set", "activation", "--subject", "Code of {{.Program}}"},
		{"template reset", "activation", "--yes"},
		{"option list"},
		{"option set", "account-failures", "3"},
		{"option reset", "account-failures"},
		{"ban add", "--host", "192.0.2.7"},
		{"ban list"},
		{"ban lift", "--host", "192.0.2.7"},
		{"audit search"},
		{"backup", in("copy.db")},
		{"restore", in("copy.db"), "--yes"},
		{"restored"},
		{"upgrade-v2", "--yes"},
		{"master-key rotate"},
		{"master-key forget", "--yes"},
	}
	seen := slices.Clone(withoutJSON)
	for _, call := range calls {
		seen = append(seen, call[0])
		t.Run(call[0], func(t *testing.T) {
			root := Command()
			var stdout, stderr bytes.Buffer
			root.SetOut(&stdout)
			root.SetErr(&stderr)
			root.SetArgs(append(append(strings.Fields(call[0]), call[1:]...), "--data", in("data"), "--json"))
			check.NoError(t, root.ExecuteContext(t.Context()))
			check.Empty(t, stderr.String())
			d := json.NewDecoder(&stdout)
			var value any
			check.NoError(t, d.Decode(&value))
			check.IsNotType(t, "", value, "a sentence is no answer for programs")
			check.NotNil(t, value)
			check.ErrorIs(t, d.Decode(&value), io.EOF)
		})
	}
	slices.Sort(seen)
	all := leaves(Command())
	slices.Sort(all)
	check.Equal(t, all, slices.Compact(seen), "every command, once")
}

// Destructive commands ask for confirmation, and a dry run changes no data.
func TestDryRunsChangeNothing(t *testing.T) {
	folder := t.TempDir()
	run := func(args ...string) (string, error) {
		root := Command()
		var stdout bytes.Buffer
		root.SetOut(&stdout)
		root.SetErr(io.Discard)
		root.SetIn(strings.NewReader("")) // no terminal
		root.SetArgs(append(args, "--data", filepath.Join(folder, "data"), "--json"))
		err := root.ExecuteContext(t.Context())
		return stdout.String(), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := run(args...)
		check.NoError(t, err)
		return out
	}
	old, next := pcCodes(0), pcCodes(1)
	rows := filepath.Join(folder, "c.csv")
	check.NoError(t, os.WriteFile(rows, []byte("username\nbruno\n"), 0o600))
	must("program", "add", "--name", "Lumen Studio 7", "--signature", "LUMENST7")
	must("program", "prepare-key", "1")
	must("client", "add", "anna")
	must("order", "add", "--client", "1", "--program", "1", "--licenses", "2")
	must("license", "add", "--order", "1", "--site-code", old.Site.String(), "--machine-id", old.Machine.String())
	must("template", "set", "password-reset", "--subject", "Your link")
	must("ban", "add", "--host", "192.0.2.7")
	must("serial", "make", "1", "--count", "3")
	must("serial", "block", "1", "3")
	state := func() (all []string) {
		for _, command := range []string{
			"program list", "client list", "order list", "license list --order 1 --ended", "serial list 1", "template list",
			"option list", "ban list", "audit search",
		} {
			all = append(all, must(strings.Fields(command)...))
		}
		return all
	}
	before := state()
	for command, asks := range map[string]bool{
		"program add --name Other --signature OTHER123":    false,
		"program change 1 --features 9":                    false,
		"program rule 1 add --on=false":                    false,
		"program use-key 1":                                true,
		"program import " + filepath.Join(folder, "p.csv"): false,
		"client import " + rows:                            false,
		"order import " + filepath.Join(folder, "o.csv"):   false,
		"serial make 1":                                    false,
		"serial block 1 1":                                 false,
		"serial unblock 1 3":                               false,
		"client add bruno":                                 false,
		"client change 1 --active=false":                   false,
		"order add --client 1 --program 1":                 false,
		"order change 1 --licenses 9":                      false,
		"license change 20001 --note x":                    false,
		"license extend 20001 --to 2030-01-01":             false,
		"license end 20001":                                true,
		"license add --order 1 --site-code " + next.Site.String() + " --machine-id " + next.Machine.String(): false,
		"license replace 20001 --site-code " + next.Site.String() + " --machine-id " + next.Machine.String(): true,
		"template set activation --subject x": false,
		"template reset password-reset":       true,
		"option set account-failures 3":       false,
		"ban add --username anna":             false,
		"ban lift --host 192.0.2.7":           false,
		"master-key rotate":                   false,
		"master-key forget":                   true,
		"restored":                            false,
		"upgrade-v2":                          true,
	} {
		t.Run(command, func(t *testing.T) {
			check.NoError(t,
				os.WriteFile(filepath.Join(folder, "p.csv"), []byte("name,application_signature\nFonts,LUMENFNT\n"), 0o600))
			check.NoError(t, os.WriteFile(filepath.Join(folder, "o.csv"), []byte("id,client,program\n7,anna,LUMENST7\n"), 0o600))
			if asks {
				_, err := run(strings.Fields(command)...)
				var usage usageError
				check.True(t, errors.As(err, &usage))
				check.ErrorContains(t, err, "use --yes")
			}
			must(append(strings.Fields(command), "--dry-run")...)
			check.Equal(t, before, state())
		})
	}
	for _, command := range []string{
		"backup " + filepath.Join(folder, "copy.db"), "restore " + rows, "program prepare-key 1",
	} {
		_, err := run(append(strings.Fields(command), "--dry-run")...)
		check.ErrorContains(t, err, "--dry-run does not work with", "what cannot be tried says so")
	}
	check.NoFileExists(t, filepath.Join(folder, "copy.db"))
	check.Equal(t, before, state())
}
