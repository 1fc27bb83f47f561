package carry

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
)

// screenshot returns a screenshot of a window: a title bar, strokes instead of text, buttons, a frame, a wallpaper,
// and pictures.
func screenshot(width, height int, dark bool, pictures ...image.Image) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(3, 4))
	for y := range height { // wallpaper
		for x := range width {
			img.Set(x, y, color.RGBA{uint8(60 + 60*math.Sin(float64(x)/90)), uint8(90 + y*60/height), 140, 255})
		}
	}
	fill := func(r image.Rectangle, c color.Color) {
		draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	ground, ink := color.Color(color.Gray{245}), color.Color(color.Gray{30})
	if dark {
		ground, ink = color.Gray{28}, color.Gray{230}
	}
	window := image.Rect(20, 20, width-20, height-20)
	fill(window, ground)
	fill(image.Rect(20, 20, width-20, 50), color.RGBA{40, 90, 170, 255})
	for line := range (height - 120) / 18 {
		for x := 40; x < width-40; x += 2 + random.IntN(9) {
			fill(image.Rect(x, 70+18*line, x+1+random.IntN(3), 70+18*line+4+random.IntN(8)), ink)
		}
	}
	x, y, row := 60, 90, 0
	for _, p := range pictures {
		b := p.Bounds()
		if x+b.Dx() > width-30 {
			x, y, row = 60, y+row+24, 0
		}
		at := image.Rect(x, y, x+b.Dx(), y+b.Dy())
		fill(at.Inset(-8), ground)
		draw.Draw(img, at, p, b.Min, draw.Src)
		x, row = x+b.Dx()+24, max(row, b.Dy())
	}
	return img
}

func scaled(img image.Image, by float64) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, int(float64(b.Dx())*by), int(float64(b.Dy())*by)))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}

func blurred(img image.Image) image.Image {
	g := grayOf(img)
	out := image.NewGray(image.Rect(0, 0, g.width, g.height))
	for y := 1; y < g.height-1; y++ {
		for x := 1; x < g.width-1; x++ {
			sum := 0
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					weight := (2 - dx*dx) * (2 - dy*dy)
					sum += weight * int(g.pix[(y+dy)*g.width+x+dx])
				}
			}
			out.Pix[y*out.Stride+x] = byte(sum / 16)
		}
	}
	return out
}

func asJPEG(t testing.TB, img image.Image, quality int) []byte {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}))
	return b.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func negative(img image.Image) image.Image {
	g := grayOf(img).inverted()
	return &image.Gray{Pix: g.pix, Stride: g.width, Rect: image.Rect(0, 0, g.width, g.height)}
}

func pictures(t testing.TB, doc Document, size, scale int) (images []image.Image, texts []string) {
	parts, err := Parts(doc, size)
	require.NoError(t, err)
	for _, p := range parts {
		img, err := p.Picture(scale)
		require.NoError(t, err)
		images, texts = append(images, img), append(texts, p.String())
	}
	return images, texts
}

func TestPicture(t *testing.T) {
	img, err := Picture("ACEN:", 3)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 87, 87), img.Bounds(), "21 modules, and four white ones on every side")
	for y := range 87 {
		for x := range 87 {
			r, _, _, _ := img.At(x, y).RGBA()
			margin := x < 12 || y < 12 || x >= 75 || y >= 75
			square := x >= 12 && x < 33 && y >= 12 && y < 15
			require.False(t, margin && r == 0 || square && r != 0, "%d, %d", x, y)
		}
	}
	_, err = Picture(strings.Repeat("a", 3000), 1)
	require.ErrorIs(t, err, ErrTextTooLong)
	img, err = Picture("x", 1000)
	require.NoError(t, err)
	require.Equal(t, 29*32, img.Bounds().Dx())
}

