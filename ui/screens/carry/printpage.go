package carry

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image/png"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

var sheet = template.Must(template.New("sheet").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<title>{{.Title}}</title>
<style>
body { font: 11pt/1.4 sans-serif; color: #000; background: #fff; margin: 2em auto; max-width: 44em; }
pre { font: 11pt/1.4 monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
figure { display: inline-block; margin: 0 1em 1em 0; break-inside: avoid; }
img { width: 80mm; height: 80mm; image-rendering: pixelated; }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<pre>{{.Text}}</pre>
{{range .Pictures}}<figure><img src="{{.Picture}}" alt=""><figcaption>{{.Caption}}</figcaption></figure>
{{end}}</body>
</html>
`))

// pageCode is a QR code with its caption.
type pageCode struct {
	Picture template.URL
	Caption string
}

// page returns a document as HTML to print: its text and its QR codes.
func page(doc carry.Document) ([]byte, error) {
	parts, err := carry.Parts(doc, carry.DefaultPartSize)
	if err != nil {
		return nil, err
	}
	content := struct {
		Language, Title, Text string
		Pictures              []pageCode
	}{Language: tr.Current(), Title: words.UpperFirst(words.Document(doc.Kind())), Text: carry.Text(doc)}
	for i, p := range parts {
		img, err := p.Picture(4)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			return nil, err
		}
		content.Pictures = append(content.Pictures, pageCode{
			Picture: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())),
			Caption: tr.T("%d of %d", i+1, len(parts)),
		})
	}
	var out bytes.Buffer
	err = sheet.Execute(&out, content)
	return out.Bytes(), err
}
