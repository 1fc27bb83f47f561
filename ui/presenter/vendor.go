package presenter

import (
	"context"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// VendorBackend describes a server. About may block.
type VendorBackend interface {
	About(ctx context.Context, server string) (api.Server, error)
}

// Vendor opens emails to the vendor.
type Vendor struct {
	shell      *Shell
	backend    VendorBackend
	contacting *background.Slot
	learning   *background.Slot
	address    string // "" while unknown
	loaded     func()
}

// NewVendor returns a presenter without an address; loaded is called after LoadAddress has found it. UI thread.
func NewVendor(shell *Shell, backend VendorBackend, loaded func()) *Vendor {
	return &Vendor{
		shell:      shell,
		backend:    backend,
		contacting: shell.Work.NewSlot(),
		learning:   shell.Work.NewSlot(),
		loaded:     loaded,
	}
}

// Reset cancels the background work and clears the address.
func (v *Vendor) Reset() {
	v.contacting.Cancel()
	v.learning.Cancel()
	v.address = ""
}

// Address returns the email address of the vendor, or "" before LoadAddress has found it.
func (v *Vendor) Address() string { return v.address }

// LoadAddress requests the vendor's address, unless it is known.
func (v *Vendor) LoadAddress() {
	if v.address != "" || v.learning.Busy() {
		return
	}
	background.Run(v.learning, func(ctx context.Context) (string, error) {
		about, err := v.backend.About(ctx, "")
		return about.Contact, err
	}, func(address string, err error) {
		if err == nil && address != "" {
			v.address = address
			v.loaded()
		}
	})
}

// Contact opens an email to the vendor in the person's mail program. If that fails it copies subject and text.
func (v *Vendor) Contact(subject, text string) {
	v.shell.Status.SetWorking(tr.T("Asking for the vendor's address…"))
	background.Run(v.contacting, func(ctx context.Context) (string, error) {
		about, err := v.backend.About(ctx, "")
		if err != nil || about.Contact == "" {
			return "", err
		}
		address, err := opener.Mailto([]string{about.Contact}, subject, text, v.shell.Opener.MaxMailto())
		if err != nil {
			return about.Contact, err
		}
		return about.Contact, v.shell.Opener.Open(ctx, address)
	}, func(address string, err error) {
		v.shell.Status.SetWorking("")
		if err == nil && address != "" {
			v.shell.Status.ShowRemark(tr.T("Your mail program writes to %s.", address))
			return
		}
		v.shell.Copy(subject + "\n\n" + text)
		to := tr.T("the vendor")
		if address != "" {
			to = address
		}
		v.shell.Dialogs.Info(tr.T("The text for the vendor is copied"),
			tr.T("Paste it into a mail to %s. It says what the vendor needs to know.", to))
	})
}
