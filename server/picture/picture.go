// Package picture draws the pictures of verification numbers (spec: api 10).
//
// A picture slows a person down more than a program that recognizes text. It only has to resist comparison with images
// of the ten digits: every digit has its own font, size, slant and position, the picture is warped, strokes of the ink
// cross the digits and strokes of the paper cut them, and all ink has one tone, so that no color separates a digit from
// the noise. The limits on failed attempts are the actual protection.
package picture

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Width and Height are the size of a picture in pixels.
const (
	Width  = 300
	Height = 100
)

const (
	margin     = 8  // pixels left free at the left and at the right
	minSize    = 58 // pixels per em of a digit's font
	maxSize    = 76
	maxTurn    = 0.5 // rotation in radians; a 6 must not become a 9
	maxShear   = 0.3
	hollow     = 3 // one in hollow digits is drawn as an outline
	curveSteps = 8 // parts of a curve of an outline
	maxPart    = 3 // longest straight part of an outline in pixels, so that it can be warped
	inkTone    = 70
	paperTone  = 205
	grain      = 26 // largest change of a pixel's tone by noise
	swing      = 14 // largest change of a region's tone
)

// point is a position in a picture, in pixels.
type point struct{ x, y float64 }

// outline is the closed contours of a digit around (0, 0).
type outline [][]point

// transform returns an outline with every point replaced by what f returns for it.
func (o outline) transform(f func(point) point) outline {
	out := make(outline, len(o))
	for i, contour := range o {
		out[i] = make([]point, len(contour))
		for j, p := range contour {
			out[i][j] = f(p)
		}
	}
	return out
}

// plainFonts is the number of fonts, first in the list, whose 0 has no slash: people would read a slashed 0 as an 8.
const plainFonts = 3

// fonts returns the fonts that digits are drawn with.
var fonts = sync.OnceValues(func() (list []*sfnt.Font, err error) {
	for _, ttf := range [][]byte{
		gobold.TTF, goitalic.TTF, gomedium.TTF, // plain ones
		gomono.TTF, gomonobold.TTF, gomonobolditalic.TTF,
	} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
})

// PNG returns a picture of digits from 0 to 9. The same seed makes the same picture.
func PNG(seed [32]byte, digits []byte) ([]byte, error) {
	p, err := render(rand.New(rand.NewChaCha8(seed)), digits, full)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, p.gray)
	return b.Bytes(), err
}

// drawn is a picture and the center of each digit in it.
type drawn struct {
	gray    *image.Gray
	centers []point
}

// style selects the random parts of a picture.
type style struct{ distorted, noisy bool }

var full = style{distorted: true, noisy: true}

// render draws digits with random numbers from r.
func render(r *rand.Rand, digits []byte, s style) (drawn, error) {
	faces, err := fonts()
	if err != nil {
		return drawn{}, err
	}
	warp := newWarp(r)
	if !s.distorted {
		warp = func(p point) point { return p }
	}
	out := drawn{centers: make([]point, len(digits))}
	ink, paper := newPen(warp), newPen(warp)
	pitch := float64(Width-2*margin) / float64(len(digits))
	for i, digit := range digits {
		choice := len(faces)
		if digit == 0 {
			choice = plainFonts
		}
		shape, err := glyph(faces[r.IntN(choice)], digit, between(r, minSize, maxSize))
		if err != nil {
			return drawn{}, err
		}
		center := point{margin + pitch*(float64(i)+0.5), Height / 2}
		transform := move(center)
		if s.distorted {
			center = point{center.x + between(r, -4, 4), center.y + between(r, -14, 14)}
			transform = distortion(r, center)
		}
		shape = shape.transform(transform)
		if s.distorted && r.IntN(hollow) == 0 {
			ink.stroke(between(r, 2, 2.6), shape...)
		} else {
			ink.fill(shape)
		}
		out.centers[i] = warp(center)
	}
	if s.noisy {
		for range 2 {
			ink.stroke(between(r, 1.5, 2.5), curve(r))
		}
		for range 2 {
			paper.stroke(between(r, 1.2, 2), curve(r))
		}
		for range 20 {
			ink.stroke(between(r, 1.5, 3), speck(r))
		}
	}
	out.gray = compose(r, ink.cover, paper.cover, s)
	return out, nil
}

