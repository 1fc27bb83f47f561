package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/thispc"
)

// Program returns a program of the account's server. It fails with api.ErrNotFound if the server has no such program.
func (v *View) Program(ctx context.Context, id int64) (api.Program, error) {
	v.c.mu.Lock()
	p, ok := v.c.programs[id]
	ok = ok && v.c.programsOf == v.server
	v.c.mu.Unlock()
	if ok {
		return p, nil
	}
	if v.cached {
		if p, ok := v.cachedProgram(ctx, id); ok {
			return p, nil
		}
	}
	programs, err := v.fetchPrograms(ctx)
	if err != nil {
		_, known, cacheErr := v.c.options.Store.load(ctx, v.account, programsName, &programs)
		if !errors.Is(err, client.ErrUnreachable) || !known || cacheErr != nil {
			return p, v.fail(err)
		}
	}
	for _, known := range programs {
		if known.ID == id {
			p, ok = known, true
		}
	}
	if !ok {
		return p, Refuse(api.ErrNotFound, "The server knows no such program.")
	}
	return p, nil
}

// ProgramOfOrder returns the program of a cached order. It fails with api.ErrNotFound if the order is not cached.
func (v *View) ProgramOfOrder(ctx context.Context, order int64) (api.Program, error) {
	orders, _, err := v.CachedOrders(ctx)
	if err != nil {
		return api.Program{}, err
	}
	for _, o := range orders.Orders {
		if o.ID == order {
			return v.Program(ctx, o.ProgramID)
		}
	}
	return api.Program{}, Refuse(api.ErrNotFound, "The order of this license is not known.")
}

// fetchPrograms fetches and caches the programs of an account, because the vendor may have changed a key.
func (v *View) fetchPrograms(ctx context.Context) ([]api.Program, error) {
	programs, err := v.server.Programs(ctx)
	if err != nil {
		return nil, err
	}
	v.cache(ctx, programsName, programs, v.c.options.Now())
	v.c.mu.Lock()
	defer v.c.mu.Unlock()
	if v.c.programsOf != v.server {
		clear(v.c.programs)
		v.c.programsOf = v.server
	}
	for _, p := range programs {
		v.c.programs[p.ID] = p
	}
	return programs, nil
}

// cachedProgram returns a cached program of the account.
func (v *View) cachedProgram(ctx context.Context, id int64) (p api.Program, ok bool) {
	var programs []api.Program
	if _, known, err := v.c.options.Store.load(ctx, v.account, programsName, &programs); err != nil || !known {
		return p, false
	}
	i := slices.IndexFunc(programs, func(p api.Program) bool { return p.ID == id })
	if i < 0 {
		return p, false
	}
	return programs[i], true
}

// LicenseFile fetches a license file and verifies it with the keys of the program. It fails with
// license.ErrFileSignature or license.ErrFileDamaged.
func (v *View) LicenseFile(ctx context.Context, licenseID int64) (f license.File, content string, err error) {
	_, content, err = v.server.LicenseFile(ctx, licenseID)
	if err != nil {
		return f, "", v.fail(err)
	}
	programs, err := v.fetchPrograms(ctx)
	if err != nil {
		return f, "", v.fail(err)
	}
	for _, p := range programs {
		f, err = thispc.Verify(p, content)
		if errors.Is(err, license.ErrFileSignature) {
			continue
		}
		if err != nil {
			return f, "", err
		}
		if f.ID != licenseID || f.ProgramID != p.ID {
			return f, "", fmt.Errorf("%w: it is the file of another license", license.ErrFileDamaged)
		}
		f.ProgramName = p.Name
		return f, content, nil
	}
	return f, "", license.ErrFileSignature
}

// CheckReceipt verifies that a receipt proves that the server took a license that left this PC, and fails with
// thispc.ErrReceipt otherwise. If the receipt names an unknown key, CheckReceipt fetches the program's keys and
// retries once. v is nil if nobody is signed in.
func (c *Catalog) CheckReceipt(ctx context.Context, v *View, leaves thispc.Departure, token string) error {
	err := c.options.PC.CheckReceipt(ctx, leaves, token)
	if errors.Is(err, license.ErrReceiptKey) && v != nil {
		if _, fetchErr := v.fetchPrograms(ctx); fetchErr == nil {
			err = c.options.PC.CheckReceipt(ctx, leaves, token)
		}
	}
	return err
}

// Compare compares the PC of codes with the one that a license was made for. The server decides about a reactivation
// by the same function. Compare needs no network, and fails with license.ErrMismatch for codes of another program.
func (v *View) Compare(ctx context.Context, l License, codes license.Codes) (license.Comparison, error) {
	p, err := v.ProgramOfOrder(ctx, l.OrderID)
	if err != nil {
		return license.Comparison{}, err
	}
	return thispc.Compare(p, l.License, codes)
}
