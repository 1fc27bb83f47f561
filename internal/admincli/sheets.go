package admincli

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/admin/sheet"
)

// lineJSON is the result of one row, as --json prints it.
type lineJSON struct {
	Line   int          `json:"line"`
	What   string       `json:"what"`
	Result admin.Result `json:"result"`
	ID     int64        `json:"id,omitempty"`
	Why    string       `json:"why,omitempty"`
}

// reportJSON is the report of an import, as --json prints it.
type reportJSON struct {
	Imported bool       `json:"imported"`
	Added    int        `json:"added"`
	Exist    int        `json:"exist"`
	Differ   int        `json:"differ"`
	Refused  int        `json:"refused"`
	Fine     int        `json:"fine"`
	Lines    []lineJSON `json:"lines"`
}

// showReport returns the result of every row. If a row was refused, the output has failed set.
func (cs *commandSet) showReport(r admin.Report) printable {
	values := reportJSON{
		Added:   r.Count(admin.Added),
		Exist:   r.Count(admin.Exists),
		Differ:  r.Count(admin.Differs),
		Refused: r.Count(admin.Refused),
		Fine:    r.Count(admin.Fine),
		Lines:   []lineJSON{},
	}
	values.Imported = values.Refused == 0 && !cs.dryRun
	out := printable{lines: [][]string{{"LINE", "ROW", "RESULT", "ID", "WHY"}}}
	for _, l := range r.Lines {
		id := ""
		if l.ID != 0 {
			id = strconv.FormatInt(l.ID, 10)
		}
		out.lines = append(out.lines, []string{strconv.Itoa(l.Number), l.What, string(l.Result), id, l.Why})
		values.Lines = append(values.Lines, lineJSON{l.Number, l.What, l.Result, l.ID, l.Why})
	}
	out.values = values
	if values.Refused > 0 {
		out.failed = fmt.Errorf("nothing was imported: %d of %d rows were refused", values.Refused, len(r.Lines))
		return out
	}
	out.lines = append(out.lines,
		[]string{
			fmt.Sprintf("%d added, %d exist, %d differ", values.Added, values.Exist, values.Differ),
		})
	return out
}

// columnsHelp lists the columns of a sheet.
func columnsHelp(s admin.Sheet) string {
	var b strings.Builder
	for _, c := range s.Columns {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-24s %s", c[0], c[1]), " ") + "\n")
	}
	return b.String()
}

// importHelp is the additional help for each kind of rows.
var importHelp = map[string]string{
	"program": `Programs are identified by their application signatures. Import makes their keys; to move a server with its
keys, restore a backup.`,
	"client": `Clients are identified by their user names. There is no column for passwords: people choose theirs with
"Forgot password?" in the app, which mails a link to their address on file, or get one with client
change.`,
	"order": `Orders are identified by their IDs, or else by client, program and ordered_at; each row has one of the
two. Missing values come from the program, counted from the day of the order. Serial numbers and
licenses are in backups only.`,
}

// importRows returns the command that imports rows. With create, it creates the data folder if necessary.
func importRows(cs *commandSet, s admin.Sheet, create bool) *cobra.Command {
	task := cs.task
	if create {
		task = cs.setupTask
	}
	c := task("import FILE",
		fmt.Sprintf("Add the %ss of a CSV or JSON file: all of them, or none if one is refused", s.Kind),
		cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			data, err := readSheet(c, args[0])
			if err != nil {
				return printable{}, err
			}
			var bar *progressbar.ProgressBar
			report, err := a.Import(c.Context(), s, data, func(row, rows int) {
				if bar == nil {
					bar = progress(c, rows)
				}
				_ = bar.Set(row)
			})
			if bar != nil {
				_ = bar.Finish()
			}
			if err != nil {
				return printable{}, err
			}
			return cs.showReport(report), nil
		})
	c.Long = fmt.Sprintf(`Add the %[1]ss of a CSV or JSON file; - is standard input. Every row is reported with its line
number: added, exists, differs, or refused with the reason. If one is refused, nothing is imported; the others
are reported as fine. Existing rows do not change, so the same file can be imported again. --dry-run
reports and imports nothing. Other changes to the data wait during an import, which processes some
thousands of rows in a second: split a large file during working hours.

%[2]s

CSV is UTF-8, separated by commas, semicolons or tabs, and its first line names the columns. JSON is an
array of objects with the same names. An empty cell counts as missing. Other columns are refused:

%[3]s`, s.Kind, importHelp[s.Kind], columnsHelp(s))
	return c
}

// readSheet reads the file of an import, or standard input for "-".
func readSheet(c *cobra.Command, file string) ([]byte, error) {
	if file == "-" {
		return sheet.Load(c.InOrStdin())
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the file %s cannot be read: %w", file, cause(err))
	}
	defer f.Close()
	data, err := sheet.Load(f)
	if err != nil {
		err = fmt.Errorf("the file %s cannot be read: %w", file, cause(err))
	}
	return data, err
}

// exportRows returns the command that exports rows.
func exportRows(cs *commandSet, s admin.Sheet) *cobra.Command {
	var file string
	c := cs.task("export", fmt.Sprintf("Write all %ss as CSV or JSON, in the form that import reads", s.Kind),
		cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			if cs.dryRun {
				_, rows, err := a.Export(c.Context(), s, false)
				return message(fmt.Sprintf("%d %ss would be written", rows, s.Kind), map[string]any{"count": rows}), err
			}
			out, err := newOutput(file)
			if err != nil {
				return printable{}, err
			}
			if out == nil {
				data, _, err := a.Export(c.Context(), s, cs.asJSON)
				return printable{data: data}, err
			}
			data, rows, err := a.Export(c.Context(), s, out.isJSON())
			if err != nil {
				return printable{}, errors.Join(err, out.drop())
			}
			return message(fmt.Sprintf("%d %ss were written to %s", rows, s.Kind, file), map[string]any{
				"count": rows,
				"file":  file,
			}), out.write(data)
		})
	c.Long = fmt.Sprintf(`Write all %ss as CSV, or as JSON with --json or to a file whose name ends in .json. The output
contains no secrets: no passwords, keys, serial numbers or codes. A cell that a spreadsheet would run as a
formula begins with an apostrophe, which import removes.`, s.Kind)
	outputFlag(c, &file)
	return c
}

func outputFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "output", "",
		"new file to write to (mode 0600), as JSON if its name ends in .json (default: standard output)")
}
