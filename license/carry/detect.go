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

// Limits of detection in one view of a picture: enough for a screen full of codes, and not more for a picture made to
// take long.
const (
	maxCenters = 150    // corner squares of codes
	maxTriples = 12_000 // triples of squares
	// maxEffort limits the modules of all triples that are tried; each takes less than 0.1 µs. maxSearch limits the
	// search for squares likewise.
	maxEffort = 2_000_000
	maxSearch = 300_000
	// stepsOfModule is the number of steps along a line, or of comparisons of squares, that take as long as one module.
	stepsOfModule = 50
	// maxDoubled is the maximum size of a picture to enlarge, in pixels.
	maxDoubled = 9_000_000
)

// code is a QR code in a picture.
type code struct {
	text string
	x, y float64 // position of its top left square
}

// scan tries several views of a picture, most promising first, until no candidate is left unread. It fails with
// ErrPictureTime if it found nothing and did not try all candidates.
func scan(ctx context.Context, g gray) ([]code, error) {
	var found []code
	var tired bool
	known := map[string]bool{}
	look := func(g gray, scale float64, binary func(gray) (*gozxing.BitMatrix, error)) (left bool, err error) {
		matrix, err := binary(g)
		if err != nil { // the library cannot binarize it
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

// threshold treats pixels darker than the middle as black. It suits clippings of a screen.
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

// hybrid compares each pixel with its surroundings. It suits photographs and dim windows.
func hybrid(g gray) (*gozxing.BitMatrix, error) {
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.width, g.height, 0, 0, g.width, g.height, false)
	if err != nil {
		return nil, err
	}
	return gozxing.NewHybridBinarizer(source).GetBlackMatrix()
}

// effort is a budget of modules to read.
type effort struct {
	left  int
	tried int // codes that were sampled
}

// spend takes modules from the budget and reports whether there were enough; if not, the budget is exhausted.
func (e *effort) spend(modules int) bool {
	if e.left < modules {
		e.left = -1
		return false
	}
	e.left -= modules
	return true
}

// sample spends the cost of sampling a code of a dimension.
func (e *effort) sample(dimension int) bool {
	if !e.spend(dimension * dimension) {
		return false
	}
	e.tried++
	return true
}

func (e *effort) spent() bool { return e.left < 0 }

// detect reads all codes of a black and white picture. left is true if a candidate could not be read.
func detect(ctx context.Context, m *gozxing.BitMatrix, e *effort) (found []code, left bool, err error) {
	centers, err := squares(ctx, m)
	if err != nil {
		return nil, false, err
	}
	used := map[*detector.FinderPattern]bool{}
	all := triples(centers, maxTriples)
	// First try the candidates whose timing pattern is that of a code, with the method that works for most.
	for _, read := range []func(triple, *gozxing.BitMatrix, *effort) (string, bool){triple.readTimed, triple.read} {
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
	return found, len(triples(rest, 1)) > 0, nil
}

// squares finds the corner squares of codes by their rows: black and white in the ratio 1:1:3:1:1.
func squares(ctx context.Context, m *gozxing.BitMatrix) ([]*detector.FinderPattern, error) {
	finder := detector.NewFinderPatternFinder(m, nil)
	counts := make([]int, 5)
	width := m.GetWidth()
	e := effort{left: maxSearch}
	cross := func(end, y int) bool { // compares with all earlier squares
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

// triple has the three squares of a possible code.
type triple struct {
	corner, right, below *detector.FinderPattern
	// side is the mean distance of the squares from the corner in pixels, and module the width of a module.
	side, module float64
}

// arm is the vector from a corner to another square.
type arm struct {
	to             *detector.FinderPattern
	x, y           float64
	length, module float64
}

// triples returns the candidates whose shape is that of a code, at most limit. Small ones come first, so that a code
// precedes candidates that include squares of its neighbors.
func triples(centers []*detector.FinderPattern, limit int) []triple {
	var all []triple
	for _, corner := range centers {
		arms := armsOf(corner, centers)
		for i, a := range arms {
			for _, b := range arms[i+1:] {
				if b.length > 1.1*a.length {
					break // the following ones are longer
				}
				if t, ok := tripleOf(corner, a, b); ok {
					all = append(all, t)
				}
			}
		}
		if len(all) >= limit {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b triple) int { return cmp.Compare(a.side, b.side) })
	return all[:min(len(all), limit)]
}

// armsOf returns the possible arms of a corner, shortest first.
func armsOf(corner *detector.FinderPattern, centers []*detector.FinderPattern) []arm {
	arms := make([]arm, 0, len(centers))
	for _, to := range centers {
		a := arm{
			to:     to,
			x:      to.GetX() - corner.GetX(),
			y:      to.GetY() - corner.GetY(),
			module: to.GetEstimatedModuleSize(),
		}
		if to == corner || !sameSize(a.module, corner.GetEstimatedModuleSize()) {
			continue
		}
		a.length = math.Hypot(a.x, a.y)
		arms = append(arms, a)
	}
	slices.SortStableFunc(arms, func(a, b arm) int { return cmp.Compare(a.length, b.length) })
	return arms
}

// sameSize reports whether two module sizes may be of one code.
func sameSize(a, b float64) bool { return max(a, b) <= 1.4*min(a, b) }

// tripleOf returns the triple of two arms, where b is not shorter than a.
func tripleOf(corner *detector.FinderPattern, a, b arm) (triple, bool) {
	if !sameSize(a.module, b.module) || math.Abs(a.x*b.x+a.y*b.y) > 0.1*a.length*b.length {
		return triple{}, false
	}
	t := triple{corner, a.to, b.to, (a.length + b.length) / 2, (corner.GetEstimatedModuleSize() + a.module + b.module) / 3}
	if a.x*b.y-a.y*b.x < 0 {
		t.right, t.below = b.to, a.to
	}
	return t, t.modules() > 17 && t.modules() < 200
}

// readTimed decodes a code whose timing patterns have equally many changes on both arms, which determine its
// dimension.
func (t triple) readTimed(m *gozxing.BitMatrix, e *effort) (string, bool) {
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

// read decodes the code of a triple. The library corrects a tilted picture by the code's alignment mark. In a flat
// picture that is large or blurred it may misjudge the number of modules, so read tries adjacent numbers as well.
func (t triple) read(m *gozxing.BitMatrix, e *effort) (string, bool) {
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

// modules returns the approximate number of modules per side.
func (t triple) modules() float64 { return t.side/t.module + 7 }

// readByMark decodes the code by its alignment mark.
func (t triple) readByMark(m *gozxing.BitMatrix, e *effort) (string, bool) {
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
func (t triple) readFlat(m *gozxing.BitMatrix, e *effort, dimension int) (string, bool) {
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

// ringed is the dimension of a code minus the number of changes of its timing pattern.
const ringed = 13

// changes counts the changes between black and white on the line between two squares, through the rings nearest to a
// third one. There a code has its timing pattern, which changes at each module.
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
	steps := 2 * math.Ceil(math.Hypot(toX-fromX, toY-fromY)) // half a pixel each
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

// ring goes from the center of a square in a direction and returns the center of its black ring there.
func ring(m *gozxing.BitMatrix, p *detector.FinderPattern, dx, dy float64) (x, y float64, ok bool) {
	changes, was := 0, true
	for s := 0.0; s < 10*p.GetEstimatedModuleSize(); s += 0.5 {
		x, y := int(p.GetX()+dx*s), int(p.GetY()+dy*s)
		out := x < 0 || y < 0 || x >= m.GetWidth() || y >= m.GetHeight()
		if black := !out && m.Get(x, y); black != was {
			was = black
			changes++
		}
		if changes == 3 { // 3.5 modules from the center
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
	defer func() { // the library may panic on invalid input
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
