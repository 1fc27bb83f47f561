package verification

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
)

type reply struct {
	verification api.Verification
	err          error
}

type request struct {
	server string
	sound  bool
	reply  chan<- reply
}

// source is a Source that sends every request to the test.
type source chan request

func (s source) Verification(ctx context.Context, server string, sound bool) (api.Verification, error) {
	c := make(chan reply, 1)
	s <- request{server, sound, c}
	select {
	case r := <-c:
		return r.verification, r.err
	case <-ctx.Done():
		return api.Verification{}, ctx.Err()
	}
}

type fixture struct {
	*Field
	t       *testing.T
	window  fyne.Window
	source  source
	ui      chan func()
	timers  chan chan time.Time
	played  chan []byte
	playErr error
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	before := goleak.IgnoreCurrent()
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	f := &fixture{
		t:      t,
		source: make(source, 16),
		ui:     make(chan func(), 16),
		timers: make(chan chan time.Time, 16),
		played: make(chan []byte, 16),
		window: test.NewTempWindow(t, nil),
	}
	work := background.NewGroup(t.Context(), func(do func()) { f.ui <- do })
	t.Cleanup(func() {
		work.Close()
		work.Wait()
		goleak.VerifyNone(t, before)
	})
	f.Field = New(Options{
		Canvas:  f.window.Canvas(),
		Work:    work,
		Source:  f.source,
		Explain: explain.Error,
		Play: func(wav []byte) error {
			f.played <- wav
			return f.playErr
		},
		After: func(d time.Duration) <-chan time.Time {
			if d != lifetime {
				t.Errorf("waits for %s", d)
			}
			c := make(chan time.Time, 1)
			f.timers <- c
			return c
		},
	})
	f.window.SetContent(f.Field)
	f.window.Resize(fyne.NewSize(560, 200))
	return f
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 10))))
	return b.Bytes()
}

// until runs functions of the UI thread until cond holds.
func (f *fixture) until(cond func() bool) {
	for !cond() {
		(<-f.ui)()
	}
}

// answer answers the next request and returns it.
func (f *fixture) answer(v api.Verification, err error) request {
	f.t.Helper()
	r := <-f.source
	if v.Image == nil {
		v.Image = picture(f.t)
	}
	r.reply <- reply{v, err}
	f.until(func() bool { return !f.loading.Busy() })
	return r
}

// expire fires the timer of the picture.
func (f *fixture) expire() {
	<-f.timers <- time.Time{}
	f.until(func() bool { return !f.expiring.Busy() })
}

// awaitSound returns the next sound that is played.
func (f *fixture) awaitSound() []byte {
	wav := <-f.played
	f.until(func() bool { return !f.playing.Busy() })
	return wav
}

func (f *fixture) typeNumber(text string) { test.Type(f.number, text) }

// areaTexts returns the texts in the area of the picture.
func (f *fixture) areaTexts() (texts []string) {
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case fyne.Accessible:
			if text := o.AccessibilityLabel(); text != "" {
				texts = append(texts, text)
			}
		}
		switch o := o.(type) {
		case *fyne.Container:
			for _, child := range o.Objects {
				walk(child)
			}
		case fyne.Widget:
			for _, child := range test.WidgetRenderer(o).Objects() {
				walk(child)
			}
		}
	}
	walk(f.area)
	return texts
}

func TestTypeNumber(t *testing.T) {
	f := newFixture(t)
	require.True(t, f.Empty())
	require.Contains(t, f.Missing(), "no picture yet")
	changes := 0
	f.OnChanged = func() { changes++ }
	f.Renew()
	require.False(t, f.Empty())
	require.Contains(t, f.areaTexts(), "Loading the picture…")
	require.Contains(t, f.Missing(), "being loaded")
	r := f.answer(api.Verification{ID: "one"}, nil)
	require.Equal(t, request{"", false, r.reply}, r)
	require.Contains(t, f.areaTexts(), "Picture with the verification number. Listen reads the number out.")
	require.Equal(t, "Type the number in the picture.", f.Missing())

	f.typeNumber("12a")
	require.Equal(t, "The number consists of digits only.", f.note.Text())
	f.typeNumber("3")
	require.Equal(t, "123", f.number.Text)
	require.Empty(t, f.note.Text())
	require.Equal(t, "The number has 6 digits; you typed 3.", f.Missing())
	_, ok := f.Answer()
	require.False(t, ok)

	before := changes
	f.typeNumber("4567")
	require.Equal(t, 4, changes-before)
	require.Equal(t, "123456", f.number.Text, "a seventh digit is not taken")
	answer, ok := f.Answer()
	require.True(t, ok)
	require.Equal(t, api.VerificationAnswer{ID: "one", Number: "123456"}, answer)
	require.Empty(t, f.Missing())
}

