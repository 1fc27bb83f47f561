package faults

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
)

var lefts = []scenario{
	{
		name: "A license left, the server does not know, and code, job and keyring are gone",
		seen: stranded,
		run: func(t *testing.T) {
			rescue(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w, a, l, _ := activeOne(t)
				codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
				require.NoError(t, err)
				require.NoError(t, a.store().Leave(t.Context(), signature, installed.Spent{Codes: codes, LicenseID: l.ID}))
				require.NoError(t, a.store().Erase(t.Context(), signature, func(installed.File) bool { return true }))
				a.putBack(image{}, appData|secrets)
				a.signIn()
				w.recover()
				return w, a, l.ID, nil
			})
		},
	},
	{
		name: "A license left, the server does not know, and only the PC's record of it is there, without a session",
		seen: stranded,
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.forgetCode()
			a.putBack(image{}, secrets) // the vault's row cannot be opened
			a.connect(true)
			a.signIn()
			w.recover()
			check(t, w, want{waiting: 1}) // the job made the code anew
		},
	},
	{
		name: "Everything that the app keeps is forgotten while a move waits",
		seen: "The app says what waits; the removal code stays next to the license files and can be handed in.",
		run: func(t *testing.T) {
			for name, before := range map[string]func(*pc){
				"code beside the license files": func(*pc) {},
				"code in the vault alone":       (*pc).forgetCode,
			} {
				t.Run(name, func(t *testing.T) {
					w, a, l, _ := activeOne(t)
					a.connect(false)
					_, err := a.Move(t.Context(), l)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					before(a)
					a.shut()
					rest, err := manager.Forget(t.Context(), manager.ForgetOptions{
						DataDir:   a.data,
						Installed: a.options.Installed,
						Keyring:   a.ring,
						Clear:     func(context.Context) error { a.ring.put(nil); return nil },
					})
					require.NoError(t, err)
					require.Len(t, rest.Jobs, 1)
					require.Len(t, rest.Codes, 1)
					a.open()
					a.connect(true)
					a.signIn()
					w.recover()
					check(t, w, want{stranded: 1})
					_, err = a.HandIn(t.Context(), a.kept()[0])
					require.NoError(t, err)
					w.recover()
					check(t, w, want{})
				})
			}
		},
	},
	{
		name: "The app's data file is damaged while a move waits",
		seen: "It is set aside; the notice names the stored removal codes, which can be handed in.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.shut()
			for _, name := range []string{dataFile, journal} {
				require.NoError(t, os.WriteFile(filepath.Join(a.data, name), []byte("damaged"), 0o600))
			}
			a.open()
			require.Len(t, a.Notices(), 2)
			a.connect(true)
			a.signIn()
			w.recover()
			check(t, w, want{stranded: 1})
			require.Len(t, a.kept(), 1)
			_, err = a.Offer(t.Context(), a.kept()[0])
			require.NoError(t, err)
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name: "The app's data file is damaged",
		seen: "It is set aside; after signing in everything is as before.",
		run: func(t *testing.T) {
			w, a, _, _ := activeOne(t)
			a.shut()
			for _, name := range []string{dataFile, journal} {
				require.NoError(t, os.WriteFile(filepath.Join(a.data, name), []byte("damaged"), 0o600))
			}
			a.open()
			a.signIn()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "The PC's record of its Site codes is damaged, too large, or a folder",
		seen: "It is set aside, and the Site code is read from the existing license file.",
		run: func(t *testing.T) {
			for name, damage := range recordDamages {
				t.Run(name, func(t *testing.T) {
					w, a, _, _ := activeOne(t)
					a.shut()
					damage(t, a.record())
					a.open()
					a.resume()
					w.recover()
					check(t, w, want{runs: []*pc{a}})
				})
			}
		},
	},
	{
		name: "The PC's record of its Site codes is damaged, too large, or a folder while a move waits",
		seen: goesOn,
		run: func(t *testing.T) {
			for name, damage := range recordDamages {
				t.Run(name, func(t *testing.T) {
					w, a, l, _ := activeOne(t)
					a.connect(false)
					_, err := a.Move(t.Context(), l)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					a.shut()
					damage(t, a.record())
					a.open()
					a.connect(true)
					a.resume()
					w.recover()
					check(t, w, want{waiting: 1})
				})
			}
		},
	},
	{
		name: "A newer version of a program wrote the PC's record of its Site codes",
		seen: "The app says so and does not change the record. Without the newer version all is as before.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			content, err := os.ReadFile(a.record())
			require.NoError(t, err)
			newer := strings.Replace(string(content), `"version": 2`, `"version": 3`, 1)
			require.NotEqual(t, string(content), newer)
			a.shut()
			require.NoError(t, os.WriteFile(a.record(), []byte(newer), 0o600))
			a.open()
			a.resume()
			a.tryRefresh()
			_, err = a.Move(t.Context(), l)
			require.Error(t, err)
			_, err = a.tryNewLicense()
			require.ErrorIs(t, err, manager.ErrNewer)
			after, err := os.ReadFile(a.record())
			require.NoError(t, err)
			require.Equal(t, newer, string(after))
			require.NoError(t, os.WriteFile(a.record(), content, 0o600))
			a.shut()
			a.open()
			a.resume()
			for _, job := range a.waits() {
				require.NoError(t, a.DropJob(t.Context(), job.ID))
			}
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name: "A newer program of the same version added to the PC's record",
		seen: "Members that the app does not know are preserved.",
		run: func(t *testing.T) {
			w, a, l, _ := activeOne(t)
			content, err := os.ReadFile(a.record())
			require.NoError(t, err)
			newer := strings.Replace(string(content), "{", `{"seats":{"here":[1]},`, 1)
			require.NoError(t, os.WriteFile(a.record(), []byte(newer), 0o600))
			_, err = a.Move(t.Context(), l)
			require.NoError(t, err)
			a.activateAgain()
			w.recover()
			after, err := os.ReadFile(a.record())
			require.NoError(t, err)
			require.Contains(t, strings.Join(strings.Fields(string(after)), ""), `"seats":{"here":[1]}`)
		},
	},
	{
		name: "The file of a license that is on the PC is erased",
		seen: "It is restored, with or without a connection.",
		run: func(t *testing.T) {
			for name, online := range map[string]bool{"with": true, "without": false} {
				t.Run(name, func(t *testing.T) {
					w, a, _, _ := activeOne(t)
					require.NoError(t, a.store().Erase(t.Context(), signature, func(installed.File) bool { return true }))
					a.connect(online)
					_, _, err := a.CachedLicenses(t.Context(), w.order)
					require.NoError(t, err)
					if online {
						a.refresh()
					}
					check(t, w, want{runs: []*pc{a}})
				})
			}
		},
	},
}

