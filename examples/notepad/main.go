// Command notepad stores lines of text in a file. It shows how a program embeds package protect: reading needs no
// license, writing needs one, and searching needs one with the feature for it.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/protect"
)

// Values that the vendor sets when building: go build -ldflags "-X main.publicKeys=…". The signature is that of the
// trial's program.
var (
	signature     = "LUMENST7"
	publicKeys    = "" // 64 hex digits each, separated by commas
	activationKey = "" // 64 hex digits; without it typed activation codes are refused
	server        = "" // URL of the license server, for --validate
)

// featureFind is the bit of the license's features that unlocks --find.
const featureFind = 0

// The exit statuses.
const (
	exitFailed     = 1
	exitUsage      = 2
	exitUnlicensed = 3
)

const usage = `Usage:
  notepad FILE                    show the lines of a notebook
  notepad FILE TEXT...            add a line to it (needs a license)
  notepad --find WORD FILE        show the lines with a word (needs a license with this feature)
  notepad --license               show whether this PC has a license
  notepad --codes                 show Site code and Machine ID of this PC
  notepad --activate [FILE|CODE]  activate this PC with a license file or an activation code (default: from standard
                                  input)
  notepad --validate              ask the vendor's server about the license now
  notepad --remove                remove the license from this PC and show its removal code
  notepad --removal-codes         show the removal codes on this PC

Exit status: 0 done, 1 failed, 2 wrong command line, 3 no license for it.
`

// options are the options of package protect; the tests replace them.
var options protect.Options

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	n := notepad{in: os.Stdin, out: os.Stdout, errors: os.Stderr}
	status := n.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// program returns the description of the program for package protect.
func program() (protect.Program, error) {
	p := protect.Program{
		Name:       "Notepad",
		Signature:  signature,
		PublicKeys: strings.FieldsFunc(publicKeys, func(r rune) bool { return r == ',' }),
		Validation: protect.Validation{Server: server, Grace: 30 * 24 * time.Hour},
	}
	if activationKey != "" {
		key, err := hex.DecodeString(activationKey)
		if err != nil || len(key) != 32 {
			return p, errors.New("the built-in activation key is invalid")
		}
		a := license.NewActivationKey([32]byte(key))
		p.ActivationKey = &a
	}
	return p, nil
}

// notepad is a run of the program.
type notepad struct {
	in          io.Reader
	out, errors io.Writer
	license     *protect.License
}

// errUnlicensed is returned after the text of a verdict was printed.
var errUnlicensed = errors.New("no license")

func (n *notepad) run(ctx context.Context, arguments []string) int {
	flags := flag.NewFlagSet("notepad", flag.ContinueOnError)
	flags.SetOutput(n.errors)
	flags.Usage = func() { fmt.Fprint(n.errors, usage) }
	word := flags.String("find", "", "")
	tasks := map[string]func(context.Context, []string) error{
		"license":       n.showLicense,
		"codes":         n.showCodes,
		"activate":      n.activate,
		"validate":      n.validate,
		"remove":        n.remove,
		"removal-codes": n.removalCodes,
	}
	chosen := map[string]*bool{}
	for name := range tasks {
		chosen[name] = flags.Bool(name, false, "")
	}
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return exitUsage
	}
	task, maxArgs := n.notebook, len(arguments)
	given := flags.NFlag()
	if *word != "" {
		task, maxArgs = n.find(*word), 1
	}
	for name, on := range chosen {
		if *on {
			task, maxArgs = tasks[name], 0
			if name == "activate" {
				maxArgs = 1
			}
		}
	}
	if given > 1 || flags.NArg() > maxArgs || flags.NArg() == 0 && (given == 0 || *word != "") {
		flags.Usage()
		return exitUsage
	}
	p, err := program()
	if err == nil {
		n.license = p.Open(ctx, options)
		err = task(ctx, flags.Args())
	}
	var refusal *protect.Refusal
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUnlicensed):
		return exitUnlicensed
	case errors.As(err, &refusal):
		fmt.Fprintln(n.errors, "notepad:", err)
		return exitUnlicensed
	case errors.Is(err, installed.ErrBusy):
		fmt.Fprintf(n.errors, "notepad: %v; end it or restart this PC, then try again\n", err)
		return exitFailed
	}
	fmt.Fprintln(n.errors, "notepad:", err)
	return exitFailed
}

// verdict returns the verdict, after a validation if one is due.
func (n *notepad) verdict(ctx context.Context) protect.Verdict {
	v := n.license.Verdict()
	if v.Kind == protect.ValidationDue {
		v, _ = n.license.Validate(ctx) // without an answer, v is unchanged
	}
	return v
}

