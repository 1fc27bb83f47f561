package dialogs

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// screen is a window with a focused field, and its queue of dialogs.
type screen struct {
	window fyne.Window
	queue  *Queue
	field  *widget.Entry
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	s := &screen{field: widget.NewEntry()}
	s.window = test.NewTempWindow(t, container.NewVBox(s.field, layout.NewSpacer()))
	s.window.Resize(fyne.NewSize(800, 600))
	s.queue = New(s.window)
	s.window.Canvas().Focus(s.field)
	return s
}

func (s *screen) canvas() fyne.Canvas { return s.window.Canvas() }

// key sends a key to the focused object, or to the canvas if there is none, as a driver does.
func (s *screen) key(name fyne.KeyName) {
	e := &fyne.KeyEvent{Name: name}
	if focused := s.canvas().Focused(); focused != nil {
		focused.TypedKey(e)
	} else if handler := s.canvas().OnTypedKey(); handler != nil {
		handler(e)
	}
}

// taps counts taps by the text of the button.
type taps map[string]int

func (n taps) button(b Button) Button {
	b.OnTapped = func() { n[b.Text]++ }
	return b
}

func (n taps) form(content fyne.CanvasObject) Spec {
	return Spec{Title: "Form", Content: content, Buttons: []Button{
		n.button(Button{Text: "Cancel", Cancel: true}), n.button(Button{Text: "Send", Default: true}),
	}}
}

func TestEnterAndEscape(t *testing.T) {
	cases := map[string]struct {
		content fyne.CanvasObject
		enter   int // presses of the default button
		escape  int // presses of the button that cancels
	}{
		"entry":              {NewEntry(), 1, 1},
		"password entry":     {NewPasswordEntry(), 1, 1},
		"multi-line entry":   {NewMultiLineEntry(), 0, 1},
		"check":              {NewCheck("yes", nil), 1, 1},
		"select":             {NewSelect([]string{"a", "b"}, nil), 1, 1},
		"no field":           {widget.NewLabel("text"), 1, 1},
		"plain widget.Entry": {container.NewVBox(widget.NewEntry()), 1, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, n := newScreen(t), taps{}
			s.queue.Show(n.form(c.content))
			s.key(fyne.KeyReturn)
			require.Equal(t, c.enter, n["Send"], "Enter")
			s.key(fyne.KeyEnter)
			require.Equal(t, 2*c.enter, n["Send"], "Enter of the numeric keypad")
			s.key(fyne.KeyEscape)
			require.Equal(t, c.escape, n["Cancel"], "Escape")
		})
	}
}

func TestErrorRendering(t *testing.T) {
	s := newScreen(t)
	spec := taps{}.form(NewEntry())
	spec.Title, spec.Subtitle = "Email activation code", "Studio PC · Lumen Render Node"
	d := s.queue.Show(spec)
	d.SetError(Message{
		What:   "The email was not sent.",
		Why:    "The server did not answer.",
		Next:   "Try again.",
		Action: &Action{"Try again", nil},
	})
	s.canvas().Unfocus() // hides the blinking cursor
	test.AssertRendersToMarkup(t, "error.xml", s.canvas())
}

func TestKeysWithoutFocusReachTheDialog(t *testing.T) {
	s, n := newScreen(t), taps{}
	before := 0
	s.canvas().SetOnTypedKey(func(*fyne.KeyEvent) { before++ })
	d := s.queue.Show(n.form(NewEntry()))
	s.canvas().Unfocus()
	s.key(fyne.KeyReturn)
	s.key(fyne.KeyEscape)
	require.Equal(t, taps{"Send": 1, "Cancel": 1}, n)
	d.Close()
	s.canvas().Unfocus()
	s.key(fyne.KeyReturn)
	require.Equal(t, 1, before, "the handler of the window is restored")
}

func TestEnterOnFocusedButton(t *testing.T) {
	s, n := newScreen(t), taps{}
	d := s.queue.Show(n.form(widget.NewLabel("text")))
	require.Same(t, d.buttons[1], s.canvas().Focused(), "without a field the default button has the focus")
	s.canvas().FocusPrevious()
	s.key(fyne.KeyReturn)
	require.Equal(t, taps{"Cancel": 1}, n)
	s.key(fyne.KeySpace)
	require.Equal(t, taps{"Cancel": 2}, n)
}

