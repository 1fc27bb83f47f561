package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

// errSomeRefused is the error of a command some of whose items were refused; its output lists them.
var errSomeRefused = errors.New("some items were refused; the list shows which and why")

// resultJSON is the result of an item, as --json prints it.
type resultJSON struct {
	Item      int    `json:"item,omitempty"`
	Program   string `json:"program,omitempty"`
	Signature string `json:"signature"`
	Outcome   string `json:"outcome"`
	License   int64  `json:"license,omitempty"`
	Unproven  bool   `json:"unproven,omitempty"`
	Code      string `json:"code,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

func (r resultJSON) line() []string {
	text := r.Outcome
	switch {
	case r.Reason != "":
		text += ": " + r.Reason
	case r.License != 0:
		text += fmt.Sprintf(" %d", r.License)
	}
	if r.Unproven {
		text += " (not verified: only the program itself can check its signature)"
	}
	return []string{nameOf(r.Program, license.Signature(r.Signature)), text}
}

func resultOf(r carry.Result) resultJSON {
	out := resultJSON{
		Item:      r.Item,
		Program:   r.Program,
		Signature: string(r.Signature),
		Outcome:   string(r.Outcome),
		Code:      r.Code,
		Reason:    r.Sentence,
	}
	if f, err := r.File(); err == nil && r.Outcome == carry.OutcomeLicense {
		out.License = f.ID
	}
	return out
}

// carriedJSON is a request that was carried out, as --json prints it.
type carriedJSON struct {
	Request string           `json:"request"`
	Device  string           `json:"device,omitempty"`
	Plan    []itemJSON       `json:"plan,omitempty"`
	Results []resultJSON     `json:"results,omitempty"`
	Answer  *writtenDocument `json:"answer,omitempty"`
}

func (cs *commandSet) carryCommand() *cobra.Command {
	var chosen []string
	var dry bool
	var out outFlags
	c := cs.signedIn("carry FILE...", "Carry out the requests of PCs without a network", cobra.MinimumNArgs(1),
		func(ctx context.Context, m *manager.Manager, files []string) error {
			if err := out.check(); err != nil {
				return err
			}
			docs, err := cs.documents(ctx, files)
			if err != nil {
				return err
			}
			var requests []carry.Request
			for _, doc := range docs {
				r, ok := doc.(carry.Request)
				if !ok {
					return usageError{errors.New("one of the files is not a request: run \"acenctl take\" on the PC that it is for")}
				}
				requests = append(requests, r)
			}
			if info, err := os.Stat(out.file); len(requests) > 1 && out.file != "" && (err != nil || !info.IsDir()) {
				return usageError{errors.New("several requests need an existing folder for their answers: --output FOLDER")}
			}
			var all []carriedJSON
			var lines [][]string
			var failed error
			for _, r := range requests {
				one, printed, err := cs.carryOne(ctx, m, r, chosen, dry, out)
				all, lines = append(all, one), append(lines, printed...)
				if failed == nil || err != nil && !errors.Is(err, errSomeRefused) {
					failed = err
				}
				if err != nil && !errors.Is(err, errSomeRefused) {
					break
				}
			}
			return errors.Join(cs.print(struct {
				Requests []carriedJSON `json:"requests"`
			}{all}, lines...), failed)
		})
	c.Long = `Carry out the requests of PCs without a network and write their answers. FILE is a request, a text, or a
picture with QR codes; several pictures may form one request. - is standard input.

--dry-run lists what would be done and changes nothing. Each program of a request has options, the best
first. --choose 2 takes the second option for all programs, --choose 3=2 takes it for the third program, and
option 0 leaves a program out. A request can be carried again, such as after an interruption: nothing is
done twice.`
	c.Flags().StringArrayVar(&chosen, "choose", nil,
		"option, or ITEM=OPTION; may be repeated (default: the first option of each item)")
	c.Flags().BoolVar(&dry, "dry-run", false, "list what would be done")
	out.register(c)
	return c
}

// carryOne carries out one request. It writes an answer for the completed items even if it fails.
func (cs *commandSet) carryOne(ctx context.Context, m *manager.Manager, r carry.Request, chosen []string, dry bool,
	out outFlags) (one carriedJSON, lines [][]string, err error) {
	one = carriedJSON{Request: r.ID, Device: r.Device}
	done := cs.progress("Asking the server")
	plan, err := m.PlanCarry(ctx, r)
	done()
	if err != nil {
		return one, nil, err
	}
	picked, err := choices(plan, chosen)
	if err != nil {
		return one, nil, err
	}
	lines = append(lines, []string{strings.TrimSpace("Request " + r.ID + " " + r.Device)})
	if dry {
		var printed [][]string
		one.Plan, printed = describePlan(plan)
		return one, append(lines, printed...), nil
	}
	done = cs.progress("Carrying out")
	a, err := m.CarryOut(ctx, r, plan, picked, func(int) {})
	done()
	for _, result := range a.Results {
		shown := resultOf(result)
		one.Results = append(one.Results, shown)
		lines = append(lines, shown.line())
		if result.Outcome == carry.OutcomeRefused && err == nil {
			err = errSomeRefused
		}
	}
	if err != nil && !errors.Is(err, errSomeRefused) {
		err = fmt.Errorf("%w. The answer contains what was done; carry the request again for the rest: nothing is done twice",
			wrapOpenTask(ctx, m, err, "", 0))
	}
	if len(a.Results) > 0 {
		h, writeErr := out.write(a, r.ID)
		one.Answer = &h
		return one, append(lines, h.lines()...), errors.Join(err, writeErr)
	}
	return one, lines, err
}
