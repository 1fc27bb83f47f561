package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

func (cs *commandSet) requestCommand() *cobra.Command {
	var programs, transfers []string
	var note, device string
	var handIn, stdin bool
	var out outFlags
	c := cs.local("request", "Request licenses for this PC through a courier", cobra.NoArgs, nil)
	c.Long = `Request licenses for this PC, which needs no network and no account: a courier carries the request to a PC
with a network ("acenctl carry", or the app there) and brings back the answer ("acenctl take").

Give the application signature of a program and, if this PC does not know the program, its name:
LUMENST7="Lumen Studio 7".`
	c.RunE = func(c *cobra.Command, _ []string) error {
		ctx := c.Context()
		if err := out.check(); err != nil {
			return err
		}
		m, err := cs.open(ctx)
		if err != nil {
			return err
		}
		var wishes []manager.RequestItem
		if handIn { // removals come first: the order may have no other free license
			codes, err := m.KeptCodes(ctx)
			if err != nil {
				return err
			}
			for _, k := range codes {
				if k.Purpose == "" { // otherwise an open task hands it in
					wishes = append(wishes,
						manager.RequestItem{
							Task:      carry.TaskRemove,
							Signature: k.Signature,
							Program:   carry.Clean(k.Program, carry.MaxName),
							Kept:      k,
						})
				}
			}
		}
		for _, list := range []struct {
			task  carry.Task
			named []string
		}{{carry.TaskActivate, programs}, {carry.TaskTransfer, transfers}} {
			for _, text := range list.named {
				w := manager.RequestItem{Task: list.task, Note: note}
				signature, name, _ := strings.Cut(text, "=")
				if w.Signature, err = license.ParseSignature(signature); err != nil {
					return usageError{err}
				}
				w.Program = carry.Clean(name, carry.MaxName)
				if list.task == carry.TaskTransfer {
					code, err := cs.secret("removal code of the other PC", stdin)
					if err != nil {
						return err
					}
					if w.RemovalCode, err = license.ParseRemovalCode(code); err != nil {
						return err
					}
				}
				wishes = append(wishes, w)
			}
		}
		if len(wishes) == 0 {
			return usageError{errors.New("there is nothing to request: give a program, or \"acenctl let-go\" a license first")}
		}
		r, err := m.MakeRequest(ctx, device, wishes)
		if err != nil {
			return err
		}
		h, err := out.write(r, r.ID)
		if err != nil {
			return err
		}
		return cs.print(h, h.lines()...)
	}
	f := c.Flags()
	f.StringArrayVar(&programs, "program", nil, "application signature of a program to activate; may be repeated")
	f.StringArrayVar(&transfers, "transfer", nil,
		"application signature of a program whose license comes from another PC; asks for its removal code; may be repeated")
	f.BoolVar(&stdin, "removal-code-stdin", false, "read the removal codes from standard input, one per line")
	f.BoolVar(&handIn, "hand-in", false, "hand in the removal codes on this PC")
	f.StringVar(&note, "note", "", "your name for this PC, at most 30 characters")
	f.StringVar(&device, "device", paths.DeviceName(), "name of this PC in the request")
	out.register(c)
	c.MarkFlagsOneRequired("program", "transfer", "hand-in")
	return c
}

// requestJSON is a request whose answer has not been taken, as --json prints it.
type requestJSON struct {
	ID     string    `json:"id"`
	Device string    `json:"device,omitempty"`
	MadeAt time.Time `json:"made_at"`
	Items  []string  `json:"items"`
}

func (cs *commandSet) requestsCommand() *cobra.Command {
	var forget, show string
	var out outFlags
	c := cs.local("requests", "List, show again or forget requests that have no answer yet", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			list, err := m.Requests(ctx)
			if err != nil {
				return err
			}
			all := []requestJSON{}
			lines := [][]string{{"REQUEST", "PC", "MADE", "PROGRAMS"}}
			for _, r := range list {
				switch r.ID {
				case forget:
					if err := m.ForgetRequest(ctx, r.ID); err != nil {
						return err
					}
					return cs.printSentence(writtenDocument{Request: r.ID}, "Forgotten. The removal codes in it stay on this PC.")
				case show:
					h, err := out.write(r, r.ID)
					if err != nil {
						return err
					}
					return cs.print(h, h.lines()...)
				}
				one := requestJSON{ID: r.ID, Device: r.Device, MadeAt: r.MadeAt}
				for _, i := range r.Items {
					one.Items = append(one.Items, fmt.Sprintf("%s: %s", nameOf(i.Program, i.Signature), i.Task))
				}
				all = append(all, one)
				lines = append(lines,
					[]string{r.ID, r.Device, r.MadeAt.Local().Format(time.DateTime), strings.Join(one.Items, ", ")})
			}
			if forget+show != "" {
				return usageError{fmt.Errorf("this PC has no request %s", forget+show)}
			}
			return cs.print(struct {
				Requests []requestJSON `json:"requests"`
			}{all}, lines...)
		})
	c.Flags().StringVar(&forget, "forget", "", "request to forget")
	c.Flags().StringVar(&show, "show", "", "request to write again")
	out.register(c)
	c.MarkFlagsMutuallyExclusive("forget", "show")
	return c
}
