package cli

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

// errSomeRefused is the error of a command some of whose items were refused; its output lists them.
var errSomeRefused = errors.New("some items were refused; the list shows which and why")

// unreadable reports whether err means that a request, an answer, a license file or a picture cannot be decoded.
func unreadable(err error) bool {
	for _, one := range []error{
		carry.ErrUnknown, carry.ErrTooLarge, carry.ErrNewer, carry.ErrDamaged, carry.ErrLink, carry.ErrConflict,
		carry.ErrPicture, carry.ErrPictureSize, carry.ErrPictureTime, carry.ErrNoCode, carry.ErrTooManyPictures,
	} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
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
				file := p.Here
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

// outFlags are the flags for the destination of a document.
type outFlags struct{ file, pictures string }

func (o *outFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&o.file, "output", "", "file to write, or a folder (default: the text on standard output)")
	c.Flags().StringVar(&o.pictures, "qr", "", "folder for QR codes, one PNG file each")
}

// writtenDocument is a document that was written, as --json prints it.
type writtenDocument struct {
	Request  string   `json:"request"`
	File     string   `json:"file,omitempty"`
	Pictures []string `json:"pictures,omitempty"`
	Text     string   `json:"text,omitempty"`
}

// write writes doc to the file, as QR codes to the folder, or, without either, to Text of h. It overwrites no file.
// id is the ID of the request.
func (o outFlags) write(doc carry.Document, id string) (h writtenDocument, err error) {
	h.Request = id
	if o.file != "" {
		content, err := carry.Encode(doc)
		if err != nil {
			return h, err
		}
		h.File = o.file
		if info, err := os.Stat(o.file); err == nil && info.IsDir() {
			h.File = filepath.Join(o.file, carry.FileName(doc))
		}
		if err := writeNew(h.File, func(w io.Writer) error { _, err := w.Write(content); return err }); err != nil {
			return h, err
		}
	}
	if o.pictures != "" {
		parts, err := carry.Parts(doc, carry.DefaultPartSize)
		if err != nil {
			return h, err
		}
		if err := os.MkdirAll(o.pictures, 0o700); err != nil {
			return h, fmt.Errorf("the folder cannot be created: %w", err)
		}
		for i, p := range parts {
			img, err := p.Picture(6)
			if err != nil {
				return h, err
			}
			name := filepath.Join(o.pictures,
				fmt.Sprintf("%s-%d-of-%d.png", strings.TrimSuffix(carry.FileName(doc), carry.Extension), i+1, len(parts)))
			if err := writeNew(name, func(w io.Writer) error { return png.Encode(w, img) }); err != nil {
				return h, err
			}
			h.Pictures = append(h.Pictures, name)
		}
	}
	if o.file == "" && o.pictures == "" {
		h.Text, err = carry.TextWithLinks(doc)
	}
	return h, err
}

// check returns a usage error if the file exists.
func (o outFlags) check() error {
	if info, err := os.Stat(o.file); o.file != "" && err == nil && !info.IsDir() {
		return usageError{fmt.Errorf("the file cannot be written: %s exists", o.file)}
	}
	return nil
}

// writeNew writes a new file that only its owner can access.
func writeNew(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usageError{fmt.Errorf("the file cannot be written: %w", err)}
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("the file cannot be written: %w", err)
	}
	return nil
}

