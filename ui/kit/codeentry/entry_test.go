package codeentry

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
)

var errWrong = errors.New("group 2 does not belong to this code")

// hexFormat returns the format of a code of 16 hex digits in four groups, of which the second must not be FFFF.
func hexFormat() Format {
	return Format{
		Groups: []int{4, 4, 4, 4}, Separator: "-", Name: "Machine ID",
		Alphabet: func(r rune) (rune, bool) {
			switch {
			case r == 'o' || r == 'O':
				return '0', true
			case '0' <= r && r <= '9', 'A' <= r && r <= 'F':
				return r, true
			case 'a' <= r && r <= 'f':
				return r - 'a' + 'A', true
			}
			return 0, false
		},
		Parse: func(text string) (string, error) {
			if len(text) != 19 {
				return "", errors.New("wrong length")
			}
			if text[5:9] == "FFFF" {
				return "", errWrong
			}
			return text, nil
		},
		ErrorGroup: func(err error) int {
			if errors.Is(err, errWrong) {
				return 2
			}
			return 0
		},
	}
}

type change struct {
	shown string
	err   error
}

type fixture struct {
	*Entry
	window  fyne.Window
	changes []change
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	e, err := New(hexFormat())
	require.NoError(t, err)
	f := &fixture{Entry: e, window: test.NewTempWindow(t, e)}
	f.window.Resize(fyne.NewSize(400, 100))
	e.OnChanged = func(shown string, err error) { f.changes = append(f.changes, change{shown, err}) }
	f.window.Canvas().Focus(e.Focusable())
	return f
}

func (f *fixture) key(name fyne.KeyName) { f.field.TypedKey(&fyne.KeyEvent{Name: name}) }

func (f *fixture) paste(text string) {
	f.field.TypedShortcut(&fyne.ShortcutPaste{Clipboard: staticClipboard(text)})
}

func (f *fixture) selectLeft(characters int) {
	shift := &fyne.KeyEvent{Name: desktop.KeyShiftLeft}
	f.field.KeyDown(shift)
	for range characters {
		f.key(fyne.KeyLeft)
	}
	f.field.KeyUp(shift)
}

// state returns the text of the field with "|" at the cursor.
func (f *fixture) state() string {
	at := f.field.CursorColumn
	return f.field.Text[:at] + "|" + f.field.Text[at:]
}

func TestNewRejectsInvalidFormats(t *testing.T) {
	parse := func(s string) (string, error) { return s, nil }
	for name, format := range map[string]Format{
		"no groups": {Parse: parse}, "empty group": {Groups: []int{4, 0}, Parse: parse}, "no parse": {Groups: []int{4}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(format)
			require.ErrorIs(t, err, ErrFormat)
		})
	}
}

func TestTypingInsertsTheSeparators(t *testing.T) {
	f := newFixture(t)
	for _, step := range []struct{ typed, want string }{
		{"83a9", "83A9|"}, {"3", "83A9-3|"}, {"-", "83A9-3|"}, {" ", "83A9-3|"}, {"429", "83A9-3429|"},
		{"-", "83A9-3429|"}, {"oo9OB3F5", "83A9-3429-0090-B3F5|"}, {"7", "83A9-3429-0090-B3F5|"},
	} {
		test.Type(f.field, step.typed)
		require.Equal(t, step.want, f.state(), step.typed)
	}
	shown, ok := f.Value()
	require.True(t, ok)
	require.Equal(t, "83A9-3429-0090-B3F5", shown)
	require.NoError(t, f.Err())
	require.Equal(t, "The Machine ID is complete.", f.note.Text)
	require.NotNil(t, f.icon.Resource)
	last := f.changes[len(f.changes)-1]
	require.Equal(t, change{shown, nil}, last)
	require.Len(t, f.changes, 16, "one call of OnChanged for each accepted character")
}

func TestIncompleteCodes(t *testing.T) {
	f := newFixture(t)
	for _, step := range []struct {
		text, want string
	}{
		{"8", "Group 1 of 4 is not finished."}, {"83A9", "Group 2 of 4 is not finished."},
		{"83A9-3429-00", "Group 3 of 4 is not finished."}, {"83A9-3429-0090-B3F", "Group 4 of 4 is not finished."},
		{"", ""}, {"83A9-FFFF-0090-B3F5", errWrong.Error()},
		{"83A9-3429-0090-B3F51", "The Machine ID has one character too many."},
		{"83A9-3429-0090-B3F512", "The Machine ID has 2 characters too many."},
	} {
		f.SetText(step.text)
		require.Equal(t, step.want, f.note.Text)
		require.Equal(t, step.text != "" && !strings.Contains(step.want, "finished"), f.icon.Resource != nil,
			"an error has an icon besides its color")
		_, ok := f.Value()
		require.False(t, ok)
	}
	f.SetText("")
	var empty *EmptyError
	require.ErrorAs(t, f.Err(), &empty)
	require.Equal(t, "The Machine ID is missing.", empty.Error())
}

