package carry

import (
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// Text returns a document to print, copy or type from. license.Find parses its codes, in their order.
func Text(doc Document) string {
	var t printout
	doc.text(&t)
	return t.String()
}

type printout struct{ strings.Builder }

func (t *printout) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

func (t *printout) add(title, value string) {
	if value != "" {
		t.line("   %s: %s", title, shown(value))
	}
}

func (t *printout) codes(c license.Codes) {
	if !c.IsZero() {
		t.add(license.KindSiteCode.String(), c.Site.String())
		t.add(license.KindMachineID.String(), c.Machine.String())
	}
}

// program begins an item. It prints the signature only if there is no name, because it may look like a code.
func (t *printout) program(n int, task Task, program string, signature license.Signature) {
	if program == "" {
		program = "program with signature " + string(signature)
	}
	t.line("\n%d. %s: %s", n, shown(program), task)
}

func (r Request) text(t *printout) {
	from := ""
	if r.Device != "" {
		from = " from " + shown(r.Device)
	}
	t.line("Request %s%s, made %s", shown(r.ID), from, r.MadeAt.UTC().Format(timeShown))
	for n, i := range r.Items {
		t.program(n+1, i.Task, i.Program, i.Signature)
		t.codes(i.Codes)
		t.add("Note", i.Note)
		if i.RemovalCode != 0 {
			t.add("Removal code", i.RemovalCode.String())
		}
		if !i.From.IsZero() {
			t.line("   The PC that gives its license away:")
			t.codes(i.From)
		}
	}
}

func (a Answer) text(t *printout) {
	server := ""
	if a.Server != "" {
		server = " of " + shown(a.Server)
	}
	t.line("Answer%s to request %s, made %s", server, shown(a.Request), a.MadeAt.UTC().Format(timeShown))
	for _, r := range a.Results {
		t.program(r.Item, r.Task, r.Program, r.Signature)
		t.add("Outcome", Line{Value: string(r.Outcome), Meaning: outcomeMeanings[r.Outcome]}.Text())
		if r.Receipt != "" { // too long to type; files, pictures and links contain it
			t.add("Receipt", string(receiptMeaning))
		}
		t.codes(r.Codes)
		t.add("Reason", r.Sentence)
		t.add("Error code", r.Code)
		if f, err := r.File(); err == nil {
			t.add("Activation code", f.ActivationCode.String())
		}
	}
}

func (l License) text(t *printout) {
	f, err := l.File()
	if err != nil {
		t.line("%v", err)
		return
	}
	t.line("License %d for %s, order %d, made %s", f.ID, shown(f.ProgramName), f.Order, f.IssuedAt.UTC().Format(timeShown))
	t.add("Note", f.Note)
	t.codes(f.Codes)
	t.add("Activation code", f.ActivationCode.String())
	if !f.Expires.IsZero() {
		t.add("Ends", f.Expires.UTC().Format(timeShown))
	}
}
