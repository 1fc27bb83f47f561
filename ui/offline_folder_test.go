package ui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui"
)

// put writes files to a folder.
func put(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
}

// numbered returns the sample request with another ID and device name.
func numbered(id, device string) carry.Request {
	r := sampleRequest()
	r.ID, r.Device = id, device
	return r
}

// stick creates a folder with two requests and with all kinds of files that have to be skipped.
func stick(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	foreign := sampleAnswer()
	foreign.Request = "ZZZZZZZZZZ"
	files := map[string][]byte{
		"a.acen":                 file(sampleRequest()),
		"a-copy.acen":            file(sampleRequest()),
		"own.acen":               file(numbered("OWNOWNOWN2", "Anna's PC")),
		"answer-zzzzzzzzzz.acen": file(foreign),
		"license.acen":           []byte(sampleLicense()),
		"letter.acen":            []byte("Hello"),
		"hostile.acen":           []byte(`{"acen":"request","version":1,"id":"x"}`),
		"forged.acen":            file(numbered("K7Q2MZXDAB", "Somebody else")),
		"notes.txt":              []byte("ignored"),
	}
	list := pictures(numbered("BBBBBBBBBB", "Foyer"), 300)
	require.Greater(t, len(list), 1)
	for i, content := range list {
		files["b"+string(rune('1'+i))+".png"] = content
	}
	files["c1.png"] = pictures(numbered("CCCCCCCCCC", "Half"), 300)[0]
	put(t, dir, files)
	return dir
}

// answering makes the backend answer each request with the sample answer.
func answering(b *backend) {
	b.courier.plan, b.courier.answer = samplePlan(), sampleAnswer()
	b.courier.requests = []carry.Request{numbered("OWNOWNOWN2", "Anna's PC")}
}

func TestCourierCarriesFolder(t *testing.T) {
	b := newBackend()
	answering(b)
	d := drive(t, b)
	d.signIn()
	dir := stick(t)
	d.Drop(dir)
	d.sees("Cutting room · 2 programs · 24 Nov 2026 · K7Q2MZXDAB")
	d.sees("File a-copy.acen in " + dir)
	d.sees("Foyer · 2 programs · 24 Nov 2026 · BBBBBBBBBB")
	for _, remark := range []string{
		"Passed over in " + dir,
		"a.acen: The same request once more.",
		"answer-zzzzzzzzzz.acen: An answer: it is for the PC that asked.",
		"forged.acen: It has the number of another request and asks for something else.",
		"hostile.acen: The request cannot be used: it has no id of a request.",
		"letter.acen: It is neither a request nor an answer nor a license file.",
		"license.acen: A license file: open it by itself on its PC.",
		"own.acen: A request of this PC itself: carry it on another one.",
		"of the request read; number",
	} {
		d.sees(remark)
	}
	require.False(t, d.shows("notes.txt"))
	require.False(t, d.shows("Somebody else"))
	require.Empty(t, b.courier.choices, "nothing is done before the confirmation")

	d.until("the plan", func() bool { return d.enabled("Carry out") })
	d.key(fyne.KeyReturn)
	d.sees("What became of the files")
	require.Len(t, b.courier.choices, 2)
	d.sees("1 license file, 1 refused. Its answer is not saved yet.")
	d.sees("no file is written over")
	d.sees("letter.acen: It is neither")
	before, err := os.ReadDir(dir)
	require.NoError(t, err)
	d.key(fyne.KeyReturn)
	d.sees("Saved as answer-bbbbbbbbbb.acen.")
	d.sees("Saved as answer-k7q2mzxdab.acen.")
	d.sees("Saved")
	require.False(t, d.enabled("Saved"))
	after, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, after, len(before)+2)
	for id, name := range map[string]string{
		"K7Q2MZXDAB": "answer-k7q2mzxdab.acen",
		"BBBBBBBBBB": "answer-bbbbbbbbbb.acen",
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		doc, err := carry.Read(content)
		require.NoError(t, err)
		require.Equal(t, id, doc.(carry.Answer).Request)
	}

	// A second run writes no answer a second time and overwrites none.
	d.key(fyne.KeyEscape)
	b.courier.answer.MadeAt = now.Add(time.Hour)
	d.Drop(dir)
	d.press("Carry out")
	d.press("Save all answers in the folder")
	d.sees("answer-k7q2mzxdab.acen lies there already with the same results, and stays as it is.")
	d.key(fyne.KeyEscape)
	b.courier.answer.Results = b.courier.answer.Results[:1]
	d.Drop(dir)
	d.press("Carry out")
	d.sees("1 license file, 1 left open.")
	d.press("Save all answers in the folder")
	d.sees("Saved as answer-k7q2mzxdab-2.acen. " +
		"answer-k7q2mzxdab.acen was there already with other content, and stays as it is.")
}

func TestFolderFromStart(t *testing.T) {
	b := newBackend()
	answering(b)
	folders := make(chan string, 1)
	dir := stick(t)
	folders <- dir
	d := drive(t, b, func(o *ui.Options) { o.Folders = folders })
	d.sees("Sign in to carry this request")
	d.key(fyne.KeyReturn)
	d.signIn()
	d.sees("File a-copy.acen in " + dir)
	d.sees("own.acen: A request of this PC itself")

	// Requests of a second folder are added to the open dialog.
	other := t.TempDir()
	put(t, other, map[string][]byte{"d.acen": file(numbered("DDDDDDDDDD", "Depot")), "answer.acen": file(sampleAnswer())})
	folders <- other
	d.sees("File d.acen in " + other)
	d.sees("File a-copy.acen in " + dir)
	d.sees("Passed over in " + other)
	empty := t.TempDir()
	folders <- empty
	d.sees("There is no request of another PC in the folder.")

	// Answers that cannot be saved are reported and can be saved later.
	d.press("Carry out")
	d.sees("What became of the files")
	require.NoError(t, os.RemoveAll(other))
	d.press("Save all answers in the folder")
	d.sees("1 of 3 answers could not be saved.")
	d.sees("The answer could not be saved. It is not there any more.")
	d.sees("Saved as answer-bbbbbbbbbb.acen.")
	require.NoError(t, os.Mkdir(other, 0o700))
	d.press("Save all answers in the folder")
	d.sees("Saved as answer-dddddddddd.acen.")
	d.sees("answer-bbbbbbbbbb.acen lies there already")
}

