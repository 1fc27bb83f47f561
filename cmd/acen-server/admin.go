package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/service"
)

// administration are the commands that work on a data folder, also while a server serves it.
func administration() []*cobra.Command {
	return []*cobra.Command{programCommand(), clientCommand(), orderCommand(), licenseCommand()}
}

// desk holds what every administrative command shares.
type desk struct {
	data   string
	asJSON bool
}

// group is a command with verbs below it.
func (d *desk) group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short}
	data := "acen-data"
	if v, ok := os.LookupEnv("ACEN_DATA"); ok {
		data = v
	}
	c.PersistentFlags().StringVar(&d.data, "data", data, "folder with the database and the master key")
	c.PersistentFlags().BoolVar(&d.asJSON, "json", false, "print JSON")
	c.AddCommand(verbs...)
	return c
}

// with opens the data folder for a command. An unknown folder is not made by mistake.
func (d *desk) with(ctx context.Context, fn func(a admin.Admin) error) error {
	if _, err := os.Stat(d.data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	data, err := service.OpenData(ctx, d.data)
	if err != nil {
		return err
	}
	return errors.Join(fn(admin.Admin{Data: data, Now: time.Now}), data.Store.Close())
}

// table is what a command prints: rows of text, or the values as JSON.
type table struct {
	header []string
	rows   [][]string
	values any
}

func (d *desk) print(w io.Writer, t table) error {
	if d.asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(t.values)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, strings.Join(t.header, "\t"))
	for _, row := range t.rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	return tw.Flush()
}

// view says how rows of one kind are shown.
type view[T any] struct {
	header []string
	row    func(T) []string
	wire   func(T) any
}

func (v view[T]) many(list []T) table {
	t := table{header: v.header}
	values := make([]any, 0, len(list))
	for _, one := range list {
		t.rows = append(t.rows, v.row(one))
		values = append(values, v.wire(one))
	}
	t.values = values
	return t
}

func (v view[T]) one(value T) table {
	return table{header: v.header, rows: [][]string{v.row(value)}, values: v.wire(value)}
}

func idArgument(args []string) (int64, error) {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || id < 1 {
		return 0, usageError{fmt.Errorf("%q is no id", args[0])}
	}
	return id, nil
}

// readPassword reads a password from standard input, or twice from the terminal.
func readPassword(c *cobra.Command, stdin bool) (string, error) {
	if stdin {
		line, err := bufio.NewReader(io.LimitReader(c.InOrStdin(), 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", usageError{errors.New("there is no terminal to ask for the password: use --password-stdin")}
	}
	fmt.Fprint(os.Stderr, "Password: ")
	first, err := term.ReadPassword(fd)
	fmt.Fprint(os.Stderr, "\nAgain: ")
	if err != nil {
		return "", err
	}
	second, err := term.ReadPassword(fd)
	fmt.Fprintln(os.Stderr)
	if err == nil && string(first) != string(second) {
		err = errors.New("the two passwords differ")
	}
	return string(first), err
}

// parseDay reads a day such as 2027-12-31; "" and "never" mean none.
func parseDay(text string) (*time.Time, error) {
	if text == "" || text == "never" {
		return nil, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, usageError{fmt.Errorf("%q is no day such as 2027-12-31, nor \"never\"", text)}
	}
	return &t, nil
}

func showDay(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.DateOnly)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
