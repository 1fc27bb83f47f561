package thispc

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/vault"
)

// File is a verified license file of this PC.
type File struct {
	license.File
	Content string
}

// File returns the license file of Files that lasts longest, and of equals the one issued last.
func (pc *PC) File(p api.Program) (here File, ok bool) {
	for _, f := range pc.Files(p) {
		later := installed.Outlasts(f.File, here.File) || f.Expires.Equal(here.Expires) && f.IssuedAt.After(here.IssuedAt)
		if !ok || later {
			here, ok = f, true
		}
	}
	return here, ok
}

// FileOf returns the license file of an order that was issued last, from Files.
func (pc *PC) FileOf(p api.Program, order int64) (here File, ok bool) {
	for _, f := range pc.Files(p) {
		if f.Order == order && (!ok || f.IssuedAt.After(here.IssuedAt)) {
			here, ok = f, true
		}
	}
	return here, ok
}

// Files returns the license files of a program in its license folder that are signed with one of its keys and whose
// licenses have not left this PC.
func (pc *PC) Files(p api.Program) (list []File) {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return nil
	}
	files, err := pc.options.Installed.Files(signature)
	if err != nil {
		return nil
	}
	state, err := pc.options.Installed.State(signature)
	if err != nil && !errors.Is(err, installed.ErrDamaged) { // a damaged state lists no departures
		return nil
	}
	for _, f := range files {
		file, err := Verify(p, f.Content)
		if err != nil {
			continue
		}
		if _, spent := state.FindSpent(file.Codes.Site); !spent {
			list = append(list, File{file, f.Content})
		}
	}
	return list
}

// Claimed returns the unverified content of the license file that was issued last, of those on this PC that have not
// left.
func (pc *PC) Claimed(signature license.Signature) (claimed license.File, ok bool) {
	files, err := pc.options.Installed.Files(signature)
	if err != nil {
		return claimed, false
	}
	state, _ := pc.options.Installed.State(signature) // a damaged state lists no departures
	for _, f := range files {
		file, err := license.UnverifiedFile(f.Content)
		if err != nil || file.Signature != signature || f.OfTrialVersion() {
			continue
		}
		if _, spent := state.FindSpent(file.Codes.Site); !spent && (!ok || file.IssuedAt.After(claimed.IssuedAt)) {
			claimed, ok = file, true
		}
	}
	return claimed, ok
}

// Verify verifies and parses a license file of a program. It fails with license.ErrFileSignature or
// license.ErrFileDamaged.
func Verify(p api.Program, content string) (license.File, error) {
	keyID, err := license.FileKeyID(content)
	if err != nil {
		return license.File{}, err
	}
	public, known := Signer(p, keyID)
	if !known {
		return license.File{}, license.ErrFileSignature
	}
	f, err := public.Verify(content)
	if err == nil && string(f.Signature) != p.ApplicationSignature {
		err = license.ErrFileSignature
	}
	return f, err
}

// Signer returns the key of a program that a license file names: the present one, or a former one.
func Signer(p api.Program, keyID string) (license.PublicKey, bool) {
	for _, text := range append([]string{p.PublicKey}, p.FormerKeys...) {
		if public, err := license.ParsePublicKey(text); err == nil && public.KeyID() == keyID {
			return public, true
		}
	}
	return license.PublicKey{}, false
}

// Install stores a license file in the license folder of its program, and a sealed copy in the vault. It replaces
// files of the same license and of its family, but not those of other licenses of the program (spec: codes "Several
// licenses").
func (pc *PC) Install(ctx context.Context, p api.Program, l api.License, content string) error {
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return err
	}
	pc.mu.Lock()
	pc.installs++
	pc.installTimes[signature] = pc.options.Now()
	pc.mu.Unlock()
	if err := pc.options.Installed.Put(ctx, signature, license.FileName(p.Name, l.ID), content); err != nil {
		return pc.options.Wrap(err)
	}
	if err := pc.eraseReplaced(ctx, p, signature, content); err != nil {
		return pc.options.Wrap(err)
	}
	return pc.storeCopy(ctx, p, l, content)
}