// record is the file that keeps the PC's Site codes.
func (p *pc) record() string { return filepath.Join(installed.Below(p.shared, signature), "pc.json") }

// recordDamages are what may become of that file.
var recordDamages = map[string]func(t *testing.T, path string){
	"damaged": func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("{"), 0o600)) },
	"empty":   func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, nil, 0o600)) },
	"too large": func(t *testing.T, path string) {
		require.NoError(t, os.Truncate(path, 2<<20))
	},
	"a folder": func(t *testing.T, path string) {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o700))
	},
}

// forgetCode removes removal codes from the PC's record, as an older version left them: in the vault alone.
func (p *pc) forgetCode() {
	_, err := p.store().Update(p.t.Context(), signature, func(s *installed.State) error {
		for i := range s.Spent {
			s.Spent[i].RemovalCode = 0
		}
		return nil
	})
	require.NoError(p.t, err)
}

// tryNewLicense asks for a license as far as this PC has codes.
func (p *pc) tryNewLicense() (manager.License, error) {
	one, err := p.ThisPC(p.t.Context(), p.w.program.ID)
	if err != nil {
		return manager.License{}, err
	}
	return p.NewLicense(p.t.Context(), manager.NewLicense{OrderID: p.w.order, Codes: one.Codes, ThisPC: true})
}

// activateAgain picks the license up that waits.
func (p *pc) activateAgain() {
	p.t.Helper()
	p.refresh()
	found, err := p.WaitingToMove(p.t.Context())
	require.NoError(p.t, err)
	require.Len(p.t, found, 1)
	_, err = p.PickUp(p.t.Context(), found[0].License)
	require.NoError(p.t, err)
}

func TestLeft(t *testing.T) { attack(t, lefts) }

// releaseCall and removalCall are the calls that tell the server of a license that left.
var (
	releaseCall = to(http.MethodPost, "/release")
	removalCall = to(http.MethodPost, "/removal")
)