// A picture of a license in a window is readable as people clip, save and send it.
func TestReadPictures(t *testing.T) {
	images, texts := pictures(t, documents(t)["license"], 0, 4)
	light, dark := screenshot(900, 700, false, images...), screenshot(900, 700, true, images...)
	bare := images[0]
	inverted := screenshot(900, 700, true, negative(bare))
	large := screenshot(1900, 1600, false, scaled(bare, 3.3))
	tests := map[string]image.Image{
		"the picture itself": bare, "in a window": light, "in a dark window": dark, "light on dark": inverted,
		"very large": large,
		"blurred":    blurred(light), "blurred twice": blurred(blurred(light)), "negative of all": negative(light),
		"turned": turned(bare), "low contrast": dimmed(light),
	}
	for _, by := range []float64{0.7, 0.75, 0.8, 0.9, 1.1, 1.25, 1.33, 1.5, 1.75, 2} {
		tests[fmt.Sprintf("scaled by %v", by)] = scaled(light, by)
		tests[fmt.Sprintf("dark scaled by %v", by)] = scaled(dark, by)
		tests[fmt.Sprintf("scaled by %v and blurred", by)] = blurred(scaled(light, by))
	}
	for name, img := range tests {
		t.Run(name, func(t *testing.T) {
			read, err := ReadPicture(t.Context(), img)
			require.NoError(t, err)
			require.Equal(t, texts, read)
		})
	}
	files := map[string][]byte{
		"PNG": asPNG(t, light), "JPEG 90": asJPEG(t, light, 90), "JPEG 40": asJPEG(t, light, 40),
		"JPEG 20": asJPEG(t, scaled(light, 0.8), 20),
	}
	var b bytes.Buffer
	require.NoError(t, gif.Encode(&b, light, nil))
	files["GIF"] = bytes.Clone(b.Bytes())
	b.Reset()
	require.NoError(t, bmp.Encode(&b, light))
	files["BMP"] = bytes.Clone(b.Bytes())
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			read, err := ReadPictureFile(t.Context(), data)
			require.NoError(t, err)
			require.Equal(t, texts, read)
		})
	}
}

func TestReadWebP(t *testing.T) {
	data, err := os.ReadFile("testdata/code.webp")
	require.NoError(t, err)
	read, err := ReadPictureFile(t.Context(), data)
	require.NoError(t, err)
	require.Equal(t, []string{"ACEN:REQUEST/X"}, read)
}

func turned(img image.Image) image.Image {
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dy()-1-y, x, img.At(x, y))
		}
	}
	return out
}

func dimmed(img image.Image) image.Image {
	g := grayOf(img)
	for i, v := range g.pix {
		g.pix[i] = 10 + v/4
	}
	return &image.Gray{Pix: g.pix, Stride: g.width, Rect: image.Rect(0, 0, g.width, g.height)}
}

func TestReadSeveralCodes(t *testing.T) {
	_, a := many(t, 8)
	for _, dark := range []bool{false, true} {
		for _, size := range []int{200, 640} {
			images, texts := pictures(t, a, size, 3)
			require.Greater(t, len(images), 1)
			shot := screenshot(1500, 1400, dark, images...)
			for _, by := range []float64{0.8, 1.25} {
				t.Run(fmt.Sprintf("%d of %d bytes, dark %v, scaled by %v", len(images), size, dark, by), func(t *testing.T) {
					read, err := ReadPictureFile(t.Context(), asJPEG(t, scaled(shot, by), 80))
					require.NoError(t, err)
					require.ElementsMatch(t, texts, read)
					var c Collector
					var doc Document
					for _, text := range read {
						p, err := c.Add(text)
						require.NoError(t, err)
						doc = p.Document
					}
					require.Equal(t, Document(a), doc)
				})
			}
		}
	}
}

func TestReadLargeScreen(t *testing.T) {
	images, texts := pictures(t, documents(t)["license"], 0, 4)
	read, err := ReadPicture(t.Context(), screenshot(3840, 2160, false, images...))
	require.NoError(t, err)
	require.Equal(t, texts, read)
}