// eraseReplaced erases the license files of the same order that content replaces, because the app treats one license of
// an order as this PC's. Put erases those of the same generation; eraseReplaced is for a PC that got another generation
// meanwhile. It does not erase a license that lasts longer or grants more.
func (pc *PC) eraseReplaced(ctx context.Context, p api.Program, signature license.Signature, content string) error {
	now, err := Verify(p, content)
	if err != nil {
		return nil // it cannot be compared
	}
	former := func(f license.File) bool {
		return f.Order == now.Order && f.ID != now.ID && !f.IssuedAt.After(now.IssuedAt) &&
			!installed.Outlasts(f, now) && f.Features&^now.Features == 0
	}
	if !slices.ContainsFunc(pc.Files(p), func(f File) bool { return former(f.File) }) {
		return nil
	}
	return pc.options.Installed.Erase(ctx, signature, func(f installed.File) bool {
		file, err := Verify(p, f.Content)
		return err == nil && former(file)
	})
}

// Installs returns the number of license files that were installed since the start. A change between two calls
// shows that one was installed meanwhile.
func (pc *PC) Installs() int {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return pc.installs
}

// InstalledAt returns when a license file of a program was last installed; zero if none was since the start.
func (pc *PC) InstalledAt(signature license.Signature) time.Time {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return pc.installTimes[signature]
}

// IsOf reports whether the file belongs to a license. It compares the Site code as well as the id, since a server that
// was restored may assign an id again (spec: api 20).
func (f File) IsOf(l api.License) bool { return f.ID == l.ID && SameSite(l, f.Codes.Site) }

// SameSite reports whether a license has a Site code.
func SameSite(l api.License, site license.SiteCode) bool {
	parsed, err := license.ParseSiteCode(l.SiteCode)
	return err == nil && parsed == site
}

// Drop erases the file of a license that the server lists as ended or as released. If it is released, Drop
// spends its Site code first: the file can be on this PC again after this PC's data were restored.
func (pc *PC) Drop(ctx context.Context, here File, ended bool) {
	if !ended {
		spent := installed.Spent{Codes: here.Codes, LicenseID: here.ID, Settled: true}
		if err := pc.options.Installed.Leave(ctx, here.Signature, spent); err != nil {
			pc.options.Logger.Warn("a license that was released could not leave this PC", "license", here.ID, "error", err)
			return
		}
	}
	if err := pc.options.Installed.Erase(ctx, here.Signature, func(f installed.File) bool {
		return f.Content == here.Content
	}); err != nil {
		pc.options.Logger.Warn("the file of an ended license could not be erased", "license", here.ID, "error", err)
		return
	}
	pc.deleteCopy(ctx, here.Signature, here.Codes.Site)
}

// Left returns a function that reports whether a license of a program left this PC, by its Site code. It reads the
// state once for all calls.
func (pc *PC) Left(p api.Program) func(api.License) bool {
	none := func(api.License) bool { return false }
	signature, err := license.ParseSignature(p.ApplicationSignature)
	if err != nil {
		return none
	}
	state, err := pc.options.Installed.State(signature)
	if err != nil || len(state.Spent) == 0 {
		return none
	}
	return func(l api.License) bool {
		codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
		if err != nil {
			return false
		}
		_, left := state.FindSpent(codes.Site)
		return left
	}
}

// storeCopy stores a sealed copy of a license file in the vault.
func (pc *PC) storeCopy(ctx context.Context, p api.Program, l api.License, content string) error {
	f, err := Verify(p, content)
	if err != nil {
		return err
	}
	return pc.options.Vault.PutFile(ctx, vault.Item{
		Signature: license.Signature(p.ApplicationSignature),
		Codes:     f.Codes,
		OrderID:   l.OrderID,
		LicenseID: f.ID,
		Program:   p.Name,
		Note:      l.Note,
	}, content)
}

// Copy returns the vault's copy of a license file if it matches the license and its activation code; a row without
// activation code matches any.
func (pc *PC) Copy(ctx context.Context, p api.Program, l api.License) (content string, ok bool) {
	site, err := license.ParseSiteCode(l.SiteCode)
	if err != nil {
		return "", false
	}
	if content, ok = pc.options.Vault.File(ctx, license.Signature(p.ApplicationSignature), site); !ok {
		return "", false
	}
	f, err := Verify(p, content)
	if err != nil || f.ID != l.ID || l.ActivationCode != "" && f.ActivationCode.String() != l.ActivationCode {
		return "", false
	}
	return content, true
}

// deleteCopy deletes the vault's copy of a license file.
func (pc *PC) deleteCopy(ctx context.Context, signature license.Signature, site license.SiteCode) {
	if err := pc.options.Vault.DeleteFile(ctx, signature, site); err != nil {
		pc.options.Logger.Warn("the copy of a license file could not be forgotten", "error", err)
	}
}
