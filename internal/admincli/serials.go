package admincli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// serialJSON is a serial id as --json prints it. serial_number is absent if its features are unknown.
type serialJSON struct {
	ProgramID     int64             `json:"program_id"`
	Program       string            `json:"program"`
	ID            uint32            `json:"id"`
	SerialNumber  string            `json:"serial_number,omitempty"`
	State         admin.SerialState `json:"state"`
	OrderID       int64             `json:"order_id,omitempty"`
	ClientID      int64             `json:"client_id,omitempty"`
	Features      uint16            `json:"features"`
	Blocked       bool              `json:"blocked"`
	BlockedAt     *time.Time        `json:"blocked_at,omitempty"`
	BlockedReason string            `json:"blocked_reason,omitempty"`
}

var serialView = view[admin.Serial]{
	header: []string{"PROGRAM", "ID", "SERIAL NUMBER", "STATE", "ORDER", "CLIENT", "FEATURES", "BLOCKED"},
	row: func(s admin.Serial) []string {
		number, features, order, client, blocked := "unknown", "unknown", "", "", "no"
		if s.Known {
			number, features = s.Number.String(), strconv.Itoa(int(s.Features))
		}
		if s.Order != nil {
			order, client = strconv.FormatInt(s.Order.ID, 10), strconv.FormatInt(s.Order.ClientID, 10)
		}
		if s.Blocked != nil {
			blocked = strings.TrimSuffix(showDay(&s.Blocked.BlockedAt)+", "+s.Blocked.Reason, ", ")
		}
		return []string{
			strconv.FormatInt(s.Program.ID, 10), strconv.FormatUint(uint64(s.ID), 10), number, string(s.State),
			order, client, features, blocked,
		}
	},
	detail: func(admin.Serial) [][2]string { return nil },
	wire: func(s admin.Serial) any {
		out := serialJSON{
			ProgramID: s.Program.ID,
			Program:   s.Program.Name,
			ID:        s.ID,
			State:     s.State,
			Features:  s.Features,
			Blocked:   s.Blocked != nil,
		}
		if s.Known {
			out.SerialNumber = s.Number.String()
		}
		if s.Order != nil {
			out.OrderID, out.ClientID = s.Order.ID, s.Order.ClientID
		}
		if s.Blocked != nil {
			out.BlockedAt, out.BlockedReason = store.UTC(&s.Blocked.BlockedAt), s.Blocked.Reason
		}
		return out
	},
}

func serialCommand() *cobra.Command {
	cs := &commandSet{}
	return cs.group("serial", "Make, list and block serial numbers",
		blockSerials(cs), findSerial(cs), listSerials(cs), makeSerials(cs), printSerials(cs), unblockSerials(cs))
}

// warn prints the warnings of stock to standard error.
func warn(c *cobra.Command, stock rules.SerialStock) {
	for _, warning := range stock.Warnings() {
		fmt.Fprintln(c.ErrOrStderr(), "Warning: "+warning)
	}
}

func makeSerials(cs *commandSet) *cobra.Command {
	var count int
	var features uint16
	var file string
	c := cs.task("make PROGRAM", "Make serial numbers with the IDs after the program's last one", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if cs.dryRun { // prints none, because the next run makes the same numbers
				_, stock, err := a.MakeSerials(c.Context(), id(args), count, features, func(int) {})
				if err == nil {
					warn(c, stock)
				}
				return message(fmt.Sprintf("%d serial numbers would be made", count), map[string]any{"count": count}), err
			}
			out, err := newOutput(file)
			if err != nil {
				return printable{}, err
			}
			bar := progress(c, count)
			serials, stock, err := a.MakeSerials(c.Context(), id(args), count, features, func(n int) { _ = bar.Set(n) })
			_ = bar.Finish()
			if err != nil {
				return printable{}, errors.Join(err, out.drop())
			}
			warn(c, stock)
			printed, err := out.serials(serials)
			if err != nil {
				last := stock.Program.LastSerial
				return printable{}, fmt.Errorf("%w; the numbers exist: print them with \"acen-server serial print %d %d-%d\"",
					err, id(args), last-uint32(count)+1, last)
			}
			return printed, nil
		})
	c.Long = fmt.Sprintf(`Make serial numbers with the IDs after the program's last one, at most %d at once. The server
stores their IDs and features, so that serial print can print the same numbers again. A program has %d IDs for
its lifetime: make as many as you sell soon. Whoever has a serial number can use it: write them with
--output to a file that only you can read, instead of redirecting the output.`, admin.MaxSerials, license.MaxSerialID)
	c.Flags().IntVar(&count, "count", 1, "number of serial numbers")
	c.Flags().Uint16Var(&features, "features", 0, "features of their orders (16 bits); 0: those of the program")
	outputFlag(c, &file)
	return c
}

// serials writes serial numbers to the file and returns a sentence with their count. If o is nil, it returns the
// numbers.
func (o *output) serials(serials []license.SerialNumber) (printable, error) {
	if o == nil {
		return showSerials(serials), nil
	}
	var b bytes.Buffer
	if err := showSerials(serials).print(&b, o.isJSON()); err != nil {
		return printable{}, errors.Join(err, o.drop())
	}
	if err := o.write(b.Bytes()); err != nil {
		return printable{}, err
	}
	return message(fmt.Sprintf("%d serial numbers were written to %s", len(serials), o.path),
		map[string]any{"count": len(serials), "file": o.path}), nil
}