// between returns a random number in [low, high).
func between(r *rand.Rand, low, high float64) float64 { return low + r.Float64()*(high-low) }

func move(by point) func(point) point {
	return func(p point) point { return point{p.x + by.x, p.y + by.y} }
}

// distortion returns a random transformation that rotates, slants, stretches, tapers and bends a digit, and moves it to
// center.
func distortion(r *rand.Rand, center point) func(point) point {
	sin, cos := math.Sincos(between(r, -maxTurn, maxTurn))
	shear, wide, high := between(r, -maxShear, maxShear), between(r, 0.9, 1.25), between(r, 0.85, 1.1)
	taper, bend := between(r, -0.3, 0.3), between(r, -5, 5)
	return func(p point) point {
		v := p.y / (maxSize / 2) // from the digit's top to its bottom, about -1 to 1
		x, y := p.x*wide*(1+taper*v)+p.y*shear+bend*(v*v-0.3), p.y*high
		return point{center.x + x*cos - y*sin, center.y + x*sin + y*cos}
	}
}

// newWarp returns a smooth random displacement of a picture.
func newWarp(r *rand.Rand) func(point) point {
	type wave struct{ amplitude, length, phase float64 }
	waves := make([]wave, 4)
	for i := range waves {
		waves[i] = wave{between(r, 1.5, 3), between(r, 70, 140), between(r, 0, 2*math.Pi)}
	}
	at := func(w wave, v float64) float64 { return w.amplitude * math.Sin(2*math.Pi*v/w.length+w.phase) }
	return func(p point) point {
		return point{p.x + at(waves[0], p.y) + at(waves[1], p.x), p.y + at(waves[2], p.x) + at(waves[3], p.y)}
	}
}

// glyph returns the outline of a digit with its middle at (0, 0).
func glyph(f *sfnt.Font, digit byte, size float64) (outline, error) {
	var b sfnt.Buffer
	index, err := f.GlyphIndex(&b, rune('0'+digit))
	if err != nil {
		return nil, err
	}
	em := fixed.Int26_6(size * 64)
	segments, err := f.LoadGlyph(&b, index, em, nil)
	if err != nil {
		return nil, err
	}
	bounds, _, err := f.GlyphBounds(&b, index, em, font.HintingNone)
	if err != nil {
		return nil, err
	}
	middle := at(bounds.Min.Add(bounds.Max))
	to := func(p fixed.Point26_6) point { return point{at(p).x - middle.x/2, at(p).y - middle.y/2} }
	var out outline
	for _, s := range segments {
		if s.Op == sfnt.SegmentOpMoveTo {
			out = append(out, []point{to(s.Args[0])})
			continue
		}
		contour := &out[len(out)-1]
		from := (*contour)[len(*contour)-1]
		switch s.Op {
		case sfnt.SegmentOpQuadTo:
			*contour = append(*contour, bezier(from, to(s.Args[0]), to(s.Args[0]), to(s.Args[1]), 2)...)
		case sfnt.SegmentOpCubeTo:
			*contour = append(*contour, bezier(from, to(s.Args[0]), to(s.Args[1]), to(s.Args[2]), 3)...)
		default:
			*contour = append(*contour, line(from, to(s.Args[0]))...)
		}
	}
	for i := range out {
		out[i] = append(out[i], line(out[i][len(out[i])-1], out[i][0])...)
	}
	return out, nil
}

func at(p fixed.Point26_6) point { return point{float64(p.X) / 64, float64(p.Y) / 64} }

// line divides a straight line into short parts and returns their ends.
func line(from, to point) (list []point) {
	parts := math.Ceil(math.Hypot(to.x-from.x, to.y-from.y) / maxPart)
	for i := 1.0; i <= parts; i++ {
		list = append(list, point{from.x + (to.x-from.x)*i/parts, from.y + (to.y-from.y)*i/parts})
	}
	return list
}

