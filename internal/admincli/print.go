package admincli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
)

// printable is the output of a command: columns of text, or the values as JSON.
type printable struct {
	lines  [][]string
	values any
	data   []byte // printed unchanged, instead of lines and values
	failed error  // error of the command, after its output
}

func (p printable) print(w io.Writer, asJSON bool) error {
	if p.data != nil {
		_, err := w.Write(p.data)
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(p.values)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range p.lines {
		if _, err := fmt.Fprintln(tw, strings.Join(line, "\t")); err != nil {
			return err
		}
	}
	return tw.Flush()
}

// message returns an output of one sentence, or of values in JSON.
func message(sentence string, values any) printable {
	return printable{lines: [][]string{{sentence}}, values: values}
}

// view formats rows of type T: many in a table with header and row, one as lines with detail added, both in JSON as
// wire.
type view[T any] struct {
	header []string
	row    func(T) []string
	detail func(T) [][2]string
	wire   func(T) any
}

func (v view[T]) many(list []T, err error) (printable, error) {
	out := printable{lines: [][]string{v.header}}
	values := make([]any, 0, len(list))
	for _, one := range list {
		out.lines = append(out.lines, v.row(one))
		values = append(values, v.wire(one))
	}
	out.values = values
	return out, err
}

func (v view[T]) one(value T, err error) (printable, error) {
	if err != nil {
		return printable{}, err
	}
	out := printable{values: v.wire(value)}
	for i, text := range v.row(value) {
		out.lines = append(out.lines, []string{v.header[i], text})
	}
	for _, line := range v.detail(value) {
		out.lines = append(out.lines, line[:])
	}
	return out, nil
}

// show returns a command that prints one row by its id.
func show[T any](cs *commandSet, what string, v view[T],
	get func(admin.Admin, context.Context, int64) (T, error)) *cobra.Command {
	return cs.task("show ID", "Show "+what, idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return v.one(get(a, c.Context(), id(args)))
		})
}

func showDay(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.DateOnly)
}

// showMoment formats a time to the second in UTC.
func showMoment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
