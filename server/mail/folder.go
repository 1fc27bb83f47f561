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

// Folder writes mails as files into a folder, for trying out and for mail systems that pick files up.
type Folder struct{ Path, From string }

// Check makes the folder (mode 0700) and reports settings that cannot work, as one sentence.
func (f Folder) Check() error {
	if err := checkFrom(f.From); err != nil {
		return err
	}
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return fmt.Errorf("the mail folder %s cannot be made: %w", f.Path, err)
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

// Send writes one mail as a file .eml (mode 0600); it is there whole or not at all. The name is the mail's own, so
// that a mail written again after a crash replaces itself and no other.
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
	defer os.Remove(file.Name()) // fails after the renaming, as it should
	_, err = msg.WriteTo(file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(f.Path, fileName(m)))
}

// fileName begins with the number in the queue, so that files sort by age, and goes on with the Message-ID: numbers
// start anew with a new database.
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
