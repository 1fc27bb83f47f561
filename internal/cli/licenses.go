package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

// licenseJSON is a license as --json prints it: api.License with its state on this PC.
type licenseJSON struct {
	api.License
	ThisPC     bool `json:"this_pc"`
	Installed  bool `json:"installed"` // its file is in the license folder
	LeftThisPC bool `json:"left_here"` // it left this PC; the server may not have been told
	JobOpen    bool `json:"job_open"`  // an open job tells the server
	Stranded   bool `json:"stranded"`  // it left this PC and is active at the server, without an open job
}

func licenseOf(l manager.License) licenseJSON {
	return licenseJSON{
		License:    l.License,
		ThisPC:     l.ThisPC,
		Installed:  l.Installed,
		LeftThisPC: l.LeftThisPC,
		JobOpen:    l.JobOpen,
		Stranded:   l.Stranded(),
	}
}

// statusOf returns the status of a license, with its state on this PC.
func statusOf(l manager.License) string {
	status := string(l.State())
	switch {
	case l.Status != api.StatusActive:
	case l.ReleasedAt != nil:
		status = string(api.StatusActive) + ", released, ready to be picked up"
	case l.JobOpen:
		status += ", left this PC, a task informs the server"
	case l.LeftThisPC:
		status += ", left this PC, the server was not informed: move, remove or bring-back"
	case l.ThisPC && !l.Installed:
		status += ", this PC, its license file is missing"
	case l.ThisPC:
		status += ", this PC"
	}
	return status
}

func (cs *commandSet) licensesCommand() *cobra.Command {
	var ended bool
	c := cs.signedIn("licenses ORDER", "List the licenses of an order", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			defer cs.progress("Loading licenses")()
			if _, err := m.Orders(ctx); err != nil { // names the order's program, by which licenses of this PC are found
				return err
			}
			load := m.Licenses
			if ended {
				load = m.AllLicenses
			}
			licenses, err := load(ctx, id(args))
			if err != nil {
				return err
			}
			out := []licenseJSON{}
			lines := [][]string{
				{"LICENSE", "NOTE", "SITE CODE", "MACHINE ID", "ACTIVATION CODE", "ACTIVATED", "EXPIRES", "STATUS"},
			}
			for _, l := range licenses.Licenses {
				out = append(out, licenseOf(l))
				lines = append(lines, []string{
					strconv.FormatInt(l.ID, 10), l.Note, l.SiteCode, l.MachineID, l.ActivationCode, day(l.ActivatedAt),
					maybeDay(l.ExpiresAt, "never"), statusOf(l),
				})
			}
			return cs.print(struct {
				Licenses []licenseJSON `json:"licenses"`
			}{out}, lines...)
		})
	c.Flags().BoolVar(&ended, "ended", false, "also licenses that have ended")
	c.ValidArgsFunction = cs.complete(orderIDs)
	return c
}

func (cs *commandSet) fileCommand() *cobra.Command {
	var to string
	c := cs.signedIn("file LICENSE", "Write the license file of a license", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			name, content, err := m.LicenseFile(ctx, id(args))
			if err != nil {
				return err
			}
			if to == "-" {
				_, err := cs.out.Write([]byte(content))
				return err
			}
			if to != "" {
				name = to
			}
			// The file contains the removal seed.
			if err := writeText(name, content); err != nil {
				return err
			}
			return cs.printSentence(struct {
				File string `json:"file"`
			}{name}, "Written to "+name)
		})
	c.Flags().StringVar(&to, "to", "", "file to write; - for standard output (default: named after program and license)")
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
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
