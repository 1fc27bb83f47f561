package ui_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/presenter"
)

// followByKey focuses a link and presses Enter.
func (d *testWindow) followByKey(label string) {
	d.t.Helper()
	var link fyne.Focusable
	d.until("the link "+label, func() bool {
		d.walk(func(o fyne.CanvasObject) {
			if f, ok := o.(fyne.Focusable); ok && field(o, "Text") == label {
				link = f
			}
		})
		return link != nil
	})
	d.canvas().Focus(link)
	d.key(fyne.KeyReturn)
}

// give simulates starts of the app with documents.
func give(t *testing.T, contents ...[]byte) func(*ui.Options) {
	t.Helper()
	given := make(chan []byte, len(contents))
	for _, c := range contents {
		given <- c
	}
	return func(o *ui.Options) { o.Documents = given }
}

func withProgram(b *backend, here bool) *backend {
	p := manager.OfflineProgram{Signature: studio, Name: "Lumen Studio 7", TypedCodes: true}
	if here {
		p.File = &license.File{ID: 20231, Codes: codesOf(7, 1), Note: "Cutting room"}
	}
	b.courier.programs = []manager.OfflineProgram{p}
	return b
}

func TestRequestWithoutAccount(t *testing.T) {
	d := drive(t, withProgram(newBackend(), false))
	d.followByKey("This PC has no network…")
	d.sees("PCs without a network")
	d.sees("Sign in first.")
	d.press("New request…")
	d.sees("Signature LUMENST7 · no license on this PC")
	d.until("the only program to be chosen", func() bool { return d.enabled("Make the request") })
	d.write("What you call this PC", strings.Repeat("日", 40))
	d.press("Make the request")
	d.sees("Request for 1 program")
	require.Equal(t, []manager.RequestItem{{
		Task: carry.TaskActivate, Signature: studio, Program: "Lumen Studio 7", Note: strings.Repeat("日", 30),
	}}, d.b.courier.wishes)

	request := d.b.courier.requests[0]
	for _, line := range carry.Describe(request) {
		require.True(t, d.shows(line.Heading()) && d.shows(line.Text()), "%+v", line)
	}
	d.press("Copy as text")
	docs, err := new(carry.Collector).AddData(t.Context(), []byte(d.app.Clipboard().Content()))
	require.NoError(t, err)
	require.Equal(t, []carry.Document{request}, docs)
	d.press("Print…")
	d.sees("Open in your browser")
	require.Contains(t, d.mail.pages[0], "<figcaption>1 of 1</figcaption>")
	require.Contains(t, d.mail.pages[0], request.Items[0].Codes.Site.String())
	d.press("Save as a file…")
	d.sees("Save File")
	d.press("Cancel")
	d.press("Hide QR")
	require.False(t, d.shows("This is all that is in the picture"))
	d.key(fyne.KeyEscape)

	// A stored request can be shown and forgotten.
	d.followByKey("This PC has no network…")
	d.sees("Anna's PC · 1 program · 24 Nov 2026 · ABCDEFGHI2")
	d.press("Show…")
	d.sees("This is all that is in the picture")
	d.key(fyne.KeyEscape)
	d.followByKey("This PC has no network…")
	d.press("Forget…")
	d.sees("removal codes in it stay kept")
	d.press("Forget")
	d.sees("PCs without a network")
	require.False(t, d.shows("ABCDEFGHI2"))
}

func TestRequestForUnknownProgramWithRemovalCode(t *testing.T) {
	d := drive(t, newBackend())
	d.followByKey("This PC has no network…")
	d.press("New request…")
	d.sees("No program that needs a license has been started on this PC yet.")
	d.sees("Enter the application signature")
	require.False(t, d.enabled("Make the request"))
	d.write("Name of the program", "Lumen Studio 7")
	d.write("Application signature", "LUMEN")
	require.False(t, d.enabled("Make the request"))
	d.write("Application signature", "LUMENST7")
	require.True(t, d.enabled("Make the request"))
	d.press("Another PC gives its license: I have its removal code")
	d.sees("Enter the removal code of the other PC.")
	d.paste("9D2BK-DD62M-X")
	d.sees("check letter")
	require.False(t, d.enabled("Make the request"))
	d.write("Removal code of the other PC", "")
	other := codesOf(9, 2)
	d.paste("Site code: " + other.Site.String() + " Machine ID: " + other.Machine.String() +
		" Removal code: " + license.RemovalCode(77).String())
	d.sees("of the PC with the Site code " + other.Site.String())
	d.key(fyne.KeyReturn)
	d.sees("Request for 1 program")
	w := d.b.courier.wishes[0]
	require.Equal(t, carry.TaskTransfer, w.Task)
	require.Equal(t, license.RemovalCode(77), w.RemovalCode)
	require.Equal(t, other, w.From)
	require.Equal(t, "Lumen Studio 7", w.Program)
}