// notebook prints a file, or appends a line to it, which needs a license.
func (n *notepad) notebook(ctx context.Context, arguments []string) error {
	if len(arguments) == 1 {
		return n.show(arguments[0], "")
	}
	line := strings.Join(arguments[1:], " ")
	if strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
		return errors.New("a line cannot contain line breaks")
	}
	if v := n.verdict(ctx); !v.Valid() {
		fmt.Fprintln(n.errors, v.Text("en"))
		return errUnlicensed
	}
	f, err := os.OpenFile(arguments[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

// find returns a task that prints the lines with a word, which needs a license with the feature.
func (n *notepad) find(word string) func(context.Context, []string) error {
	return func(ctx context.Context, arguments []string) error {
		v := n.verdict(ctx)
		if v.Has(featureFind) {
			return n.show(arguments[0], word)
		}
		text := v.Text("en")
		if v.Valid() {
			text = "The license of this PC does not include searching. Ask the vendor for it."
		}
		fmt.Fprintln(n.errors, text)
		return errUnlicensed
	}
}

// show prints the lines that contain word, in any case.
func (n *notepad) show(path, word string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		if strings.Contains(strings.ToLower(lines.Text()), strings.ToLower(word)) {
			fmt.Fprintf(n.out, "%4d  %s\n", number, lines.Text())
		}
	}
	return lines.Err()
}

func (n *notepad) showLicense(context.Context, []string) error { return n.print(n.license.Verdict()) }

// print prints a verdict. It returns errUnlicensed unless the verdict is valid.
func (n *notepad) print(v protect.Verdict) error {
	fmt.Fprintln(n.out, v.Text("en"))
	if d := v.License; d != nil {
		if d.ID != 0 {
			fmt.Fprintf(n.out, "License     %d of order %d, from %s\n", d.ID, d.Order, d.Issuer)
		}
		if d.Note != "" {
			fmt.Fprintf(n.out, "Note        %s\n", d.Note)
		}
		fmt.Fprintf(n.out, "Site code   %s\nSearching   %v\n", d.Codes.Site, v.Has(featureFind))
	}
	if c := v.Comparison; c != nil {
		for _, l := range c.Locks {
			fmt.Fprintf(n.out, "%-11s %s\n", l.Lock, l.State)
		}
	}
	if !v.Valid() {
		return errUnlicensed
	}
	return nil
}

func (n *notepad) showCodes(ctx context.Context, _ []string) error {
	codes, err := n.license.Codes(ctx)
	if err == nil {
		fmt.Fprintf(n.out, "Site code   %s\nMachine ID  %s\n", codes.Site, codes.Machine)
	}
	return err
}

func (n *notepad) activate(ctx context.Context, arguments []string) (err error) {
	var v protect.Verdict
	switch {
	case len(arguments) == 0:
		text, readErr := io.ReadAll(io.LimitReader(n.in, license.MaxFile))
		if readErr != nil {
			return readErr
		}
		v, err = n.license.Activate(ctx, string(text))
	case strings.EqualFold(last(arguments[0], len(installed.Extension)), installed.Extension):
		v, err = n.license.ActivateFile(ctx, arguments[0])
	default:
		v, err = n.license.Activate(ctx, arguments[0])
	}
	if err != nil {
		return err
	}
	return n.print(v)
}

// last returns the last count bytes of a text.
func last(text string, count int) string { return text[max(0, len(text)-count):] }

func (n *notepad) validate(ctx context.Context, _ []string) error {
	v, err := n.license.Validate(ctx)
	if err != nil {
		return err
	}
	return n.print(v)
}

func (n *notepad) remove(ctx context.Context, _ []string) error {
	r, err := n.license.Remove(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(n.out,
		"Removal code  %s\nThe license was removed from this PC on %s. Use the removal code to give it back or to transfer "+
			"it to another PC.\n", r.Code, r.At.Format("2 January 2006"))
	for _, path := range r.RemainingFiles {
		fmt.Fprintf(n.errors, "notepad: %s could not be erased; ask the administrator of this PC to erase it\n", path)
	}
	return nil
}

func (n *notepad) removalCodes(context.Context, []string) error {
	list, err := n.license.RemovalCodes()
	for _, r := range list {
		fmt.Fprintf(n.out, "%s  Site code %s, removed on %s\n", r.Code, r.Codes.Site, r.At.Format("2 January 2006"))
	}
	return err
}
