package removalcode

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// purpose is the explanation on the saved or printed code.
const purpose tr.Text = "With this code the license can be removed or transferred to another PC, once. Keep it until " +
	"the license server has it; after that nobody can use it any more."

// fileName returns the suggested file name of the text.
func (c Code) fileName() string { return fmt.Sprintf("removal-code-%s.txt", c.Codes.Site) }

// lines returns the code and its license as pairs of name and value.
func (c Code) lines(now time.Time) [][2]string {
	program := c.Program
	if program == "" {
		program = tr.T("not known")
	}
	lines := [][2]string{{tr.T("Program"), program}}
	if c.Note != "" {
		lines = append(lines, [2]string{tr.T("Note"), c.Note})
	}
	return append(lines, [2]string{tr.T("Site code"), c.Codes.Site.String()},
		[2]string{tr.T("Machine ID"), c.Codes.Machine.String()},
		[2]string{tr.T("Removal code"), c.Code.String()}, [2]string{tr.T("Date"), words.LongDate(now, now)})
}

// Text returns the code as a text file. Any goroutine.
func (c Code) Text(now time.Time) string {
	var b strings.Builder
	b.WriteString(tr.T("Removal code") + "\n\n")
	for _, line := range c.lines(now) {
		fmt.Fprintf(&b, "%-14s %s\n", line[0]+":", line[1])
	}
	fmt.Fprintf(&b, "\n%s\n", tr.T(purpose))
	return b.String()
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<title>{{.Title}}</title>
<style>
body { font: 12pt/1.5 sans-serif; color: #000; background: #fff; margin: 2em auto; max-width: 40em; }
th { text-align: left; font-weight: normal; color: #555; padding-right: 2em; }
td { font-family: monospace; }
img { width: 45mm; height: 45mm; image-rendering: pixelated; }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<table>{{range .Lines}}
<tr><th>{{index . 0}}</th><td>{{index . 1}}</td></tr>{{end}}
</table>
<p><img src="{{.Picture}}" alt="{{.About}}"></p>
<p>{{.Purpose}}</p>
</body>
</html>
`))

// Page returns the code as HTML to print, with its QR code. Any goroutine.
func (c Code) Page(now time.Time) ([]byte, error) {
	img, err := carry.Picture(c.Code.String(), 8)
	if err != nil {
		return nil, err
	}
	var picture, out bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		return nil, err
	}
	err = page.Execute(&out, struct {
		Language, Title, About string
		Lines                  [][2]string
		Picture                template.URL
		Purpose                string
	}{tr.Current(), tr.T("Removal code"), tr.T("The removal code as a QR code"), c.lines(now),
		template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.Bytes())), tr.T(purpose)})
	return out.Bytes(), err
}
