package table

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
)

const (
	ellipsis = "…"

	// longestCell bounds, in bytes, the work that one hostile cell can cause; no column is that wide.
	longestCell = 1024
)

// metrics measures and cuts texts of one size and style. Fyne's own ellipsis shapes a text again for every try, which
// costs milliseconds a row; adding up the widths of characters costs less than a microsecond a cell. UI thread.
type metrics struct {
	size     float32
	style    fyne.TextStyle
	font     fyne.Resource // nil: that of the style, with all that the toolkit adds to it
	advances map[rune]float32
}

func newMetrics(size float32, style fyne.TextStyle, font fyne.Resource) *metrics {
	return &metrics{size: size, style: style, font: font, advances: map[rune]float32{}}
}

func (m *metrics) advance(r rune) float32 {
	if w, ok := m.advances[r]; ok {
		return w
	}
	w := m.exact(string(r))
	m.advances[r] = w
	return w
}

// width is an upper bound of the width at which a text is drawn, in device-independent pixels: characters that join
// when drawn count singly.
func (m *metrics) width(text string) float32 {
	var sum float32
	for _, r := range text {
		sum += m.advance(r)
	}
	return sum
}

// exact is the width at which a text is drawn, in device-independent pixels.
func (m *metrics) exact(text string) float32 {
	size, _ := fyne.CurrentApp().Driver().RenderedTextSize(text, m.size, m.style, m.font)
	return size.Width
}

// fit returns the text, or its beginning with an ellipsis if it does not fit into the width.
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

// oneLine makes a text fit for a cell: without line breaks, tabs and other control characters, and not longer than a
// screen is wide.
func oneLine(text string) string {
	if len(text) > longestCell {
		end := longestCell
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