func TestFocusOfFirstFieldAndRestore(t *testing.T) {
	s := newScreen(t)
	first, second := NewEntry(), NewEntry()
	d := s.queue.Show(Spec{Content: container.NewVBox(first, second), Buttons: []Button{{Text: "Close"}}})
	require.Same(t, first, s.canvas().Focused())
	d.Close()
	require.Same(t, s.field, s.canvas().Focused())

	d = s.queue.Show(Spec{Content: container.NewVBox(first, second), FirstFocus: second})
	require.Same(t, second, s.canvas().Focused())
	s.field.Hide()
	d.Close()
	require.Nil(t, s.canvas().Focused(), "a hidden field gets no focus")
}

func TestOneDialogIsVisibleAndTheOthersWait(t *testing.T) {
	s := newScreen(t)
	var shown, closed []string
	spec := func(name string) Spec {
		return Spec{
			Title: name, Content: NewEntry(),
			OnShown:  func(*Dialog) { shown = append(shown, name) },
			OnClosed: func() { closed = append(closed, name) },
		}
	}
	a, b, c := s.queue.Show(spec("a")), s.queue.Show(spec("b")), s.queue.Show(spec("c"))
	require.Equal(t, []string{"a"}, shown)
	require.Same(t, a, s.queue.Visible())
	require.Len(t, s.canvas().Overlays().List(), 1)

	b.Close()
	require.Equal(t, []string{"b"}, closed, "a dialog that was never shown can be closed")
	a.Close()
	a.Close()
	require.Equal(t, []string{"a", "c"}, shown)
	require.Same(t, c, s.queue.Visible())
	require.Len(t, s.canvas().Overlays().List(), 1)
	c.Close()
	require.Equal(t, []string{"b", "a", "c"}, closed)
	require.Nil(t, s.queue.Visible())
	require.Empty(t, s.canvas().Overlays().List())
	require.Same(t, s.field, s.canvas().Focused(), "the focus is restored after all dialogs")
}

func TestClosedDialogIgnoresLateResults(t *testing.T) {
	s := newScreen(t)
	d := s.queue.Show(Spec{Content: NewEntry()})
	d.SetBusy("Working…", nil)
	d.Close()
	d.SetError(Message{What: "late"})
	d.SetBusy("late", nil)
	d.SetIdle()
	d.SetContent(widget.NewLabel("late"))
	require.True(t, d.Closed())
	require.Empty(t, s.canvas().Overlays().List())
}

func TestBusyLocksTheDialog(t *testing.T) {
	s, n := newScreen(t), taps{}
	field := NewEntry()
	d := s.queue.Show(n.form(field))
	canceled := 0
	d.SetBusy("Sending…", func() { canceled++ })
	require.True(t, d.Busy())
	require.True(t, d.buttons[0].Disabled())
	require.NotSame(t, field, s.canvas().Focused(), "no key reaches the field")
	s.canvas().FocusNext()
	require.NotSame(t, field, s.canvas().Focused(), "nor by the Tab key")

	s.key(fyne.KeyEscape)
	s.key(fyne.KeyEscape)
	require.Equal(t, 1, canceled, "cancel is called one time")
	require.Empty(t, n)
	d.SetIdle()
	require.False(t, d.Busy())
	require.False(t, d.buttons[0].Disabled())
	require.Same(t, field, s.canvas().Focused(), "the focus is restored")
	s.key(fyne.KeyEscape)
	require.Equal(t, taps{"Cancel": 1}, n)
}

func TestBusyWithoutCancelIgnoresEscapeAndEnter(t *testing.T) {
	s, n := newScreen(t), taps{}
	d := s.queue.Show(n.form(NewEntry()))
	d.SetBusy("Sending…", nil)
	s.key(fyne.KeyEscape)
	s.key(fyne.KeyReturn)
	require.Empty(t, n)
	require.False(t, d.Closed())
}

