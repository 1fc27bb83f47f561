package installed

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/acen-desktop/acen/license"
)

const (
	contactsName = "contacts.json"
	maxContacts  = 50 // of one program; SetContact deletes the oldest
)

// Contact is the latest statement of the vendor's server about a license that this PC has or had.
type Contact struct {
	LicenseID int64            `json:"license_id"`
	Site      license.SiteCode `json:"site"`
	// At is the time of the statement.
	At time.Time `json:"at"`
	// Ended is the state in which the license is no longer this PC's; empty while it is.
	Ended string `json:"ended,omitempty"`
}

// Contacts lists the contacts of a program's licenses, the latest last; empty if the file cannot be read.
func (s *Store) Contacts(signature license.Signature) []Contact {
	list, _ := within(s, signature, s.o.DiskTimeout, s.View(signature).contacts)
	return list
}

// SetContact replaces the contact of a license. A damaged file is renamed. SetContact fails with ErrNewer, and if the
// contacts of the other licenses cannot be read.
func (s *Store) SetContact(ctx context.Context, signature license.Signature, c Contact) error {
	return s.change(ctx, signature, func() error {
		unlock, err := s.lockFiles(ctx, signature)
		if err != nil {
			return err
		}
		defer unlock()
		dir := ProgramFolder(s.dir, signature)
		list, err := s.View(signature).contacts()
		if errors.Is(err, fs.ErrInvalid) {
			_, err = s.setDamagedAside(dir, contactsName)
		}
		if err != nil {
			return folderError(dir, err)
		}
		list = slices.DeleteFunc(list, func(one Contact) bool {
			return one.LicenseID == c.LicenseID && one.Site == c.Site
		})
		c.At = c.At.UTC()
		list = append(list, c)
		content, err := json.Marshal(list[max(0, len(list)-maxContacts):])
		if err != nil {
			return err
		}
		return s.replace(filepath.Join(dir, contactsName), content)
	})
}
