package cli

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license/carry"
)

// unreadable reports whether err means that a request, an answer, a license file or a picture cannot be decoded.
func unreadable(err error) bool {
	for _, one := range []error{
		carry.ErrUnknown, carry.ErrTooLarge, carry.ErrNewer, carry.ErrDamaged, carry.ErrLink, carry.ErrConflict,
		carry.ErrPicture, carry.ErrPictureSize, carry.ErrPictureTime, carry.ErrNoCode, carry.ErrTooManyPictures,
	} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// outFlags are the flags for the destination of a document.
type outFlags struct{ file, pictures string }

func (o *outFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&o.file, "output", "", "file to write, or a folder (default: the text on standard output)")
	c.Flags().StringVar(&o.pictures, "qr", "", "folder for QR codes, one PNG file each")
}

// writtenDocument is a document that was written, as --json prints it.
type writtenDocument struct {
	Request  string   `json:"request"`
	File     string   `json:"file,omitempty"`
	Pictures []string `json:"pictures,omitempty"`
	Text     string   `json:"text,omitempty"`
}

// write writes doc to the file, as QR codes to the folder, or, without either, to Text of h. It overwrites no file.
// id is the ID of the request.
func (o outFlags) write(doc carry.Document, id string) (h writtenDocument, err error) {
	h.Request = id
	if o.file != "" {
		content, err := carry.Encode(doc)
		if err != nil {
			return h, err
		}
		h.File = o.file
		if info, err := os.Stat(o.file); err == nil && info.IsDir() {
			h.File = filepath.Join(o.file, carry.FileName(doc))
		}
		if err := writeNew(h.File, func(w io.Writer) error { _, err := w.Write(content); return err }); err != nil {
			return h, err
		}
	}
	if o.pictures != "" {
		parts, err := carry.Parts(doc, carry.DefaultPartSize)
		if err != nil {
			return h, err
		}
		if err := os.MkdirAll(o.pictures, 0o700); err != nil {
			return h, fmt.Errorf("the folder cannot be created: %w", err)
		}
		for i, p := range parts {
			img, err := p.Picture(6)
			if err != nil {
				return h, err
			}
			name := filepath.Join(o.pictures,
				fmt.Sprintf("%s-%d-of-%d.png", strings.TrimSuffix(carry.FileName(doc), carry.Extension), i+1, len(parts)))
			if err := writeNew(name, func(w io.Writer) error { return png.Encode(w, img) }); err != nil {
				return h, err
			}
			h.Pictures = append(h.Pictures, name)
		}
	}
	if o.file == "" && o.pictures == "" {
		h.Text, err = carry.TextWithLinks(doc)
	}
	return h, err
}

// check returns a usage error if the file exists.
func (o outFlags) check() error {
	if info, err := os.Stat(o.file); o.file != "" && err == nil && !info.IsDir() {
		return usageError{fmt.Errorf("the file cannot be written: %s exists", o.file)}
	}
	return nil
}

// lines returns the names of the written files, or the text.
func (h writtenDocument) lines() (lines [][]string) {
	if h.File != "" {
		lines = append(lines, []string{"Written to " + h.File})
	}
	for _, name := range h.Pictures {
		lines = append(lines, []string{"Written to " + name})
	}
	if h.Text != "" {
		lines = append(lines, []string{strings.TrimSuffix(h.Text, "\n")})
	}
	return lines
}

// documents reads documents from files, pictures and texts; "-" is standard input. Several pictures may have the parts
// of one document.
func (cs *commandSet) documents(ctx context.Context, files []string) (docs []carry.Document, err error) {
	var c carry.Collector
	for _, name := range files {
		from := io.Reader(cs.in.reader)
		if name != "-" {
			f, err := os.Open(name)
			if err != nil {
				return nil, usageError{fmt.Errorf("the file cannot be read: %w", err)}
			}
			defer f.Close()
			from = f
		}
		content, err := io.ReadAll(io.LimitReader(from, carry.MaxPictureFile+1))
		if err != nil {
			return nil, usageError{fmt.Errorf("the file cannot be read: %w", err)}
		}
		found, err := c.AddData(ctx, content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		docs = append(docs, found...)
	}
	if open := c.Incomplete(); len(open) > 0 {
		p := open[len(open)-1]
		return nil, usageError{&carry.IncompleteError{Kind: p.Kind, Missing: p.Missing, Count: p.Count}}
	}
	return docs, nil
}
