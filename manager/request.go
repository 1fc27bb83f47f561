package manager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/journal"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/vault"
)

// request is the stored request of a job. It contains no removal code in plain text: that of a license of this PC is in
// the license folder, and a typed one is sealed.
type request struct {
	OrderID   int64 `json:"order_id,omitempty"`
	LicenseID int64 `json:"license_id,omitempty"`
	// Body is the body of the call, without the removal code.
	Body json.RawMessage `json:"body,omitempty"`
	// Leaves is the license that leaves this PC with the job.
	Leaves departure `json:"leaves,omitzero"`
	// Sealed is the typed removal code. Temporary is true if its key is not in the keyring and ends with the app.
	Sealed    []byte `json:"sealed,omitempty"`
	Temporary bool   `json:"temporary,omitempty"`

	typed string // the plain text of Sealed, before sealSecret
	code  string // the removal code to send
}

// encode returns the request in its stored form.
func (r request) encode() ([]byte, error) {
	r.Leaves.RemovalCode = ""
	return json.Marshal(r)
}

// withBody returns r with body as its Body.
func (r request) withBody(body any) (request, error) {
	content, err := json.Marshal(body)
	r.Body = content
	return r, err
}

// codes returns the codes of the PC that the request asks a license for.
func (r request) codes() (license.Codes, error) {
	var body api.PCCodes
	if err := r.read(&body); err != nil {
		return license.Codes{}, err
	}
	return license.ParseCodes(body.SiteCode, body.MachineID)
}

// leaves reports whether a license leaves this PC with the request.
func (r request) leaves() bool { return r.Leaves.Signature != "" }

// readRequest decodes the request of a job. Older versions sealed the entire request if it contained a removal code;
// readRequest fails with vault.ErrLost or vault.ErrKeyMissing if it cannot open such a request.
func (m *Manager) readRequest(ctx context.Context, job journal.Job) (r request, err error) {
	content := job.Request()
	if !json.Valid(content) {
		if content, err = m.vault.Open(ctx, content); err != nil {
			return r, err
		}
	}
	if json.Unmarshal(content, &r) != nil {
		return r, storage.Wrap(storage.ErrDamaged)
	}
	if r.Body == nil && job.Task == api.TaskNewOrder { // older versions stored the body alone
		r.Body = content
	}
	return r, nil
}

// openRequest decodes the request of a job and adds its removal code.
func (s *acting) openRequest(ctx context.Context, job journal.Job) (request, error) {
	r, err := s.m.readRequest(ctx, job)
	if err != nil {
		return r, err
	}
	switch {
	case r.Leaves.RemovalCode != "":
		r.code = r.Leaves.RemovalCode
	case r.leaves():
		r.Leaves.RemovalCode, err = s.departureCode(ctx, r.Leaves)
		r.code = r.Leaves.RemovalCode
	case r.Sealed != nil:
		r.code, err = s.m.typedCode(ctx, r)
	}
	return r, err
}

// encodeRequest returns a request in its stored form, with the removal code that a person typed sealed.
func (m *Manager) encodeRequest(ctx context.Context, r request) ([]byte, error) {
	if err := m.sealSecret(ctx, &r); err != nil {
		return nil, err
	}
	return r.encode()
}

// jobDeparture returns the departure of a job; zero if it has none. It fails with vault.ErrLost or
// vault.ErrKeyMissing if the request cannot be read.
func (m *Manager) jobDeparture(ctx context.Context, job journal.Job) (departure, error) {
	r, err := m.readRequest(ctx, job)
	return r.Leaves, err
}

// sealSecret seals the removal code that a person typed.
func (m *Manager) sealSecret(ctx context.Context, r *request) (err error) {
	if r.typed == "" {
		return nil
	}
	r.Sealed, err = m.vault.Seal(ctx, []byte(r.typed))
	r.Temporary = !m.vault.Lasts()
	return err
}

// typedCode decrypts the typed removal code. It fails with vault.ErrLost if the key is lost, and with
// vault.ErrKeyMissing if the keyring cannot be used now.
func (m *Manager) typedCode(ctx context.Context, r request) (string, error) {
	plain, err := m.vault.Open(ctx, r.Sealed)
	if r.Temporary && errors.Is(err, vault.ErrKeyMissing) {
		err = vault.ErrLost
	}
	return string(plain), err
}

// sameRequest reports whether an open job has the request r, with the same typed removal code. It reports false if the
// request of the job cannot be opened.
func (m *Manager) sameRequest(ctx context.Context, job journal.Job, r request) (bool, error) {
	old, err := m.readRequest(ctx, job)
	typed := ""
	if err == nil && old.Sealed != nil {
		typed, err = m.typedCode(ctx, old)
	}
	if vault.Sealed(err) {
		return false, nil
	}
	return bytes.Equal(old.Body, r.Body) && old.Leaves.SiteCode == r.Leaves.SiteCode && typed == r.typed, err
}

// read decodes the body.
func (r request) read(body any) error {
	if json.Unmarshal(r.Body, body) != nil {
		return storage.Wrap(storage.ErrDamaged)
	}
	return nil
}

// codeText returns the text of a removal code as it is sent; "" for zero.
func codeText(code license.RemovalCode) string {
	if code == 0 {
		return ""
	}
	return code.String()
}
