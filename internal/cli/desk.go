package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/manager"
)

// desk is what all commands share: where they read and write, and the session.
type desk struct {
	in          *input
	out, errors io.Writer
	asJSON      bool
	data        string
	server      string
	username    string

	passwordStdin bool
	program       int64 // of new-order
	manager       *manager.Manager
	noticed       int  // notices that were printed
	signOut       bool // the session is this command's alone
}

// input is standard input: secrets come from it line by line, or are asked for when it is a terminal.
type input struct {
	file   *os.File
	reader *bufio.Reader
}

func newInput(f *os.File) *input { return &input{f, bufio.NewReader(io.LimitReader(f, 1<<20))} }

func (i *input) terminal() bool { return term.IsTerminal(int(i.file.Fd())) }

// line reads the next line of standard input.
func (i *input) line(what string) (string, error) {
	text, err := i.reader.ReadString('\n')
	text = strings.TrimRight(text, "\r\n")
	if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
		return "", usageError{fmt.Errorf("standard input has no line with the %s", what)}
	}
	return text, nil
}

// secret reads what must stand in no argument: from standard input when that is asked for, else at the terminal without
// showing it.
func (d *desk) secret(what string, stdin bool) (string, error) {
	if stdin || !d.in.terminal() {
		return d.in.line(what)
	}
	fmt.Fprintf(d.errors, "%s: ", capital(what))
	text, err := term.ReadPassword(int(d.in.file.Fd()))
	fmt.Fprintln(d.errors)
	return string(text), err
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// progress tells at a terminal what is being waited for.
func (d *desk) progress(text string) (done func()) {
	f, ok := d.errors.(*os.File)
	if !ok || d.asJSON || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	fmt.Fprintf(f, "%s…", text)
	return func() { fmt.Fprintf(f, "\r%s\r", strings.Repeat(" ", len(text)+3)) }
}

// open opens the license manager.
func (d *desk) open(ctx context.Context) (*manager.Manager, error) {
	if d.manager != nil {
		return d.manager, nil
	}
	m, err := manager.Open(ctx, manager.Options{
		DataDir: d.data, Installed: localLicenses(d.data), Keyring: systemKeyring(), Fingerprint: fingerprint.System(), DeviceName: paths.DeviceName(),
		Version: paths.Version(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	d.manager, d.noticed = m, 0
	d.printNotices()
	return m, nil
}

// printNotices prints the manager's notices that were not printed before.
func (d *desk) printNotices() {
	notices := d.manager.Notices()
	for _, n := range notices[d.noticed:] {
		fmt.Fprintln(d.errors, "acenctl:", printable(fmt.Sprintf("%s %s", n.Title, n.Detail)))
	}
	d.noticed = len(notices)
}

// session opens the license manager and continues the remembered session, or signs in for this command when a server is
// named.
func (d *desk) session(ctx context.Context) (*manager.Manager, error) {
	m, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if d.server == "" {
		if d.username != "" || d.passwordStdin {
			return nil, usageError{errors.New("--username and --password-stdin need --server")}
		}
		done := d.progress("Signing in")
		_, err := m.Resume(ctx)
		done()
		return m, err
	}
	if d.username == "" {
		return nil, usageError{errors.New("--server needs --username")}
	}
	password, err := d.secret("password", d.passwordStdin)
	if err != nil {
		return nil, err
	}
	done := d.progress("Signing in")
	_, _, err = m.SignIn(ctx, manager.SignIn{Server: d.server, Username: d.username, Password: password, Once: true})
	done()
	d.signOut = err == nil
	return m, err
}

// close ends what the command began.
func (d *desk) close() {
	if d.manager == nil {
		return
	}
	d.printNotices()
	if d.signOut {
		_ = d.manager.SignOut(context.Background()) // the server ends the session by itself
	}
	if err := d.manager.Close(); err != nil {
		fmt.Fprintln(d.errors, "acenctl:", err)
	}
	d.manager = nil
}

// print prints a value as JSON, or lines in columns.
func (d *desk) print(value any, lines ...[]string) error {
	if d.asJSON {
		e := json.NewEncoder(d.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(value)
	}
	w := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, strings.TrimRight(printable(strings.Join(line, "\t")), "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// printable drops the control characters of a text but tabs and line breaks: a terminal would obey those that a server sends.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return -1
		}
		return r
	}, text)
}

// say prints a sentence to a person; JSON has its value instead.
func (d *desk) say(value any, sentence string) error { return d.print(value, []string{sentence}) }

// work is what a command does with a session.
type work func(ctx context.Context, m *manager.Manager, args []string) error

// signedIn is a command that needs a session.
func (d *desk) signedIn(use, short string, args cobra.PositionalArgs, do work) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(c *cobra.Command, args []string) error {
		m, err := d.session(c.Context())
		if err != nil {
			return err
		}
		return do(c.Context(), m, args)
	}}
}

// anyway is a command that goes on with what was last known when the server cannot be reached.
func (d *desk) anyway(use, short string, args cobra.PositionalArgs, do work) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(c *cobra.Command, args []string) error {
		m, err := d.session(c.Context())
		if err != nil && !errors.Is(err, manager.ErrUnreachable) {
			return err
		}
		return do(c.Context(), m, args)
	}}
}

// oneID checks that the only argument is an id.
func oneID(c *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(c, args); err != nil {
		return err
	}
	if n, err := strconv.ParseInt(args[0], 10, 64); err != nil || n < 1 {
		return fmt.Errorf("%q is no id", args[0])
	}
	return nil
}

// id is the argument that oneID has checked.
func id(args []string) int64 {
	n, _ := strconv.ParseInt(args[0], 10, 64)
	return n
}

