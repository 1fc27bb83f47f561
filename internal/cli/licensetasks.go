package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// licenseTasks returns the commands of the tasks on orders and licenses.
func (cs *commandSet) licenseTasks() []*cobra.Command {
	return []*cobra.Command{
		cs.newCommand(), cs.reactivateCommand(), cs.transferCommand(), cs.removeCommand(), cs.noteCommand(),
		cs.emailCommand(), cs.verificationCommand(), cs.newOrderCommand(), cs.compareCommand(),
	}
}

func (cs *commandSet) newCommand() *cobra.Command {
	var pc pcFlags
	var note string
	c := cs.signedIn("new ORDER", "New license: activate a PC", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			o, err := findOrder(ctx, m, id(args))
			if err != nil {
				return err
			}
			request := manager.NewLicense{OrderID: o.ID, Note: note, ThisPC: pc.thisPC}
			if pc.thisPC {
				thisPC, err := m.ThisPC(ctx, o.ProgramID)
				if err != nil {
					return err
				}
				request.Codes = thisPC.Codes
			} else if request.Codes, err = cs.checked(ctx, m, o, pc); err != nil {
				return err
			}
			defer cs.progress("Activating")()
			l, err := m.NewLicense(ctx, request)
			if err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskNewLicense, 0)
			}
			_, _ = m.Licenses(ctx, o.ID) // into the cache, so that the license can be moved without a connection
			return cs.printLicense(l, "Activated")
		})
	pc.register(c, true)
	c.Flags().StringVar(&note, "note", "", "your name for that PC, at most 30 characters")
	c.ValidArgsFunction = cs.complete(orderIDs)
	return c
}

func (cs *commandSet) reactivateCommand() *cobra.Command {
	var pc pcFlags
	var note string
	c := cs.signedIn("reactivate LICENSE", "License reactivation: replace a license by a new one for the same PC", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			l, o, err := findLicense(ctx, m, id(args))
			if err != nil {
				return err
			}
			if err := refuseDeparting(l); err != nil {
				return err
			}
			codes, err := cs.pcFor(ctx, m, l, o, pc)
			if err != nil {
				return err
			}
			defer cs.progress("Reactivating")()
			next, err := m.Reactivate(ctx, manager.Reactivate{
				License: l,
				Codes:   codes,
				Note:    note,
				ThisPC:  pc.thisPC,
			})
			if err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskReactivation, l.ID)
			}
			return cs.printLicense(next, "Reactivated")
		})
	pc.register(c, true)
	c.Flags().StringVar(&note, "note", "", "new note (default: the old one)")
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}

// refuseDeparting returns ErrLeftThisPC for a license whose departure an open job tells the server.
func refuseDeparting(l manager.License) error {
	if l.JobOpen && l.ReleasedAt == nil {
		return manager.ErrLeftThisPC
	}
	return nil
}

// removalCode reads a removal code as a secret. It returns zero if this PC makes the code or none is needed, and
// ErrLeftThisPC for a license whose departure an open job tells the server.
func (cs *commandSet) removalCode(l manager.License, none, fromThisPC, stdin bool) (license.RemovalCode, error) {
	switch err := refuseDeparting(l); {
	case err != nil:
		return 0, err
	case fromThisPC && !l.MakesCode():
		return 0, manager.ErrNotThisPC
	case (l.MakesCode() || none) && !stdin:
		return 0, nil
	}
	text, err := cs.secret("removal code", stdin)
	if err != nil {
		return 0, err
	}
	return license.ParseRemovalCode(text)
}

// removalFlags adds the flags for the source of a removal code.
func removalFlags(c *cobra.Command, fromThisPC, stdin *bool) {
	c.Flags().BoolVar(fromThisPC, "from-this-pc", false,
		"only if this PC makes the removal code: the license is on it, or left it and the server was not informed")
	c.Flags().BoolVar(stdin, "removal-code-stdin", false, "read the removal code from standard input")
	c.MarkFlagsMutuallyExclusive("from-this-pc", "removal-code-stdin")
}

func (cs *commandSet) transferCommand() *cobra.Command {
	var pc pcFlags
	var note string
	var fromThisPC, stdin bool
	c := cs.signedIn("transfer LICENSE", "License transfer: give a license to another PC", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			l, o, err := findLicense(ctx, m, id(args))
			if err != nil {
				return err
			}
			code, err := cs.removalCode(l, l.ReleasedAt != nil, fromThisPC, stdin)
			if err != nil {
				return err
			}
			codes, err := cs.checked(ctx, m, o, pc)
			if err != nil {
				return err
			}
			defer cs.progress("Transferring")()
			next, err := m.Transfer(ctx, manager.Transfer{
				License:     l,
				Codes:       codes,
				RemovalCode: code,
				Note:        note,
			})
			if err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskTransfer, l.ID)
			}
			return cs.printLicense(next, "Transferred")
		})
	pc.register(c, false)
	removalFlags(c, &fromThisPC, &stdin)
	c.Flags().StringVar(&note, "note", "", "what you call the other PC (default: the old note)")
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}

func (cs *commandSet) removeCommand() *cobra.Command {
	var fromThisPC, stdin bool
	c := cs.orCached("remove LICENSE", "License removal: end a license and free its seat in the order", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			l, _, err := findKnownLicense(ctx, m, id(args))
			if err != nil {
				return err
			}
			code, err := cs.removalCode(l, false, fromThisPC, stdin)
			if err != nil {
				return err
			}
			defer cs.progress("Removing")()
			o, err := m.Remove(ctx, manager.Remove{License: l, RemovalCode: code})
			if err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskRemoval, l.ID)
			}
			return cs.printSentence(o,
				fmt.Sprintf("Removed license %d. Order %d has %d of %d licenses in use.", l.ID, o.ID, o.LicensesActivated,
					o.LicensesTotal))
		})
	removalFlags(c, &fromThisPC, &stdin)
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}

func (cs *commandSet) noteCommand() *cobra.Command {
	c := cs.signedIn("note LICENSE TEXT", "Change the note of a license", func(c *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(2)(c, args); err != nil {
			return err
		}
		return idArg(c, args[:1])
	}, func(ctx context.Context, m *manager.Manager, args []string) error {
		l, err := m.ChangeNote(ctx, id(args), args[1])
		if err != nil {
			return err
		}
		return cs.printLicense(l, "Changed")
	})
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}
