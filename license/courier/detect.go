package courier

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// The bounds of one look at a picture: what a screen full of codes needs, and no more for a picture made to take long.
const (
	maxCenters  = 150 // corner squares
	maxAttempts = 600 // threes of them that are tried
	// maxDoubled is the largest picture that is enlarged, in pixels.
	maxDoubled = 9_000_000
)

// code is a QR code in a picture.
type code struct {
	text string
	x, y float64 // of its top left square
}

// scan looks at a picture in several ways, the likeliest first, until nothing that looks like a code is left unread.
func scan(ctx context.Context, g gray) ([]code, error) {
	var found []code
	known := map[string]bool{}
	look := func(g gray, scale float64, binary func(gray) (*gozxing.BitMatrix, error)) (left bool, err error) {
		matrix, err := binary(g)
		if err != nil { // the library could make nothing of it
			return true, nil
		}
		codes, left, err := detect(ctx, matrix)
		for _, c := range codes {
			if !known[c.text] {
				known[c.text] = true
				found = append(found, code{c.text, c.x / scale, c.y / scale})
			}
		}
		return left, err
	}
	for _, size := range []float64{1, 2, 0.5} {
		scaled := g
		switch {
		case size == 2 && len(g.pix) > maxDoubled:
			continue
		case size == 2:
			scaled = g.doubled()
		case size < 1:
			scaled = g.half()
		}
		anyLeft := false
		for _, view := range []gray{scaled, scaled.inverted()} {
			left := true
			for _, binary := range []func(gray) (*gozxing.BitMatrix, error){threshold, hybrid} {
				var err error
				if left, err = look(view, size, binary); err != nil {
					return found, err
				}
				if !left && len(found) > 0 {
					break
				}
			}
			anyLeft = anyLeft || left
		}
		if !anyLeft && len(found) > 0 {
			break
		}
	}
	return found, nil
}

// threshold takes everything darker than the middle as black: right for clippings of a screen.
func threshold(g gray) (*gozxing.BitMatrix, error) {
	m, err := gozxing.NewBitMatrix(g.width, g.height)
	if err != nil {
		return nil, err
	}
	for y := range g.height {
		for x, v := range g.pix[y*g.width : (y+1)*g.width] {
			if v < 128 {
				m.Set(x, y)
			}
		}
	}
	return m, nil
}

// hybrid compares each pixel with its surroundings: right for photographs and dim windows.
func hybrid(g gray) (*gozxing.BitMatrix, error) {
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.width, g.height, 0, 0, g.width, g.height, false)
	if err != nil {
		return nil, err
	}
	return gozxing.NewHybridBinarizer(source).GetBlackMatrix()
}

// detect reads all codes of a black and white picture. left tells that something looked like a code and could not be read.
func detect(ctx context.Context, m *gozxing.BitMatrix) (found []code, left bool, err error) {
	centers, err := squares(ctx, m)
	if err != nil {
		return nil, false, err
	}
	used := map[*detector.FinderPattern]bool{}
	for i, t := range threes(centers) {
		if i >= maxAttempts {
			break
		}
		if ctx.Err() != nil {
			return found, true, context.Cause(ctx)
		}
		if used[t.corner] || used[t.right] || used[t.below] {
			continue
		}
		text, ok := t.read(m)
		if !ok {
			continue
		}
		used[t.corner], used[t.right], used[t.below] = true, true, true
		found = append(found, code{text, t.corner.GetX(), t.corner.GetY()})
	}
	rest := slices.DeleteFunc(slices.Clone(centers), func(p *detector.FinderPattern) bool { return used[p] })
	return found, len(threes(rest)) > 0, nil
}

