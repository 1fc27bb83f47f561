package carry

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
)

// Phrase is an English phrase; the window translates it.
type Phrase string

// Line is one statement of a document.
type Line struct {
	// Section is the part of the document that the line is about; "" for the document itself.
	Section, Title Phrase
	// Value is the literal value in the document.
	Value string
	// Meaning explains the value, or replaces a missing one; it may be "".
	Meaning Phrase
	// Item is the number of the line's item, 0 for the document as a whole.
	Item int
}

// Heading returns the title of the line in English.
func (l Line) Heading() string {
	if l.Section == "" {
		return string(l.Title)
	}
	return fmt.Sprintf("%s: %s", l.Section, l.Title)
}

// Text returns value and meaning of the line in English.
func (l Line) Text() string {
	switch {
	case l.Meaning == "":
		return l.Value
	case l.Value == "":
		return string(l.Meaning)
	}
	return fmt.Sprintf("%s (%s)", l.Value, l.Meaning)
}

// Describe lists the entire content of a document, and so of its pictures. It does not show the removal seed of a
// license file, which is a secret: a line says that it is there. The document may be one that Read refuses.
func Describe(doc Document) []Line {
	var d description
	doc.describe(&d)
	return d.lines
}

type description struct {
	lines []Line
	item  int
	of    Phrase
}

// add adds a line with an untrusted text, unless it is empty.
func (d *description) add(title Phrase, value string) { d.mean(title, value, "") }

// mean adds a line with an untrusted text and its meaning, unless both are empty.
func (d *description) mean(title Phrase, value string, meaning Phrase) {
	if value != "" || meaning != "" {
		d.lines = append(d.lines, Line{
			Section: d.of,
			Title:   title,
			Value:   shown(value),
			Meaning: meaning,
			Item:    d.item,
		})
	}
}

// shown replaces invisible characters.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if visible(r) {
			return r
		}
		return '\ufffd'
	}, text)
}

func (d *description) number(title Phrase, n int64) {
	if n != 0 {
		d.add(title, strconv.FormatInt(n, 10))
	}
}

// timeShown is the format of times in descriptions and texts.
const timeShown = "2006-01-02 15:04:05 UTC"

func (d *description) time(title Phrase, t time.Time) {
	if !t.IsZero() {
		d.add(title, t.UTC().Format(timeShown))
	}
}

func (d *description) codes(c license.Codes) {
	if !c.IsZero() {
		d.add("Site code", c.Site.String())
		d.add("Machine ID", c.Machine.String())
	}
}

// section starts a section about a part of the document; the returned function ends it.
func (d *description) section(of Phrase) (end func()) {
	d.of = of
	return func() { d.of = "" }
}

// Meanings of the words in documents.
var (
	taskMeanings = map[Task]Phrase{
		TaskActivate: "a license for this PC",
		TaskRemove:   "the license has left this PC",
		TaskTransfer: "the license of another PC for this PC",
	}
	outcomeMeanings = map[Outcome]Phrase{
		OutcomeLicense: "a license file",
		OutcomeDone:    "the removal code was accepted",
		OutcomeRefused: "nothing was done",
	}
	receiptMeaning = Phrase("proof that the license server accepted the removal code")
	kindMeanings   = map[Kind]Phrase{KindRequest: "what a PC asks for", KindAnswer: "what a PC gets"}
)

func (h headJSON) describe(d *description) {
	d.mean("Document", string(h.Kind), kindMeanings[h.Kind])
	d.number("Version", int64(h.Version))
}

func (r Request) describe(d *description) {
	r.head().describe(d)
	d.add("Request", r.ID)
	d.add("Name of the PC", r.Device)
	d.time("Made", r.MadeAt)
	for n, i := range r.Items {
		d.item = n + 1
		d.mean("Task", string(i.Task), taskMeanings[i.Task])
		d.add("Program", i.Program)
		d.add("Application signature", string(i.Signature))
		d.codes(i.Codes)
		d.add("Note", i.Note)
		if i.RemovalCode != 0 {
			d.add("Removal code", i.RemovalCode.String())
		}
		d.number("License", i.License)
		end := d.section("Other PC")
		d.codes(i.From)
		end()
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
		d.mean("Task", string(r.Task), taskMeanings[r.Task])
		d.add("Program", r.Program)
		d.add("Application signature", string(r.Signature))
		d.codes(r.Codes)
		d.mean("Outcome", string(r.Outcome), outcomeMeanings[r.Outcome])
		if r.Receipt != "" {
			d.mean("Receipt", r.Receipt, receiptMeaning)
		}
		d.add("Reason", r.Sentence)
		d.add("Error code", r.Code)
		if r.License != "" {
			end := d.section("License file")
			License(r.License).lines(d)
			end()
		}
		for _, key := range r.PublicKeys {
			d.add("Public key of the program", key.String())
		}
	}
}

func (l License) describe(d *description) {
	d.mean("Document", "", "license file")
	l.lines(d)
}

// lines adds the content of a license file.
func (l License) lines(d *description) {
	f, err := l.File()
	if err != nil {
		d.mean("Damaged", "", "it cannot be read")
		return
	}
	d.number("License", f.ID)
	d.number("Order", f.Order)
	d.add("Server", f.Issuer)
	d.add("Program", f.ProgramName)
	d.number("Program number", f.ProgramID)
	d.add("Application signature", string(f.Signature))
	d.codes(f.Codes)
	d.add("Activation code", f.ActivationCode.String())
	d.time("Issued", f.IssuedAt)
	if f.Expires.IsZero() {
		d.mean("Ends", "", "never")
	}
	d.time("Ends", f.Expires)
	d.add("Features", strconv.Itoa(int(f.Features)))
	d.mean("Flexible locking", "", map[bool]Phrase{true: "on", false: "off"}[f.Policy.Enabled])
	d.add("Hardware changes allowed", strconv.Itoa(f.Policy.MaxHardwareChanges))
	names := make([]string, len(f.Policy.Changeable))
	for i, lock := range f.Policy.Changeable {
		names[i] = lock.String()
	}
	d.add("Locks that may change", strings.Join(names, ", "))
	d.add("Note", f.Note)
	d.mean("Secret", "", "the removal seed, from which the program makes its removal code")
	if id, err := license.FileKeyID(string(l)); err == nil {
		d.add("Signed with key", id)
	}
}
