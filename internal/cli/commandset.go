package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/spf13/cobra"

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
		Server:   cs.server,
		Username: cs.username,
		Password: password,
		Once:     true,
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

// printNotices prints the manager's notices that were not printed before.
func (cs *commandSet) printNotices() {
	notices := cs.manager.Notices()
	for _, n := range notices[cs.noticed:] {
		fmt.Fprintln(cs.errors, "acenctl:", printable(fmt.Sprintf("%s %s", n.Title, n.Detail)))
	}
	cs.noticed = len(notices)
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

// local returns a command that needs neither an account nor a network.
func (cs *commandSet) local(use, short string, args cobra.PositionalArgs, run handler) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  args,
		RunE: func(c *cobra.Command, args []string) error {
			m, err := cs.open(c.Context())
			if err != nil {
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
		return fmt.Errorf("%q is not an ID", args[0])
	}
	return nil
}

// id returns the argument that idArg has checked.
func id(args []string) int64 {
	n, _ := strconv.ParseInt(args[0], 10, 64)
	return n
}

// optionalID checks that there is no argument, or one that is an id.
func optionalID(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return idArg(c, args)
}
