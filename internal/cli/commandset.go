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

// commandSet holds what the commands share: streams, flags and the session.
type commandSet struct {
	in          *input
	out, errors io.Writer
	asJSON      bool
	data        string
	server      string
	username    string

	passwordStdin bool
	program       int64 // flag of new-order
	manager       *manager.Manager
	noticed       int  // number of printed notices
	signOut       bool // close ends the session
}

// input is standard input. Secrets are read from it line by line, or asked for if it is a terminal.
type input struct {
	file   *os.File
	reader *bufio.Reader
}

func newInput(f *os.File) *input { return &input{f, bufio.NewReader(io.LimitReader(f, 1<<20))} }

func (i *input) terminal() bool { return term.IsTerminal(int(i.file.Fd())) }

// line reads the next line of standard input. what names its content in an error.
func (i *input) line(what string) (string, error) {
	text, err := i.reader.ReadString('\n')
	text = strings.TrimRight(text, "\r\n")
	if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
		return "", usageError{fmt.Errorf("standard input has no line with the %s", what)}
	}
	return text, nil
}

// secret reads a secret, which must not be an argument: from the terminal without echo, or from standard input if stdin
// is set or there is no terminal.
func (cs *commandSet) secret(what string, stdin bool) (string, error) {
	if stdin || !cs.in.terminal() {
		return cs.in.line(what)
	}
	fmt.Fprintf(cs.errors, "%s: ", capital(what))
	text, err := term.ReadPassword(int(cs.in.file.Fd()))
	fmt.Fprintln(cs.errors)
	return string(text), err
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// progress shows text at a terminal until done is called.
func (cs *commandSet) progress(text string) (done func()) {
	f, ok := cs.errors.(*os.File)
	if !ok || cs.asJSON || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	fmt.Fprintf(f, "%s…", text)
	return func() { fmt.Fprintf(f, "\r%s\r", strings.Repeat(" ", len(text)+3)) }
}

// open returns the license manager. The first call opens it.
func (cs *commandSet) open(ctx context.Context) (*manager.Manager, error) {
	if cs.manager != nil {
		return cs.manager, nil
	}
	m, err := manager.Open(ctx, manager.Options{
		DataDir:     cs.data,
		Installed:   localLicenses(cs.data),
		Keyring:     systemKeyring(),
		Fingerprint: fingerprint.System(),
		DeviceName:  paths.DeviceName(),
		Version:     paths.Version(),
		Logger:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	cs.manager, cs.noticed = m, 0
	cs.printNotices()
	return m, nil
}

// printNotices prints the manager's notices that were not printed before.
func (cs *commandSet) printNotices() {
	notices := cs.manager.Notices()
	for _, n := range notices[cs.noticed:] {
		fmt.Fprintln(cs.errors, "acenctl:", printable(fmt.Sprintf("%s %s", n.Title, n.Detail)))
	}
	cs.noticed = len(notices)
}

// session opens the license manager and resumes the remembered session. With --server it signs in for this command
// instead.
func (cs *commandSet) session(ctx context.Context) (*manager.Manager, error) {
	m, err := cs.open(ctx)
	if err != nil {
		return nil, err
	}
	if cs.server == "" {
		if cs.username != "" || cs.passwordStdin {
			return nil, usageError{errors.New("--username and --password-stdin need --server")}
		}
		done := cs.progress("Signing in")
		_, err := m.Resume(ctx)
		done()
		return m, err
	}
	if cs.username == "" {
		return nil, usageError{errors.New("--server needs --username")}
	}
	password, err := cs.secret("password", cs.passwordStdin)
	if err != nil {
		return nil, err
	}
	done := cs.progress("Signing in")
	_, _, err = m.SignIn(ctx, manager.SignIn{
		Server:    cs.server,
		Username:  cs.username,
		Password:  password,
		Temporary: true,
	})
	done()
	cs.signOut = err == nil
	return m, err
}

// close closes the license manager, and ends a session that session began for this command.
func (cs *commandSet) close() {
	if cs.manager == nil {
		return
	}
	cs.printNotices()
	if cs.signOut {
		_ = cs.manager.SignOut(context.Background()) // the session also expires at the server
	}
	if err := cs.manager.Close(); err != nil {
		fmt.Fprintln(cs.errors, "acenctl:", err)
	}
	cs.manager = nil
}

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

// printSentence prints value as JSON with --json, and sentence otherwise.
func (cs *commandSet) printSentence(value any, sentence string) error {
	return cs.print(value, []string{sentence})
}

// handler runs a command with an open license manager.
type handler func(ctx context.Context, m *manager.Manager, args []string) error

// signedIn returns a command that needs a session and the server.
func (cs *commandSet) signedIn(use, short string, args cobra.PositionalArgs, run handler) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  args,
		RunE: func(c *cobra.Command, args []string) error {
			m, err := cs.session(c.Context())
			if err != nil {
				return err
			}
			return run(c.Context(), m, args)
		},
	}
}

// orCached returns a command that works with cached data if the server is unreachable.
func (cs *commandSet) orCached(use, short string, args cobra.PositionalArgs, run handler) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  args,
		RunE: func(c *cobra.Command, args []string) error {
			m, err := cs.session(c.Context())
			if err != nil && !errors.Is(err, manager.ErrUnreachable) {
				return err
			}
			return run(c.Context(), m, args)
		},
	}
}

