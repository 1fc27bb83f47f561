package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"golang.org/x/term"

	"github.com/acen-desktop/acen/license"
)

// print prints value as JSON with --json, and lines in columns otherwise.
func (cs *commandSet) print(value any, lines ...[]string) error {
	if cs.asJSON {
		e := json.NewEncoder(cs.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(value)
	}
	w := tabwriter.NewWriter(cs.out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, strings.TrimRight(printable(strings.Join(line, "\t")), "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// printSentence prints value as JSON with --json, and sentence otherwise.
func (cs *commandSet) printSentence(value any, sentence string) error {
	return cs.print(value, []string{sentence})
}

// printable removes the control characters of a text except tabs and line breaks, because text of a server must not
// control the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return -1
		}
		return r
	}, text)
}

// progress shows text at a terminal until done is called.
func (cs *commandSet) progress(text string) (done func()) {
	f, ok := cs.errors.(*os.File)
	if !ok || cs.asJSON || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	fmt.Fprintf(f, "%s…", text)
	return func() { fmt.Fprintf(f, "\r%s\r", strings.Repeat(" ", len(text)+3)) }
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// number returns an id as text; "" for 0.
func number(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func day(t time.Time) string { return t.Local().Format(time.DateOnly) }

func maybeDay(t *time.Time, none string) string {
	if t == nil {
		return none
	}
	return day(*t)
}

// reason returns "yes" for nil, and "no" with the sentence of err otherwise.
func reason(err error) string {
	if err == nil {
		return "yes"
	}
	return "no: " + sentence(err)
}

// nameOf returns the program's name, or its signature if the name is unknown.
func nameOf(program string, signature license.Signature) string {
	if program == "" {
		return string(signature)
	}
	return program
}