func TestWaitingDialogCanBeBusy(t *testing.T) {
	s := newScreen(t)
	first := s.queue.Show(Spec{Content: NewEntry()})
	second := s.queue.Show(Spec{Content: NewEntry()})
	canceled := false
	second.SetBusy("Loading…", func() { canceled = true })
	require.Len(t, s.canvas().Overlays().List(), 1)
	first.Close()
	require.Len(t, s.canvas().Overlays().List(), 2)
	s.key(fyne.KeyReturn)
	require.True(t, canceled, "the button that cancels has the focus")
}

func TestSetErrorEndsTheWork(t *testing.T) {
	s, n := newScreen(t), taps{}
	field := NewEntry()
	d := s.queue.Show(n.form(field))
	d.SetBusy("Sending…", nil)
	retries := 0
	d.SetError(Message{
		What:   "Not sent.",
		Why:    "No answer.",
		Next:   "Try again.",
		Action: &Action{"Try again", func() { retries++ }},
	})
	require.False(t, d.Busy())
	require.True(t, d.fault.Visible())
	require.Same(t, field, s.canvas().Focused())
	s.canvas().FocusNext()
	s.key(fyne.KeyReturn)
	require.Equal(t, 1, retries, "Tab moves to the button of the action")
	d.SetBusy("Sending…", nil)
	require.False(t, d.fault.Visible(), "SetBusy clears the message")
}

func TestDisabledDefaultButtonShowsReason(t *testing.T) {
	s, n := newScreen(t), taps{}
	d := s.queue.Show(n.form(NewEntry()))
	d.SetButton("Send", false, "Choose at least one address.")
	require.Equal(t, "Choose at least one address.", d.reason.Text)
	require.True(t, d.reasonLine.Visible())
	s.key(fyne.KeyReturn)
	require.Empty(t, n)
	d.SetButton("Send", true, "")
	require.False(t, d.reasonLine.Visible())
	s.key(fyne.KeyReturn)
	require.Equal(t, taps{"Send": 1}, n)
}

// shortcuts is a canvas that exposes the handler of a shortcut, which the test driver's canvas does not.
type shortcuts struct {
	fyne.Canvas
	handler func(fyne.Shortcut)
}

func (s *shortcuts) AddShortcut(_ fyne.Shortcut, handler func(fyne.Shortcut)) { s.handler = handler }

func TestShortcutsOfTheWindowAreOffUnderADialog(t *testing.T) {
	s := newScreen(t)
	pressed := 0
	c := &shortcuts{Canvas: s.canvas()}
	s.queue.canvas = c
	controlF := &desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierControl}
	s.queue.AddShortcut(controlF, func() { pressed++ })
	press := func() { c.handler(nil) }
	press()
	d := s.queue.Show(Spec{Content: NewEntry()})
	press()
	s.queue.Guard(func() { pressed++ })()
	d.Close()
	press()
	require.Equal(t, 2, pressed)
}

func TestWindowBelowGetsNoTap(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	tapped := 0
	w := test.NewTempWindow(t, widget.NewButton("below", func() { tapped++ }))
	w.Resize(fyne.NewSize(800, 600))
	q := New(w)
	d := q.Show(Spec{Content: widget.NewLabel("text")})
	test.TapCanvas(w.Canvas(), fyne.NewPos(10, 10))
	require.Zero(t, tapped)
	d.Close()
	test.TapCanvas(w.Canvas(), fyne.NewPos(10, 10))
	require.Equal(t, 1, tapped)
}

func TestMenuOverDialogGetsTheKeys(t *testing.T) {
	s, n := newScreen(t), taps{}
	field := NewEntry()
	d := s.queue.Show(n.form(field))
	menu := widget.NewPopUpMenu(fyne.NewMenu("", fyne.NewMenuItem("a", nil)), s.canvas())
	menu.ShowAtPosition(fyne.NewPos(5, 5))
	require.False(t, HandleKey(field, &fyne.KeyEvent{Name: fyne.KeyEscape}))
	require.Empty(t, n)
	menu.Hide()
	require.True(t, HandleKey(field, &fyne.KeyEvent{Name: fyne.KeyEscape}))
	require.Equal(t, taps{"Cancel": 1}, n)
	require.False(t, d.Closed())
}

func TestHandleKeyOutsideADialogDoesNothing(t *testing.T) {
	s := newScreen(t)
	require.False(t, HandleKey(s.field, &fyne.KeyEvent{Name: fyne.KeyReturn}))
}