func TestGiveLicenseBack(t *testing.T) {
	d := drive(t, withProgram(newBackend(), true))
	d.followByKey("This PC has no network…")
	d.press("New request…")
	d.sees("has a license on this PC, “Cutting room”")
	d.sees("Choose at least one program.")
	d.write("So that the courier knows", "Studio two")
	d.press("Give back…")
	d.sees("stops working on this PC at once")
	require.False(t, d.enabled("Give back"), "disabled until the consequence is confirmed")
	d.press("Cancel")
	d.sees("Ask for licenses")
	require.Empty(t, d.b.courier.left)
	d.press("Give back…")
	d.press("I understand: Lumen Studio 7 stops working on this PC")
	d.press("Give back")
	d.sees("Removal code of Lumen Studio 7 “Cutting room”")
	d.sees("Studio two")
	d.press("Make the request")
	d.sees("Request for 1 program")
	require.Equal(t, carry.TaskRemove, d.b.courier.wishes[0].Task)
	d.sees(license.RemovalCode(77).String())
}

func TestCourierCarriesRequest(t *testing.T) {
	b := newBackend()
	b.courier.plan, b.courier.answer = samplePlan(), sampleAnswer()
	d := drive(t, b)
	d.signIn()
	d.press("Anna Berg · licenses.lumen.example")
	d.follow("Open a file…")
	d.app.Clipboard().SetContent("Please:\n" + textOf(t, sampleRequest()))
	d.press("Paste text")
	d.sees("Cutting room · 2 programs · 24 Nov 2026 · K7Q2MZXDAB")
	d.sees("Lumen Studio 7: asks for a license “Cutting room”.")
	d.sees("The PC is recognized: 7 locks are the same. No license is used.")
	d.sees("Not possible: New license of order 1037 (0 of 1 left): The only license is in use.")
	d.sees("This cannot be done now.")
	require.Empty(t, b.courier.choices, "nothing is done before the confirmation")

	choice, ok := find(d, func(s selectable) bool {
		return field(s, "Selected") == "Bring back license 20000 “Old name” of order 1042"
	})
	require.True(t, ok)
	choice.SetSelected("Leave it open")
	d.sees("the request can be carried once more")
	choice.SetSelected("New license of order 1042 (3 of 5 left)")
	d.sees("One license of the order is used.")
	before := b.called("Orders")
	d.key(fyne.KeyReturn)
	d.sees("Bring the answer back")
	require.Equal(t, [][]int{{1, -1}}, b.courier.choices)
	d.sees("Lumen Studio 7: its license file is in the answer.")
	d.sees("No license of this account has the Site code.")
	d.sees("1 of 2")
	for _, line := range carry.Describe(sampleAnswer()) {
		require.True(t, d.shows(line.Text()), "%+v", line)
	}
	d.until("the tables to be reloaded", func() bool { return b.called("Orders") > before })
}

type selectable interface {
	fyne.CanvasObject
	SetSelected(string)
}

func textOf(t *testing.T, doc carry.Document) string {
	t.Helper()
	text, err := carry.TextWithLinks(doc)
	require.NoError(t, err)
	return text
}

func TestInterruptedCourierRetries(t *testing.T) {
	b := newBackend()
	part := sampleAnswer()
	part.Results = part.Results[:1]
	b.courier.plan, b.courier.answer, b.courier.broken = samplePlan(), part, unreachable
	given := make(chan []byte)
	d := drive(t, b, func(o *ui.Options) { o.Documents = given })
	d.signIn()
	given <- file(sampleRequest())
	d.press("Carry out")
	d.sees("There is no connection to the license server.")
	d.sees("What is done already is not done twice")
	d.sees("1 program is left open.")
	b.courier.broken, b.courier.answer = nil, sampleAnswer()
	d.press("Carry once more")
	d.press("Carry out")
	d.sees("Bring the answer back")

	d.key(fyne.KeyEscape)
	b.courier.broken, b.courier.answer = context.Canceled, carry.Answer{}
	d.press("Anna Berg · licenses.lumen.example")
	d.follow("Open a file…")
	d.app.Clipboard().SetContent(textOf(t, sampleRequest()))
	d.press("Paste text")
	d.press("Carry out")
	d.sees("There is no answer yet")
	d.sees("Canceled before all was done.")
}

