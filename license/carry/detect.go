package carry

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
	maxCenters = 150    // corner squares
	maxThrees  = 12_000 // threes of them
	// maxEffort bounds the modules of all threes that are tried; each takes less than a tenth of a microsecond.
	// maxSearch bounds the search for squares likewise.
	maxEffort = 2_000_000
	maxSearch = 300_000
	// stepsOfModule is how many steps along a line, or comparisons of squares, take as long as one module.
	stepsOfModule = 50
	// maxDoubled is the largest picture that is enlarged, in pixels.
	maxDoubled = 9_000_000
)

// code is a QR code in a picture.
type code struct {
	text string
	x, y float64 // of its top left square
}

// scan looks at a picture in several ways, the likeliest first, until nothing that looks like a code is left unread.
// It fails with ErrPictureTime when it found nothing where more looks like codes than is tried.
func scan(ctx context.Context, g gray) ([]code, error) {
	var found []code
	var tired bool
	known := map[string]bool{}
	look := func(g gray, scale float64, binary func(gray) (*gozxing.BitMatrix, error)) (left bool, err error) {
		matrix, err := binary(g)
		if err != nil { // the library could make nothing of it
			return true, nil
		}
		e := effort{left: maxEffort}
		codes, left, err := detect(ctx, matrix, &e)
		tired = tired || e.spent()
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
	if tired && len(found) == 0 {
		return nil, ErrPictureTime
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

// effort is what may still be done, in modules that are looked at.
type effort struct {
	left  int
	tried int // codes that were sampled
}

// spend takes some of it, and reports whether there was enough; if not, none is left.
func (e *effort) spend(modules int) bool {
	if e.left < modules {
		e.left = -1
		return false
	}
	e.left -= modules
	return true
}

// sample spends what sampling a code of a dimension takes.
func (e *effort) sample(dimension int) bool {
	if !e.spend(dimension * dimension) {
		return false
	}
	e.tried++
	return true
}

func (e *effort) spent() bool { return e.left < 0 }

// detect reads all codes of a black and white picture. left tells that something looked like a code and could not be
// read.
func detect(ctx context.Context, m *gozxing.BitMatrix, e *effort) (found []code, left bool, err error) {
	centers, err := squares(ctx, m)
	if err != nil {
		return nil, false, err
	}
	used := map[*detector.FinderPattern]bool{}
	all := threes(centers, maxThrees)
	// Where the rhythm between the squares is that of a code it is read first, in the way that will do for most.
	for _, read := range []func(three, *gozxing.BitMatrix, *effort) (string, bool){three.readRhythm, three.read} {
		for _, t := range all {
			if e.spent() {
				break
			}
			if ctx.Err() != nil {
				return found, true, context.Cause(ctx)
			}
			if used[t.corner] || used[t.right] || used[t.below] {
				continue
			}
			if text, ok := read(t, m, e); ok {
				used[t.corner], used[t.right], used[t.below] = true, true, true
				found = append(found, code{text, t.corner.GetX(), t.corner.GetY()})
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(centers), func(p *detector.FinderPattern) bool { return used[p] })
	return found, len(threes(rest, 1)) > 0, nil
}

// squares finds the squares in the corners of codes by their rows: black and white as 1:1:3:1:1.
func squares(ctx context.Context, m *gozxing.BitMatrix) ([]*detector.FinderPattern, error) {
	finder := detector.NewFinderPatternFinder(m, nil)
	counts := make([]int, 5)
	width := m.GetWidth()
	e := effort{left: maxSearch}
	cross := func(end, y int) bool { // is compared with all that were found before
		return detector.FinderPatternFinder_foundPatternCross(counts) &&
			e.spend(len(finder.GetPossibleCenters())/stepsOfModule) && finder.HandlePossibleCenter(counts, y, end)
	}
	for y := 1; y < m.GetHeight() && !e.spent(); y += 2 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
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
			case cross(x, y):
				state = 0
				detector.FinderPatternFinder_doClearCounts(counts)
			default:
				detector.FinderPatternFinder_doShiftCounts2(counts)
				state = 3
			}
		}
		cross(width, y)
	}
	centers := slices.DeleteFunc(slices.Clone(finder.GetPossibleCenters()), func(p *detector.FinderPattern) bool {
		return p.GetCount() < 2
	})
	slices.SortStableFunc(centers, func(a, b *detector.FinderPattern) int {
		return cmp.Compare(b.GetCount(), a.GetCount())
	})
	return centers[:min(len(centers), maxCenters)], nil
}

// three are the squares of one code, perhaps.
type three struct {
	corner, right, below *detector.FinderPattern
	// side is how far the squares are from the corner, in pixels, and module the width of a module.
	side, module float64
}

// arm is the way from a corner to another square.
type arm struct {
	to             *detector.FinderPattern
	x, y           float64
	length, module float64
}

// threes returns what could be codes by its shape, at most limit, small ones first, so that a code comes before the
// ones that the squares of its neighbors would make.
func threes(centers []*detector.FinderPattern, limit int) []three {
	var all []three
	for _, corner := range centers {
		arms := armsOf(corner, centers)
		for i, a := range arms {
			for _, b := range arms[i+1:] {
				if b.length > 1.1*a.length {
					break // longer ones follow
				}
				if t, ok := threeOf(corner, a, b); ok {
					all = append(all, t)
				}
			}
		}
		if len(all) >= limit {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b three) int { return cmp.Compare(a.side, b.side) })
	return all[:min(len(all), limit)]
}

// armsOf returns the ways from a corner that a code can have, the shortest first.
func armsOf(corner *detector.FinderPattern, centers []*detector.FinderPattern) []arm {
	arms := make([]arm, 0, len(centers))
	for _, to := range centers {
		a := arm{
			to:     to,
			x:      to.GetX() - corner.GetX(),
			y:      to.GetY() - corner.GetY(),
			module: to.GetEstimatedModuleSize(),
		}
		if to == corner || !alike(a.module, corner.GetEstimatedModuleSize()) {
			continue
		}
		a.length = math.Hypot(a.x, a.y)
		arms = append(arms, a)
	}
	slices.SortStableFunc(arms, func(a, b arm) int { return cmp.Compare(a.length, b.length) })
	return arms
}

// alike reports whether two sizes of modules can be of one code.
func alike(a, b float64) bool { return max(a, b) <= 1.4*min(a, b) }

// threeOf makes a three of two arms, of which b is not the shorter one.
func threeOf(corner *detector.FinderPattern, a, b arm) (three, bool) {
	if !alike(a.module, b.module) || math.Abs(a.x*b.x+a.y*b.y) > 0.1*a.length*b.length {
		return three{}, false
	}
	t := three{corner, a.to, b.to, (a.length + b.length) / 2, (corner.GetEstimatedModuleSize() + a.module + b.module) / 3}
	if a.x*b.y-a.y*b.x < 0 {
		t.right, t.below = b.to, a.to
	}
	return t, t.modules() > 17 && t.modules() < 200
}

// readRhythm decodes the code of three squares between which black and white change as often on both arms as in a
// code, which tells its dimension.
func (t three) readRhythm(m *gozxing.BitMatrix, e *effort) (string, bool) {
	right, ok := changes(m, e, t.corner, t.right, t.below)
	if !ok {
		return "", false
	}
	below, ok := changes(m, e, t.corner, t.below, t.right)
	if !ok || right != below || right%4 != 0 {
		return "", false
	}
	dimension := right + ringed
	if dimension < 21 || dimension > 177 || math.Abs(float64(dimension)-t.modules()) > 3*4+2 {
		return "", false
	}
	if text, ok := t.readByMark(m, e); ok {
		return text, true
	}
	return t.readFlat(m, e, dimension)
}

// read decodes the code of three squares. The library's way follows a tilted picture by the code's fourth mark; on a
// flat one that is large or blurred, it may misjudge the number of modules, so the numbers near it are tried as well.
func (t three) read(m *gozxing.BitMatrix, e *effort) (string, bool) {
	if text, ok := t.readByMark(m, e); ok {
		return text, true
	}
	version := int(math.Round((t.modules() - 17) / 4))
	for _, off := range []int{0, 1, -1, 2, -2, 3, -3} {
		if version+off < 1 || version+off > 40 {
			continue
		}
		if text, ok := t.readFlat(m, e, 17+4*(version+off)); ok {
			return text, true
		}
	}
	return "", false
}

// modules is how many modules the code has on a side, about.
func (t three) modules() float64 { return t.side/t.module + 7 }

// readByMark decodes the code with its fourth mark.
func (t three) readByMark(m *gozxing.BitMatrix, e *effort) (string, bool) {
	if !e.sample(int(t.modules())) {
		return "", false
	}
	r, err := detector.NewDetector(m).ProcessFinderPatternInfo(detector.NewFinderPatternInfo(t.below, t.corner, t.right))
	if err != nil {
		return "", false
	}
	return decode(r.GetBits())
}

// readFlat decodes the code as one of a dimension that is not tilted.
func (t three) readFlat(m *gozxing.BitMatrix, e *effort, dimension int) (string, bool) {
	if !e.sample(dimension) {
		return "", false
	}
	bits, err := detector.Detector_sampleGrid(m,
		detector.Detector_createTransform(t.corner, t.right, t.below, nil, dimension), dimension)
	if err != nil {
		return "", false
	}
	return decode(bits)
}

// ringed is the dimension of a code less the changes on its timing line.
const ringed = 13

// changes counts how often black and white change on the line between two squares that lies in the rings which are
// nearest to a third one: there a code has its timing pattern, which changes at each module.
func changes(m *gozxing.BitMatrix, e *effort, from, to, third *detector.FinderPattern) (n int, ok bool) {
	dx, dy := third.GetX()-from.GetX(), third.GetY()-from.GetY()
	length := math.Hypot(dx, dy)
	dx, dy = dx/length, dy/length
	fromX, fromY, ok := ring(m, from, dx, dy)
	if !ok {
		return 0, false
	}
	toX, toY, ok := ring(m, to, dx, dy)
	if !ok {
		return 0, false
	}
	steps := 2 * math.Ceil(math.Hypot(toX-fromX, toY-fromY)) // of half a pixel
	if !e.spend(int(steps) / stepsOfModule) {
		return 0, false
	}
	was := true
	for s := range int(steps) + 1 {
		at := float64(s) / steps
		if black := m.Get(int(fromX+at*(toX-fromX)), int(fromY+at*(toY-fromY))); black != was {
			was = black
			n++
		}
	}
	return n, true
}

// ring walks from the middle of a square in a direction, and returns the middle of its black ring there.
func ring(m *gozxing.BitMatrix, p *detector.FinderPattern, dx, dy float64) (x, y float64, ok bool) {
	changes, was := 0, true
	for s := 0.0; s < 10*p.GetEstimatedModuleSize(); s += 0.5 {
		x, y := int(p.GetX()+dx*s), int(p.GetY()+dy*s)
		out := x < 0 || y < 0 || x >= m.GetWidth() || y >= m.GetHeight()
		if black := !out && m.Get(x, y); black != was {
			was = black
			changes++
		}
		if changes == 3 { // three and a half modules from the middle
			s *= 3 / 3.5
			return p.GetX() + dx*s, p.GetY() + dy*s, true
		}
		if out {
			break
		}
	}
	return 0, 0, false
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