func TestDigits(t *testing.T) {
	require.Equal(t, "123456", digits(" 123 456\n"))
	require.Equal(t, "123456", digits("1-2-3-4-5-6-7-8"))
	require.Empty(t, digits("no number"))
}

func TestRenew(t *testing.T) {
	f := newFixture(t)
	f.Renew()
	f.answer(api.Verification{ID: "one"}, nil)
	f.typeNumber("123456")
	f.ShowFault("It was wrong.")
	f.Renew()
	_, ok := f.Answer()
	require.False(t, ok)
	f.answer(api.Verification{ID: "two"}, nil)
	require.Empty(t, f.number.Text)
	require.Equal(t, "It was wrong.", f.Fault())
	f.typeNumber("6")
	require.Empty(t, f.Fault(), "typing takes it away")
}

func TestExpiry(t *testing.T) {
	f := newFixture(t)
	f.Renew()
	f.answer(api.Verification{ID: "one"}, nil)
	f.typeNumber("123456")
	f.expire()
	_, ok := f.Answer()
	require.False(t, ok)
	f.answer(api.Verification{ID: "two"}, nil)
	require.Contains(t, f.note.Text(), "expired after five minutes")
	f.typeNumber("654321")
	answer, ok := f.Answer()
	require.True(t, ok)
	require.Equal(t, "two", answer.ID)
}

func TestMaxUnattended(t *testing.T) {
	f := newFixture(t)
	f.Renew()
	for range maxUnattended {
		f.answer(api.Verification{ID: "x"}, nil)
		f.expire()
	}
	f.answer(api.Verification{ID: "last"}, nil)
	f.expire()
	require.Empty(t, f.source)
	require.Contains(t, f.areaTexts(), "The picture has expired.")
	require.True(t, f.Empty())
	test.Tap(f.another)
	f.answer(api.Verification{ID: "again"}, nil)
	require.False(t, f.Empty())
}

func TestListen(t *testing.T) {
	f := newFixture(t)
	f.Renew()
	f.answer(api.Verification{ID: "silent"}, nil)
	f.typeNumber("111")
	test.Tap(f.listen)
	require.Same(t, f.number, f.window.Canvas().Focused(), "what is heard is typed")
	r := f.answer(api.Verification{ID: "spoken", Sound: []byte("WAV")}, nil)
	require.True(t, r.sound)
	require.Empty(t, f.number.Text, "it is another number")
	require.Equal(t, []byte("WAV"), f.awaitSound())
	require.Equal(t, "The number is being read out.", f.note.Text())

	f.typeNumber("12")
	require.Equal(t, "Listen again", f.listen.Text)
	test.Tap(f.listen)
	require.Equal(t, []byte("WAV"), f.awaitSound())
	require.Equal(t, "12", f.number.Text, "it is the same number")
	require.Empty(t, f.source)

	f.playErr = errors.New("there is no loudspeaker")
	test.Tap(f.listen)
	f.awaitSound()
	require.Contains(t, f.note.Text(), "The sound could not be played. There is no loudspeaker.")
	require.Equal(t, theme.Warning, f.note.Tone())
}

func TestServerWithoutSound(t *testing.T) {
	f := newFixture(t)
	test.Tap(f.listen)
	f.answer(api.Verification{ID: "silent"}, nil)
	require.Contains(t, f.note.Text(), "no sound")
	require.Empty(t, f.played)

	o := f.options
	o.Play = nil
	require.False(t, New(o).listen.Visible())
}

