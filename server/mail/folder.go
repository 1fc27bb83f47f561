package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/acen-desktop/acen/server/store"
)

// Folder writes mails as files into a folder, for trials and for mail systems that read files.
type Folder struct{ Path, From string }

// Check creates the folder (mode 0700) and returns an error if the settings cannot work. The error is one sentence.
func (f Folder) Check() error {
	if err := checkFrom(f.From); err != nil {
		return err
	}
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return fmt.Errorf("the mail folder %s cannot be created: %w", f.Path, err)
	}
	probe, err := os.CreateTemp(f.Path, ".mail-*")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return fmt.Errorf("the mail folder %s cannot be written: %w", f.Path, err)
	}
	return nil
}

// Send atomically writes a mail as a file .eml (mode 0600). The file name is unique to the mail, so that a retry after
// a crash replaces the same file.
func (f Folder) Send(_ context.Context, m store.Mail) error {
	msg, err := message(f.From, m, m.To...)
	if err != nil {
		return &Undelivered{Never: m.To, Err: err}
	}
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(f.Path, ".mail-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails after the rename
	_, err = msg.WriteTo(file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(f.Path, fileName(m)))
}

// fileName returns the queue id, so that files sort by age, and the Message-ID, because ids restart with a new
// database.
func fileName(m store.Mail) string {
	unique, _, _ := strings.Cut(m.MessageID, "@")
	unique = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, unique)
	return fmt.Sprintf("%06d-%s.eml", m.ID, unique)
}
