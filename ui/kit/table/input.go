package table

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// copyRow is the shortcut that copies a row. The system's copy shortcut copies a cell.
var copyRow = &desktop.CustomShortcut{
	KeyName:  fyne.KeyC,
	Modifier: fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift,
}

// keyNames returns the names of the copy shortcuts for the labels of the menu: Fyne draws the shortcut of a menu item
// in a gray that is too light to read.
func keyNames() (cell, row string) {
	if fyne.KeyModifierShortcutDefault == fyne.KeyModifierSuper {
		return "⌘C", "⇧⌘C"
	}
	return tr.T("Ctrl") + "+C", tr.T("Ctrl") + "+" + tr.T("Shift") + "+C"
}

// CopyCell copies the text of the cell with the keyboard cursor. UI thread.
func (t *Table[T]) CopyCell() {
	if row, _, ok := t.view.at(t.body.cursorRow); ok && t.body.cursorColumn < len(t.options.Columns) {
		t.options.Copy(t.cellText(&t.options.Columns[t.body.cursorColumn], row))
	}
}

// CopyRow copies the texts of all cells of the row with the keyboard cursor, separated by tabs. UI thread.
func (t *Table[T]) CopyRow() {
	row, _, ok := t.view.at(t.body.cursorRow)
	if !ok {
		return
	}
	texts := make([]string, len(t.options.Columns))
	for i := range t.options.Columns {
		// A tab or line break inside a cell would split the row where it is pasted.
		texts[i] = strings.Join(strings.Fields(t.cellText(&t.options.Columns[i], row)), " ")
	}
	t.options.Copy(strings.Join(texts, "\t"))
}

// cellText returns the text of a cell for copying, or that of its badge if the text is empty.
func (t *Table[T]) cellText(c *Column[T], row T) string {
	if c.Text != nil {
		if text := c.Text(row); text != "" {
			return text
		}
	}
	if c.Badge != nil {
		if badge, ok := c.Badge(row); ok {
			return badge.Text
		}
	}
	return ""
}

// menu returns the context menu of the row with the keyboard cursor.
func (t *Table[T]) menu() *fyne.Menu {
	var items []*fyne.MenuItem
	if row, _, ok := t.view.at(t.body.cursorRow); ok {
		if t.options.Menu != nil {
			items = append(items, t.options.Menu(row)...)
		}
		if len(items) > 0 {
			items = append(items, fyne.NewMenuItemSeparator())
		}
		title := t.options.Columns[t.body.cursorColumn].Title
		if title == "" {
			title = tr.T("cell")
		}
		copyCellKeys, copyRowKeys := keyNames()
		items = append(items, fyne.NewMenuItem(tr.T("Copy %s (%s)", title, copyCellKeys), t.CopyCell),
			fyne.NewMenuItem(tr.T("Copy row (%s)", copyRowKeys), t.CopyRow), fyne.NewMenuItemSeparator())
	}
	sort := fyne.NewMenuItem(tr.T("Sort by"), nil)
	sort.ChildMenu = t.sortMenu()
	return fyne.NewMenu("", append(items, sort)...)
}

func (t *Table[T]) sortMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for i, c := range t.options.Columns {
		if c.Compare == nil || c.Title == "" {
			continue
		}
		item := fyne.NewMenuItem(c.Title, func() { t.toggleSort(i) })
		item.Checked = t.sort == i
		m.Items = append(m.Items, item)
	}
	return m
}

// toggleSort sorts by a column, or reverses the order if the table is sorted by it already.
func (t *Table[T]) toggleSort(column int) {
	t.sortColumn(column, t.sort == column && !t.descending)
	t.changedState()
}

func (b *body[T]) canvas() fyne.Canvas { return fyne.CurrentApp().Driver().CanvasForObject(b) }

func (b *body[T]) requestFocus() {
	if c := b.canvas(); c != nil {
		c.Focus(b)
	}
}

// openMenu shows the context menu at a position on the canvas.
func (b *body[T]) openMenu(at fyne.Position) {
	if c := b.canvas(); c != nil {
		widget.ShowPopUpMenuAtPosition(b.table.menu(), c, at)
	}
}

// openMenuAtCursor shows the context menu below the cell with the keyboard cursor.
func (b *body[T]) openMenuAtCursor() {
	if b.cursorColumn >= len(b.spans) {
		return
	}
	b.table.revealRow(b.cursorRow)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b)
	b.openMenu(at.AddXY(b.spans[b.cursorColumn].x+cellPadding, float32(b.cursorRow+1)*theme.RowHeight))
}

// rowAt returns the row at y, measured from the top of the first row, or -1.
func (b *body[T]) rowAt(y float32) int {
	row := int(y / theme.RowHeight)
	if y < 0 || row >= b.table.view.len() {
		return -1
	}
	return row
}

func (b *body[T]) columnAt(x float32) int {
	for i, s := range b.spans {
		if x < s.x+s.width {
			return i
		}
	}
	return max(0, len(b.spans)-1)
}

// press selects the row at a position and moves the keyboard cursor there. It reports whether there is a row.
func (b *body[T]) press(at fyne.Position) bool {
	b.requestFocus()
	row := b.rowAt(at.Y)
	b.pressedBefore, b.pressed = b.pressed, row
	if row < 0 {
		return false
	}
	b.cursorColumn = b.columnAt(at.X)
	b.table.selectRow(row)
	return true
}

