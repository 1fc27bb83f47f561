package dialogs

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Widths of dialogs in device-independent pixels.
const (
	SmallWidth   float32 = 420 // a question or a notice
	DefaultWidth float32 = 560 // a form
)

// Dialog is one dialog of a queue. All its methods belong to the UI thread, and do nothing once it is closed.
type Dialog struct {
	queue *Queue
	spec  Spec

	title, subtitle *widget.Label
	content         *fyne.Container // holds the content alone, and tells when its height changes
	fault           *fyne.Container // holds the message of SetError, or nothing
	status          *fyne.Container // holds progress and text while busy, or nothing
	buttons         []*button
	disabled        []bool // of the buttons, as SetButton wants them
	reason          *widget.Label
	reasonLine      *fyne.Container

	overlay *overlay
	curtain *curtain // over the overlay while busy
	cancel  func()   // what cancels the work; nil when it cannot be canceled
	stop    func()   // ends the animation of the progress bar
	working *widget.Label

	opened, isClosed, busy bool
	before                 keyboard
}

// keyboard is who got the keys of a canvas before a dialog came up.
type keyboard struct {
	focus fyne.Focusable
	key   func(*fyne.KeyEvent)
	rune  func(rune)
}

func newDialog(q *Queue, spec Spec) *Dialog {
	if spec.Width <= 0 {
		spec.Width = DefaultWidth
	}
	d := &Dialog{queue: q, spec: spec, disabled: make([]bool, len(spec.Buttons))}
	d.title = theme.NewHeading(spec.Title)
	d.title.Wrapping = fyne.TextWrapWord
	d.title.Hidden = spec.Title == ""
	d.subtitle = widget.NewLabel(spec.Subtitle)
	d.subtitle.Importance = widget.LowImportance
	d.subtitle.Wrapping = fyne.TextWrapWord
	d.subtitle.Hidden = spec.Subtitle == ""
	d.fault, d.status = container.NewStack(), container.NewStack()
	d.fault.Hide()
	d.status.Hide()
	d.reason = theme.NewCaption("")
	d.reason.Alignment = fyne.TextAlignTrailing
	d.reason.Wrapping = fyne.TextWrapWord
	d.reasonLine = theme.Tight(d.reason)
	d.reasonLine.Hide()
	for i, b := range spec.Buttons {
		d.buttons = append(d.buttons, d.newButton(i, b))
	}
	d.overlay = newOverlay(d)
	d.SetContent(spec.Content)
	return d
}

// SetContent replaces the content, such as with the next step of a task; the focus goes to its first field. UI thread.
func (d *Dialog) SetContent(content fyne.CanvasObject) {
	objects := []fyne.CanvasObject{}
	if content != nil {
		objects = append(objects, content)
	}
	d.content = container.New(&watch{changed: d.arrange}, objects...)
	d.overlay.setContent(d.content)
	if d.up() {
		d.arrange()
		d.spec.FirstFocus = nil
		d.focusFirst()
	}
}

// SetBusy shows that the dialog is working, with a text such as "Activating…". All its fields and buttons rest. If cancel
// is not nil, the line has a button that calls it once, and so does Escape; the work then ends with SetIdle or Close as
// usual. UI thread.
func (d *Dialog) SetBusy(text string, cancel func()) {
	if d.isClosed {
		return
	}
	d.ClearError()
	d.endBusy()
	d.busy, d.cancel = true, cancel
	bar := widget.NewProgressBarInfinite()
	d.stop = bar.Stop
	label := widget.NewLabel(text)
	label.Truncation = fyne.TextTruncateClip
	d.working = label
	d.status.Objects = []fyne.CanvasObject{container.NewBorder(nil, nil, container.New(thinBar{}, bar), nil, label)}
	d.status.Refresh()
	d.showStatus(true)
	if d.up() {
		d.drawCurtain()
	}
}

// SetBusyText changes the text of SetBusy, such as when one of several things is done. UI thread.
func (d *Dialog) SetBusyText(text string) {
	if d.busy && !d.isClosed {
		d.working.SetText(text)
	}
}

// SetIdle ends what SetBusy began. UI thread.
func (d *Dialog) SetIdle() {
	if !d.busy || d.isClosed {
		return
	}
	d.endBusy()
	d.status.RemoveAll()
	d.showStatus(false)
	d.keepFocus()
}

// showStatus changes between the buttons and the line that tells about work.
func (d *Dialog) showStatus(on bool) {
	d.status.Hidden = !on
	d.overlay.row.Hidden = on
	d.reasonLine.Hidden = on || d.reason.Text == ""
	d.refreshButtons()
	d.arrange()
}

// Busy reports whether the dialog is between SetBusy and SetIdle. UI thread.
func (d *Dialog) Busy() bool { return d.busy }

// SetError ends what SetBusy began and shows what went wrong, with one button for the next step. UI thread.
func (d *Dialog) SetError(m Message) {
	if d.isClosed {
		return
	}
	d.SetIdle()
	d.fault.Objects = []fyne.CanvasObject{Notice(theme.Bad, m)}
	d.fault.Show()
	d.fault.Refresh()
	d.arrange()
	d.keepFocus()
}

// ClearError takes the message of SetError away, such as when the person goes on typing. UI thread.
func (d *Dialog) ClearError() {
	if len(d.fault.Objects) == 0 {
		return
	}
	d.fault.RemoveAll()
	d.fault.Hide()
	d.arrange()
	d.keepFocus()
}

