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
	SmallWidth   float32 = 420 // for questions and notices
	DefaultWidth float32 = 560 // for forms
)

// Dialog is a dialog of a queue. Its methods belong to the UI thread, and do nothing after Close.
type Dialog struct {
	queue *Queue
	spec  Spec

	title, subtitle *widget.Label
	content         *fyne.Container // wraps the content and reports changes of its height
	fault           *fyne.Container // the message of SetError, or empty
	status          *fyne.Container // progress bar and text while busy, or empty
	buttons         []*button
	disabled        []bool // buttons disabled by SetButton
	reason          *widget.Label
	reasonLine      *fyne.Container

	overlay  *overlay
	curtain  *curtain // over the overlay while busy
	cancel   func()   // cancels the work; nil if it cannot be canceled
	stop     func()   // stops the animation of the progress bar
	busyText *widget.Label

	opened, isClosed, busy bool
	previous               keyboard
}

// keyboard is the focus and the key handlers of a canvas.
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
	d.reasonLine = theme.Unpadded(d.reason)
	d.reasonLine.Hide()
	for i, b := range spec.Buttons {
		d.buttons = append(d.buttons, d.newButton(i, b))
	}
	d.overlay = newOverlay(d)
	d.SetContent(spec.Content)
	return d
}

// SetContent replaces the content, for example by the next step of a task, and focuses its first field. UI thread.
func (d *Dialog) SetContent(content fyne.CanvasObject) {
	objects := []fyne.CanvasObject{}
	if content != nil {
		objects = append(objects, content)
	}
	d.content = container.New(&heightNotifier{changed: d.arrange}, objects...)
	d.overlay.setContent(d.content)
	if d.isOpen() {
		d.arrange()
		d.spec.FirstFocus = nil
		d.focusFirst()
	}
}

// SetBusy disables the dialog and shows a progress bar with a text such as "Activating…". If cancel is not nil, a
// Cancel button and Escape call it, at most one time; the caller still ends the work with SetIdle or Close. UI thread.
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
	d.busyText = label
	d.status.Objects = []fyne.CanvasObject{container.NewBorder(nil, nil, container.New(thinBar{}, bar), nil, label)}
	d.status.Refresh()
	d.showStatus(true)
	if d.isOpen() {
		d.drawCurtain()
	}
}

// SetBusyText changes the text of SetBusy to report progress. UI thread.
func (d *Dialog) SetBusyText(text string) {
	if d.busy && !d.isClosed {
		d.busyText.SetText(text)
	}
}

// SetIdle reverts SetBusy. UI thread.
func (d *Dialog) SetIdle() {
	if !d.busy || d.isClosed {
		return
	}
	d.endBusy()
	d.status.RemoveAll()
	d.showStatus(false)
	d.restoreFocus()
}

// showStatus shows the status line in place of the buttons, or the buttons again.
func (d *Dialog) showStatus(on bool) {
	d.status.Hidden = !on
	d.overlay.row.Hidden = on
	d.reasonLine.Hidden = on || d.reason.Text == ""
	d.refreshButtons()
	d.arrange()
}

// Busy reports whether the dialog is between SetBusy and SetIdle. UI thread.
func (d *Dialog) Busy() bool { return d.busy }

// SetError reverts SetBusy and shows a message with the button of its action. UI thread.
func (d *Dialog) SetError(m Message) {
	if d.isClosed {
		return
	}
	d.SetIdle()
	d.fault.Objects = []fyne.CanvasObject{Notice(theme.Bad, m)}
	d.fault.Show()
	d.fault.Refresh()
	d.arrange()
	d.restoreFocus()
}

// ClearError removes the message of SetError, for example when the person continues typing. UI thread.
func (d *Dialog) ClearError() {
	if len(d.fault.Objects) == 0 {
		return
	}
	d.fault.RemoveAll()
	d.fault.Hide()
	d.arrange()
	d.restoreFocus()
}

// SetButton enables or disables the button with a text. While it is disabled, reason, a short sentence, is shown below
// the buttons. UI thread.
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

// Close closes the dialog, or removes it from the queue if it has not been shown yet. It does not cancel work that
// SetBusy announced. UI thread.
func (d *Dialog) Close() {
	if d.isClosed {
		return
	}
	d.endBusy()
	d.isClosed = true
	if d.opened {
		c := d.queue.canvas
		c.Overlays().Remove(d.overlay)
		c.SetOnTypedKey(d.previous.key)
		c.SetOnTypedRune(d.previous.rune)
		if focused, ok := d.previous.focus.(fyne.CanvasObject); ok && inWindow(c, focused) {
			c.Focus(d.previous.focus)
		}
	}
	d.queue.closed(d)
}

// Closed reports whether Close was called. UI thread.
func (d *Dialog) Closed() bool { return d.isClosed }

// open shows the dialog.
func (d *Dialog) open() {
	c := d.queue.canvas
	d.opened = true
	d.previous = keyboard{focus: c.Focused(), key: c.OnTypedKey(), rune: c.OnTypedRune()}
	if d.previous.focus != nil {
		c.Unfocus()
	}
	c.Overlays().Add(d.overlay)
	// After a tap on a button or on the background nothing has the focus, and keys go to the canvas.
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

// isOpen reports whether the dialog is shown.
func (d *Dialog) isOpen() bool { return d.opened && !d.isClosed }

// arrange lays out the dialog for a changed content.
func (d *Dialog) arrange() {
	if d.overlay != nil {
		d.overlay.arrange()
	}
	if d.curtain != nil {
		d.curtain.Refresh()
	}
}

// drawCurtain covers the dialog with a curtain that blocks keyboard and pointer.
func (d *Dialog) drawCurtain() {
	d.curtain = newCurtain(d)
	d.queue.canvas.Overlays().Add(d.curtain)
	if d.cancel != nil {
		d.queue.canvas.Focus(d.curtain.cancel)
	}
}

// endBusy removes the curtain and stops the progress bar.
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

// cancelWork calls cancel, only the first time.
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

// focusFirst focuses the first field, or the default button if there is no field.
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
		if b := d.firstButton(func(b Button) bool { return b.Default }); b != nil {
			c.Focus(b)
		}
	}
}

// restoreFocus focuses the first field if a tap on a button has left nothing focused.
func (d *Dialog) restoreFocus() {
	if d.isOpen() && d.queue.canvas.Focused() == nil {
		d.focusFirst()
	}
}

// firstButton returns the first enabled button that matches, or nil.
func (d *Dialog) firstButton(match func(Button) bool) *button {
	for i, b := range d.spec.Buttons {
		if match(b) && !d.buttons[i].Disabled() {
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

// inWindow reports whether an object is still in the content of a window. For other objects Fyne returns the position
// of the top left corner, where the padding of the window prevents a field.
func inWindow(c fyne.Canvas, o fyne.CanvasObject) bool {
	driver := fyne.CurrentApp().Driver()
	return driver.CanvasForObject(o) == c && o.Visible() && !driver.AbsolutePositionForObject(o).IsZero()
}

// thinBar is the layout of the progress bar: a thin line of fixed length.
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

// heightNotifier is a stack layout that calls changed when the minimum height of its objects changes. The scroller
// around the content would hide such a change.
type heightNotifier struct {
	changed func()
	height  float32
}

func (n *heightNotifier) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

func (n *heightNotifier) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
	if height := n.MinSize(objects).Height; height != n.height {
		n.height = height
		n.changed()
	}
}