// MouseDown selects on the press: Fyne delays Tapped of a widget with DoubleTapped until a second click is ruled out.
func (b *body[T]) MouseDown(e *desktop.MouseEvent) { b.press(e.Position) }

// MouseUp implements desktop.Mouseable.
func (b *body[T]) MouseUp(*desktop.MouseEvent) {}

// Tapped selects a row on devices without a mouse.
func (b *body[T]) Tapped(e *fyne.PointEvent) {
	if b.rowAt(e.Position.Y) != b.table.selectedRow || b.table.selectedRow < 0 {
		b.press(e.Position)
	}
}

// DoubleTapped activates a row.
func (b *body[T]) DoubleTapped(e *fyne.PointEvent) {
	if row := b.rowAt(e.Position.Y); row >= 0 && b.pressed == row && b.pressedBefore == row {
		b.activate()
	}
}

// TappedSecondary selects a row and opens its context menu.
func (b *body[T]) TappedSecondary(e *fyne.PointEvent) {
	if b.press(e.Position) {
		b.openMenu(e.AbsolutePosition)
	}
}

func (b *body[T]) activate() {
	if row, ok := b.table.Selected(); ok && b.table.options.OnActivated != nil {
		b.table.options.OnActivated(row)
	}
}

// MouseIn implements desktop.Hoverable.
func (b *body[T]) MouseIn(e *desktop.MouseEvent) { b.MouseMoved(e) }

// MouseMoved highlights the row under the pointer.
func (b *body[T]) MouseMoved(e *desktop.MouseEvent) {
	b.pointerInside = true
	b.pointerY = e.Position.Y - b.table.scroll.Offset.Y
	if b.table.options.OnPointer != nil {
		b.table.options.OnPointer()
	}
	if b.rowAt(e.Position.Y) != b.hoverRow {
		b.mark()
	}
}

// MouseOut implements desktop.Hoverable.
func (b *body[T]) MouseOut() {
	b.pointerInside, b.hoverRow = false, -1
	b.mark()
}

// FocusGained shows the keyboard cursor.
func (b *body[T]) FocusGained() {
	b.focused = true
	b.mark()
}

// FocusLost implements fyne.Focusable.
func (b *body[T]) FocusLost() {
	b.focused, b.shift = false, false
	b.mark()
}

// TypedRune implements fyne.Focusable. Characters do nothing in a table.
func (b *body[T]) TypedRune(rune) {}

// KeyDown records the Shift key, which Fyne does not report with F10.
func (b *body[T]) KeyDown(e *fyne.KeyEvent) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		b.shift = true
	}
}

// KeyUp implements desktop.Keyable.
func (b *body[T]) KeyUp(e *fyne.KeyEvent) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		b.shift = false
	}
}

// TypedKey implements fyne.Focusable: it moves selection and cursor, activates a row, and opens the context menu.
func (b *body[T]) TypedKey(e *fyne.KeyEvent) {
	page := max(1, int(b.table.scroll.Size().Height/theme.RowHeight)-1)
	switch e.Name {
	case fyne.KeyUp:
		b.moveRow(-1)
	case fyne.KeyDown:
		b.moveRow(1)
	case fyne.KeyPageUp:
		b.moveRow(-page)
	case fyne.KeyPageDown:
		b.moveRow(page)
	case fyne.KeyHome:
		b.moveRow(-b.table.view.len())
	case fyne.KeyEnd:
		b.moveRow(b.table.view.len())
	case fyne.KeyLeft:
		b.moveColumn(-1)
	case fyne.KeyRight:
		b.moveColumn(1)
	case fyne.KeySpace:
		b.table.selectRow(b.cursorRow)
	case fyne.KeyReturn, fyne.KeyEnter:
		if b.table.options.OnActivated == nil {
			dialogs.HandleKey(b, e)
			return
		}
		b.table.selectRow(b.cursorRow)
		b.activate()
	case desktop.KeyMenu:
		b.openMenuAtCursor()
	case fyne.KeyF10:
		if b.shift {
			b.openMenuAtCursor()
		}
	default:
		dialogs.HandleKey(b, e)
	}
}

// moveRow moves the selection by a number of rows. If no row is selected, a step by one selects the row of the cursor.
func (b *body[T]) moveRow(by int) {
	rows := b.table.view.len()
	if rows == 0 {
		return
	}
	if b.table.selectedRow < 0 && (by == 1 || by == -1) {
		by = 0
	}
	b.table.selectRow(max(0, min(b.cursorRow+by, rows-1)))
}

func (b *body[T]) moveColumn(by int) {
	if len(b.spans) == 0 {
		return
	}
	b.cursorColumn = max(0, min(b.cursorColumn+by, len(b.spans)-1))
	at, scroll := b.spans[b.cursorColumn], b.table.scroll
	x := scroll.Offset.X
	x = max(x, at.x+at.width-scroll.Size().Width)
	x = min(x, at.x)
	scroll.ScrollToOffset(fyne.NewPos(max(0, x), scroll.Offset.Y))
	b.table.scrolled()
}

// TypedShortcut handles the copy shortcuts and passes all others to the canvas, which does not get them otherwise.
func (b *body[T]) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*fyne.ShortcutCopy); ok {
		b.table.CopyCell()
		return
	}
	if s.ShortcutName() == copyRow.ShortcutName() {
		b.table.CopyRow()
		return
	}
	if window, ok := b.canvas().(fyne.Shortcutable); ok {
		window.TypedShortcut(s)
	}
}