// lines returns the names of the written files, or the text.
func (h writtenDocument) lines() (lines [][]string) {
	if h.File != "" {
		lines = append(lines, []string{"Written to " + h.File})
	}
	for _, name := range h.Pictures {
		lines = append(lines, []string{"Written to " + name})
	}
	if h.Text != "" {
		lines = append(lines, []string{strings.TrimSuffix(h.Text, "\n")})
	}
	return lines
}

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
		var wishes []manager.Wish
		if handIn { // removals come first: the order may have no other free license
			codes, err := m.KeptCodes(ctx)
			if err != nil {
				return err
			}
			for _, k := range codes {
				if k.Purpose == "" { // otherwise an open task hands it in
					wishes = append(wishes,
						manager.Wish{
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
				w := manager.Wish{Task: list.task, Note: note}
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

// nameOf returns the program's name, or its signature if the name is unknown.
func nameOf(program string, signature license.Signature) string {
	if program == "" {
		return string(signature)
	}
	return program
}

// documents reads documents from files, pictures and texts; "-" is standard input. Several pictures may have the parts
// of one document.
func (cs *commandSet) documents(ctx context.Context, files []string) (docs []carry.Document, err error) {
	var c carry.Collector
	for _, name := range files {
		from := io.Reader(cs.in.reader)
		if name != "-" {
			f, err := os.Open(name)
			if err != nil {
				return nil, usageError{fmt.Errorf("the file cannot be read: %w", err)}
			}
			defer f.Close()
			from = f
		}
		content, err := io.ReadAll(io.LimitReader(from, carry.MaxPictureFile+1))
		if err != nil {
			return nil, usageError{fmt.Errorf("the file cannot be read: %w", err)}
		}
		found, err := c.AddData(ctx, content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		docs = append(docs, found...)
	}
	if open := c.Incomplete(); len(open) > 0 {
		p := open[len(open)-1]
		return nil, usageError{&carry.IncompleteError{Kind: p.Kind, Missing: p.Missing, Count: p.Count}}
	}
	return docs, nil
}

// optionJSON is a way to carry out an item, as --json prints it.
type optionJSON struct {
	Number     int             `json:"number"`
	Action     string          `json:"action"`
	Order      int64           `json:"order"`
	License    int64           `json:"license,omitempty"`
	Note       string          `json:"note,omitempty"`
	Refusal    string          `json:"refusal,omitempty"`
	Comparison *api.Comparison `json:"comparison,omitempty"`
}

// itemJSON is an item of a request with its options, as --json prints it.
type itemJSON struct {
	Item      int          `json:"item"`
	Task      string       `json:"task"`
	Program   string       `json:"program,omitempty"`
	Signature string       `json:"signature"`
	SiteCode  string       `json:"site_code"`
	Options   []optionJSON `json:"options"`
	Refusal   string       `json:"refusal,omitempty"`
}

func describePlan(plan []manager.CourierItem) (list []itemJSON, lines [][]string) {
	for n, p := range plan {
		i := p.Item
		one := itemJSON{
			Item:      n + 1,
			Task:      string(i.Task),
			Program:   i.Program,
			Signature: string(i.Signature),
			SiteCode:  i.Codes.Site.String(),
			Options:   []optionJSON{},
		}
		lines = append(lines,
			[]string{fmt.Sprint(one.Item), nameOf(i.Program, i.Signature), one.Task, "Site code " + one.SiteCode})
		if p.Refusal != nil {
			one.Refusal = sentence(p.Refusal)
			lines = append(lines, []string{"", "", "not possible", one.Refusal})
		}
		for k, o := range p.Options {
			option := optionJSON{
				Number:  k + 1,
				Action:  string(o.Action),
				Order:   o.Order.ID,
				License: o.License.ID,
				Note:    o.License.Note,
			}
			what := fmt.Sprintf("order %d", option.Order)
			if option.License != 0 {
				what = strings.TrimSpace(fmt.Sprintf("license %d of %s %s", option.License, what, option.Note))
			}
			if o.Refusal != nil {
				option.Refusal = sentence(o.Refusal)
				what += "; refused: " + option.Refusal
			}
			if o.Action == manager.CourierReactivate {
				compared := comparisonOf(o.Comparison)
				option.Comparison = &compared
				what += fmt.Sprintf("; %d of %d hardware changes", o.Comparison.HardwareChanges, o.Comparison.MaxHardwareChanges)
			}
			one.Options = append(one.Options, option)
			lines = append(lines, []string{"", fmt.Sprintf("%d)", k+1), option.Action, what})
		}
		list = append(list, one)
	}
	return list, lines
}

// choices returns the index of the chosen option of each item, or -1. "2" chooses option 2 for every item, "3=2" for
// item 3; option 0 chooses none.
func choices(plan []manager.CourierItem, chosen []string) ([]int, error) {
	list := make([]int, len(plan))
	for _, text := range chosen {
		item, number, one := strings.Cut(text, "=")
		if !one {
			number = item
		}
		option, err := strconv.Atoi(number)
		at := 0
		if err == nil && one {
			at, err = strconv.Atoi(item)
		}
		if err != nil || option < 0 || one && (at < 1 || at > len(plan)) {
			return nil, usageError{
				fmt.Errorf("%q chooses no option: give the number of an option, or ITEM=OPTION, as --dry-run lists them", text),
			}
		}
		for i := range list {
			if !one || i == at-1 {
				list[i] = option - 1
			}
		}
	}
	for i, c := range list {
		if plan[i].Refusal == nil && c >= len(plan[i].Options) {
			return nil, usageError{fmt.Errorf("program %d of the request has %d options", i+1, len(plan[i].Options))}
		}
	}
	return list, nil
}

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
	plan, err := m.PlanCourier(ctx, r)
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

func (cs *commandSet) takeCommand() *cobra.Command {
	c := cs.local("take FILE...", "Install the answer of a courier, or a license file, on this PC", cobra.MinimumNArgs(1),
		func(ctx context.Context, m *manager.Manager, files []string) error {
			docs, err := cs.documents(ctx, files)
			if err != nil {
				return err
			}
			results := []resultJSON{}
			var failed error
			note := func(r resultJSON, err error) {
				if err != nil {
					r.Outcome, r.Reason = "not installed", sentence(err)
					if failed == nil {
						failed = err
					}
				}
				results = append(results, r)
			}
			for _, doc := range docs {
				switch doc := doc.(type) {
				case carry.Request:
					return usageError{errors.New("this is a request: run \"acenctl carry\" on a PC with a network")}
				case carry.Answer:
					taken, err := m.TakeAnswer(ctx, doc)
					for _, t := range taken {
						r := resultOf(t.Result)
						r.Unproven = t.Unproven
						note(r, t.Err)
						if t.Result.Outcome == carry.OutcomeRefused && failed == nil {
							failed = errSomeRefused
						}
					}
					if err != nil {
						return err
					}
				case carry.License:
					f, unproven, err := m.TakeLicense(ctx, string(doc))
					if errors.Is(err, manager.ErrStorage) || ctx.Err() != nil {
						return err
					}
					r := resultJSON{
						Signature: string(f.Signature),
						Program:   f.ProgramName,
						Outcome:   string(carry.OutcomeLicense),
						License:   f.ID,
						Unproven:  unproven,
					}
					if claimed, claimedErr := doc.File(); err != nil && claimedErr == nil {
						r.Signature, r.License = string(claimed.Signature), claimed.ID
						r.Program = carry.Clean(claimed.ProgramName, carry.MaxName)
					}
					note(r, err)
				}
			}
			lines := make([][]string, len(results))
			for i, r := range results {
				lines[i] = r.line()
			}
			return errors.Join(cs.print(struct {
				Results []resultJSON `json:"results"`
			}{results}, lines...), failed)
		})
	c.Long = `Install the answer of a courier, or a license file, on this PC: each license file is checked and stored
where its program finds it. FILE is a file, a text, or a picture with QR codes; several pictures may form
one answer. - is standard input.`
	return c
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
			k, err := m.LetGo(ctx, signature)
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