func TestPictureErrors(t *testing.T) {
	huge := picture(t)
	binary.BigEndian.PutUint32(huge[16:], 1<<16) // width and height, and the checksum of their chunk
	binary.BigEndian.PutUint32(huge[20:], 1<<16)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, c := range map[string]struct {
		verification api.Verification
		err          error
		says         string
	}{
		"no connection": {api.Verification{}, &manager.NetworkError{Kind: manager.NetworkTimeout, Host: "x"},
			"took too long"},
		"too many": {api.Verification{}, api.NewProblem(api.ErrHostBanned, "There were too many failures."),
			"There were too many failures."},
		"no picture":      {api.Verification{Image: []byte("<html>")}, nil, "The picture cannot be shown."},
		"cut off":         {api.Verification{Image: picture(t)[:60]}, nil, "The picture cannot be shown."},
		"a giant picture": {api.Verification{Image: huge}, nil, "The picture cannot be shown."},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.Renew()
			c.verification.ID = "x"
			f.answer(c.verification, c.err)
			require.Contains(t, strings.Join(f.areaTexts(), " "), c.says)
			require.Equal(t, tryAgain.String(), f.another.Text)
			_, ok := f.Answer()
			require.False(t, ok)
			test.Tap(f.another)
			f.answer(api.Verification{ID: "y"}, nil)
			require.Equal(t, anotherPicture.String(), f.another.Text)
			f.typeNumber("123456")
			_, ok = f.Answer()
			require.True(t, ok)
		})
	}
}

func TestRenewWhileLoading(t *testing.T) {
	f := newFixture(t)
	f.Renew()
	test.Tap(f.another)
	test.Tap(f.listen)
	f.answer(api.Verification{ID: "one"}, nil)
	require.Empty(t, f.source)
}

func TestSetServer(t *testing.T) {
	f := newFixture(t)
	f.SetServer("")
	f.Renew()
	test.Tap(f.another)
	test.Tap(f.listen)
	require.Empty(t, f.source, "an unknown server is not asked, nor that of another account")
	require.Contains(t, f.Fault(), "Enter the address of the license server first")

	f.SetServer("a.example")
	require.Empty(t, f.Fault())
	f.Renew()
	r := f.answer(api.Verification{ID: "a"}, nil)
	require.Equal(t, "a.example", r.server)
	f.typeNumber("123456")
	f.SetServer("a.example")
	_, ok := f.Answer()
	require.True(t, ok)
	f.SetServer("b.example")
	_, ok = f.Answer()
	require.False(t, ok)
	require.True(t, f.Empty())
	f.Renew()
	require.Equal(t, "b.example", f.answer(api.Verification{ID: "b"}, nil).server)
}

func TestLateAnswerIsDropped(t *testing.T) {
	f := newFixture(t)
	f.Renew()
	r := <-f.source
	r.reply <- reply{api.Verification{ID: "late", Image: picture(t)}, nil}
	arrived := <-f.ui
	f.Stop()
	arrived()
	require.True(t, f.Empty())

	f.Renew()
	f.answer(api.Verification{ID: "one"}, nil)
	<-f.timers <- time.Time{}
	expired := <-f.ui
	f.Stop()
	expired()
	require.Empty(t, f.source)
}

func TestKeysInADialog(t *testing.T) {
	f := newFixture(t)
	var pressed []string
	queue := dialogs.New(f.window)
	queue.Show(dialogs.Spec{Content: f.Field, Buttons: []dialogs.Button{
		{Text: "Cancel", Cancel: true, OnTapped: func() { pressed = append(pressed, "Cancel") }},
		{Text: "Send", Default: true, OnTapped: func() { pressed = append(pressed, "Send") }},
	}})
	focus := 0
	f.OnFocus = func() { focus++ }
	c := f.window.Canvas()
	require.Same(t, f.number, c.Focused())
	key := func(name fyne.KeyName) { c.Focused().TypedKey(&fyne.KeyEvent{Name: name}) }
	key(fyne.KeyReturn)
	key(fyne.KeyEscape)
	for _, want := range []*field.Button{f.another, f.listen} {
		c.FocusNext()
		require.Same(t, want, c.Focused())
		key(fyne.KeyEscape)
	}
	require.Equal(t, []string{"Send", "Cancel", "Cancel", "Cancel"}, pressed)
	require.Equal(t, 2, focus)
	key(fyne.KeyReturn)
	require.True(t, f.answer(api.Verification{ID: "x", Sound: []byte("WAV")}, nil).sound,
		"Enter presses the button that has the focus")
	f.awaitSound()
}

// Fault returns the fault that ShowFault set, or "".
func (f *Field) Fault() string {
	if f.note.Tone() != theme.Bad {
		return ""
	}
	return f.note.Text()
}