// SetButton enables or disables the button with a text; the reason, a short sentence, is shown below the buttons while
// it is disabled. UI thread.
func (d *Dialog) SetButton(text string, enabled bool, reason string) {
	for i, b := range d.spec.Buttons {
		if b.Text == text {
			d.disabled[i] = !enabled
		}
	}
	if enabled {
		reason = ""
	}
	d.reason.SetText(reason)
	d.reasonLine.Hidden = reason == "" || d.busy
	d.refreshButtons()
	d.arrange()
}

// Close takes the dialog away, or out of the line if it has not come up yet. Work that was busy is not canceled: the
// caller ends it. Closing twice does nothing. UI thread.
func (d *Dialog) Close() {
	if d.isClosed {
		return
	}
	d.endBusy()
	d.isClosed = true
	if d.opened {
		c := d.queue.canvas
		c.Overlays().Remove(d.overlay)
		c.SetOnTypedKey(d.before.key)
		c.SetOnTypedRune(d.before.rune)
		if focused, ok := d.before.focus.(fyne.CanvasObject); ok && inWindow(c, focused) {
			c.Focus(d.before.focus)
		}
	}
	d.queue.closed(d)
}

// Closed reports whether Close was called. UI thread.
func (d *Dialog) Closed() bool { return d.isClosed }

// open brings the dialog up.
func (d *Dialog) open() {
	c := d.queue.canvas
	d.opened = true
	d.before = keyboard{focus: c.Focused(), key: c.OnTypedKey(), rune: c.OnTypedRune()}
	if d.before.focus != nil {
		c.Unfocus()
	}
	c.Overlays().Add(d.overlay)
	// A tap on a button or on nothing leaves no object with the focus: the keys then come to the canvas.
	c.SetOnTypedKey(func(e *fyne.KeyEvent) { d.typedKey(e) })
	c.SetOnTypedRune(nil)
	d.submitOnEnter(d.content)
	d.focusFirst()
	if d.busy {
		d.drawCurtain()
	}
	if d.spec.OnShown != nil {
		d.spec.OnShown(d)
	}
}

// up reports whether the dialog is on the screen.
func (d *Dialog) up() bool { return d.opened && !d.isClosed }

func (d *Dialog) arrange() {
	if d.overlay != nil {
		d.overlay.arrange()
	}
	if d.curtain != nil {
		d.curtain.Refresh()
	}
}

// drawCurtain lays something over the dialog that no key and no pointer passes.
func (d *Dialog) drawCurtain() {
	d.curtain = newCurtain(d)
	d.queue.canvas.Overlays().Add(d.curtain)
	if d.cancel != nil {
		d.queue.canvas.Focus(d.curtain.cancel)
	}
}

func (d *Dialog) endBusy() {
	if d.curtain != nil {
		d.queue.canvas.Overlays().Remove(d.curtain)
		d.curtain = nil
	}
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
	d.busy, d.cancel = false, nil
}

// cancelWork cancels what the dialog is busy with, once.
func (d *Dialog) cancelWork() {
	cancel := d.cancel
	if cancel == nil {
		return
	}
	d.cancel = nil
	d.curtain.cancel.SetText(tr.T("Canceling…"))
	d.curtain.cancel.Disable()
	d.curtain.Refresh()
	cancel()
}

// focusFirst gives the focus to the first field, or to the default button if there is none.
func (d *Dialog) focusFirst() {
	c := d.queue.canvas
	if d.busy {
		return
	}
	if d.spec.FirstFocus != nil {
		c.Focus(d.spec.FirstFocus)
		return
	}
	c.Unfocus()
	c.FocusNext()
	if b, ok := c.Focused().(*button); ok && b.dialog == d {
		c.Unfocus()
		if b := d.marked(func(b Button) bool { return b.Default }); b != nil {
			c.Focus(b)
		}
	}
}

// keepFocus gives the focus to a field again after a button, which leaves none, had been tapped.
func (d *Dialog) keepFocus() {
	if d.up() && d.queue.canvas.Focused() == nil {
		d.focusFirst()
	}
}

// marked returns the first button that is enabled and of a kind, or nil.
func (d *Dialog) marked(is func(Button) bool) *button {
	for i, b := range d.spec.Buttons {
		if is(b) && !d.buttons[i].Disabled() {
			return d.buttons[i]
		}
	}
	return nil
}

func (d *Dialog) refreshButtons() {
	for i, b := range d.buttons {
		if d.busy || d.disabled[i] {
			b.Disable()
		} else {
			b.Enable()
		}
	}
}

// inWindow reports whether an object is still in the content of a window. Fyne gives objects that are not the place
// of the top left corner, where the padding of the window leaves no room for a field.
func inWindow(c fyne.Canvas, o fyne.CanvasObject) bool {
	driver := fyne.CurrentApp().Driver()
	return driver.CanvasForObject(o) == c && o.Visible() && !driver.AbsolutePositionForObject(o).IsZero()
}

// thinBar lays a progress bar out as a thin line of fixed length.
type thinBar struct{}

func (thinBar) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(96, theme.Size(fynetheme.SizeNameText))
}

func (thinBar) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const height = 5
	for _, o := range objects {
		o.Move(fyne.NewPos(0, (size.Height-height)/2))
		o.Resize(fyne.NewSize(size.Width, height))
	}
}

// watch lays out the content and tells when its least height changes, which a scroller around it would hide.
type watch struct {
	changed func()
	height  float32
}

func (w *watch) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

func (w *watch) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
	if height := w.MinSize(objects).Height; height != w.height {
		w.height = height
		w.changed()
	}
}