// squares finds the squares in the corners of codes by their rows: black and white as 1:1:3:1:1.
func squares(ctx context.Context, m *gozxing.BitMatrix) ([]*detector.FinderPattern, error) {
	finder := detector.NewFinderPatternFinder(m, nil)
	counts := make([]int, 5)
	width := m.GetWidth()
	for y := 1; y < m.GetHeight(); y += 2 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if len(finder.GetPossibleCenters()) > 20*maxCenters {
			break
		}
		detector.FinderPatternFinder_doClearCounts(counts)
		state := 0 // even: in a black run
		for x := range width {
			black := m.Get(x, y)
			switch {
			case black == (state%2 == 0):
				counts[state]++
			case black || state < 4:
				state++
				counts[state]++
			case detector.FinderPatternFinder_foundPatternCross(counts) && finder.HandlePossibleCenter(counts, y, x):
				state = 0
				detector.FinderPatternFinder_doClearCounts(counts)
			default:
				detector.FinderPatternFinder_doShiftCounts2(counts)
				state = 3
			}
		}
		if detector.FinderPatternFinder_foundPatternCross(counts) {
			finder.HandlePossibleCenter(counts, y, width)
		}
	}
	centers := slices.DeleteFunc(slices.Clone(finder.GetPossibleCenters()), func(p *detector.FinderPattern) bool { return p.GetCount() < 2 })
	slices.SortStableFunc(centers, func(a, b *detector.FinderPattern) int { return cmp.Compare(b.GetCount(), a.GetCount()) })
	return centers[:min(len(centers), maxCenters)], nil
}

// three are the squares of one code, perhaps.
type three struct {
	corner, right, below *detector.FinderPattern
	// side is how far the squares are from the corner, in pixels, and module the width of a module.
	side, module float64
}

// threes returns what could be codes by its shape, small ones first, so that a code comes before the ones that the squares of
// its neighbors would make.
func threes(centers []*detector.FinderPattern) []three {
	var all []three
	for _, corner := range centers {
		for i, b := range centers {
			for _, c := range centers[i+1:] {
				if b == corner || c == corner {
					continue
				}
				if t, ok := threeOf(corner, b, c); ok {
					all = append(all, t)
				}
			}
		}
		if len(all) > 20*maxAttempts {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b three) int { return cmp.Compare(a.side, b.side) })
	return all
}

func threeOf(corner, b, c *detector.FinderPattern) (three, bool) {
	sizes := []float64{corner.GetEstimatedModuleSize(), b.GetEstimatedModuleSize(), c.GetEstimatedModuleSize()}
	if slices.Max(sizes) > 1.4*slices.Min(sizes) {
		return three{}, false
	}
	bx, by := b.GetX()-corner.GetX(), b.GetY()-corner.GetY()
	cx, cy := c.GetX()-corner.GetX(), c.GetY()-corner.GetY()
	toB, toC := math.Hypot(bx, by), math.Hypot(cx, cy)
	if math.Abs(toB-toC) > 0.1*min(toB, toC) || math.Abs(bx*cx+by*cy) > 0.1*toB*toC {
		return three{}, false
	}
	t := three{corner, b, c, (toB + toC) / 2, (sizes[0] + sizes[1] + sizes[2]) / 3}
	if bx*cy-by*cx < 0 {
		t.right, t.below = c, b
	}
	modules := t.side/t.module + 7
	return t, modules > 17 && modules < 200
}

// read decodes the code of three squares. The library's way follows a tilted picture by the code's fourth mark; on a flat one
// that is large or blurred, it may misjudge the number of modules, so the numbers near it are tried as well.
func (t three) read(m *gozxing.BitMatrix) (string, bool) {
	d := detector.NewDetector(m)
	if r, err := d.ProcessFinderPatternInfo(detector.NewFinderPatternInfo(t.below, t.corner, t.right)); err == nil {
		if text, ok := decode(r.GetBits()); ok {
			return text, true
		}
	}
	version := int(math.Round((t.side/t.module + 7 - 17) / 4))
	for _, off := range []int{0, 1, -1, 2, -2, 3, -3} {
		if version+off < 1 || version+off > 40 {
			continue
		}
		dimension := 17 + 4*(version+off)
		bits, err := detector.Detector_sampleGrid(m, detector.Detector_createTransform(t.corner, t.right, t.below, nil, dimension), dimension)
		if err != nil {
			continue
		}
		if text, ok := decode(bits); ok {
			return text, true
		}
	}
	return "", false
}

func decode(bits *gozxing.BitMatrix) (text string, ok bool) {
	defer func() { // the library trusts what it reads
		if recover() != nil {
			text, ok = "", false
		}
	}()
	r, err := decoder.NewDecoder().DecodeWithoutHint(bits)
	if err != nil {
		return "", false
	}
	return r.GetText(), r.GetText() != ""
}
