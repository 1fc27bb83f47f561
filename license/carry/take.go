package carry

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"strings"
)

// TextWithLinks returns a document to send as a message: its text, followed by the links that AddData finds. It fails
// like Parts.
func TextWithLinks(doc Document) (string, error) {
	links, err := Parts(doc, MaxPartSize)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nTo open it in ACEN Desktop, copy this whole text there:\n\n", Text(doc))
	for _, link := range links {
		fmt.Fprintln(&b, link)
	}
	return b.String(), nil
}

// AddData adds whatever a person provides: the content of a file, a picture with QR codes, or a text that contains
// links or a license file. It returns the documents that are complete now; parts of others remain in the Collector
// (Incomplete). If nothing in data is usable it fails like Read and ReadPictureFile.
func (c *Collector) AddData(ctx context.Context, data []byte) ([]Document, error) {
	if _, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		texts, err := ReadPictureFile(ctx, data)
		if err != nil {
			return nil, err
		}
		return c.addAll(texts)
	}
	if len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	links := within(string(data))
	if len(links) > 1 || len(links) == 1 && hasScheme(links[0]) {
		return c.addAll(links)
	}
	doc, err := Read(data)
	if err != nil && len(links) == 1 {
		doc, err = Read([]byte(links[0]))
	}
	if err != nil {
		return nil, err
	}
	return []Document{doc}, nil
}

// addAll adds texts, ignoring unusable ones if others are usable.
func (c *Collector) addAll(texts []string) (docs []Document, err error) {
	useful := false
	seen := map[string]bool{}
	for _, text := range texts {
		p, fault := c.Add(text)
		if fault != nil {
			if err == nil {
				err = fault
			}
			continue
		}
		useful = true
		if p.Document == nil || p.Series != "" && seen[p.Series] {
			continue
		}
		seen[p.Series] = true
		docs = append(docs, p.Document)
	}
	if useful {
		return docs, nil
	}
	return nil, err
}

// marks are characters that may enclose a link in a text.
const marks = "<>()[]\"'“”„‘’«»,;."

// within returns the links and license files that a text contains as words. It returns nil for a JSON document.
func within(text string) (found []string) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil
	}
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, marks)
		if hasScheme(word) || strings.HasPrefix(word, tokenHead) {
			found = append(found, word)
		}
	}
	return found
}
