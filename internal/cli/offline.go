package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

// offlineProgramJSON is a program in the license folder of this PC, as --json prints it.
type offlineProgramJSON struct {
	Signature  string     `json:"signature"`
	Name       string     `json:"name,omitempty"`
	TypedCodes bool       `json:"typed_codes"`
	License    int64      `json:"license,omitempty"`
	Unproven   bool       `json:"unproven,omitempty"`
	SiteCode   string     `json:"site_code,omitempty"`
	Note       string     `json:"note,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
}

func (cs *commandSet) offlineProgramsCommand() *cobra.Command {
	return cs.local("offline-programs", "List the programs on this PC, without a network", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			list, err := m.OfflinePrograms(ctx)
			if err != nil {
				return err
			}
			out := []offlineProgramJSON{}
			lines := [][]string{{"SIGNATURE", "NAME", "TYPED CODES", "LICENSE ON THIS PC"}}
			for _, p := range list {
				one := offlineProgramJSON{Signature: string(p.Signature), Name: p.Name, TypedCodes: p.TypedCodes}
				current := "none"
				file := p.File
				if one.Unproven = p.Unproven != nil; one.Unproven {
					file = p.Unproven
				}
				if file != nil {
					one.License, one.SiteCode, one.Note = file.ID, file.Codes.Site.String(), carry.Clean(file.Note, carry.MaxNote)
					if !file.Expires.IsZero() {
						one.ExpiresAt = &file.Expires
					}
					current = strings.TrimSpace(fmt.Sprintf("%d %s", one.License, one.Note))
				}
				if one.Unproven {
					current += " (not verified: the program has never run here)"
				}
				out = append(out, one)
				lines = append(lines,
					[]string{one.Signature, one.Name, map[bool]string{true: "yes", false: "no"}[p.TypedCodes], current})
			}
			return cs.print(struct {
				Programs []offlineProgramJSON `json:"programs"`
			}{out}, lines...)
		})
}

func (cs *commandSet) enterCodeCommand() *cobra.Command {
	return cs.local("enter-code SIGNATURE CODE",
		"Enter an activation code for a program on this PC that accepts typed codes", cobra.ExactArgs(2),
		func(ctx context.Context, m *manager.Manager, args []string) error {
			signature, err := license.ParseSignature(args[0])
			if err != nil {
				return usageError{err}
			}
			if err := m.EnterCode(ctx, signature, args[1]); err != nil {
				return err
			}
			return cs.printSentence(struct {
				Signature string `json:"signature"`
			}{args[0]}, "The code is stored. The program checks it at its next start.")
		})
}

func (cs *commandSet) letGoCommand() *cobra.Command {
	c := cs.local("let-go SIGNATURE", "Give back the license of a program on this PC, without a network",
		cobra.ExactArgs(1), func(ctx context.Context, m *manager.Manager, args []string) error {
			signature, err := license.ParseSignature(args[0])
			if err != nil {
				return usageError{err}
			}
			k, err := m.LeaveOffline(ctx, signature)
			if errors.Is(err, manager.ErrNotThisPC) {
				return api.NewProblem(api.ErrNotFound, "This PC has no license of that program.")
			}
			if err != nil {
				return err
			}
			return cs.printSentence(struct {
				Signature string `json:"signature"`
				SiteCode  string `json:"site_code"`
				License   int64  `json:"license,omitempty"`
			}{args[0], k.Codes.Site.String(), k.LicenseID},
				fmt.Sprintf("%s stops working on this PC. The removal code is kept; \"acenctl request --hand-in\" adds it to a "+
					"request.", nameOf(k.Program, k.Signature)))
		})
	c.Long = `Give back the license of a program on this PC, without a network. The program stops working on this PC at
once. The removal code is kept here until a courier has handed it in ("acenctl request --hand-in"); then the
order has one more free license.`
	return c
}
