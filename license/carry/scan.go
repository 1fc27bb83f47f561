package carry

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	_ "image/gif" // formats of ReadPictureFile
	_ "image/jpeg"
	_ "image/png"
	"slices"
	"time"

	_ "golang.org/x/image/bmp" // formats of ReadPictureFile
	_ "golang.org/x/image/webp"
)

// Limits of pictures.
const (
	// MaxPictureFile is the maximum size of a picture file in bytes.
	MaxPictureFile = 64 << 20
	// MaxPixels is the maximum size of a picture in pixels: more than the screen of an 8K monitor.
	MaxPixels = 36_000_000
	// MaxReadTime limits the time for one picture.
	MaxReadTime = 20 * time.Second
)

var (
	// ErrPicture is returned for a file that is not a readable picture.
	ErrPicture = errors.New("this is no picture that can be read; take PNG, JPEG, GIF, BMP or WebP")
	// ErrPictureSize is returned for a picture over MaxPixels or MaxPictureFile.
	ErrPictureSize = errors.New("this picture is too large; clip the part with the QR codes")
	// ErrNoCode is returned for a picture without a readable QR code.
	ErrNoCode = errors.New("there is no QR code in this picture that can be read; show it larger and clip it " +
		"whole, with its white margin")
	// ErrPictureTime is returned for a picture that took longer than MaxReadTime, or has so many false candidates that
	// not all of them are tried.
	ErrPictureTime = errors.New("reading this picture took too long; clip the part with the QR codes")
)

// ReadPictureFile reads the QR codes in a picture file: PNG, JPEG, GIF (its first picture), BMP or WebP. It checks
// the dimensions before it decodes the pixels. It fails like ReadPicture, and with ErrPicture.
func ReadPictureFile(ctx context.Context, data []byte) (texts []string, err error) {
	defer refusePanic(&texts, &err)
	if len(data) > MaxPictureFile {
		return nil, ErrPictureSize
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return nil, ErrPicture
	}
	if config.Width > MaxPixels/config.Height {
		return nil, ErrPictureSize
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, ErrPicture
	}
	return ReadPicture(ctx, img)
}

// refusePanic turns a panic of a decoder into an error.
func refusePanic(texts *[]string, err *error) {
	if recover() != nil {
		*texts, *err = nil, ErrPicture
	}
}

// ReadPicture returns the texts of all QR codes in a picture, top to bottom. The picture may be a screenshot of a
// window with several codes, dark on light or light on dark, enlarged, reduced or a little blurred. ReadPicture fails
// with ErrNoCode, ErrPictureSize, ErrPictureTime or the error of the context.
func ReadPicture(ctx context.Context, img image.Image) (texts []string, err error) {
	defer refusePanic(&texts, &err)
	b := img.Bounds()
	if b.Empty() {
		return nil, ErrNoCode
	}
	if b.Dx() > MaxPixels/b.Dy() {
		return nil, ErrPictureSize
	}
	bounded, cancel := context.WithTimeoutCause(ctx, MaxReadTime, ErrPictureTime)
	defer cancel()
	found, err := scan(bounded, grayOf(img))
	if len(found) == 0 {
		if err == nil {
			err = ErrNoCode
		}
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b code) int { return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x)) })
	for _, c := range found {
		texts = append(texts, c.text)
	}
	return texts, nil
}

// gray is the brightness of a picture, from 0 for black to 255 for white.
type gray struct {
	width, height int
	pix           []byte
}

// grayOf returns the brightness of a picture, on white where it is transparent.
func grayOf(img image.Image) gray {
	b := img.Bounds()
	g := gray{b.Dx(), b.Dy(), make([]byte, b.Dx()*b.Dy())}
	luma := func(red, green, blue, alpha uint32) byte { // premultiplied, 16 bits
		return byte((299*red + 587*green + 114*blue + 1000*(0xffff-alpha)) / 1000 >> 8)
	}
	i := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			switch m := img.(type) {
			case *image.Gray:
				g.pix[i] = m.Pix[m.PixOffset(x, y)]
			case *image.YCbCr:
				g.pix[i] = m.Y[m.YOffset(x, y)]
			case *image.RGBA:
				p := m.Pix[m.PixOffset(x, y):]
				g.pix[i] = luma(uint32(p[0])*257, uint32(p[1])*257, uint32(p[2])*257, uint32(p[3])*257)
			default:
				g.pix[i] = luma(img.At(x, y).RGBA())
			}
			i++
		}
	}
	return g
}

func (g gray) inverted() gray {
	out := gray{g.width, g.height, make([]byte, len(g.pix))}
	for i, v := range g.pix {
		out.pix[i] = 255 - v
	}
	return out
}

// half returns the picture at half the size: the mean of four pixels each.
func (g gray) half() gray {
	out := gray{g.width / 2, g.height / 2, make([]byte, g.width/2*(g.height/2))}
	for y := range out.height {
		top, bottom := g.pix[2*y*g.width:], g.pix[(2*y+1)*g.width:]
		for x := range out.width {
			out.pix[y*out.width+x] = byte((int(top[2*x]) + int(top[2*x+1]) + int(bottom[2*x]) + int(bottom[2*x+1])) / 4)
		}
	}
	return out
}

// doubled returns the picture at twice the size, with linear interpolation.
func (g gray) doubled() gray {
	out := gray{2 * g.width, 2 * g.height, make([]byte, 4*len(g.pix))}
	at := func(x, y int) int { return int(g.pix[min(max(y, 0), g.height-1)*g.width+min(max(x, 0), g.width-1)]) }
	for y := range out.height {
		near, far := y/2, y/2-1+2*(y%2)
		for x := range out.width {
			nearX, farX := x/2, x/2-1+2*(x%2)
			sum := 9*at(nearX, near) + 3*at(farX, near) + 3*at(nearX, far) + at(farX, far)
			out.pix[y*out.width+x] = byte(sum / 16)
		}
	}
	return out
}
