package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/words"
)

func day(t time.Time) string { return t.Local().Format(time.DateOnly) }

func maybeDay(t *time.Time, none string) string {
	if t == nil {
		return none
	}
	return day(*t)
}

func (cs *commandSet) ordersCommand() *cobra.Command {
	return cs.signedIn("orders", "List your orders", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			defer cs.progress("Loading orders")()
			orders, err := m.Orders(ctx)
			if err != nil {
				return err
			}
			lines := [][]string{{"ORDER", "PROGRAM", "DATE", "LICENSES", "SERIAL NUMBER", "SUBSCRIPTION", "NEW LICENSE"}}
			for _, o := range orders.Orders {
				used := fmt.Sprintf("%d/%d", o.LicensesActivated, o.LicensesTotal)
				if !o.RequiresActivation {
					used = "-"
				}
				lines = append(lines, []string{
					strconv.FormatInt(o.ID, 10), o.ProgramName, day(o.OrderedAt), used, o.SerialNumber, subscription(o.Subscription),
					reason(manager.NewLicenseRefusal(o)),
				})
			}
			return cs.print(api.OrderList{Orders: append([]api.Order{}, orders.Orders...), CanAddOrder: orders.CanAddOrder},
				lines...)
		})
}

func subscription(s api.Subscription) string {
	if s.ExpiresAt == nil {
		return string(s.State)
	}
	return fmt.Sprintf("%s, %s", s.State, day(*s.ExpiresAt))
}

// reason returns "yes" for nil, and "no" with the sentence of err otherwise.
func reason(err error) string {
	if err == nil {
		return "yes"
	}
	return "no: " + sentence(err)
}

// licenseJSON is a license as --json prints it: api.License with its state on this PC.
type licenseJSON struct {
	api.License
	ThisPC    bool `json:"this_pc"`
	Installed bool `json:"installed"` // its file is in the license folder
	LeftHere  bool `json:"left_here"` // it left this PC; the server may not have been told
	JobOpen   bool `json:"job_open"`  // an open job tells the server
	Stranded  bool `json:"stranded"`  // it left this PC and is active at the server, without an open job
}

func licenseOf(l manager.License) licenseJSON {
	return licenseJSON{
		License:   l.License,
		ThisPC:    l.ThisPC,
		Installed: l.Installed,
		LeftHere:  l.LeftHere,
		JobOpen:   l.JobOpen,
		Stranded:  l.Stranded(),
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
	case l.LeftHere:
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

func (cs *commandSet) historyCommand() *cobra.Command {
	c := cs.signedIn("history ORDER", "List the history of an order, newest first", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			entries, err := m.History(ctx, id(args))
			if err != nil {
				return err
			}
			lines := [][]string{{"TIME", "TASK", "LICENSE", "OUTCOME", "FROM"}}
			for _, e := range entries {
				license := ""
				if e.LicenseID != 0 {
					license = strconv.FormatInt(e.LicenseID, 10)
				}
				lines = append(lines, []string{e.Time.Local().Format(time.DateTime), e.Task, license, e.Outcome, e.DeviceName})
			}
			return cs.print(api.HistoryList{History: append([]api.HistoryEntry{}, entries...)}, lines...)
		})
	c.ValidArgsFunction = cs.complete(orderIDs)
	return c
}

// codesJSON are the codes of a PC, as --json prints them.
type codesJSON struct {
	SiteCode  string     `json:"site_code"`
	MachineID string     `json:"machine_id"`
	SiteMID   string     `json:"site_mid"`
	Locks     []lockJSON `json:"locks,omitempty"`
}

// lockJSON is a lock of a PC, as --json prints it.
type lockJSON struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Readable bool   `json:"readable"`
	Why      string `json:"why,omitempty"`
	// Source and Bits, what the lock is made of and the bits that are sent, are present with --explain.
	Source string `json:"source,omitempty"`
	Bits   string `json:"bits,omitempty"`
}