// bezier divides a Bézier curve of degree 2 or 3 into parts and returns their ends. The control point of one of degree
// 2 is a.
func bezier(from, a, b, to point, degree int) (list []point) {
	if degree == 2 { // as a cubic one
		b = point{to.x + (a.x-to.x)*2/3, to.y + (a.y-to.y)*2/3}
		a = point{from.x + (a.x-from.x)*2/3, from.y + (a.y-from.y)*2/3}
	}
	for i := 1; i <= curveSteps; i++ {
		t := float64(i) / curveSteps
		u := 1 - t
		f, fa, fb, ft := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		list = append(list, point{f*from.x + fa*a.x + fb*b.x + ft*to.x, f*from.y + fa*a.y + fb*b.y + ft*to.y})
	}
	return list
}

// curve returns a random wave from the left of a picture to its right.
func curve(r *rand.Rand) (list []point) {
	y, slope := between(r, Height*0.3, Height*0.7), between(r, -0.12, 0.12)
	amplitude, length, phase := between(r, 8, 24), between(r, 90, 260), between(r, 0, 2*math.Pi)
	for x := between(r, 0, 40); x < Width; x += maxPart {
		list = append(list, point{x, y + slope*(x-Width/2) + amplitude*math.Sin(2*math.Pi*x/length+phase)})
	}
	return list
}

// speck returns a short random stroke.
func speck(r *rand.Rand) []point {
	from := point{between(r, 0, Width), between(r, 0, Height)}
	return []point{from, {from.x + between(r, -6, 6), from.y + between(r, -6, 6)}}
}

// pen draws with one color and records how much of each pixel it covers.
type pen struct {
	warp   func(point) point
	raster *vector.Rasterizer
	cover  *image.Alpha
}

func newPen(warp func(point) point) *pen {
	return &pen{warp, vector.NewRasterizer(Width, Height), image.NewAlpha(image.Rect(0, 0, Width, Height))}
}

// polygon adds a closed contour to what flush draws.
func (p *pen) polygon(contour []point) {
	for i, at := range contour {
		at = p.warp(at)
		if i == 0 {
			p.raster.MoveTo(float32(at.x), float32(at.y))
		} else {
			p.raster.LineTo(float32(at.x), float32(at.y))
		}
	}
	p.raster.ClosePath()
}

// flush draws the contours that were added with the non-zero winding rule.
func (p *pen) flush() {
	p.raster.Draw(p.cover, p.cover.Bounds(), image.Opaque, image.Point{})
	p.raster.Reset(Width, Height)
}

// fill fills an outline.
func (p *pen) fill(shape outline) {
	for _, contour := range shape {
		p.polygon(contour)
	}
	p.flush()
}

// stroke draws lines of a width in pixels along contours.
func (p *pen) stroke(width float64, contours ...[]point) {
	for _, contour := range contours {
		for i := 1; i < len(contour); i++ {
			from, to := contour[i-1], contour[i]
			length := math.Hypot(to.x-from.x, to.y-from.y)
			if length == 0 {
				continue
			}
			dx, dy := (to.x-from.x)/length*width/2, (to.y-from.y)/length*width/2
			p.polygon([]point{
				{from.x - dx - dy, from.y - dy + dx},
				{to.x + dx - dy, to.y + dy + dx},
				{to.x + dx + dy, to.y + dy - dx},
				{from.x - dx + dy, from.y - dy - dx},
			})
		}
	}
	p.flush()
}

// compose draws ink, and paper above it, on a background of an uneven tone with grain.
func compose(r *rand.Rand, ink, paper *image.Alpha, s style) *image.Gray {
	out := image.NewGray(ink.Bounds())
	length, phase := between(r, 60, 200), between(r, 0, 2*math.Pi)
	slope := between(r, -1, 1)
	for y := range Height {
		for x := range Width {
			i := ink.PixOffset(x, y)
			cover := float64(ink.Pix[i]) / 255 * (1 - float64(paper.Pix[i])/255)
			tone := paperTone - cover*(paperTone-inkTone)
			if s.noisy {
				tone += swing*math.Sin(2*math.Pi*(float64(x)+slope*float64(y))/length+phase) + between(r, -grain, grain)
			}
			out.Pix[i] = uint8(min(255, max(0, tone)))
		}
	}
	return out
}
