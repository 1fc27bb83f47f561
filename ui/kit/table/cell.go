package table

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// cell has the canvas objects of one visible cell.
type cell struct {
	text  *canvas.Text
	pill  *canvas.Rectangle // nil if the column has no badges
	badge *canvas.Text
	icon  *canvas.Image // nil if the column has no icons
}

// cellLayout is the content of a cell, truncated to its width. Widths are in device-independent pixels.
type cellLayout struct {
	text       string
	style      *metrics
	width      float32 // of the text
	badge      Badge
	badgeStyle *metrics
	badgeWidth float32 // including the padding of its pill
	gap        float32 // between text and badge
}

// layoutCell truncates text and badge of a cell to width.
func (b *body[T]) layoutCell(c *Column[T], row T, width float32) cellLayout {
	text, style, badge := b.content(c, row)
	i := cellLayout{style: style, badge: badge, badgeStyle: b.styles.caption}
	padding := 2 * theme.PillPadding
	if badge.Tone == theme.Muted {
		i.badgeStyle, padding = b.styles.plain, 0
	}
	if i.badge.Text = i.badgeStyle.fit(badge.Text, width-padding); i.badge.Text != "" {
		i.badgeWidth = i.badgeStyle.exact(i.badge.Text) + padding
		if text != "" {
			i.gap = theme.Gap
		}
	}
	i.width = max(0, width-i.badgeWidth-i.gap)
	if i.text = style.fit(text, i.width); i.text == "" {
		i.width, i.gap = 0, 0
	} else if i.badgeWidth > 0 {
		i.width = min(i.width, style.exact(i.text))
	}
	return i
}

// drawCell draws a cell of a row in the objects of c, at top from the first row.
func (b *body[T]) drawCell(c *cell, column int, row T, top float32) {
	definition := &b.table.options.Columns[column]
	left, width := b.spans[column].x+cellPadding, b.spans[column].width-2*cellPadding
	layout := b.layoutCell(definition, row, width)
	switch free := width - layout.width - layout.gap - layout.badgeWidth; definition.Align {
	case fyne.TextAlignTrailing:
		left += free
	case fyne.TextAlignCenter:
		left += free / 2
	}
	tone := theme.Neutral
	if definition.Tone != nil {
		tone = definition.Tone(row)
	}
	if c.icon != nil {
		if drawIcon(c.icon, definition.Icon(row), tone, left, top) {
			left += iconSize + iconGap
			layout.width = min(layout.width, max(0, width-iconSize-iconGap))
			layout.text = layout.style.fit(layout.text, layout.width)
		}
	}
	foreground := tone.Text()
	if tone == theme.Neutral {
		foreground = theme.Color(fynetheme.ColorNameForeground)
	}
	write(c.text, layout.text, foreground, layout.style, definition.Align)
	setBounds(c.text, left, top, layout.width, theme.RowHeight)
	if c.pill == nil {
		return
	}
	left += layout.width + layout.gap
	write(c.badge, layout.badge.Text, layout.badge.Tone.Text(), layout.badgeStyle, fyne.TextAlignCenter)
	setBounds(c.badge, left, top, layout.badgeWidth, theme.RowHeight)
	setBounds(c.pill, left, top+(theme.RowHeight-theme.PillHeight)/2, layout.badgeWidth, theme.PillHeight)
	if fill := layout.badge.Tone.Background(); c.pill.FillColor != fill {
		c.pill.FillColor = fill
		c.pill.Refresh()
	}
	if layout.badge.Text == "" || layout.badge.Tone == theme.Muted {
		hide(c.pill)
	} else {
		show(c.pill)
	}
}

const (
	iconSize float32 = 16
	iconGap  float32 = 5 // between icon and text
)

// drawIcon shows icon in a tone, or hides i if icon is nil. It reports whether there is an icon.
func drawIcon(i *canvas.Image, icon fyne.Resource, tone theme.Tone, left, top float32) bool {
	if icon == nil {
		hide(i)
		return false
	}
	colored := fynetheme.NewColoredResource(icon, tone.TextName())
	if i.Resource == nil || i.Resource.Name() != colored.Name() {
		i.Resource = colored
		i.Refresh()
	}
	setBounds(i, left, top+(theme.RowHeight-iconSize)/2, iconSize, iconSize)
	show(i)
	return true
}

// content returns the text of a cell with its style, and its badge, as the column defines them.
func (b *body[T]) content(c *Column[T], row T) (text string, style *metrics, badge Badge) {
	if c.Text != nil {
		text = oneLine(c.Text(row))
	}
	style = b.styles.plain
	if c.Monospace {
		style = b.styles.mono
	}
	if c.Badge != nil {
		if got, ok := c.Badge(row); ok {
			badge = Badge{Text: oneLine(got.Text), Tone: got.Tone}
		}
	}
	return text, style, badge
}

// naturalWidth returns the width that a cell needs to show all of its content.
func (b *body[T]) naturalWidth(column, at int) float32 {
	row, _, ok := b.table.view.at(at)
	if !ok {
		return 0
	}
	text, style, badge := b.content(&b.table.options.Columns[column], row)
	width := 2*cellPadding + style.width(text) + 1
	if badge.Text != "" {
		width += b.styles.plain.width(badge.Text) + 2*theme.PillPadding + theme.Gap
	}
	return width
}

// write updates a text object. It refreshes t only after a change, because a refresh renders all glyphs.
func write(t *canvas.Text, text string, c color.Color, style *metrics, align fyne.TextAlign) {
	t.Hidden = text == ""
	if t.Text == text && t.Color == c && t.TextSize == style.size && t.TextStyle == style.style &&
		t.FontSource == style.font && t.Alignment == align {
		return
	}
	t.Text, t.Color, t.Alignment = text, c, align
	t.TextSize, t.TextStyle, t.FontSource = style.size, style.style, style.font
	t.Refresh()
}
