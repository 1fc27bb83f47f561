package presenter

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// vendorBackend returns the vendor's address or err.
type vendorBackend struct {
	contact string
	err     error
}

func (b vendorBackend) About(context.Context, string) (api.Server, error) {
	return api.Server{Contact: b.contact}, b.err
}

func TestContact(t *testing.T) {
	const copied = "The text for the vendor is copied"
	for _, test := range []struct {
		name    string
		backend vendorBackend
		opener  error
		sees    string
		mails   int
	}{
		{"by the mail program", vendorBackend{contact: "support@lumen.example"}, nil,
			"Your mail program writes to support@lumen.example.", 1},
		{"without an address", vendorBackend{}, nil, "Paste it into a mail to the vendor.", 0},
		{"without a connection", vendorBackend{err: unreachable}, nil, "Paste it into a mail to the vendor.", 0},
		{"without a mail program", vendorBackend{contact: "support@lumen.example"}, unreachable,
			"Paste it into a mail to support@lumen.example.", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.opener.err = test.opener
			NewVendor(s.shell, test.backend, nil).Contact("Licenses", "Order 1042")
			s.WaitFor(test.sees)
			require.Len(t, s.opener.opened, test.mails)
			if test.opener != nil || test.mails == 0 {
				require.True(t, s.Shows(copied))
				require.Equal(t, "Licenses\n\nOrder 1042", s.App.Clipboard().Content())
			}
		})
	}
}

func TestLearnVendor(t *testing.T) {
	s := newStage(t)
	loaded := 0
	v := NewVendor(s.shell, vendorBackend{contact: "support@lumen.example"}, func() { loaded++ })
	require.Empty(t, v.Address())
	v.LoadAddress()
	s.WaitUntil("the address", func() bool { return v.Address() == "support@lumen.example" })
	v.LoadAddress()
	require.False(t, v.learning.Busy())
	require.Equal(t, 1, loaded)
	v.Reset()
	require.Empty(t, v.Address(), "another account has another vendor")
}
