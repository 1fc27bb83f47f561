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

// incoming is a request, with the folder and the file in it that it came from, if it came from a folder.
type incoming struct {
	request   carry.Request
	dir, file string
}

// remark says why something in a folder was passed over; file is "" for what is about several files.
type remark struct{ dir, file, text string }

// batch is what was taken in at once.
type batch struct {
	requests []incoming
	others   []carry.Document // answers and license files
	remarks  []remark
}

func (h batch) empty() bool { return len(h.requests)+len(h.others) == 0 }

// add takes what was given one by one.
func (h *batch) add(docs []carry.Document) {
	for _, doc := range docs {
		if r, ok := doc.(carry.Request); ok {
			h.requests = append(h.requests, incoming{request: r})
		} else {
			h.others = append(h.others, doc)
		}
	}
}

// wanted is what a dialog takes of a folder. What is given to it one by one it takes, whatever it is.
type wanted int

const (
	wantsAnything wanted = iota
	wantsRequests
	wantsAnswers
)

// nothing says that there was nothing to take in a folder.
func (w wanted) nothing() dialogs.Message {
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

// readFolders adds what is wanted of folders. Not on the UI thread.
func (in *intake) readFolders(ctx context.Context, dirs []string, h *batch) error {
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
		in.screen.sort(c, own, in.wants, h)
	}
	return nil
}

// sort adds what is wanted of a folder to a batch, and remarks on the rest. own are the requests of this PC.
func (d *Screen) sort(c folder.Contents, own []carry.Request, wants wanted, h *batch) {
	isOwn := func(id string) bool {
		return slices.ContainsFunc(own, func(r carry.Request) bool { return r.ID == id })
	}
	if wants == wantsAnything {
		wants = sideOf(c, isOwn)
	}
	var answers []carry.Answer
	for _, f := range c.Files {
		pass := func(text string) { h.remarks = append(h.remarks, remark{c.Dir, f.Name, text}) }
		if f.Err != nil {
			pass(d.sentence(f.Err))
		}
		for _, doc := range f.Docs {
			switch doc := doc.(type) {
			case carry.Request:
				known := slices.IndexFunc(h.requests, func(i incoming) bool { return i.request.ID == doc.ID })
				switch {
				case isOwn(doc.ID):
					pass(tr.T("A request of this PC itself: carry it on another one."))
				case wants == wantsAnswers:
					pass(tr.T("A request: it is for the courier."))
				case known >= 0 && sameDocument(h.requests[known].request, doc):
					pass(tr.T("The same request once more."))
				case known >= 0:
					pass(tr.T("It has the number of another request and asks for something else. Take it by itself if you trust it."))
				default:
					h.requests = append(h.requests, incoming{doc, c.Dir, f.Name})
				}
			case carry.Answer:
				switch {
				case isOwn(doc.Request) && wants == wantsRequests:
					pass(tr.T("An answer for this PC: take it by itself."))
				case wants == wantsRequests:
					pass(tr.T("An answer: it is for the PC that asked."))
				case !isOwn(doc.Request):
					pass(tr.T(
						"An answer to a request that this PC does not know. If it is for this PC all the same, open it by itself."))
				default:
					answers = append(answers, doc)
				}
			case carry.License:
				pass(tr.T("A license file: open it by itself on its PC."))
			}
		}
	}
	slices.SortStableFunc(answers, func(a, b carry.Answer) int {
		return cmp.Or(strings.Compare(a.Request, b.Request), a.MadeAt.Compare(b.MadeAt))
	})
	for _, a := range answers { // the latest one last, so that it counts
		h.others = append(h.others, a)
	}
	for _, p := range c.Open {
		h.remarks = append(h.remarks, remark{c.Dir, "", missingText(p)})
	}
	if c.Left > 0 {
		h.remarks = append(h.remarks, remark{c.Dir, "", tr.N(c.Left,
			"There are too many or too large files in the folder: %d file was not looked at. Move some to another folder.",
			"There are too many or too large files in the folder: %d files were not looked at. Move some to another folder.")})
	}
}

// sideOf tells what to take of a folder: the answers to requests of this PC, if there are any; or else requests.
func sideOf(c folder.Contents, isOwn func(id string) bool) wanted {
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

// sentence says why there is nothing of use in a file.
func (d *Screen) sentence(err error) string {
	if errors.Is(err, folder.ErrFile) {
		if tr.InUse() != tr.English {
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

// explain puts errors of folders into words, and leaves the others to the window.
func (d *Screen) explain(err error) dialogs.Message {
	if errors.Is(err, folder.ErrFolder) {
		why := words.Cause(err)
		if _, own, ok := strings.Cut(why, ": "); ok {
			why = words.Capital(own)
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

// mostRemarks is how many remarks are shown one by one.
const mostRemarks = 40

// remark shows what was passed over, below what was before.
func (in *intake) remark(list []remark) {
	in.remarks = append(in.remarks, list...)
	in.passed.Objects = passedOver(in.remarks)
	in.passed.Hidden = len(in.remarks) == 0
	in.passed.Refresh()
}

// passedOver lists remarks below their folders.
func passedOver(list []remark) (lines []fyne.CanvasObject) {
	dir := ""
	for i, r := range list {
		if r.dir != dir {
			dir = r.dir
			lines = append(lines, bold(tr.T("Passed over in %s", dir)))
		}
		if i == mostRemarks {
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