// hugePNG returns a PNG header with huge dimensions.
func hugePNG(width, height uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
	head = append(head, 8, 0, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

func TestReadPictureRefuses(t *testing.T) {
	code, err := Picture("x", 2)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":    {nil, ErrPicture},
		"a text":     {[]byte("v4.public.abc"), ErrPicture},
		"bomb":       {hugePNG(60000, 60000), ErrPictureSize},
		"long bomb":  {hugePNG(1, 1<<30), ErrPictureSize},
		"head alone": {hugePNG(100, 100), ErrPicture},
		"cut off":    {asPNG(t, code)[:120], ErrPicture},
		"large file": {make([]byte, MaxPictureFile+1), ErrPictureSize},
		"no code":    {asPNG(t, screenshot(300, 300, false)), ErrNoCode},
		"white":      {asPNG(t, image.NewGray(image.Rect(0, 0, 300, 300))), ErrNoCode},
		"one pixel":  {asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1))), ErrNoCode},
		"cut code":   {asPNG(t, code.(*image.Paletted).SubImage(image.Rect(0, 0, 58, 30))), ErrNoCode},
	} {
		t.Run(name, func(t *testing.T) {
			read, err := ReadPictureFile(t.Context(), test.data)
			require.ErrorIs(t, err, test.want)
			require.Empty(t, read)
		})
	}
	_, err = ReadPicture(t.Context(), image.NewUniform(color.White))
	require.ErrorIs(t, err, ErrPictureSize, "a plane without end")
	_, err = ReadPicture(t.Context(), image.NewGray(image.Rectangle{}))
	require.ErrorIs(t, err, ErrNoCode)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = ReadPicture(gone, code)
	require.ErrorIs(t, err, context.Canceled)
	_, err = ReadPicture(t.Context(), panicking{})
	require.ErrorIs(t, err, ErrPicture)
}

type panicking struct{ image.Image }

func (panicking) Bounds() image.Rectangle { return image.Rect(0, 0, 50, 50) }

// wallpaper returns corner squares of 18 pixels, one every pitch pixels, each moved by less than shift.
func wallpaper(t testing.TB, side, pitch, shift int) *image.Gray {
	code, err := Picture("x", 2)
	require.NoError(t, err)
	square := code.(*image.Paletted).SubImage(image.Rect(6, 6, 24, 24))
	img := image.NewGray(image.Rect(0, 0, side, side))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	random := rand.New(rand.NewPCG(1, 2))
	for y := 0; y < side; y += pitch {
		for x := 0; x < side; x += pitch {
			at := image.Pt(x+random.IntN(shift), y+random.IntN(shift))
			draw.Draw(img, image.Rectangle{at, at.Add(image.Pt(18, 18))}, square, image.Pt(6, 6), draw.Src)
		}
	}
	return img
}

// spoiled returns codes whose content is damaged.
func spoiled(t testing.TB, length int) *image.RGBA {
	random := rand.New(rand.NewPCG(1, 2))
	var images []image.Image
	for range 16 {
		img, err := Picture(strings.Repeat("x", length), 2)
		require.NoError(t, err)
		p := img.(*image.Paletted)
		inner := p.Rect.Inset(2 * (quiet + 9))
		for y := inner.Min.Y; y < inner.Max.Y; y++ {
			for x := inner.Min.X; x < inner.Max.X; x++ {
				p.SetColorIndex(x, y, uint8(random.IntN(2)))
			}
		}
		images = append(images, p)
	}
	side := 5 * images[0].Bounds().Dx()
	return screenshot(side, side, false, images...)
}

// Many corner squares and many unreadable codes are the worst case. The reader tries what its budget allows, reports
// that, and still reads the code among them.
func TestReadPictureOfSquares(t *testing.T) {
	for name, img := range map[string]draw.Image{
		"64": wallpaper(t, 160, 20, 1), "far": wallpaper(t, 1200, 100, 1), "scattered": wallpaper(t, 600, 50, 25),
		"spoiled codes": spoiled(t, 300), "large spoiled codes": spoiled(t, 2000),
	} {
		t.Run(name, func(t *testing.T) {
			matrix, err := threshold(grayOf(img))
			require.NoError(t, err)
			e := effort{left: maxEffort}
			found, left, err := detect(t.Context(), matrix, &e)
			require.NoError(t, err)
			require.Empty(t, found)
			require.True(t, left)
			require.True(t, e.spent(), "%d were tried", e.tried)
			require.LessOrEqual(t, e.tried, maxEffort/(17*17))
			found, err = scan(t.Context(), grayOf(img)) // however slow this machine is
			require.ErrorIs(t, err, ErrPictureTime)
			require.Empty(t, found)

			code, err := Picture("ACEN:REQUEST/X", 3)
			require.NoError(t, err)
			at := code.Bounds().Add(image.Pt(3, 5))
			draw.Draw(img, at, code, image.Point{}, draw.Src)
			read, err := ReadPicture(t.Context(), img)
			require.NoError(t, err)
			require.Equal(t, []string{"ACEN:REQUEST/X"}, read)
		})
	}
}

