package carry

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/carry/folder"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// incoming is a request; dir and file are empty unless it was read from a folder.
type incoming struct {
	request   carry.Request
	dir, file string
}

// remark says why a file in a folder was skipped; file is "" if it concerns several files.
type remark struct{ dir, file, text string }

// batch is what was read at once.
type batch struct {
	requests []incoming
	others   []carry.Document // answers and license files
	remarks  []remark
}

func (b batch) empty() bool { return len(b.requests)+len(b.others) == 0 }

// add adds documents that were not read from a folder.
func (b *batch) add(docs []carry.Document) {
	for _, doc := range docs {
		if r, ok := doc.(carry.Request); ok {
			b.requests = append(b.requests, incoming{request: r})
		} else {
			b.others = append(b.others, doc)
		}
	}
}

// wanted selects the documents that a dialog accepts from a folder. Single documents are always accepted.
type wanted int

const (
	wantsAnything wanted = iota
	wantsRequests
	wantsAnswers
)

// emptyFolder returns the message for a folder without wanted documents.
func (w wanted) emptyFolder() dialogs.Message {
	m := dialogs.Message{
		What: tr.T("There is no request of another PC and no answer for this one in the folder."),
		Next: tr.T("Choose the folder in which they lie; the folders in it are not looked at."),
	}
	switch w {
	case wantsRequests:
		m.What = tr.T("There is no request of another PC in the folder.")
	case wantsAnswers:
		m.What = tr.T("There is no answer for this PC in the folder.")
	}
	return m
}

// readFolders adds the wanted documents of folders to b. Not on the UI thread.
func (in *intake) readFolders(ctx context.Context, dirs []string, b *batch) error {
	own, err := in.screen.options.Manager.Requests(ctx)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		c, err := folder.Read(ctx, dir, func(n, count int) {
			in.screen.options.Work.Do(func() { in.dialog.SetBusyText(tr.T("Reading file %d of %d…", n, count)) })
		})
		if err != nil {
			return err
		}
		in.screen.classify(c, own, in.kind, b)
	}
	return nil
}

// classify adds the wanted documents of a folder to b, and remarks on the others. own are the requests of this PC.
func (d *Screen) classify(c folder.Contents, own []carry.Request, kind wanted, b *batch) {
	isOwn := func(id string) bool {
		return slices.ContainsFunc(own, func(r carry.Request) bool { return r.ID == id })
	}
	if kind == wantsAnything {
		kind = defaultWanted(c, isOwn)
	}
	var answers []carry.Answer
	for _, f := range c.Files {
		skip := func(text string) { b.remarks = append(b.remarks, remark{c.Dir, f.Name, text}) }
		if f.Err != nil {
			skip(d.fileFault(f.Err))
		}
		for _, doc := range f.Docs {
			switch doc := doc.(type) {
			case carry.Request:
				known := slices.IndexFunc(b.requests, func(i incoming) bool { return i.request.ID == doc.ID })
				switch {
				case isOwn(doc.ID):
					skip(tr.T("A request of this PC itself: carry it on another one."))
				case kind == wantsAnswers:
					skip(tr.T("A request: it is for the courier."))
				case known >= 0 && sameDocument(b.requests[known].request, doc):
					skip(tr.T("The same request once more."))
				case known >= 0:
					skip(tr.T("It has the number of another request and asks for something else. Take it by itself if you trust it."))
				default:
					b.requests = append(b.requests, incoming{doc, c.Dir, f.Name})
				}
			case carry.Answer:
				switch {
				case isOwn(doc.Request) && kind == wantsRequests:
					skip(tr.T("An answer for this PC: take it by itself."))
				case kind == wantsRequests:
					skip(tr.T("An answer: it is for the PC that asked."))
				case !isOwn(doc.Request):
					skip(tr.T(
						"An answer to a request that this PC does not know. If it is for this PC all the same, open it by itself."))
				default:
					answers = append(answers, doc)
				}
			case carry.License:
				skip(tr.T("A license file: open it by itself on its PC."))
			}
		}
	}
	slices.SortStableFunc(answers, func(a, b carry.Answer) int {
		return cmp.Or(strings.Compare(a.Request, b.Request), a.MadeAt.Compare(b.MadeAt))
	})
	for _, a := range answers { // the latest one last, so that it takes effect
		b.others = append(b.others, a)
	}
	for _, p := range c.Incomplete {
		b.remarks = append(b.remarks, remark{c.Dir, "", missingText(p)})
	}
	if c.Unread > 0 {
		b.remarks = append(b.remarks, remark{c.Dir, "", tr.N(c.Unread,
			"There are too many or too large files in the folder: %d file was not looked at. Move some to another folder.",
			"There are too many or too large files in the folder: %d files were not looked at. Move some to another folder.")})
	}
}

// defaultWanted returns wantsAnswers if a folder has an answer for this PC, or else wantsRequests if it has a request.
func defaultWanted(c folder.Contents, isOwn func(id string) bool) wanted {
	side := wantsAnything
	for _, f := range c.Files {
		for _, doc := range f.Docs {
			switch doc := doc.(type) {
			case carry.Answer:
				if isOwn(doc.Request) {
					return wantsAnswers
				}
			case carry.Request:
				if !isOwn(doc.ID) {
					side = wantsRequests
				}
			}
		}
	}
	return side
}

// fileFault returns the sentence for a file that cannot be read.
func (d *Screen) fileFault(err error) string {
	if errors.Is(err, folder.ErrFile) {
		if tr.Current() != tr.English {
			return tr.T("The file cannot be read.")
		}
		return words.Sentence(err.Error())
	}
	m := d.options.Explain(err)
	if errors.Is(err, carry.ErrUnknown) {
		return m.Why
	}
	return m.What
}

// explain returns the message for an error, of package folder or any other.
func (d *Screen) explain(err error) dialogs.Message {
	if errors.Is(err, folder.ErrFolder) {
		why := words.FileError(err)
		if _, own, ok := strings.Cut(why, ": "); ok {
			why = words.UpperFirst(own)
		}
		return dialogs.Message{
			What: tr.T("The folder cannot be read."),
			Why:  why,
			Next: tr.T("Choose another one, or copy it to this PC."),
		}
	}
	if errors.Is(err, folder.ErrCopies) {
		return dialogs.Message{
			What: tr.T("The answer could not be saved."),
			Why:  tr.T("There are too many answers to this request in the folder."),
			Next: tr.T("Delete the old ones."),
		}
	}
	return d.options.Explain(err)
}

// maxRemarks limits the remarks that are listed.
const maxRemarks = 40

// addRemarks appends remarks to those that are shown.
func (in *intake) addRemarks(list []remark) {
	in.remarks = append(in.remarks, list...)
	in.remarkBox.Objects = remarkLines(in.remarks)
	in.remarkBox.Hidden = len(in.remarks) == 0
	in.remarkBox.Refresh()
}

// remarkLines returns a line for each remark, grouped by folder.
func remarkLines(list []remark) (lines []fyne.CanvasObject) {
	dir := ""
	for i, r := range list {
		if r.dir != dir {
			dir = r.dir
			lines = append(lines, bold(tr.T("Passed over in %s", dir)))
		}
		if i == maxRemarks {
			return append(lines, muted(tr.N(len(list)-i, "And %d other.", "And %d others.")))
		}
		text := r.text
		if r.file != "" {
			text = tr.T("%s: %s", r.file, text)
		}
		lines = append(lines, muted(text))
	}
	return lines
}