func codesOf(c license.Codes) codesJSON {
	return codesJSON{SiteCode: c.Site.String(), MachineID: c.Machine.String(), SiteMID: c.Merged()}
}

func (cs *commandSet) thisPCCommand() *cobra.Command {
	var explain bool
	c := cs.signedIn("this-pc ORDER",
		"Show the codes of this PC for the program of an order, and which locks can be read", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			o, err := findOrder(ctx, m, id(args))
			if err != nil {
				return err
			}
			pc, err := m.ThisPC(ctx, o.ProgramID)
			if err != nil {
				return err
			}
			out := codesOf(pc.Codes)
			lines := [][]string{
				{"Site code", out.SiteCode},
				{"Machine ID", out.MachineID},
				{"Merged", out.SiteMID},
				{},
				{"LOCK", "KIND", "READABLE"},
			}
			if explain {
				lines[4] = []string{"LOCK", "KIND", "READABLE", "BITS", "SOURCE"}
			}
			for _, l := range pc.Locks {
				one := lockJSON{
					Name:     l.Lock.String(),
					Kind:     l.Lock.Kind().String(),
					Readable: l.Readable,
					Why:      l.Why.String(),
				}
				readable := "yes"
				if !l.Readable {
					readable = "no: " + l.Why.String()
				}
				line := []string{one.Name, one.Kind, readable}
				if explain {
					one.Bits, one.Source = fmt.Sprintf("%0*b", l.Lock.Bits(), l.Bits), words.LockSource(l.Lock)
					line = append(line, one.Bits, one.Source)
				}
				out.Locks = append(out.Locks, one)
				lines = append(lines, line)
			}
			if explain {
				lines = append(lines, []string{},
					[]string{
						"Generation", fmt.Sprintf("%012b", pc.Codes.Site.Generation()), "a random number, new after every removal",
					},
					[]string{"The Machine ID is the 63 bits of the locks and one that is always 0, encrypted with the Site code."},
					[]string{"The Site code is the generation and a check of 20 bits. Nothing else is sent about this PC."},
					[]string{})
				for _, sentence := range words.Disclosure() {
					lines = append(lines, []string{sentence})
				}
			}
			return cs.print(out, lines...)
		})
	c.Flags().BoolVar(&explain, "explain", false, "also show what is sent: the source and the bits of each lock")
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

// comparisonOf returns a comparison as --json prints it, in the form of the contract.
func comparisonOf(c license.Comparison) api.Comparison {
	w := api.Comparison{
		HardwareChanges:    c.HardwareChanges,
		MaxHardwareChanges: c.MaxHardwareChanges,
		Verdict:            "refused",
		Locks:              []api.LockState{},
	}
	if c.Accepted {
		w.Verdict = "accepted"
	}
	for _, l := range c.Locks {
		w.Locks = append(w.Locks, api.LockState{
			Name:       l.Lock.String(),
			Kind:       l.Lock.Kind().String(),
			State:      l.State.String(),
			Changeable: l.Changeable,
			Counts:     l.Counts,
		})
	}
	for _, r := range c.Reasons {
		w.Reasons = append(w.Reasons, r.String())
	}
	return w
}

func comparisonLines(c license.Comparison) [][]string {
	lines := [][]string{{"LOCK", "KIND", "STATE", ""}}
	for _, l := range c.Locks {
		remark := ""
		switch {
		case !l.Differs:
		case !l.Changeable:
			remark = "must not change"
		case l.Counts:
			remark = "counts"
		default:
			remark = "may always change"
		}
		lines = append(lines, []string{l.Lock.String(), l.Lock.Kind().String(), words.LockState(l), remark})
	}
	verdict := fmt.Sprintf("accepted, %d of %d hardware changes", c.HardwareChanges, c.MaxHardwareChanges)
	if !c.Accepted {
		var reasons []string
		for _, r := range c.Reasons {
			reasons = append(reasons, r.String())
		}
		verdict = "refused: " + strings.Join(reasons, " ")
	}
	return append(lines, nil, []string{"Verdict", verdict})
}
