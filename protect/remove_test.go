package protect_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/license/installed/installedtest"
	"github.com/acen-desktop/acen/protect"
)

func TestRemove(t *testing.T) {
	d := newFixture(t)
	_, err := d.open().Remove(t.Context())
	require.ErrorIs(t, err, protect.ErrNoLicense)

	f := d.license()
	token := d.sign(signing, f)
	d.put(token)
	beside := d.write(filepath.Join(d.options.ExtraFolders[0], "beside.acen"), token)
	another := d.write(filepath.Join(d.options.ExtraFolders[0], "another.acen"), d.sign(strange, f))
	l := d.open()
	before, err := l.Codes(t.Context())
	require.NoError(t, err)
	first, err := l.Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, protect.Removal{
		Code:      f.Seed.RemovalCode(f.Codes),
		LicenseID: 7,
		Codes:     f.Codes,
		At:        noon,
	}, first)
	require.False(t, l.Verdict().Valid())
	require.NoFileExists(t, beside)
	require.FileExists(t, another, "files of other licenses remain")
	after, err := l.Codes(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, before.Site, after.Site, "the PC has a new Site code")

	again, err := d.open().Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, again)
	kept, err := l.RemovalCodes()
	require.NoError(t, err)
	require.Equal(t, []protect.Removal{first}, kept)

	var refusal *protect.Refusal
	_, err = l.Activate(t.Context(), token)
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, protect.Removed, refusal.Verdict.Kind)

	require.NoError(t, d.store.Settle(t.Context(), signature, f.Codes.Site))
	kept, err = l.RemovalCodes()
	require.NoError(t, err)
	require.Empty(t, kept)
	_, err = l.Remove(t.Context())
	require.ErrorAs(t, err, &refusal, "the server has the removal code, and a file of an unknown key cannot be removed")
	require.Equal(t, protect.UnknownKey, refusal.Verdict.Kind)
	require.NoError(t, os.Remove(another))
	_, err = l.Remove(t.Context())
	require.ErrorIs(t, err, protect.ErrNoLicense)
}

// The removal code of a settled departure is not listed as open.
func TestSettledRemovalCodesAreNotListed(t *testing.T) {
	d := newFixture(t)
	key := signature.Key()
	gone := func(generation uint16, settled bool) installed.Spent {
		return installed.Spent{
			Codes:       key.Codes(generation, 1),
			LicenseID:   int64(generation),
			RemovalCode: 99,
			Settled:     settled,
			Shown:       true,
			At:          noon,
		}
	}
	_, err := d.store.Update(t.Context(), signature, func(s *installed.State) error {
		s.Spent = []installed.Spent{gone(1, false), gone(2, true), gone(3, false)}
		return nil
	})
	require.NoError(t, err)
	kept, err := d.open().RemovalCodes()
	require.NoError(t, err)
	require.Len(t, kept, 2)
	require.EqualValues(t, 1, kept[0].LicenseID)
	require.EqualValues(t, 3, kept[1].LicenseID)
}

// A license whose departure the app began can return while its job is open, so the program does not list its code. If
// the person asks the program for the code, the license does not return.
func TestCodesOfAppAreNotListed(t *testing.T) {
	d := newFixture(t)
	f := d.license()
	d.put(d.sign(signing, f))
	code := f.Seed.RemovalCode(f.Codes)
	require.NoError(t, d.store.Leave(t.Context(), signature, installed.Spent{
		Codes:       f.Codes,
		LicenseID:   f.ID,
		RemovalCode: code,
	}))
	l := d.open()
	kept, err := l.RemovalCodes()
	require.NoError(t, err)
	require.Empty(t, kept)
	removal, err := l.Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, code, removal.Code)
	require.ErrorIs(t, d.store.UndoLeave(t.Context(), signature, f.Codes.Site), installed.ErrCodeShown)
	kept, err = l.RemovalCodes()
	require.NoError(t, err)
	require.Len(t, kept, 1)
}

