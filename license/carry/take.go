package carry

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"strings"
)

// TextWithLinks returns a document to send as a message: what a person reads, and below it the links that Take finds.
// It fails as Pictures does.
func TextWithLinks(doc Document) (string, error) {
	links, err := Pictures(doc, MaxPicture)
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

// Take takes whatever a person may give: the content of a file, a picture with QR codes, or a text in which links or
// a license file stand among other words. It returns the documents that are whole now; parts of others stay in the
// Collector (Open). It fails when nothing in it was of use, as Read and ReadPictureFile do.
func (c *Collector) Take(ctx context.Context, data []byte) ([]Document, error) {
	if _, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		texts, err := ReadPictureFile(ctx, data)
		if err != nil {
			return nil, err
		}
		return c.takeAll(texts)
	}
	if len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	links := within(string(data))
	if len(links) > 1 || len(links) == 1 && hasScheme(links[0]) {
		return c.takeAll(links)
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

// takeAll adds texts; what is of no use among others that are is left alone.
func (c *Collector) takeAll(texts []string) (docs []Document, err error) {
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

// marks may stand around a link in a text.
const marks = "<>()[]\"'“”„‘’«»,;."

// within finds the links and the license files that stand whole in a text that is no document by itself.
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
