package carry

import (
	"errors"
	"image"
	"image/color"

	"rsc.io/qr"
)

// ErrTextTooLong is returned for a text that exceeds the capacity of a QR code.
var ErrTextTooLong = errors.New("this text is too long for a QR code")

// quiet is the width of the mandatory white margin of a QR code in modules.
const quiet = 4

// Picture draws a text as a QR code that tolerates 15 percent damage (level M): black on white, each module scale
// pixels wide (1 to 32), with its quiet zone.
func Picture(text string, scale int) (image.Image, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, ErrTextTooLong
	}
	scale = min(max(scale, 1), 32)
	side := (code.Size + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		row := img.Pix[y*img.Stride : y*img.Stride+side]
		for x := range row {
			if code.Black(x/scale-quiet, y/scale-quiet) && x/scale >= quiet && y/scale >= quiet {
				row[x] = 1
			}
		}
	}
	return img, nil
}

// Picture draws the part, like the function Picture.
func (p Part) Picture(scale int) (image.Image, error) { return Picture(p.String(), scale) }
