package picture

import (
	"bytes"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var save = flag.String("picture", "", "file for a sheet of pictures, for people to look at")

// random returns a generator that depends on n alone.
func random(n byte) *rand.Rand { return rand.New(rand.NewChaCha8([32]byte{n})) }

func number(r *rand.Rand) []byte {
	digits := make([]byte, 6)
	for i := range digits {
		digits[i] = byte(r.IntN(10))
	}
	return digits
}

// A template matcher sees windows of half the resolution around the middle of each digit.
const (
	windowWidth  = 24
	windowHeight = 34
	shifts       = 4 // it tries all shifts up to this, in both directions
)

// window returns a part of a picture at half the resolution, normalized to mean 0 and length 1.
func window(img *image.Gray, middle point) []float64 {
	list := make([]float64, 0, windowWidth*windowHeight)
	left, top := int(middle.x)-windowWidth, int(middle.y)-windowHeight
	mean := 0.0
	for y := range windowHeight {
		for x := range windowWidth {
			sum := 0.0
			for _, p := range [][2]int{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
				at := image.Pt(min(Width-1, max(0, left+2*x+p[0])), min(Height-1, max(0, top+2*y+p[1])))
				sum += float64(img.GrayAt(at.X, at.Y).Y)
			}
			list = append(list, sum)
			mean += sum / (windowWidth * windowHeight)
		}
	}
	length := 0.0
	for i := range list {
		list[i] -= mean
		length += list[i] * list[i]
	}
	for i := range list {
		list[i] /= math.Sqrt(length)
	}
	return list
}

func still(p point) point { return p }

type template struct {
	digit  byte
	window []float64
}

// templates are all digits in all fonts and in several sizes, without noise.
var templates = sync.OnceValue(func() (list []template) {
	faces, err := fonts()
	if err != nil {
		panic(err)
	}
	middle := point{Width / 2, Height / 2}
	for digit := range byte(10) {
		for i, face := range faces {
			if digit == 0 && i >= plainFonts {
				continue
			}
			for _, size := range []float64{minSize, (minSize + maxSize) / 2, maxSize} {
				shape, err := glyph(face, digit, size)
				if err != nil {
					panic(err)
				}
				shape = shape.transform(move(middle))
				solid, outlined := newPen(still), newPen(still)
				solid.fill(shape)
				outlined.stroke(2, shape...)
				for _, ink := range []*pen{solid, outlined} {
					img := image.NewGray(image.Rect(0, 0, Width, Height))
					for i, cover := range ink.cover.Pix {
						img.Pix[i] = 255 - cover
					}
					list = append(list, template{digit, window(img, middle)})
				}
			}
		}
	}
	return list
})

// match returns the digit whose template is most similar to the picture around a point.
func match(img *image.Gray, middle point) (digit byte) {
	best := -1.0
	for dy := -shifts; dy <= shifts; dy += 2 {
		for dx := -shifts; dx <= shifts; dx += 2 {
			seen := window(img, point{middle.x + float64(2*dx), middle.y + float64(2*dy)})
			for _, t := range templates() {
				like := 0.0
				for i, v := range t.window {
					like += v * seen[i]
				}
				if like > best {
					best, digit = like, t.digit
				}
			}
		}
	}
	return digit
}

// read returns how many numbers of some pictures the matcher reads, and how many digits.
func read(t *testing.T, pictures int, s style) (numbers, digits int) {
	t.Helper()
	r := random(1)
	for range pictures {
		want := number(r)
		p, err := render(r, want, s)
		require.NoError(t, err)
		got := make([]byte, len(want))
		for i, middle := range p.centers {
			if got[i] = match(p.gray, middle); got[i] == want[i] {
				digits++
			}
		}
		if slices.Equal(got, want) {
			numbers++
		}
	}
	return numbers, digits
}

// A matcher that knows the position of each digit, and compares it with the digits of all fonts, solid and outlined,
// reads undistorted pictures and hardly any real one (spec: api 10).
func TestTemplatesDoNotMatch(t *testing.T) {
	const pictures = 30
	simple, _ := read(t, pictures, style{})
	require.Greater(t, simple, pictures*8/10, "the matcher works")
	numbers, digits := read(t, pictures, full)
	require.Less(t, numbers, pictures/6, "%d of %d digits were read", digits, 6*pictures)
}

func TestPNG(t *testing.T) {
	digits := []byte{3, 1, 4, 1, 5, 9}
	first, err := PNG([32]byte{1}, digits)
	require.NoError(t, err)
	again, err := PNG([32]byte{1}, digits)
	require.NoError(t, err)
	require.Equal(t, first, again, "a seed determines the picture")
	other, err := PNG([32]byte{2}, digits)
	require.NoError(t, err)
	require.NotEqual(t, first, other, "digits do not make the picture")
	img, err := png.Decode(bytes.NewReader(first))
	require.NoError(t, err)
	require.IsType(t, &image.Gray{}, img, "no palette and no color tells one digit from another")
	require.Equal(t, image.Rect(0, 0, Width, Height), img.Bounds())
}

// Digits are inside the picture and dark enough for people. With -args -picture=FILE the test saves a sheet of
// pictures.
func TestDigitsCanBeSeen(t *testing.T) {
	const across, gap = 2, 6
	sheet := image.NewGray(image.Rect(0, 0, across*(Width+gap), 10*(Height+gap)))
	for i := range 20 {
		r := random(byte(i))
		p, err := render(r, number(r), full)
		require.NoError(t, err)
		for _, middle := range p.centers {
			require.Greater(t, middle.x, 20.0)
			require.Less(t, middle.x, Width-20.0)
			require.Greater(t, middle.y, 25.0)
			require.Less(t, middle.y, Height-25.0)
		}
		require.InDelta(t, 0.17, share(p.gray, (paperTone+inkTone)/2), 0.08, "picture %d: the part that is dark", i)
		at := image.Pt(i%across*(Width+gap), i/across*(Height+gap))
		draw.Draw(sheet, p.gray.Bounds().Add(at), p.gray, image.Point{}, draw.Src)
	}
	if *save == "" {
		return
	}
	f, err := os.Create(*save)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, sheet))
	require.NoError(t, f.Close())
}

// share returns the part of a picture's pixels that are darker than a tone.
func share(img *image.Gray, tone uint8) float64 {
	dark := 0
	for _, p := range img.Pix {
		if p < tone {
			dark++
		}
	}
	return float64(dark) / float64(len(img.Pix))
}

// The darkest paper is lighter than the lightest ink.
func TestGrainLeavesContrast(t *testing.T) {
	require.Greater(t, paperTone-grain-swing, inkTone+grain+swing)
}
