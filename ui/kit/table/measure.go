package table

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
)

const (
	ellipsis = "…"

	// maxCellBytes limits the text of a cell, and so the cost of a hostile one. No column is wide enough for more.
	maxCellBytes = 1024
)

// metrics measures and truncates texts of one size and style. It adds up cached widths of characters, which costs less
// than a microsecond a cell; Fyne's own ellipsis shapes the text for every attempt, which costs milliseconds a row. UI
// thread.
type metrics struct {
	size     float32
	style    fyne.TextStyle
	font     fyne.Resource // nil: Fyne's font of the style, with its fallback fonts
	advances map[rune]float32
}

func newMetrics(size float32, style fyne.TextStyle, font fyne.Resource) *metrics {
	return &metrics{
		size:     size,
		style:    style,
		font:     font,
		advances: map[rune]float32{},
	}
}

func (m *metrics) advance(r rune) float32 {
	if w, ok := m.advances[r]; ok {
		return w
	}
	w := m.exact(string(r))
	m.advances[r] = w
	return w
}

// width returns an upper bound of the drawn width of text in device-independent pixels: the sum of the widths of its
// characters, without kerning and ligatures.
func (m *metrics) width(text string) float32 {
	var sum float32
	for _, r := range text {
		sum += m.advance(r)
	}
	return sum
}

// exact returns the drawn width of text in device-independent pixels.
func (m *metrics) exact(text string) float32 {
	size, _ := fyne.CurrentApp().Driver().RenderedTextSize(text, m.size, m.style, m.font)
	return size.Width
}

// fit returns text, truncated with an ellipsis if it is wider than width, or "" if not even one character fits.
func (m *metrics) fit(text string, width float32) string {
	var sum float32
	cut, room := -1, width-m.advance('…')
	for i, r := range text {
		if cut < 0 && sum+m.advance(r) > room {
			cut = i
		}
		if sum += m.advance(r); sum > width {
			if cut <= 0 {
				return ""
			}
			return strings.TrimRight(text[:cut], " ") + ellipsis
		}
	}
	return text
}

// oneLine returns text for a cell: at most maxCellBytes of it, with line feeds and tabs replaced by spaces and other
// control characters removed.
func oneLine(text string) string {
	if len(text) > maxCellBytes {
		end := maxCellBytes
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	if strings.IndexFunc(text, unicode.IsControl) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
}