func TestWrongGroupIsMarked(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9-FFFF-0090-B3F5")
	require.Equal(t, 2, f.groups.wrong)
	f.key(fyne.KeyBackspace)
	require.Zero(t, f.groups.wrong)
}

func TestDeletingSkipsSeparators(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9-3429-0")
	require.Equal(t, "83A9-3429-0|", f.state())
	f.key(fyne.KeyBackspace)
	require.Equal(t, "83A9-3429|", f.state())
	f.key(fyne.KeyHome)
	for range 5 {
		f.key(fyne.KeyRight)
	}
	require.Equal(t, "83A9-|3429", f.state())
	f.key(fyne.KeyBackspace)
	require.Equal(t, "83A|3-429", f.state())
	f.key(fyne.KeyRight)
	require.Equal(t, "83A3|-429", f.state())
	f.key(fyne.KeyDelete)
	require.Equal(t, "83A3-|29", f.state())
	for range 10 {
		f.key(fyne.KeyBackspace)
	}
	require.Equal(t, "|29", f.state())
	f.key(fyne.KeyDelete)
	f.key(fyne.KeyDelete)
	f.key(fyne.KeyDelete)
	require.Equal(t, "|", f.state())
}

func TestTypingInTheMiddleKeepsTheCursor(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9-3429")
	f.key(fyne.KeyHome)
	f.key(fyne.KeyRight)
	f.field.TypedRune('b')
	require.Equal(t, "8B|3A-9342-9", f.state())
	f.SetText("83A9-3429-0090-B3F5")
	f.key(fyne.KeyHome)
	f.field.TypedRune('b')
	require.Equal(t, "|83A9-3429-0090-B3F5", f.state(), "a full field accepts no more characters")
	f.key(fyne.KeyEnd)
	f.selectLeft(6)
	f.field.TypedRune('c')
	require.Equal(t, "83A9-3429-009C|", f.state(), "a selection is replaced")
}

func TestForeignCharactersAreRejected(t *testing.T) {
	f := newFixture(t)
	test.Type(f.field, "8x")
	require.Equal(t, "8|", f.state())
	require.Equal(t, "No Machine ID contains “x”.", f.note.Text)
	test.Type(f.field, "3")
	require.Equal(t, "Group 1 of 4 is not finished.", f.note.Text)
}

func TestPasteIsCleaned(t *testing.T) {
	const complete = "83A9-3429-0090-B3F5"
	for name, c := range map[string]struct{ pasted, want string }{
		"plain":             {complete, complete},
		"no dashes":         {"83a934290090b3f5", complete},
		"spaces and lines":  {" 83A9 3429\r\n 0090\tB3F5\n", complete},
		"quotes":            {"“83A9–3429–0090–B3F5”", complete},
		"invisible":         {"\ufeff83A9-\u200b3429-0090-B3F5\u00a0", complete},
		"in a sentence":     {"The Machine ID is: 83A9-3429-0090-B3F5, made today.", complete},
		"in an email":       {"Dear Anna,\nbad face code\nMID=83A9-3429-0090-B3F5\nBye", complete},
		"words like a code": {"Bad faced a bad decade feed: 83A9-3429-0090-B3F5", complete},
		"a part":            {"3429-00", "3429-00"},
		"too long":          {complete + "-1", "83A9-3429-0090-B3F5-1"},
		"nothing":           {"Hello!", ""},
		"empty":             {"", ""},
		"huge":              {strings.Repeat("hello ", 1<<16), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.paste(c.pasted)
			require.Equal(t, c.want, f.Text())
			require.Equal(t, c.want, f.field.Text)
		})
	}
}

func TestPasteOfPartIsInsertedAtCursor(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9-B3F5")
	for range 4 {
		f.key(fyne.KeyLeft)
	}
	f.paste("3429 0090")
	require.Equal(t, "83A9-3429-0090|-B3F5", f.state())
}

func TestPasteWithoutCode(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9")
	f.paste("Hello, world!")
	require.Equal(t, "83A9", f.Text())
	require.Equal(t, "The pasted text contains no Machine ID.", f.note.Text)
}

