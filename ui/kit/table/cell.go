package table

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// cell is the drawn objects of one cell in view.
type cell struct {
	text  *canvas.Text
	pill  *canvas.Rectangle // nil when the column has no badges
	badge *canvas.Text
	icon  *canvas.Image // nil when the column has no icons
}

// inked is what a cell shows, cut to the width it has.
type inked struct {
	text       string
	style      *metrics
	width      float32 // of the text
	badge      Badge
	badgeStyle *metrics
	badgeWidth float32 // with the padding of its pill
	gap        float32 // between text and badge
}

// ink cuts text and badge of a cell to a width.
func (b *body[T]) ink(c *Column[T], row T, width float32) inked {
	text, style, badge := b.content(c, row)
	i := inked{style: style, badge: badge, badgeStyle: b.look.caption}
	padding := 2 * theme.PillPadding
	if badge.Tone == theme.Muted {
		i.badgeStyle, padding = b.look.plain, 0
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

func (b *body[T]) drawCell(c *cell, column int, row T, top float32) {
	definition := &b.table.options.Columns[column]
	left, width := b.spans[column].x+cellPadding, b.spans[column].width-2*cellPadding
	ink := b.ink(definition, row, width)
	switch free := width - ink.width - ink.gap - ink.badgeWidth; definition.Align {
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
			ink.width = min(ink.width, max(0, width-iconSize-iconGap))
			ink.text = ink.style.fit(ink.text, ink.width)
		}
	}
	color := tone.Text()
	if tone == theme.Neutral {
		color = theme.Color(fynetheme.ColorNameForeground)
	}
	write(c.text, ink.text, color, ink.style, definition.Align)
	place(c.text, left, top, ink.width, theme.RowHeight)
	if c.pill == nil {
		return
	}
	left += ink.width + ink.gap
	write(c.badge, ink.badge.Text, ink.badge.Tone.Text(), ink.badgeStyle, fyne.TextAlignCenter)
	place(c.badge, left, top, ink.badgeWidth, theme.RowHeight)
	place(c.pill, left, top+(theme.RowHeight-theme.PillHeight)/2, ink.badgeWidth, theme.PillHeight)
	if fill := ink.badge.Tone.Background(); c.pill.FillColor != fill {
		c.pill.FillColor = fill
		c.pill.Refresh()
	}
	if ink.badge.Text == "" || ink.badge.Tone == theme.Muted {
		hide(c.pill)
	} else {
		show(c.pill)
	}
}

// iconSize is that of an icon before a text, iconGap what lies between them.
const (
	iconSize float32 = 16
	iconGap  float32 = 5
)

// drawIcon shows an icon in a tone, or none; it reports whether there is one.
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
	place(i, left, top+(theme.RowHeight-iconSize)/2, iconSize, iconSize)
	show(i)
	return true
}

// content asks the definition for what a cell shows.
func (b *body[T]) content(c *Column[T], row T) (text string, style *metrics, badge Badge) {
	if c.Text != nil {
		text = oneLine(c.Text(row))
	}
	style = b.look.plain
	if c.Monospace {
		style = b.look.mono
	}
	if c.Badge != nil {
		if got, ok := c.Badge(row); ok {
			badge = Badge{Text: oneLine(got.Text), Tone: got.Tone}
		}
	}
	return text, style, badge
}

// wants returns the width at which a cell is shown whole.
func (b *body[T]) wants(column, at int) float32 {
	row, _, ok := b.table.view.at(at)
	if !ok {
		return 0
	}
	text, style, badge := b.content(&b.table.options.Columns[column], row)
	width := 2*cellPadding + style.width(text) + 1
	if badge.Text != "" {
		width += b.look.plain.width(badge.Text) + 2*theme.PillPadding + theme.Gap
	}
	return width
}

// write sets a text object only if something of it changes: every refresh draws its glyphs anew.
func write(t *canvas.Text, text string, c color.Color, style *metrics, align fyne.TextAlign) {
	t.Hidden = text == ""
	if t.Text == text && t.Color == c && t.TextSize == style.size && t.TextStyle == style.style && t.FontSource == style.font && t.Alignment == align {
		return
	}
	t.Text, t.Color, t.TextSize, t.TextStyle, t.FontSource, t.Alignment = text, c, style.size, style.style, style.font, align
	t.Refresh()
}