// The number of attempts is counted and limited.
func TestEffort(t *testing.T) {
	images, texts := pictures(t, documents(t)["license"], 0, 4)
	matrix, err := threshold(grayOf(screenshot(900, 700, false, images...)))
	require.NoError(t, err)
	e := effort{left: maxEffort}
	found, _, err := detect(t.Context(), matrix, &e)
	require.NoError(t, err)
	require.Len(t, found, len(texts))
	require.LessOrEqual(t, e.tried, 2*len(texts), "a code with the right timing pattern is read first")
	need := maxEffort - e.left

	for _, left := range []int{0, 1, need / 2} {
		e = effort{left: left}
		found, _, err := detect(t.Context(), matrix, &e)
		require.NoError(t, err)
		require.Less(t, len(found), len(texts))
		require.True(t, e.spent())
		require.LessOrEqual(t, e.tried*17*17, left)
	}
}

// The number of comparisons of squares is limited.
func TestSquaresLimit(t *testing.T) {
	matrix, err := threshold(grayOf(wallpaper(t, 2000, 20, 1)))
	require.NoError(t, err)
	centers, err := squares(t.Context(), matrix)
	require.NoError(t, err)
	require.Len(t, centers, maxCenters)
	require.LessOrEqual(t, len(triples(centers, maxTriples)), maxTriples)
	require.Len(t, triples(centers, 1), 1)
}

// The timing pattern gives the dimension of every code, rotated or not.
func TestChanges(t *testing.T) {
	for _, length := range []int{10, 60, 300, 900, 2000} {
		img, err := Picture(strings.Repeat("x", length), 3)
		require.NoError(t, err)
		for _, img := range []image.Image{img, turned(img)} {
			matrix, err := threshold(grayOf(img))
			require.NoError(t, err)
			centers, err := squares(t.Context(), matrix)
			require.NoError(t, err)
			all := triples(centers, maxTriples)
			require.NotEmpty(t, all)
			triple := all[len(all)-1]
			n, ok := changes(matrix, &effort{left: maxEffort}, triple.corner, triple.right, triple.below)
			require.True(t, ok)
			require.Equal(t, img.Bounds().Dx()/3-2*quiet, n+ringed)
		}
	}
}

func FuzzReadPictureFile(f *testing.F) {
	img, err := Picture("ACEN:REQUEST/X", 2)
	require.NoError(f, err)
	f.Add(asPNG(f, img))
	f.Add(asJPEG(f, img, 50))
	f.Add(hugePNG(70000, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && config.Width*config.Height > 1<<18 {
			return // large ones are only slow
		}
		if _, err := ReadPictureFile(t.Context(), data); err != nil {
			require.NotEmpty(t, err.Error())
		}
	})
}

// FuzzReadModules inverts modules of a real code, so that damaged ones reach the decoder.
func FuzzReadModules(f *testing.F) {
	f.Add("ACEN:REQUEST/X", []byte{1, 200, 7})
	f.Fuzz(func(t *testing.T, text string, flips []byte) {
		img, err := Picture(text, 2)
		if err != nil || len(text) > 300 {
			return
		}
		p := img.(*image.Paletted)
		side := p.Rect.Dx() / 2
		for i := 0; i+1 < len(flips); i += 2 {
			x, y := int(flips[i])%side*2, int(flips[i+1])%side*2
			for _, at := range [][2]int{{x, y}, {x + 1, y}, {x, y + 1}, {x + 1, y + 1}} {
				p.SetColorIndex(at[0], at[1], 1-p.ColorIndexAt(at[0], at[1]))
			}
		}
		if _, err := ReadPicture(t.Context(), p); err != nil {
			require.NotErrorIs(t, err, ErrPicture, "the decoder panicked out of its frame")
		}
	})
}