func TestOnPasteComesFirst(t *testing.T) {
	f := newFixture(t)
	var offered []string
	handles := true
	f.OnPaste = func(text string) bool { offered = append(offered, text); return handles }
	const text = "Site code 7183EC4D\nMachine ID 83A9-3429-0090-B3F5"
	f.paste(text)
	require.Equal(t, []string{text}, offered)
	require.Empty(t, f.Text())
	handles = false
	f.paste(text)
	require.Equal(t, "83A9-3429-0090-B3F5", f.Text())
}

func TestDisabledField(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9")
	f.field.Disable()
	test.Type(f.field, "3")
	f.paste("3429")
	f.key(fyne.KeyBackspace)
	require.Equal(t, "83A9", f.Text())
	f.field.Enable()
	test.Type(f.field, "3")
	require.Equal(t, "83A9-3", f.Text())
}

func TestUndoKeepsTheFormat(t *testing.T) {
	f := newFixture(t)
	test.Type(f.field, "83a93429")
	for range 20 {
		f.field.TypedShortcut(&fyne.ShortcutUndo{})
		require.Equal(t, f.Text(), f.field.Text)
	}
	for range 20 {
		f.field.TypedShortcut(&fyne.ShortcutRedo{})
		require.Equal(t, f.Text(), f.field.Text)
	}
}

func TestShowErrLastsUntilTheNextChange(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9-3429-0090-B3F5")
	f.ShowErr(errors.New("This code belongs to another program."))
	require.Equal(t, "This code belongs to another program.", f.note.Text)
	require.Equal(t, widget.DangerImportance, f.note.Importance)
	require.NoError(t, f.Err(), "the code itself is valid")
	f.ShowErr(nil)
	require.Equal(t, "The Machine ID is complete.", f.note.Text)
	f.ShowErr(errors.New("another error"))
	f.SetText("83A9-3429-0090-B3F5")
	require.Equal(t, "The Machine ID is complete.", f.note.Text)
}

func TestKeysInADialog(t *testing.T) {
	f := newFixture(t)
	e, err := New(hexFormat())
	require.NoError(t, err)
	sent, canceled := 0, 0
	dialogs.New(f.window).Show(dialogs.Spec{Content: e, FirstFocus: e.Focusable(), Buttons: []dialogs.Button{
		{Text: "Cancel", Cancel: true, OnTapped: func() { canceled++ }},
		{Text: "Send", Default: true, OnTapped: func() { sent++ }},
	}})
	require.Same(t, e.field, f.window.Canvas().Focused())
	e.field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	e.field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	submitted := 0
	e.OnSubmitted = func() { submitted++ }
	e.field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnter})
	require.Equal(t, []int{1, 1, 1}, []int{sent, canceled, submitted})
}

func TestFieldIsWideEnough(t *testing.T) {
	f := newFixture(t)
	f.SetText("83A9-3429-0090-B3F5")
	need := fyne.MeasureText(f.Text(), theme.Size("text"), theme.Monospace()).Width
	require.Greater(t, f.MinSize().Width, need)
}

func TestFormatDefaults(t *testing.T) {
	f := Format{Groups: []int{2, 3}, Parse: func(s string) (string, error) { return s, nil }}
	require.NoError(t, f.check())
	require.Equal(t, "AB1Z9", f.group(f.clean("a b-1ß?z9")))
	_, err := f.evaluate(f.clean("ab"))
	require.EqualError(t, err, "Group 2 of 2 is not finished.")
}

func BenchmarkPasteOfALongText(b *testing.B) {
	f := hexFormat()
	require.NoError(b, f.check())
	text := strings.Repeat("bad code 12 ", maxPaste/12)
	for b.Loop() {
		f.find(text)
	}
}

func FuzzPaste(f *testing.F) {
	for _, s := range []string{"", "83A9-3429-0090-B3F5", "a b c", "\xff\x00", "83A9-3429-0090-B3F5-83A9"} {
		f.Add(s)
	}
	test.NewTempApp(f).Settings().SetTheme(theme.New())
	f.Fuzz(func(t *testing.T, text string) {
		e, err := New(hexFormat())
		require.NoError(t, err)
		e.SetText(text)
		require.Equal(t, e.Text(), e.field.Text)
		e.field.TypedShortcut(&fyne.ShortcutPaste{Clipboard: staticClipboard(text)})
		require.Equal(t, e.Text(), e.field.Text)
		require.LessOrEqual(t, e.field.CursorColumn, len([]rune(e.field.Text)))
	})
}