func TestConfirm(t *testing.T) {
	for name, c := range map[string]struct {
		danger    bool
		key       fyne.KeyName
		confirmed bool
	}{
		"Enter confirms":                 {false, fyne.KeyReturn, true},
		"Escape does not":                {false, fyne.KeyEscape, false},
		"Enter never destroys something": {true, fyne.KeyReturn, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t)
			var got []bool
			var visible *Dialog
			s.queue.Confirm(Confirmation{
				Title: "Remove?", Text: "It is gone then.", Label: "Remove", Danger: c.danger,
				OnConfirm: func() { got = append(got, true); visible = s.queue.Visible() },
				OnCancel:  func() { got = append(got, false); visible = s.queue.Visible() },
			})
			s.key(c.key)
			require.Equal(t, []bool{c.confirmed}, got)
			require.Nil(t, visible, "callbacks run after the dialog is closed")
		})
	}
}

func TestInfoAndErrorCloseByEnterAndEscape(t *testing.T) {
	s := newScreen(t)
	done := 0
	action := &Action{"Sign in", func() { done++; require.Nil(t, s.queue.Visible()) }}
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEscape} {
		s.queue.Info("Done", "The email was sent.")
		s.key(key)
		require.Nil(t, s.queue.Visible())
		s.queue.Error(Message{What: "Signed out.", Why: "The session ended."})
		s.key(key)
		require.Nil(t, s.queue.Visible())
		s.queue.Error(Message{What: "Signed out.", Action: action})
		s.key(key)
		require.Nil(t, s.queue.Visible())
	}
	require.Equal(t, 1, done, "Enter runs the action, Escape does not")
}

func TestTallDialogScrolls(t *testing.T) {
	s := newScreen(t)
	lines := container.NewVBox(NewEntry())
	d := s.queue.Show(Spec{Title: "Title", Content: lines, Buttons: []Button{{Text: "Close"}}})
	low := d.overlay.card.Size().Height
	lines.Add(widget.NewLabel("one more line"))
	d.content.Refresh()
	grown := d.overlay.card.Size().Height
	require.Greater(t, grown, low, "the card grows with its content")
	for range 60 {
		lines.Add(widget.NewLabel("line"))
	}
	d.content.Refresh()
	require.Equal(t, 600-2*cardMargin, d.overlay.card.Size().Height, "but not beyond the window")
	require.Less(t, d.overlay.scroll.Size().Height, d.content.MinSize().Height)

	s.window.Resize(fyne.NewSize(400, 300))
	require.LessOrEqual(t, d.overlay.card.Size().Width, float32(400))
	require.LessOrEqual(t, d.overlay.card.Position().Y+d.overlay.card.Size().Height, float32(300))
}

func TestLongErrorScrolls(t *testing.T) {
	s := newScreen(t)
	d := s.queue.Show(Spec{Content: NewEntry(), Buttons: []Button{{Text: "Close"}}})
	d.SetError(Message{What: strings.Repeat("Something went wrong on the way. ", 200)})
	card := d.overlay.card
	bottom := d.overlay.foot.Position().Y + d.overlay.row.Position().Y + d.overlay.row.Size().Height
	require.LessOrEqual(t, bottom, card.Position().Y+card.Size().Height)
	require.LessOrEqual(t, card.Position().Y+card.Size().Height, float32(600))
}

func TestSetContentFocusesFirstField(t *testing.T) {
	s := newScreen(t)
	d := s.queue.Show(Spec{Content: NewEntry()})
	next := NewEntry()
	d.SetContent(container.NewVBox(next))
	require.Same(t, next, s.canvas().Focused())
}

func TestSetButtonLabelKeepsTheText(t *testing.T) {
	s, n := newScreen(t), taps{}
	d := s.queue.Show(n.form(NewEntry()))
	d.SetButtonLabel("Send", "Send (12 s)")
	d.SetButton("Send", false, "Wait.")
	require.Equal(t, "Send (12 s)", d.buttons[1].Text)
	require.True(t, d.buttons[1].Disabled())
	d.SetButtonLabel("Send", "")
	d.SetButton("Send", true, "")
	require.Equal(t, "Send", d.buttons[1].Text)
	s.key(fyne.KeyReturn)
	require.Equal(t, taps{"Send": 1}, n)
}
