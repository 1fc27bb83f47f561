package installed

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"github.com/acen-desktop/acen/license"
)

const (
	contactsName = "contacts.json"
	maxContacts  = 50 // of one program; the oldest go first
)

// Contact is what the vendor's server last said of a license that this PC has or had.
type Contact struct {
	LicenseID int64            `json:"license_id"`
	Site      license.SiteCode `json:"site"`
	// At is when the server said it.
	At time.Time `json:"at"`
	// Ended is the server's word for why the license is no longer this PC's; empty while it is.
	Ended string `json:"ended,omitempty"`
}

// Contacts lists what the server said of the licenses of a program, the latest last; empty when nothing can be read.
func (s *Store) Contacts(signature license.Signature) []Contact {
	list, _ := within(s, signature, s.o.DiskTimeout, func() ([]Contact, error) { return s.contacts(signature), nil })
	return list
}

// contacts is Contacts without a time limit.
func (s *Store) contacts(signature license.Signature) []Contact {
	return s.View(signature).Contacts()
}

// SetContact replaces the server's latest answer about a license. It fails with ErrNewer.
func (s *Store) SetContact(ctx context.Context, signature license.Signature, c Contact) error {
	return s.change(ctx, signature, func() error {
		unlock, err := s.lockFiles(ctx, signature)
		if err != nil {
			return err
		}
		defer unlock()
		list := slices.DeleteFunc(s.contacts(signature), func(one Contact) bool {
			return one.LicenseID == c.LicenseID && one.Site == c.Site
		})
		c.At = c.At.UTC()
		list = append(list, c)
		content, err := json.Marshal(list[max(0, len(list)-maxContacts):])
		if err != nil {
			return err
		}
		return s.replace(filepath.Join(Below(s.dir, signature), contactsName), content)
	})
}
