package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// verificationJSON is a verification number as --json prints it, with the names of its files.
type verificationJSON struct {
	ID        string    `json:"id"`
	Picture   string    `json:"picture"`
	Sound     string    `json:"sound,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

// verify fetches a verification number and writes its picture, and its sound unless sound is "".
func (cs *commandSet) verify(ctx context.Context, m *manager.Manager,
	picture, sound string) (v verificationJSON, err error) {
	got, err := m.Verification(ctx, "", sound != "")
	if err != nil {
		return v, err
	}
	if picture == "" {
		folder, err := os.MkdirTemp("", "acenctl-")
		if err != nil {
			return v, err
		}
		picture = filepath.Join(folder, "verification.png")
	}
	for file, data := range map[string][]byte{picture: got.Image, sound: got.Sound} {
		if file == "" {
			continue
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return v, fmt.Errorf("the verification number cannot be written: %w", err)
		}
	}
	return verificationJSON{got.ID, picture, sound, got.ExpiresAt}, nil
}

func (cs *commandSet) verificationCommand() *cobra.Command {
	var picture, sound string
	c := cs.signedIn("verification", "Get a verification number for a new order as a picture or a sound", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			v, err := cs.verify(ctx, m, picture, sound)
			if err != nil {
				return err
			}
			return cs.print(v, []string{"Verification", v.ID}, []string{"Picture", v.Picture},
				[]string{"Valid until", v.ExpiresAt.Local().Format(time.TimeOnly)})
		})
	c.Flags().StringVar(&picture, "picture", "", "file for the picture, PNG (default: one in a new temporary folder)")
	c.Flags().StringVar(&sound, "sound", "", "file for the sound, WAV")
	return c
}

func (cs *commandSet) newOrderCommand() *cobra.Command {
	var verification, number, picture string
	c := cs.signedIn("new-order SERIAL", "Add an order with a serial number", cobra.ExactArgs(1),
		func(ctx context.Context, m *manager.Manager, args []string) error {
			serial, err := license.ParseSerialNumber(args[0])
			if err != nil {
				return err
			}
			programs, err := m.SerialPrograms(ctx)
			if err != nil {
				return err
			}
			program, err := chooseProgram(programs, cs.program)
			if err != nil {
				return err
			}
			waived := slices.ContainsFunc(programs, func(p api.Program) bool { return p.ID == program && p.VerificationWaived })
			if verification == "" && !waived {
				v, err := cs.verify(ctx, m, picture, "")
				if err != nil {
					return err
				}
				if !cs.in.terminal() && number == "" {
					return usageError{
						fmt.Errorf("read the number in %s and repeat the command with --verification %s --number DIGITS", v.Picture,
							v.ID),
					}
				}
				fmt.Fprintf(cs.errors, "The verification number is in the picture %s\nVerification number: ", v.Picture)
				if number, err = cs.in.line("verification number"); err != nil {
					return err
				}
				verification = v.ID
			}
			defer cs.progress("Adding the order")()
			o, err := m.NewOrder(ctx,
				api.NewOrder{
					ProgramID:    program,
					SerialNumber: serial.String(),
					Verification: api.VerificationAnswer{ID: verification, Number: number},
				})
			if err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskNewOrder, 0)
			}
			return cs.printSentence(o, fmt.Sprintf("Added order %d of %s: %d licenses.", o.ID, o.ProgramName, o.LicensesTotal))
		})
	f := c.Flags()
	f.Int64Var(&cs.program, "program", 0, "ID of the program, if several programs accept serial numbers")
	f.StringVar(&verification, "verification", "", "ID of the verification number, as printed by \"acenctl verification\"")
	f.StringVar(&number, "number", "", "the six digits of its picture")
	f.StringVar(&picture, "picture", "", "file for the picture of a new verification number")
	c.MarkFlagsRequiredTogether("verification", "number")
	return c
}

// chooseProgram returns the id of a program that accepts serial numbers. If wanted is 0, there must be only one.
func chooseProgram(programs []api.Program, wanted int64) (int64, error) {
	var names []string
	for _, p := range programs {
		if p.ID == wanted || wanted == 0 && len(programs) == 1 {
			return p.ID, nil
		}
		names = append(names, fmt.Sprintf("%d (%s)", p.ID, p.Name))
	}
	if len(names) == 0 {
		return 0, api.NewProblem(api.ErrTaskDisabled, "None of the vendor's programs accepts serial numbers.")
	}
	return 0, usageError{
		fmt.Errorf("choose a program that accepts serial numbers with --program: %s", strings.Join(names, ", ")),
	}
}
