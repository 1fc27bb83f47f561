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

var departureScenarios = []scenario{
	{
		name:    "A license left the PC, the server does not know, and the removal code, the job and the keyring are lost",
		outcome: listedAsStranded,
		run: func(t *testing.T) {
			testRecovery(t, func(t *testing.T) (*world, *pc, int64, []*pc) {
				w, a, l, _ := newActivated(t)
				codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
				require.NoError(t, err)
				require.NoError(t, a.store().Leave(t.Context(), signature, installed.Spent{Codes: codes, LicenseID: l.ID}))
				require.NoError(t, a.store().Erase(t.Context(), signature, func(installed.File) bool { return true }))
				a.restoreImage(image{}, appData|secrets)
				a.signIn()
				w.recover()
				return w, a, l.ID, nil
			})
		},
	},
	{
		name:    "The removal code of a pending move is lost from the state file and the vault",
		outcome: "The app makes the removal code again from the job, and the move completes.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.clearRemovalCodes()
			a.restoreImage(image{}, secrets) // the vault's row can no longer be decrypted
			a.connect(true)
			a.signIn()
			w.recover()
			check(t, w, want{waiting: 1}) // the removal code is made from the job
		},
	},
	{
		name:    "All of the app's data are deleted in the app while a move is pending",
		outcome: "The app lists the pending task. The removal code stays next to the license files and can be handed in.",
		run: func(t *testing.T) {
			for name, before := range map[string]func(*pc){
				"code next to the license files": func(*pc) {},
				"code in the vault alone":        (*pc).clearRemovalCodes,
			} {
				t.Run(name, func(t *testing.T) {
					w, a, l, _ := newActivated(t)
					a.connect(false)
					_, err := a.Move(t.Context(), l)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					before(a)
					a.stopApp()
					rest, err := manager.Forget(t.Context(), manager.ForgetOptions{
						DataDir:   a.data,
						Installed: a.options.Installed,
						Keyring:   a.ring,
						Clear:     func(context.Context) error { a.ring.put(nil); return nil },
					})
					require.NoError(t, err)
					require.Len(t, rest.Jobs, 1)
					require.Len(t, rest.Codes, 1)
					a.startApp()
					a.connect(true)
					a.signIn()
					w.recover()
					check(t, w, want{stranded: 1})
					_, err = a.HandIn(t.Context(), a.keptCodes()[0])
					require.NoError(t, err)
					w.recover()
					check(t, w, want{})
				})
			}
		},
	},
	{
		name:    "The app's data file is damaged while a move is pending",
		outcome: "It is set aside. The notice names the stored removal codes, which can be handed in.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			a.stopApp()
			for _, name := range []string{dataFile, journal} {
				require.NoError(t, os.WriteFile(filepath.Join(a.data, name), []byte("damaged"), 0o600))
			}
			a.startApp()
			require.Len(t, a.Notices(), 2)
			a.connect(true)
			a.signIn()
			w.recover()
			check(t, w, want{stranded: 1})
			require.Len(t, a.keptCodes(), 1)
			_, err = a.Offer(t.Context(), a.keptCodes()[0])
			require.NoError(t, err)
			w.recover()
			check(t, w, want{waiting: 1})
		},
	},
	{
		name:    "The app's data file is damaged",
		outcome: "It is set aside. After signing in everything is as before.",
		run: func(t *testing.T) {
			w, a, _, _ := newActivated(t)
			a.stopApp()
			for _, name := range []string{dataFile, journal} {
				require.NoError(t, os.WriteFile(filepath.Join(a.data, name), []byte("damaged"), 0o600))
			}
			a.startApp()
			a.signIn()
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "The state file is damaged, too large or a folder",
		outcome: "It is set aside. The Site code is read from the existing license file.",
		run: func(t *testing.T) {
			for name, damage := range stateFileDamages {
				t.Run(name, func(t *testing.T) {
					w, a, _, _ := newActivated(t)
					a.stopApp()
					damage(t, a.statePath())
					a.startApp()
					a.resume()
					w.recover()
					check(t, w, want{runs: []*pc{a}})
				})
			}
		},
	},
	{
		name:    "The state file is damaged, too large or a folder while a move is pending",
		outcome: taskResumes,
		run: func(t *testing.T) {
			for name, damage := range stateFileDamages {
				t.Run(name, func(t *testing.T) {
					w, a, l, _ := newActivated(t)
					a.connect(false)
					_, err := a.Move(t.Context(), l)
					require.ErrorIs(t, err, manager.ErrUnreachable)
					a.stopApp()
					damage(t, a.statePath())
					a.startApp()
					a.connect(true)
					a.resume()
					w.recover()
					check(t, w, want{waiting: 1})
				})
			}
		},
	},
	{
		name:    "A newer version of a program wrote the state file",
		outcome: "The app reports it and does not change the file. When the file is as before, everything works again.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			content, err := os.ReadFile(a.statePath())
			require.NoError(t, err)
			newer := strings.Replace(string(content), `"version": 2`, `"version": 3`, 1)
			require.NotEqual(t, string(content), newer)
			a.stopApp()
			require.NoError(t, os.WriteFile(a.statePath(), []byte(newer), 0o600))
			a.startApp()
			a.resume()
			a.tryRefresh()
			_, err = a.Move(t.Context(), l)
			require.Error(t, err)
			_, err = a.tryNewLicense()
			require.ErrorIs(t, err, manager.ErrNewer)
			after, err := os.ReadFile(a.statePath())
			require.NoError(t, err)
			require.Equal(t, newer, string(after))
			require.NoError(t, os.WriteFile(a.statePath(), content, 0o600))
			a.stopApp()
			a.startApp()
			a.resume()
			for _, job := range a.openJobs() {
				require.NoError(t, a.DropJob(t.Context(), job.ID))
			}
			w.recover()
			check(t, w, want{runs: []*pc{a}})
		},
	},
	{
		name:    "A newer program of the same version added members to the state file",
		outcome: "Members that the app does not know are preserved.",
		run: func(t *testing.T) {
			w, a, l, _ := newActivated(t)
			content, err := os.ReadFile(a.statePath())
			require.NoError(t, err)
			newer := strings.Replace(string(content), "{", `{"seats":{"here":[1]},`, 1)
			require.NoError(t, os.WriteFile(a.statePath(), []byte(newer), 0o600))
			_, err = a.Move(t.Context(), l)
			require.NoError(t, err)
			a.pickUpWaiting()
			w.recover()
			after, err := os.ReadFile(a.statePath())
			require.NoError(t, err)
			require.Contains(t, strings.Join(strings.Fields(string(after)), ""), `"seats":{"here":[1]}`)
		},
	},
	{
		name:    "The license file of an active license is deleted",
		outcome: "It is restored, with or without a connection.",
		run: func(t *testing.T) {
			for name, online := range map[string]bool{"with": true, "without": false} {
				t.Run(name, func(t *testing.T) {
					w, a, _, _ := newActivated(t)
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

// statePath returns the path of the state file.
func (p *pc) statePath() string {
	return filepath.Join(installed.ProgramFolder(p.shared, signature), "pc.json")
}

// stateFileDamages damage the state file.
var stateFileDamages = map[string]func(t *testing.T, path string){
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

// clearRemovalCodes deletes the removal codes from the state file. Older versions stored them in the vault only.
func (p *pc) clearRemovalCodes() {
	_, err := p.store().Update(p.t.Context(), signature, func(s *installed.State) error {
		for i := range s.Spent {
			s.Spent[i].RemovalCode = 0
		}
		return nil
	})
	require.NoError(p.t, err)
}

// tryNewLicense requests a license for this PC. Unlike tryActivate it returns the error of ThisPC.
func (p *pc) tryNewLicense() (manager.License, error) {
	one, err := p.ThisPC(p.t.Context(), p.w.program.ID)
	if err != nil {
		return manager.License{}, err
	}
	return p.NewLicense(p.t.Context(), manager.NewLicense{OrderID: p.w.order, Codes: one.Codes, ThisPC: true})
}

// pickUpWaiting picks up the released license.
func (p *pc) pickUpWaiting() {
	p.t.Helper()
	p.refresh()
	found, err := p.ReleasedLicenses(p.t.Context())
	require.NoError(p.t, err)
	require.Len(p.t, found, 1)
	_, err = p.PickUp(p.t.Context(), found[0].License)
	require.NoError(p.t, err)
}

// TestDepartures damages or deletes what the PC stores about a license that left.
func TestDepartures(t *testing.T) { runScenarios(t, departureScenarios) }

// releaseCall and removalCall match the calls that report a departure to the server.
var (
	releaseCall = to(http.MethodPost, "/release")
	removalCall = to(http.MethodPost, "/removal")
)