func TestRequestWaitsForSignIn(t *testing.T) {
	b := newBackend()
	b.courier.plan = samplePlan()
	d := drive(t, b, give(t, nil, file(sampleRequest())))
	d.sees("Sign in to carry this request")
	d.key(fyne.KeyReturn)
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.key(fyne.KeyReturn)
	d.sees("Carry for another PC")
	d.sees("Cutting room · 2 programs")
}

func TestRequestWaitsForResumedSession(t *testing.T) {
	b := newBackend()
	b.remembered, b.courier.plan = true, samplePlan()
	b.blocked["Resume"] = make(chan struct{})
	d := drive(t, b, give(t, file(sampleRequest())))
	d.until("the attempt to resume", func() bool { return b.called("Resume") == 1 })
	d.until("the request to be read", func() bool { return !d.shows("Reading…") })
	close(b.blocked["Resume"])
	d.sees("Cutting room · 2 programs")
	require.False(t, d.shows("Sign in to carry"))
}

func TestAnswerFromClipboardPictures(t *testing.T) {
	b := newBackend()
	a := sampleAnswer()
	claimed, err := a.Results[0].File()
	require.NoError(t, err)
	b.courier.requests = []carry.Request{sampleRequest()}
	b.courier.taken = []manager.TakenResult{
		{Result: a.Results[0], License: &claimed, Unproven: true},
		{Result: a.Results[1]},
	}
	d := drive(t, b)
	d.followByKey("This PC has no network…")
	d.press("Take an answer…")
	d.press("File or picture…")
	d.sees("Open File")
	d.press("Cancel")
	list := pictures(a, 300)
	require.Greater(t, len(list), 2)
	for i := len(list) - 1; i >= 0; i-- {
		d.mail.picture = list[i]
		d.press("Picture on the clipboard")
		if i == 1 {
			d.sees("of the answer read; number 1 is missing.")
		}
		d.until("the picture to be read", func() bool {
			return !d.shows("Reading…") && !d.shows("Looking at the clipboard…")
		})
	}
	d.sees("Take what the courier brought?")
	d.sees("Lumen Studio 7: license 20231 of order 1042, “Cutting room”")
	d.sees("refused. No license of this account has the Site code.")
	require.Empty(t, b.courier.takenAll, "nothing is done before the confirmation")
	d.key(fyne.KeyReturn)
	d.sees("its license is on this PC, but nobody here could prove it.")
	d.sees("only the program itself can tell")
	d.sees("No license of this account has the Site code.")
	require.Equal(t, []carry.Document{a}, b.courier.takenAll)
}

// An answer without a receipt does not settle a departure.
func TestAnswerWithoutReceipt(t *testing.T) {
	b := newBackend()
	a := sampleAnswer()
	done := carry.Result{
		Item:      2,
		Task:      carry.TaskRemove,
		Signature: studio,
		Program:   "Lumen Studio 7",
		Codes:     a.Results[1].Codes,
		Outcome:   carry.OutcomeDone,
	}
	a.Results = []carry.Result{done}
	b.courier.taken = []manager.TakenResult{{Result: done, Err: manager.ErrNoReceipt}}
	d := drive(t, b, give(t, file(a)))
	d.press("Take the answer")
	d.sees("Lumen Studio 7: the answer does not prove that the license was given back.")
	d.sees("the removal code stays here.")
	require.False(t, d.shows("The server has accepted the removal code"))
}

func TestLicenseFileOnThisPC(t *testing.T) {
	b := newBackend()
	d := drive(t, b, give(t, []byte(sampleLicense())))
	d.sees("License file for Lumen Studio 7")
	require.Empty(t, b.courier.takenAll, "nothing is done before the confirmation")
	d.press("Put on this PC")
	d.sees("Lumen Studio 7: its license is on this PC.")
	d.key(fyne.KeyEscape)
	require.Len(t, b.courier.takenAll, 1)
}

func TestMessagesForUnusableDocuments(t *testing.T) {
	d := drive(t, newBackend())
	d.followByKey("This PC has no network…")
	d.press("Take an answer…")
	for text, sentence := range map[string]string{
		"Hello": "There is nothing for the app in it.",
		"":      "There is no text on the clipboard.",
		`{"acen":"request","version":1,"id":"x"}`: "The request cannot be used: it has no id of a request.",
		`{"acen":"request","version":99}`:         "This was made by a newer version of the app.",
		"acen:answer/AAAAAAAA/1/2/AAAA": "The answer cannot be used: " +
			"one of its links or pictures is cut off or damaged.",
		"acen:nothing":                                "This link cannot be used.",
		strings.Repeat("long ", 300_000):              "This is too large to be a request, an answer or a license file.",
		strings.Replace(sampleLicense(), "e", "f", 1): "The license file cannot be used",
	} {
		d.app.Clipboard().SetContent(text)
		d.press("Paste text")
		d.sees(sentence)
	}
	d.mail.err = opener.ErrNoPicture
	d.press("Picture on the clipboard")
	d.sees("There is no picture on the clipboard.")
	d.mail.err = opener.ErrNoClipboard
	d.press("Picture on the clipboard")
	d.sees("This system lacks the helper for it")
	d.mail.err, d.mail.picture = nil, []byte("\x89PNG\r\n\x1a\n")
	d.press("Picture on the clipboard")
	d.sees("There is nothing for the app in it.")
	require.True(t, d.enabled("Paste text"), "another attempt is possible")
}