// findOrder finds one of the person's orders.
func findOrder(ctx context.Context, m *manager.Manager, id int64) (api.Order, error) {
	orders, err := m.Orders(ctx)
	if err != nil {
		return api.Order{}, err
	}
	for _, o := range orders.Orders {
		if o.ID == id {
			return o, nil
		}
	}
	return api.Order{}, api.NewProblem(api.ErrNotFound, fmt.Sprintf("There is no order %d in this account.", id))
}

// findLicense finds one of the person's active licenses with its order: first where it was last known.
func findLicense(ctx context.Context, m *manager.Manager, id int64) (manager.License, api.Order, error) {
	orders, err := m.Orders(ctx)
	if err != nil {
		return manager.License{}, api.Order{}, err
	}
	in := func(list []manager.License) bool {
		for _, l := range list {
			if l.ID == id {
				return true
			}
		}
		return false
	}
	var first, rest []api.Order
	for _, o := range orders.Orders {
		if !o.RequiresActivation {
			continue
		}
		if known, ok, err := m.CachedLicenses(ctx, o.ID); err == nil && ok && in(known.Licenses) {
			first = append(first, o)
		} else {
			rest = append(rest, o)
		}
	}
	for _, o := range append(first, rest...) {
		list, err := m.Licenses(ctx, o.ID)
		if err != nil {
			return manager.License{}, api.Order{}, err
		}
		for _, l := range list.Licenses {
			if l.ID == id {
				return l, o, nil
			}
		}
	}
	return manager.License{}, api.Order{}, api.NewProblem(api.ErrNotFound, fmt.Sprintf("There is no active license %d in this account.", id))
}

// findKnownLicense is findLicense, with what was last known when the server cannot be reached.
func findKnownLicense(ctx context.Context, m *manager.Manager, id int64) (manager.License, api.Order, error) {
	l, o, unreachable := findLicense(ctx, m, id)
	if !errors.Is(unreachable, manager.ErrUnreachable) {
		return l, o, unreachable
	}
	orders, _, err := m.CachedOrders(ctx)
	if err != nil {
		return manager.License{}, api.Order{}, err
	}
	for _, o := range orders.Orders {
		known, _, err := m.CachedLicenses(ctx, o.ID)
		if err != nil {
			return manager.License{}, api.Order{}, err
		}
		for _, l := range known.Licenses {
			if l.ID == id {
				return l, o, nil
			}
		}
	}
	return manager.License{}, api.Order{}, unreachable
}

// kept wraps the error of a task that stays open in a keptError. licenseID is the task's license; 0 if it has none. For
// a license, kept looks the task up among the open ones, since a refusal may leave it open too: the vendor may have
// disabled the order for a while.
func kept(ctx context.Context, m *manager.Manager, err error, task api.Task, licenseID int64) error {
	if errors.Is(err, manager.ErrUnreachable) {
		return keptError{err}
	}
	if licenseID == 0 {
		return err
	}
	open, listErr := m.AllJobs(context.WithoutCancel(ctx))
	if listErr != nil {
		return err
	}
	current, _ := m.Current()
	if slices.ContainsFunc(open, func(j manager.Job) bool {
		return j.Account == current.ID && j.Task == task && j.LicenseID == licenseID
	}) {
		return keptError{err}
	}
	return err
}

// complete offers ids that are known without asking the server.
func (d *desk) complete(ids func(ctx context.Context, m *manager.Manager) []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return d.completeFlag(ids)(c, args, word)
	}
}

// completeFlag is complete for the value of a flag.
func (d *desk) completeFlag(ids func(ctx context.Context, m *manager.Manager) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		m, err := d.open(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer d.close()
		if err := m.Recall(ctx); err != nil && !errors.Is(err, manager.ErrSignedOut) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ids(ctx, m), cobra.ShellCompDirectiveNoFileComp
	}
}

// registerCompletion registers completion for the value of a flag. It panics if the command does not have the flag.
func (d *desk) registerCompletion(c *cobra.Command, flag string, ids func(ctx context.Context, m *manager.Manager) []string) {
	if err := c.RegisterFlagCompletionFunc(flag, d.completeFlag(ids)); err != nil {
		panic(err)
	}
}

// jobIDs lists the open tasks of all accounts.
func jobIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	jobs, err := m.AllJobs(ctx)
	if err != nil {
		return nil
	}
	for _, j := range jobs {
		ids = append(ids, fmt.Sprintf("%d\t%s", j.ID, j.Title))
	}
	return ids
}

// keptCodeIDs lists the removal codes that a person has to hand in.
func keptCodeIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	codes, err := m.KeptCodes(ctx)
	if err != nil {
		return nil
	}
	for _, k := range codes {
		if k.Purpose == "" {
			ids = append(ids, fmt.Sprintf("%s\t%s", k.Codes.Site, nameOf(k.Program, k.Signature)))
		}
	}
	return ids
}

func orderIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	orders, _, err := m.CachedOrders(ctx)
	if err != nil {
		return nil
	}
	for _, o := range orders.Orders {
		ids = append(ids, fmt.Sprintf("%d\t%s", o.ID, o.ProgramName))
	}
	return ids
}

func licenseIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	orders, _, err := m.CachedOrders(ctx)
	if err != nil {
		return nil
	}
	for _, o := range orders.Orders {
		licenses, _, err := m.CachedLicenses(ctx, o.ID)
		if err != nil {
			continue
		}
		for _, l := range licenses.Licenses {
			ids = append(ids, fmt.Sprintf("%d\t%s, %s", l.ID, l.Note, o.ProgramName))
		}
	}
	return ids
}