// Remove removes one license and does not affect another one of the program.
func TestRemoveKeepsOtherLicenses(t *testing.T) {
	d := newFixture(t)
	reading, err := d.options.Fingerprint.Read(t.Context())
	require.NoError(t, err)
	key := signature.Key()
	longer := d.license(id(8), ends(noon.AddDate(2, 0, 0)))
	shorter := d.license(id(9), ends(noon.AddDate(1, 0, 0)), func(f *license.File) {
		f.Codes = key.Codes(0x124, reading.Block(key))
	})
	d.put(d.sign(signing, longer))
	beside := d.write(filepath.Join(d.options.ExtraFolders[0], "beside.acen"), d.sign(signing, shorter))
	l := d.open()
	require.EqualValues(t, 8, l.Verdict().License.ID)
	r, err := l.Remove(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 8, r.LicenseID)
	require.FileExists(t, beside)
	require.True(t, l.Verdict().Valid())
	require.EqualValues(t, 9, l.Verdict().License.ID)
	files, err := d.store.Files(signature)
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestRemoveTypedCode(t *testing.T) {
	d := newFixture(t)
	l := d.open()
	codes, err := l.Codes(t.Context())
	require.NoError(t, err)
	code, err := activation.Activate(codes, license.Grant{Features: 1})
	require.NoError(t, err)
	_, err = l.Activate(t.Context(), code.String())
	require.NoError(t, err)
	r, err := l.Remove(t.Context())
	require.NoError(t, err)
	require.True(t, activation.RemovalSeed(code).Verify(codes, r.Code))
	require.Zero(t, r.LicenseID)
	_, err = l.Activate(t.Context(), code.String())
	require.ErrorContains(t, err, "does not belong")
}

// A file that cannot be erased is reported, and is not valid any more.
func TestRemoveFileCannotBeErased(t *testing.T) {
	d := newFixture(t)
	path := d.write(filepath.Join(d.options.ExtraFolders[0], "machine.acen"), d.sign(signing, d.license()))
	d.options.Disk = keeping{d.store.Disk(), path}
	l := d.open()
	first, err := l.Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{path}, first.RemainingFiles)
	require.Equal(t, protect.Removed, l.Verdict().Kind)
	require.Equal(t, protect.Removed, d.open().Verdict().Kind)

	// The app stored the removal code elsewhere, or the server has it: it is derived from the license again.
	require.NoError(t, d.store.Settle(t.Context(), signature, first.Codes.Site))
	again, err := d.open().Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, again)
	kept, err := l.RemovalCodes()
	require.NoError(t, err)
	require.Empty(t, kept)
}

// keeping is a disk on which a file of the administrator cannot be removed.
type keeping struct {
	installed.Disk
	path string
}

func (k keeping) Remove(path string) error {
	if path == k.path {
		return fs.ErrPermission
	}
	return k.Disk.Remove(path)
}

// After a power cut at any step of a removal, the license or its removal code is here, and a repeated Remove returns
// the same code.
func TestRemoveWithPowerCut(t *testing.T) {
	for name, install := range map[string]func(d *fixture, f license.File){
		"license file": func(d *fixture, f license.File) {
			d.put(d.sign(signing, f))
			d.write(filepath.Join(d.options.ExtraFolders[0], "beside.acen"), d.sign(signing, f))
		},
		"typed code": func(d *fixture, f license.File) {
			_, err := d.store.Update(d.t.Context(), signature, func(s *installed.State) error {
				s.Typed = &installed.Typed{Codes: f.Codes, Code: f.ActivationCode}
				return nil
			})
			require.NoError(d.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			cuts, left := 0, false
			for step := 1; ; step++ {
				d := newFixture(t)
				f := d.license()
				install(d, f)
				require.True(t, d.open().Verdict().Valid()) // the first start has been before
				want := f.Seed.RemovalCode(f.Codes)

				disk := &installedtest.FailingDisk{ChangesLeft: step}
				failing := *d
				failing.options.Disk = disk
				first, err := failing.open().Remove(t.Context())
				done := disk.ChangesLeft > 0
				if err == nil {
					require.Equal(t, want, first.Code)
				}
				verdict := d.open().Verdict()
				kept, keptErr := d.open().RemovalCodes()
				require.NoError(t, keptErr)
				if verdict.Valid() {
					require.False(t, left, "a departure at an earlier step is one at a later step")
					require.Error(t, err, "a removal code is returned only after the license has left")
					require.Empty(t, kept)
				} else {
					left = true
					require.Len(t, kept, 1)
					require.Equal(t, want, kept[0].Code)
				}

				again, err := d.open().Remove(t.Context())
				require.NoError(t, err)
				require.Equal(t, want, again.Code)
				require.Empty(t, again.RemainingFiles)
				require.Equal(t, protect.NoLicense, d.open().Verdict().Kind)
				kept, err = d.open().RemovalCodes()
				require.NoError(t, err)
				require.Len(t, kept, 1)
				names, err := os.ReadDir(installed.ProgramFolder(d.options.Folder, signature))
				require.NoError(t, err)
				for _, n := range names {
					require.NotContains(t, n.Name(), ".fresh-")
				}
				if done {
					require.True(t, left)
					require.Greater(t, cuts, 1)
					return
				}
				cuts++
			}
		})
	}
}