func showSerials(serials []license.SerialNumber) (out printable) {
	texts := []string{}
	for _, n := range serials {
		out.lines = append(out.lines, []string{n.String()})
		texts = append(texts, n.String())
	}
	out.values = texts
	return out
}

func printSerials(cs *commandSet) *cobra.Command {
	var features uint16
	var file string
	c := cs.task("print PROGRAM SERIAL...", "Print serial numbers again, by IDs or ranges of IDs", serialArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			list, err := a.PrintSerials(c.Context(), id(args), args[1:], features)
			if err != nil {
				return printable{}, err
			}
			var numbers []license.SerialNumber
			for _, s := range list {
				if !s.Known && !c.Flags().Changed("features") {
					return printable{}, fmt.Errorf("the features of serial ID %d are not known, because this server did not make "+
						"its number: give --features", s.ID)
				}
				numbers = append(numbers, s.Number)
			}
			if cs.dryRun {
				return message(fmt.Sprintf("%d serial numbers would be printed", len(numbers)),
					map[string]any{"count": len(numbers)}), nil
			}
			out, err := newOutput(file)
			if err != nil {
				return printable{}, err
			}
			return out.serials(numbers)
		})
	c.Flags().Uint16Var(&features, "features", 0, "features of serial numbers that this server did not make (16 bits)")
	outputFlag(c, &file)
	return c
}

func listSerials(cs *commandSet) *cobra.Command {
	var f admin.SerialFilter
	var state string
	c := cs.task("list PROGRAM", "List serial IDs: which are free, used by which order, or blocked", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if f.State = admin.SerialState(state); state != "" && !slices.Contains(listedStates, f.State) {
				return printable{}, usageError{fmt.Errorf("%q is not a state of a serial ID: %s", state, stateNames())}
			}
			list, stock, err := a.Serials(c.Context(), id(args), f)
			if err != nil {
				return printable{}, err
			}
			out, err := serialView.many(list, nil)
			counts := fmt.Sprintf("%d free, %d used, %d blocked of %d serial IDs; %d more can be made",
				stock.Free(), stock.Used, stock.Blocked, stock.Valid, stock.Unmade)
			out.lines = append(out.lines, []string{counts})
			warn(c, stock)
			return out, err
		})
	c.Flags().StringVar(&state, "state", "", "only those in this state: "+stateNames())
	c.Flags().Uint32Var(&f.After, "after", 0, "only IDs after this one, to continue a list")
	c.Flags().IntVar(&f.Limit, "limit", 100, "maximum number of lines; 0: all")
	return c
}

// listedStates are the states of valid serial ids.
var listedStates = []admin.SerialState{admin.SerialFree, admin.SerialUsed, admin.SerialBlocked}

func stateNames() string {
	return fmt.Sprintf("%s, %s or %s", admin.SerialFree, admin.SerialUsed, admin.SerialBlocked)
}

func findSerial(cs *commandSet) *cobra.Command {
	return cs.task("find SERIAL", "Show program and order of a serial number or ID, and whether it is blocked",
		cobra.ExactArgs(1), func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return serialView.many(a.FindSerials(c.Context(), args[0]))
		})
}

func blockSerials(cs *commandSet) *cobra.Command {
	var reason, file string
	c := cs.task("block PROGRAM SERIAL...", "Block serial numbers, by number, ID or range; their orders stay",
		serialArgs(0), func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			serials, err := namedSerials(c, args[1:], file)
			if err != nil {
				return printable{}, err
			}
			n, err := a.BlockSerials(c.Context(), id(args), serials, reason)
			return message(fmt.Sprintf("%d serial IDs blocked", n), map[string]int{"blocked": n}), err
		})
	c.Flags().StringVar(&reason, "reason", "", "reason, for the list and the audit trail")
	serialsFlag(c, &file)
	return c
}

func unblockSerials(cs *commandSet) *cobra.Command {
	var file string
	c := cs.task("unblock PROGRAM SERIAL...", "Unblock serial numbers", serialArgs(0),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			serials, err := namedSerials(c, args[1:], file)
			if err != nil {
				return printable{}, err
			}
			n, err := a.UnblockSerials(c.Context(), id(args), serials)
			return message(fmt.Sprintf("%d serial IDs unblocked", n), map[string]int{"unblocked": n}), err
		})
	serialsFlag(c, &file)
	return c
}

func serialsFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "file", "", "file with serial numbers, IDs or ranges, one per line; - for standard input")
}

// serialArgs checks that the first argument is an id and that at least least serials follow it.
func serialArgs(least int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := cobra.MinimumNArgs(1+least)(c, args); err != nil {
			return err
		}
		return idArg(c, args[:1])
	}
}

// maxSerialsFile limits a file of serial numbers, in bytes.
const maxSerialsFile = 64 * admin.MaxSerials

// namedSerials returns the serials of the command line and of a file, without empty lines.
func namedSerials(c *cobra.Command, args []string, file string) ([]string, error) {
	list := slices.Clone(args)
	if file != "" {
		text, err := readText(c, file, maxSerialsFile)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				list = append(list, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, usageError{errors.New("give serial numbers, IDs, or ranges such as 100-199, or a file of them")}
	}
	return list, nil
}
