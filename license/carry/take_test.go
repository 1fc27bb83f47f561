package carry

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func pictureFile(t *testing.T, text string) []byte {
	t.Helper()
	img, err := Picture(text, 4)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func TestTake(t *testing.T) {
	for name, doc := range documents(t) {
		t.Run(name, func(t *testing.T) {
			content, err := Encode(doc)
			require.NoError(t, err)
			var c Collector
			docs, err := c.AddData(t.Context(), content)
			require.NoError(t, err)
			require.Len(t, docs, 1)
			require.Equal(t, doc.Kind(), docs[0].Kind())

			parts, err := Parts(doc, MinPartSize+60)
			require.NoError(t, err)
			mail := "Hello,\nhere it is:\n"
			for i := len(parts) - 1; i >= 0; i-- {
				mail += "  <" + strings.ToLower(parts[i].String()) + ">,\n"
			}
			docs, err = new(Collector).AddData(t.Context(), []byte(mail+"Bye."))
			require.NoError(t, err)
			require.Len(t, docs, 1)

			message, err := TextWithLinks(doc)
			require.NoError(t, err)
			docs, err = new(Collector).AddData(t.Context(), []byte(message))
			require.NoError(t, err)
			require.Equal(t, []Document{doc}, docs)

			c = Collector{}
			for i, p := range parts {
				docs, err = c.AddData(t.Context(), pictureFile(t, p.String()))
				require.NoError(t, err)
				if i < len(parts)-1 {
					require.Empty(t, docs)
					require.Len(t, c.Incomplete()[0].Missing, len(parts)-1-i)
				}
			}
			require.Len(t, docs, 1)
			require.Empty(t, c.Incomplete())
		})
	}
}

func TestTakeLicenseInText(t *testing.T) {
	doc := documents(t)["license"]
	docs, err := new(Collector).AddData(t.Context(), []byte("Your license:\n\n"+string(doc.(License))+"\n\nBye."))
	require.NoError(t, err)
	require.Equal(t, []Document{doc}, docs)
}

func TestTakeUseless(t *testing.T) {
	for name, row := range map[string]struct {
		data []byte
		is   error
	}{
		"nothing":         {nil, ErrUnknown},
		"words":           {[]byte("Hello"), ErrUnknown},
		"half a link":     {[]byte("acen:answer/ABC"), ErrLink},
		"another link":    {[]byte("acen:server?address=https://licenses.example.com"), ErrUnknown},
		"long":            {bytes.Repeat([]byte("a"), MaxSize+1), ErrTooLarge},
		"another picture": {pictureFile(t, "https://example.com"), ErrUnknown},
		"cut picture":     {pictureFile(t, "ACEN:")[:200], ErrPicture},
		"damaged token":   {[]byte("look: v4.public.AAAA.AAAA"), ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := new(Collector).AddData(t.Context(), row.data)
			require.ErrorIs(t, err, row.is)
			require.Empty(t, docs)
		})
	}
}
