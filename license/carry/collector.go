package carry

import (
	"errors"
	"fmt"
	"strings"
)

// maxSeries is the maximum number of incomplete documents of a Collector; it drops the least recently used one.
const maxSeries = 16

// IncompleteError is returned by Read if links of a document are missing.
type IncompleteError struct {
	Kind    Kind
	Missing []int
	Count   int
}

// Error returns one sentence.
func (e *IncompleteError) Error() string {
	return fmt.Sprintf("of the %d links of the %s, number %s is missing", e.Count, e.Kind, numbers(e.Missing))
}

func numbers(n []int) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(n)), ", "), "[]")
}

// ErrConflict is returned by a Collector for a part that contradicts an earlier one.
var ErrConflict = errors.New("two pictures with the same number say different things; show all of them once more")

// Progress is the state of one document in a Collector.
type Progress struct {
	Kind   Kind
	Series string
	Count  int
	// Missing are the numbers of the missing parts, from 1; empty if Document is set.
	Missing []int
	// Document is set when the document is complete.
	Document Document
}

// Collector assembles documents from scanned texts, in any order, with duplicates, and of several documents mixed.
// The zero value is ready to use. Its memory is limited.
type Collector struct {
	series []*collected
}

type collected struct {
	kind   Kind
	id     string
	chunks []string
	doc    Document
}

func (s *collected) progress() Progress {
	p := Progress{Kind: s.kind, Series: s.id, Count: len(s.chunks), Document: s.doc}
	for i, chunk := range s.chunks {
		if chunk == "" {
			p.Missing = append(p.Missing, i+1)
		}
	}
	return p
}

// Incomplete returns the incomplete documents, least recently used first.
func (c *Collector) Incomplete() []Progress {
	var open []Progress
	for _, s := range c.series {
		if s.doc == nil {
			open = append(open, s.progress())
		}
	}
	return open
}

// Add adds one scanned text: a part, or a complete document as Read accepts it. It fails like ParseLink and Read, and
// with ErrConflict. A refused text does not change the Collector, with two exceptions in which the document starts
// over: a conflict, because either part may be the wrong one, and a full set of parts that is not a document.
func (c *Collector) Add(text string) (Progress, error) {
	text = strings.TrimSpace(text)
	if !hasScheme(text) || len(strings.Fields(text)) > 1 {
		doc, err := Read([]byte(text))
		if err != nil {
			return Progress{}, err
		}
		return Progress{Kind: doc.Kind(), Count: 1, Document: doc}, nil
	}
	link, err := ParseLink(text)
	if err != nil {
		return Progress{}, err
	}
	if link.Part == nil {
		return Progress{}, ErrUnknown
	}
	return c.AddPart(*link.Part)
}

// AddPart adds one part, like Add.
func (c *Collector) AddPart(p Part) (Progress, error) {
	if p.Number < 1 || p.Number > p.Count || p.Count > MaxParts || p.chunk == "" {
		return Progress{}, ErrLink
	}
	s := c.find(p)
	if len(s.chunks) != p.Count || s.chunks[p.Number-1] != "" && s.chunks[p.Number-1] != p.chunk {
		if s.doc == nil {
			c.drop(s)
		}
		return Progress{}, ErrConflict
	}
	s.chunks[p.Number-1] = p.chunk
	progress := s.progress()
	if s.doc != nil || len(progress.Missing) > 0 {
		return progress, nil
	}
	doc, err := s.canonical()
	if err != nil {
		c.drop(s)
		return Progress{}, err
	}
	s.doc = doc
	return s.progress(), nil
}

func (s *collected) canonical() (Document, error) {
	packed := []byte(strings.Join(s.chunks, ""))
	if seriesOf(packed) != s.id {
		return nil, &DocumentError{Kind: s.kind, Problem: "its pictures or links do not fit together"}
	}
	return unpack(s.kind, packed)
}

// find returns the series of a part and makes it the most recently used one.
func (c *Collector) find(p Part) *collected {
	s := &collected{kind: p.Kind, id: p.Series, chunks: make([]string, p.Count)}
	for _, known := range c.series {
		if known.id == p.Series && known.kind == p.Kind {
			s = known
			c.drop(known)
			break
		}
	}
	if len(c.series) >= maxSeries {
		c.drop(c.series[0])
	}
	c.series = append(c.series, s)
	return s
}

func (c *Collector) drop(gone *collected) {
	for i, s := range c.series {
		if s == gone {
			c.series = append(c.series[:i:i], c.series[i+1:]...)
			return
		}
	}
}

// readLinks reads a text with all links of one document.
func readLinks(text string) (Document, error) {
	var c Collector
	for _, word := range strings.Fields(text) {
		link, err := ParseLink(word)
		if err != nil {
			return nil, err
		}
		if link.Part == nil {
			return nil, ErrUnknown
		}
		p, err := c.AddPart(*link.Part)
		if err != nil {
			return nil, err
		}
		if p.Document != nil {
			return p.Document, nil
		}
	}
	open := c.Incomplete()
	if len(open) == 0 {
		return nil, ErrUnknown
	}
	last := open[len(open)-1]
	return nil, &IncompleteError{Kind: last.Kind, Missing: last.Missing, Count: last.Count}
}
