package courier

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
)

// Line is one thing that a document says.
type Line struct {
	Title, Value string
	// Item is the number of the program that the line belongs to, 0 for the document as a whole.
	Item int
}

// Describe says in plain words everything that a document holds, and so everything that its pictures do. The one thing it
// does not spell out is the removal seed of a license file, which is a secret: there is a line that it is in it. It may be called for
// a document that Read would refuse.
func Describe(doc Document) []Line {
	var d description
	doc.describe(&d)
	return d.lines
}

type description struct {
	lines []Line
	item  int
}

// add shows a text that may come from anyone; an empty one says nothing and is left out.
func (d *description) add(title, value string) {
	if value != "" {
		d.lines = append(d.lines, Line{title, shown(value), d.item})
	}
}

// shown puts a sign in the place of what is invisible.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if visible(r) {
			return r
		}
		return '\ufffd'
	}, text)
}

func (d *description) number(title string, n int64) {
	if n != 0 {
		d.add(title, strconv.FormatInt(n, 10))
	}
}

// timeShown is how times stand in descriptions and texts.
const timeShown = "2006-01-02 15:04:05 UTC"

func (d *description) time(title string, t time.Time) {
	if !t.IsZero() {
		d.add(title, t.UTC().Format(timeShown))
	}
}

func (d *description) codes(prefix string, c license.Codes) {
	if !c.IsZero() {
		d.add(prefix+license.KindSiteCode.String(), c.Site.String())
		d.add(prefix+license.KindMachineID.String(), c.Machine.String())
	}
}

// said is what a task is in words.
func (t Task) said() string {
	switch t {
	case TaskActivate:
		return "activate (a license for this PC)"
	case TaskRemove:
		return "remove (the license has left this PC)"
	case TaskTransfer:
		return "transfer (the license of another PC for this PC)"
	}
	return string(t)
}

func (o Outcome) said() string {
	switch o {
	case OutcomeLicense:
		return "license (a license file)"
	case OutcomeDone:
		return "done (the removal code was accepted)"
	case OutcomeRefused:
		return "refused"
	}
	return string(o)
}

func (h headJSON) describe(d *description) {
	d.add("Document", fmt.Sprintf("%s, version %d", h.Kind, h.Version))
}

func (r Request) describe(d *description) {
	r.head().describe(d)
	d.add("Request", r.ID)
	d.add("Name of the PC", r.Device)
	d.time("Made", r.MadeAt)
	for n, i := range r.Items {
		d.item = n + 1
		d.add("Task", i.Task.said())
		d.add("Program", i.Program)
		d.add("Application signature", string(i.Signature))
		d.codes("", i.Codes)
		d.add("Note", i.Note)
		if i.RemovalCode != 0 {
			d.add("Removal code", i.RemovalCode.String())
		}
		d.number("License", i.License)
		d.codes("Other PC: ", i.From)
	}
}

func (a Answer) describe(d *description) {
	a.head().describe(d)
	d.add("Answer to request", a.Request)
	d.time("Made", a.MadeAt)
	d.add("Server", a.Server)
	for _, r := range a.Results {
		d.item = r.Item
		d.number("Number in the request", int64(r.Item))
		d.add("Task", r.Task.said())
		d.add("Program", r.Program)
		d.add("Application signature", string(r.Signature))
		d.codes("", r.Codes)
		d.add("Outcome", r.Outcome.said())
		d.add("Reason", r.Sentence)
		d.add("Error code", r.Code)
		if r.License != "" {
			License(r.License).lines(d, "License file: ")
		}
		for _, key := range r.PublicKeys {
			d.add("Public key of the program", key.String())
		}
	}
}

func (l License) describe(d *description) {
	d.add("Document", "license file")
	l.lines(d, "")
}

// lines describe what a license file claims.
func (l License) lines(d *description, prefix string) {
	f, err := l.File()
	if err != nil {
		d.add(prefix+"Damaged", err.Error())
		return
	}
	add := func(title, value string) { d.add(prefix+title, value) }
	d.number(prefix+"License", f.ID)
	d.number(prefix+"Order", f.Order)
	add("Server", f.Issuer)
	add("Program", f.ProgramName)
	d.number(prefix+"Program number", f.ProgramID)
	add("Application signature", string(f.Signature))
	d.codes(prefix, f.Codes)
	add("Activation code", f.ActivationCode.String())
	d.time(prefix+"Issued", f.IssuedAt)
	if f.Expires.IsZero() {
		add("Ends", "never")
	}
	d.time(prefix+"Ends", f.Expires)
	add("Features", strconv.Itoa(int(f.Features)))
	add("Flexible locking", map[bool]string{true: "on", false: "off"}[f.Policy.Enabled])
	add("Hardware changes allowed", strconv.Itoa(f.Policy.MaxHardwareChanges))
	names := make([]string, len(f.Policy.Changeable))
	for i, lock := range f.Policy.Changeable {
		names[i] = lock.String()
	}
	add("Locks that may change", strings.Join(names, ", "))
	add("Note", f.Note)
	add("Secret", "the removal seed, from which the program makes its removal code")
	if id, err := license.FileKeyID(string(l)); err == nil {
		add("Signed with key", id)
	}
}
