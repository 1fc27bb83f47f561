package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// pcFlags are the flags that name the PC of a task.
type pcFlags struct {
	thisPC                bool
	site, machine, merged string
	paste                 string
}

func (p *pcFlags) register(c *cobra.Command, withThisPC bool) {
	f := c.Flags()
	group := []string{"site-code", "codes", "paste"}
	if withThisPC {
		f.BoolVar(&p.thisPC, "this-pc", false, "this PC")
		group = append(group, "this-pc")
	}
	f.StringVar(&p.site, "site-code", "", "Site code of the PC")
	f.StringVar(&p.machine, "machine-id", "", "Machine ID of the PC")
	f.StringVar(&p.merged, "codes", "", "both codes in their merged form")
	f.StringVar(&p.paste, "paste", "", "file with a text that contains both, such as a mail; - for standard input")
	c.MarkFlagsRequiredTogether("site-code", "machine-id")
	c.MarkFlagsMutuallyExclusive(group...)
	c.MarkFlagsOneRequired(group...)
}

// codes reads the codes of another PC.
func (p *pcFlags) codes(cs *commandSet) (license.Codes, error) {
	switch {
	case p.merged != "":
		return license.ParseMerged(p.merged)
	case p.paste == "":
		return license.ParseCodes(p.site, p.machine)
	}
	text, err := cs.text(p.paste)
	if err != nil {
		return license.Codes{}, err
	}
	var site, machine string
	for _, f := range license.Find(text) {
		switch {
		case f.Kind == license.KindMerged && site == "" && machine == "":
			return f.Codes, nil
		case f.Kind == license.KindSiteCode && site == "":
			site = f.Text
		case f.Kind == license.KindMachineID && machine == "":
			machine = f.Text
		}
	}
	if site == "" || machine == "" {
		for _, fault := range license.Faults(text) {
			if fault.Kind == license.KindSiteCode || fault.Kind == license.KindMachineID {
				return license.Codes{}, fault
			}
		}
		return license.Codes{}, usageError{errors.New("the text contains no Site code and Machine ID")}
	}
	return license.ParseCodes(site, machine)
}

// maxText is the maximum size in bytes of a text that a command reads.
const maxText = 1 << 20

// text reads a file of at most maxText bytes, or standard input for "-".
func (cs *commandSet) text(file string) (string, error) {
	var from io.Reader = cs.in.reader
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", usageError{err}
		}
		defer f.Close()
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, maxText+1))
	if err == nil && len(data) > maxText {
		err = usageError{fmt.Errorf("%s has more than %d KiB", file, maxText>>10)}
	}
	return string(data), err
}

// printLicense prints a new or changed license. how is the verb for the change.
func (cs *commandSet) printLicense(l manager.License, how string) error {
	if l.ThisPC && !l.Installed {
		fmt.Fprintf(cs.errors,
			"acenctl: the license file could not be stored on this PC yet: \"acenctl licenses %d\" tries again\n", l.OrderID)
	}
	return cs.print(licenseOf(l), []string{how, fmt.Sprintf("license %d of order %d", l.ID, l.OrderID)},
		[]string{"Note", l.Note},
		[]string{"Site code", l.SiteCode}, []string{"Machine ID", l.MachineID},
		[]string{"Activation code", l.ActivationCode}, []string{"Expires", maybeDay(l.ExpiresAt, "never")})
}

// licenseTasks returns the commands of this file.
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

// checked reads the codes of another PC and checks that they belong together and to the program of an order.
func (cs *commandSet) checked(ctx context.Context, m *manager.Manager, o api.Order, pc pcFlags) (license.Codes, error) {
	codes, err := pc.codes(cs)
	if err != nil {
		return codes, err
	}
	if _, err := m.CheckCodes(ctx, o.ProgramID, codes.Site.String(), codes.Machine.String()); err != nil {
		return codes, fmt.Errorf("%w: they are mistyped, or belong to a program other than %s", err, o.ProgramName)
	}
	return codes, nil
}

// pcFor reads the codes of the PC that a license is reactivated or compared with.
func (cs *commandSet) pcFor(ctx context.Context, m *manager.Manager, l manager.License, o api.Order,
	pc pcFlags) (license.Codes, error) {
	if pc.thisPC {
		return m.ThisPCFor(ctx, l)
	}
	return cs.checked(ctx, m, o, pc)
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

func (cs *commandSet) emailCommand() *cobra.Command {
	var to []string
	var message string
	var preview bool
	c := cs.signedIn("email LICENSE", "Email the activation code to an address on file", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			p, err := m.EmailPreview(ctx, id(args))
			if err != nil {
				return err
			}
			if preview {
				return cs.print(p, []string{"To: " + strings.Join(p.To, ", ")}, []string{"Subject: " + p.Subject}, nil,
					[]string{p.Body})
			}
			if len(to) == 0 && len(p.To) > 0 {
				to = p.To[:1]
			}
			if len(to) == 0 {
				return api.NewProblem(api.ErrValidation, "No email address is on file: add one with \"acenctl account --email\".")
			}
			if err := m.SendEmail(ctx, manager.SendEmail{LicenseID: id(args), To: to, Message: message}); err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskEmail, id(args))
			}
			return cs.printSentence(struct {
				To []string `json:"to"`
			}{to}, "The server sends the code to "+strings.Join(to, ", "))
		})
	c.Flags().StringSliceVar(&to, "to", nil, "addresses on file (default: the first)")
	c.Flags().StringVar(&message, "message", "", "text to add to the mail, at most 500 characters")
	c.Flags().BoolVar(&preview, "preview", false, "print the mail and send nothing")
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}

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

func (cs *commandSet) compareCommand() *cobra.Command {
	var pc pcFlags
	c := cs.signedIn("compare LICENSE", "Compare a PC with the PC of a license; changes nothing", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			l, o, err := findLicense(ctx, m, id(args))
			if err != nil {
				return err
			}
			codes, err := cs.pcFor(ctx, m, l, o, pc)
			if err != nil {
				return err
			}
			comparison, err := m.Compare(ctx, l, codes)
			if err != nil {
				return err
			}
			if err := cs.print(comparisonOf(comparison), comparisonLines(comparison)...); err != nil {
				return err
			}
			if !comparison.Accepted {
				return errNotRecognized
			}
			return nil
		})
	pc.register(c, true)
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}