func TestInterruptedCourierSavesAnswers(t *testing.T) {
	b := newBackend()
	answering(b)
	b.courier.broken = unreachable
	d := drive(t, b)
	d.signIn()
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.acen": file(sampleRequest()), "d.acen": file(numbered("DDDDDDDDDD", "Depot"))})
	d.Drop(dir)
	d.press("Carry out")
	d.sees("There is no connection to the license server.")
	d.sees("Nothing was done for it, and there is no answer.")
	d.press("Save all answers in the folder")
	d.sees("Saved as answer-k7q2mzxdab.acen.")
	b.courier.broken = nil
	d.press("Carry once more")
	d.press("Carry out")
	d.press("Save all answers in the folder")
	d.sees("answer-k7q2mzxdab.acen lies there already with the same results")
	d.sees("Saved as answer-dddddddddd.acen.")
}

func TestAnswersFromFolder(t *testing.T) {
	b := newBackend()
	b.courier.requests = []carry.Request{sampleRequest()}
	b.courier.taken = []manager.TakenResult{{Result: sampleAnswer().Results[1]}}
	d := drive(t, b)
	older, later, foreign := sampleAnswer(), sampleAnswer(), sampleAnswer()
	older.MadeAt = now.Add(-time.Hour)
	older.Results = older.Results[1:]
	foreign.Request = "ZZZZZZZZZZ"
	dir := t.TempDir()
	put(t, dir, map[string][]byte{
		"answer-k7q2mzxdab.acen":   file(later),
		"answer-k7q2mzxdab-2.acen": file(older),
		"answer-zzzzzzzzzz.acen":   file(foreign),
		"request-k7q2mzxdab.acen":  file(sampleRequest()),
		"request-bbbbbbbbbb.acen":  file(numbered("BBBBBBBBBB", "Foyer")),
	})
	d.followByKey("This PC has no network…")
	d.press("Take an answer…")
	d.press("Open a folder…")
	d.sees("Open Folder")
	d.press("Cancel")
	d.press("File or picture…")
	d.press("Cancel")
	answer := filepath.Join(dir, "answer-k7q2mzxdab.acen")
	d.Drop(answer)
	d.sees("Take what the courier brought?")
	d.Drop(dir)
	d.sees("answer-zzzzzzzzzz.acen: An answer to a request that this PC does not know.")
	d.sees("request-k7q2mzxdab.acen: A request of this PC itself: carry it on another one.")
	d.sees("request-bbbbbbbbbb.acen: A request: it is for the courier.")
	require.Empty(t, b.courier.takenAll, "nothing is done before the confirmation")
	d.press("Cancel")

	d.Drop(dir)
	d.sees("Take what the courier brought?")
	d.press("Put on this PC")
	d.sees("What became of it")
	require.Equal(t, []carry.Document{older, later}, b.courier.takenAll, "the latest answer is taken last")
}

func TestUnreadableFolder(t *testing.T) {
	b := newBackend()
	folders := make(chan string)
	d := drive(t, b, func(o *ui.Options) { o.Folders = folders })
	d.sees("Sign in to look after")
	folders <- filepath.Join(t.TempDir(), "pulled out")
	d.sees("The folder cannot be read.")
	d.sees("It is not there any more.")
	folders <- t.TempDir()
	d.sees("There is no request of another PC and no answer for this one in the folder.")
	b.courier.err = manager.ErrStorage
	folders <- t.TempDir()
	d.sees("The app cannot keep its data on this PC.")
}

func TestLargeFolderFitsTheWindow(t *testing.T) {
	b := newBackend()
	answering(b)
	b.courier.plan[1].Refusal = api.NewProblem(api.ErrNotFound, strings.Repeat("W", 300))
	dir := t.TempDir()
	files := map[string][]byte{strings.Repeat("W", 200) + ".acen": []byte(strings.Repeat("W", 1000))}
	for i := range 45 {
		id := strings.Repeat(string(rune('A'+i%24)), 9) + string(rune('2'+i/24))
		files["x"+id+".acen"] = []byte("Hello")
		if i >= 12 {
			continue
		}
		files[strings.Repeat("M", 100)+id+".acen"] = file(numbered(id, strings.Repeat("W", carry.MaxName)))
	}
	put(t, dir, files)
	d := drive(t, b)
	d.signIn()
	d.Drop(dir)
	d.sees("File " + strings.Repeat("M", 100))
	d.sees("And 6 others.")
	fits := func() {
		for _, size := range []fyne.Size{{Width: 860, Height: 560}, {Width: 640, Height: 420}} {
			d.Fyne().Resize(size)
			require.LessOrEqual(t, d.canvas().Overlays().Top().MinSize().Width, size.Width)
		}
	}
	fits()
	d.press("Carry out")
	d.sees("What became of the files")
	fits()
	d.press("Save all answers in the folder")
	d.sees("Saved as answer-aaaaaaaaa2.acen.")
}