// idArg checks that the only argument is an id.
func idArg(c *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(c, args); err != nil {
		return err
	}
	if n, err := strconv.ParseInt(args[0], 10, 64); err != nil || n < 1 {
		return fmt.Errorf("%q is no id", args[0])
	}
	return nil
}

// id returns the argument that idArg has checked.
func id(args []string) int64 {
	n, _ := strconv.ParseInt(args[0], 10, 64)
	return n
}

// findOrder returns an order of the current account.
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

// findLicense returns an active license of the current account with its order. It asks the server first for the orders
// that have the license in the cache.
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
	return manager.License{}, api.Order{}, api.NewProblem(api.ErrNotFound,
		fmt.Sprintf("There is no active license %d in this account.", id))
}

// findKnownLicense is findLicense, but returns the cached license if the server is unreachable.
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

// wrapOpenTask returns err as an openTaskError if its task stays open. licenseID is the task's license, or 0. For a
// license it checks the open tasks, because a task may stay open after a refusal: the vendor may have disabled the order
// for a while.
func wrapOpenTask(ctx context.Context, m *manager.Manager, err error, task api.Task, licenseID int64) error {
	if errors.Is(err, manager.ErrUnreachable) {
		return openTaskError{err}
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
		return openTaskError{err}
	}
	return err
}

// complete completes the first argument of a command with cached ids.
func (cs *commandSet) complete(ids func(ctx context.Context, m *manager.Manager) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return cs.completeFlag(ids)(c, args, word)
	}
}

// completeFlag is complete for the value of a flag.
func (cs *commandSet) completeFlag(ids func(ctx context.Context, m *manager.Manager) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		m, err := cs.open(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer cs.close()
		if err := m.UseCached(ctx); err != nil && !errors.Is(err, manager.ErrSignedOut) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ids(ctx, m), cobra.ShellCompDirectiveNoFileComp
	}
}

// registerCompletion registers completion for the value of a flag. It panics if the command does not have the flag.
func (cs *commandSet) registerCompletion(c *cobra.Command, flag string,
	ids func(ctx context.Context, m *manager.Manager) []string) {
	if err := c.RegisterFlagCompletionFunc(flag, cs.completeFlag(ids)); err != nil {
		panic(err)
	}
}

// jobIDs lists the open jobs of all accounts.
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

// keptCodeIDs lists the kept codes that a person has to hand in.
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

// orderIDs lists the cached orders.
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

// licenseIDs lists the cached licenses.
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