func TestTypedActivationCode(t *testing.T) {
	const code = "F3945D8C-B0D71FFA-02A956E3-8D6DB947"
	d := drive(t, withProgram(newBackend(), false))
	d.followByKey("This PC has no network…")
	d.press("Take an answer…")
	d.app.Clipboard().SetContent("Your code is " + code)
	d.press("Paste text")
	d.sees("Type an activation code")
	d.press("Enter the code")
	d.sees("Start Lumen Studio 7 on this PC now")
	require.Equal(t, []string{"LUMENST7 " + code}, d.b.courier.entered)

	d.key(fyne.KeyEscape)
	d.b.courier.programs = nil
	d.followByKey("This PC has no network…")
	d.press("Take an answer…")
	d.press("Type an activation code…")
	d.sees("No program on this PC accepts typed codes.")
	require.False(t, d.enabled("Enter the code"))
}

func TestServerLinkFillsSignIn(t *testing.T) {
	const link = "acen:server?address=https://licenses.lumen.example"
	given := make(chan []byte)
	d := drive(t, newBackend(), func(o *ui.Options) { o.Documents = given })
	d.sees("Sign in to look after")
	given <- []byte(link)
	d.sees("https://licenses.lumen.example")
	require.Zero(t, d.b.called("SignIn"))
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.key(fyne.KeyReturn)
	d.sees("Licenses of order 1042")
	given <- []byte(link)
	d.sees("the one that is shown stays signed in")
}

func TestDroppedFiles(t *testing.T) {
	b := newBackend()
	d := drive(t, b)
	d.sees("Sign in to look after")
	folder := t.TempDir()
	var files []string
	for i, content := range pictures(sampleAnswer(), 500) {
		path := filepath.Join(folder, string(rune('a'+i))+".png")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		files = append(files, path)
	}
	d.Drop(files...)
	d.sees("Take what the courier brought?")
	d.Drop(filepath.Join(folder, "missing.acen"))
	d.key(fyne.KeyEscape)
	d.sees("The file cannot be read.")
	d.key(fyne.KeyEscape)
	d.Drop(os.DevNull)
	d.sees("What was dropped is no file of this PC.")
}

func TestRefusedFiles(t *testing.T) {
	refused := make(chan error, 1)
	refused <- &presenter.ArgumentError{Path: "/Users/a/b.acen", Err: fs.ErrNotExist}
	d := drive(t, newBackend(), func(o *ui.Options) { o.OpenErrors = refused })
	d.sees("/Users/a/b.acen cannot be read.")
	d.key(fyne.KeyEscape)
	refused <- carry.ErrLink
	d.sees("This link cannot be used.")
}

func TestLargeRequestFitsTheWindow(t *testing.T) {
	b := newBackend()
	r := sampleRequest()
	r.Device, r.Items = strings.Repeat("W", carry.MaxName), nil
	for i := range 60 {
		r.Items = append(r.Items, carry.Item{
			Task:      carry.TaskActivate,
			Signature: studio,
			Program:   strings.Repeat("W", carry.MaxName),
			Codes:     codesOf(uint16(i), 1),
			Note:      strings.Repeat("Ǝ", carry.MaxNote),
		})
	}
	for _, item := range r.Items {
		one := samplePlan()[0]
		one.Item = item
		b.courier.plan = append(b.courier.plan, one)
	}
	given := make(chan []byte)
	d := drive(t, b, func(o *ui.Options) { o.Documents = given })
	d.signIn()
	given <- file(r)
	d.sees("60 programs")
	for _, size := range []fyne.Size{{Width: 860, Height: 560}, {Width: 640, Height: 420}} {
		d.Fyne().Resize(size)
		require.LessOrEqual(t, d.canvas().Overlays().Top().MinSize().Width, size.Width)
	}
	d.until("the button", func() bool { return d.enabled("Carry out") })
}
