package protect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/protect"
)

const signature license.Signature = "NOTEPAD1"

var (
	signing    = license.SigningKeyFromSeed([32]byte{1})
	former     = license.SigningKeyFromSeed([32]byte{2})
	strange    = license.SigningKeyFromSeed([32]byte{3})
	activation = license.NewActivationKey([32]byte{4})
	noon       = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
)

// still is a fingerprint with a fixed reading.
type still struct{ reading fingerprint.Reading }

func (s still) Read(ctx context.Context) (fingerprint.Reading, error) { return s.reading, ctx.Err() }

func pc(t testing.TB, name string, changed ...license.Lock) still {
	t.Helper()
	reading, err := fingerprinttest.PC(name, changed...).Read(t.Context())
	require.NoError(t, err)
	return still{reading}
}

// fixture is a program on a PC.
type fixture struct {
	t       testing.TB
	program protect.Program
	options protect.Options
	now     time.Time
	store   *installed.Store
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	d := &fixture{t: t, now: noon}
	d.program = protect.Program{
		Name:          "Notepad",
		Signature:     string(signature),
		PublicKeys:    []string{signing.Public().String(), former.Public().String()},
		ActivationKey: &activation,
		Policy:        license.DefaultPolicy(),
	}
	d.options = protect.Options{
		Folder:       t.TempDir(),
		ExtraFolders: []string{t.TempDir()},
		Fingerprint:  pc(t, "a"),
		Now:          func() time.Time { return d.now },
	}
	d.store = installed.Open(d.options.Folder, installed.Options{})
	return d
}

func (d *fixture) open() *protect.License { return d.program.Open(d.t.Context(), d.options) }

// license returns a license of the PC, with changes.
func (d *fixture) license(change ...func(*license.File)) license.File {
	key := signature.Key()
	reading, err := d.options.Fingerprint.Read(d.t.Context())
	require.NoError(d.t, err)
	f := license.File{
		Issuer:      "Vendor",
		ID:          7,
		IssuedAt:    noon.AddDate(0, 0, -10),
		ProgramID:   3,
		ProgramName: "Notepad",
		Signature:   signature,
		Order:       5,
		Codes:       key.Codes(0x123, reading.Block(key)),
		Features:    0b101,
		Policy:      license.DefaultPolicy(),
		Note:        "Studio PC",
	}
	for _, fn := range change {
		fn(&f)
	}
	code, err := activation.Activate(f.Codes, license.Grant{Features: f.Features, Expires: f.Expires, Issue: uint16(f.ID)})
	require.NoError(d.t, err)
	f.ActivationCode, f.Seed = code, activation.RemovalSeed(code)
	return f
}

func (d *fixture) sign(k license.SigningKey, f license.File) string {
	token, err := k.Sign(f)
	require.NoError(d.t, err)
	return token
}

func (d *fixture) put(content string) {
	require.NoError(d.t, d.store.Put(d.t.Context(), signature, "notepad-7.acen", content))
}

func (d *fixture) write(path, content string) string {
	require.NoError(d.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(d.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func ends(at time.Time) func(*license.File) {
	return func(f *license.File) { f.Expires = at }
}

func of(s license.Signature) func(*license.File) { return func(f *license.File) { f.Signature = s } }

func id(n int64) func(*license.File) { return func(f *license.File) { f.ID = n } }

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*fixture)
		kind    protect.Kind
		says    []string
		check   func(*testing.T, protect.Verdict)
	}{
		"nothing": {kind: protect.NoLicense,
			says: []string{"There is no license for Notepad on this PC.", "activation code"}},
		"nothing, without typed codes": {
			prepare: func(d *fixture) { d.program.ActivationKey = nil },
			kind:    protect.NoLicense,
			says:    []string{"license file."},
		},
		"never ends": {
			prepare: func(d *fixture) { d.put(d.sign(signing, d.license())) },
			kind:    protect.Valid,
			says:    []string{"Notepad is licensed on this PC."},
			check: func(t *testing.T, v protect.Verdict) {
				require.Equal(t, int64(7), v.License.ID)
				require.Equal(t, "Studio PC", v.License.Note)
				require.Zero(t, v.DaysLeft)
				require.True(t, v.Has(0) && !v.Has(1) && v.Has(2) && !v.Has(16) && !v.Has(-1))
				require.NotEmpty(t, v.Path)
			},
		},
		"ends": {
			prepare: func(d *fixture) { d.put(d.sign(signing, d.license(ends(noon.Add(36*time.Hour))))) },
			kind:    protect.Valid,
			says:    []string{"through 27 November 2026", "2 days left"},
			check: func(t *testing.T, v protect.Verdict) {
				require.Equal(t, 2, v.DaysLeft)
			},
		},
		"last day": {
			prepare: func(d *fixture) { d.put(d.sign(signing, d.license(ends(noon.Add(time.Second))))) },
			kind:    protect.Valid,
			says:    []string{"its last day"},
		},
		"the former key": {prepare: func(d *fixture) { d.put(d.sign(former, d.license())) }, kind: protect.Valid},
		"given": {prepare: func(d *fixture) {
			d.options.Paths = []string{d.write(filepath.Join(d.t.TempDir(), "my license"), d.sign(signing, d.license()))}
		}, kind: protect.Valid},
		"given and missing": {prepare: func(d *fixture) {
			d.options.Paths = []string{filepath.Join(d.t.TempDir(), "x.acen")}
		}, kind: protect.NoLicense},
		"elsewhere": {prepare: func(d *fixture) {
			d.write(filepath.Join(d.options.ExtraFolders[0], "a.acen"), d.sign(signing, d.license()))
		}, kind: protect.Valid},
		"the network card changed": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license()))
			d.options.Fingerprint = pc(d.t, "a", license.NETID, license.HDID)
		}, kind: protect.Valid},
		"more has changed than may": {
			prepare: func(d *fixture) {
				d.put(d.sign(signing, d.license()))
				d.options.Fingerprint = pc(d.t, "a", license.NETID, license.BIOSID)
			},
			kind: protect.WrongPC,
			says: []string{"too much of this PC has changed", license.ReasonTooManyChanges.String(), "License reactivation"},
			check: func(t *testing.T, v protect.Verdict) {
				require.Equal(t, 2, v.Comparison.HardwareChanges)
				require.False(t, v.Has(0), "a license of another PC grants nothing")
			},
		},
		"another PC under no flexible locking": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license(func(f *license.File) { f.Policy = license.Policy{} })))
			d.options.Fingerprint = pc(d.t, "a", license.NETID)
		}, kind: protect.WrongPC, says: []string{license.ReasonAnyDifference.String()}},
		"ended on time": {
			prepare: func(d *fixture) { d.put(d.sign(signing, d.license(ends(noon.Add(-time.Second))))) },
			kind:    protect.Expired,
			says:    []string{"ended on 25 November 2026"},
			check: func(t *testing.T, v protect.Verdict) {
				require.Equal(t, noon.Add(-time.Second), v.At)
				require.Zero(t, v.DaysLeft)
			},
		},
		"issued in the future": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license(ends(noon.AddDate(1, 0, 0)), func(f *license.File) {
				f.IssuedAt = noon.AddDate(0, 0, 2)
			})))
		}, kind: protect.ClockSetBack, says: []string{"it tells 25 November 2026, but it has been 27 November 2026 already"}},
		"issued in the future, never ends": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license(func(f *license.File) { f.IssuedAt = noon.AddDate(0, 0, 2) })))
		}, kind: protect.Valid},
		"removed, and the file put back": {prepare: func(d *fixture) {
			f := d.license()
			require.NoError(d.t, d.store.Leave(d.t.Context(), signature, installed.Spent{
				Codes:     f.Codes,
				LicenseID: f.ID,
				At:        noon,
			}))
			d.put(d.sign(signing, f))
		}, kind: protect.Removed, says: []string{"removed from this PC on 25 November 2026"}},
		"ended by the server": {prepare: func(d *fixture) {
			f := d.license()
			require.NoError(d.t, d.store.SetContact(d.t.Context(), signature, installed.Contact{
				LicenseID: f.ID,
				Site:      f.Codes.Site,
				At:        noon,
				Ended:     "Removed",
			}))
			d.put(d.sign(signing, f))
		}, kind: protect.Ended, says: []string{"no longer this PC's"}},
		"the server has ended a license of the same number and another Site code": {prepare: func(d *fixture) {
			f := d.license()
			other := installed.Contact{LicenseID: f.ID, Site: f.Codes.Site + 1, At: noon, Ended: "Removed"}
			require.NoError(d.t, d.store.SetContact(d.t.Context(), signature, other))
			d.put(d.sign(signing, f))
		}, kind: protect.Valid},
		"grace": {prepare: func(d *fixture) {
			d.program.Validation = protect.Validation{Server: "https://licenses.example.com", Grace: 10 * 24 * time.Hour}
			d.put(d.sign(signing, d.license()))
		}, kind: protect.Valid},
		"grace is over": {prepare: func(d *fixture) {
			d.program.Validation = protect.Validation{Server: "https://licenses.example.com", Grace: 9 * 24 * time.Hour}
			d.put(d.sign(signing, d.license()))
		}, kind: protect.ValidationDue, says: []string{"by 24 November 2026", "Connect this PC to the network"}},
		"grace counts from the last contact": {prepare: func(d *fixture) {
			d.program.Validation = protect.Validation{Server: "https://licenses.example.com", Grace: 9 * 24 * time.Hour}
			f := d.license()
			require.NoError(d.t, d.store.SetContact(d.t.Context(), signature, installed.Contact{
				LicenseID: f.ID,
				Site:      f.Codes.Site,
				At:        noon.AddDate(0, 0, -1),
			}))
			d.put(d.sign(signing, f))
		}, kind: protect.Valid},
		"empty file": {
			prepare: func(d *fixture) { d.put("") },
			kind:    protect.Damaged,
			says:    []string{"notepad-7.acen", "damaged"},
		},
		"half a file": {prepare: func(d *fixture) {
			token := d.sign(signing, d.license())
			d.put(token[:len(token)/2])
		}, kind: protect.Damaged},
		"one letter changed": {prepare: func(d *fixture) {
			token := []byte(d.sign(signing, d.license()))
			token[40] ^= 1
			d.put(string(token))
		}, kind: protect.Damaged},
		"a forged signature": {prepare: func(d *fixture) {
			forged, footer := d.sign(strange, d.license()), d.sign(signing, d.license())
			d.put(forged[:strings.LastIndex(forged, ".")] + footer[strings.LastIndex(footer, "."):])
		}, kind: protect.Damaged},
		"the key of another program": {
			prepare: func(d *fixture) { d.put(d.sign(strange, d.license(of("OTHER777")))) },
			kind:    protect.OtherProgram,
			says:    []string{"for another program"},
		},
		"a key that the program does not know": {
			prepare: func(d *fixture) { d.put(d.sign(strange, d.license())) },
			kind:    protect.UnknownKey,
			says: []string{"notepad-7.acen was signed with a key that this version of Notepad does not know",
				"Update Notepad."},
			check: func(t *testing.T, v protect.Verdict) { require.Nil(t, v.License, "nothing of it is verified") },
		},
		"an unknown key, and claims that cannot be read": {
			prepare: func(d *fixture) {
				token := d.sign(strange, d.license())
				body, footer := token[len("v4.public."):strings.LastIndex(token, ".")], token[strings.LastIndex(token, "."):]
				d.put("v4.public." + strings.Repeat("A", len(body)) + footer)
			},
			kind: protect.OtherProgram,
		},
		"an unknown key beside a valid license": {
			prepare: func(d *fixture) {
				d.put(d.sign(strange, d.license(ends(noon.AddDate(9, 0, 0)))))
				d.write(filepath.Join(d.options.ExtraFolders[0], "a.acen"), d.sign(signing, d.license(ends(noon.AddDate(0, 0, 1)))))
			},
			kind: protect.Valid,
		},
		"an unknown key beside a license that has ended, which can be renewed": {
			prepare: func(d *fixture) {
				d.put(d.sign(strange, d.license()))
				ended := d.sign(signing, d.license(ends(noon.AddDate(0, 0, -1))))
				d.write(filepath.Join(d.options.ExtraFolders[0], "a.acen"), ended)
			},
			kind: protect.Expired,
		},
		"an unknown key beside a license that was removed": {
			prepare: func(d *fixture) {
				f := d.license()
				require.NoError(d.t, d.store.Leave(d.t.Context(), signature, installed.Spent{
					Codes:     f.Codes,
					LicenseID: f.ID,
					At:        noon,
				}))
				d.put(d.sign(strange, d.license(id(8))))
				d.write(filepath.Join(d.options.ExtraFolders[0], "a.acen"), d.sign(signing, f))
			},
			kind: protect.UnknownKey,
		},
		"a license file of a trial version": {
			prepare: func(d *fixture) { d.put(trialFile(d.t)) },
			kind:    protect.OlderVersion,
			says:    []string{"notepad-7.acen was made by an older trial version", "Activate this PC"},
			check:   func(t *testing.T, v protect.Verdict) { require.Nil(t, v.License, "nothing of it is read") },
		},
		"a license file of a trial version beside a valid license": {
			prepare: func(d *fixture) {
				d.put(trialFile(d.t))
				d.write(filepath.Join(d.options.ExtraFolders[0], "a.acen"), d.sign(signing, d.license()))
			},
			kind: protect.Valid,
		},
		"a state of a trial version, in which the license's Site code is spent": {
			prepare: func(d *fixture) {
				state := installed.Spent{Codes: d.license().Codes, At: noon}
				require.NoError(d.t, d.store.Leave(d.t.Context(), signature, state))
				path := d.store.StatePath(signature)
				content, err := os.ReadFile(path)
				require.NoError(d.t, err)
				d.write(path, strings.Replace(string(content), `"version": 2`, `"version": 1`, 1))
				d.put(d.sign(signing, d.license()))
			},
			kind: protect.Valid,
		},
		"a state of a newer version": {
			prepare: func(d *fixture) {
				d.put(d.sign(signing, d.license()))
				d.write(d.store.StatePath(signature), `{"version":3,"spent":{"12300000":{}}}`)
			},
			kind:  protect.NewerState,
			says:  []string{"written by a newer version", "Update Notepad, then start it again", "pc.json was left as it is"},
			check: func(t *testing.T, v protect.Verdict) { require.Equal(t, "pc.json", filepath.Base(v.Path)) },
		},
		"a state of a newer version, and no license file": {
			prepare: func(d *fixture) { d.write(d.store.StatePath(signature), `{"version":3}`) },
			kind:    protect.NewerState,
			says:    []string{"written by a newer version"},
		},
		"another program of the same key": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license(of("OTHER777"))))
		}, kind: protect.OtherProgram},
		"codes that do not belong together": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license(func(f *license.File) { f.Codes.Machine ^= 1 })))
		}, kind: protect.Damaged},
		"typed code": {prepare: func(d *fixture) {
			f := d.license()
			_, err := d.store.Update(d.t.Context(), signature, func(s *installed.State) error {
				s.Typed = &installed.Typed{Codes: f.Codes, Code: f.ActivationCode}
				return nil
			})
			require.NoError(d.t, err)
		}, kind: protect.Valid, check: func(t *testing.T, v protect.Verdict) {
			require.True(t, v.License.Typed && v.Has(2) && !v.Has(1))
		}},
		"typed code, which the program does not accept": {prepare: func(d *fixture) {
			f := d.license()
			d.program.ActivationKey = nil
			_, err := d.store.Update(d.t.Context(), signature, func(s *installed.State) error {
				s.Typed = &installed.Typed{Codes: f.Codes, Code: f.ActivationCode}
				return nil
			})
			require.NoError(d.t, err)
		}, kind: protect.NoLicense},
		"the best of many": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license(ends(noon.AddDate(0, 0, -1)))))
			for i, f := range []license.File{d.license(id(8), ends(noon.AddDate(0, 0, 5))),
				d.license(id(9), ends(noon.AddDate(0, 0, 9))), d.license(id(10), ends(noon.AddDate(0, 0, 7)))} {
				d.write(filepath.Join(d.options.ExtraFolders[0], fmt.Sprintf("%d.acen", i)), d.sign(signing, f))
			}
			d.write(filepath.Join(d.options.ExtraFolders[0], "broken.acen"), "v4.public.x")
		}, kind: protect.Valid, check: func(t *testing.T, v protect.Verdict) { require.Equal(t, int64(9), v.License.ID) }},
		"an older file of the same license counts no more": {prepare: func(d *fixture) {
			d.write(filepath.Join(d.options.ExtraFolders[0], "old.acen"), d.sign(signing, d.license()))
			d.put(d.sign(signing, d.license(ends(noon.Add(-time.Hour)), func(f *license.File) {
				f.IssuedAt = noon.AddDate(0, 0, -2)
			})))
		}, kind: protect.Expired},
		"hundreds of files": {prepare: func(d *fixture) {
			for i := range 200 {
				d.write(filepath.Join(d.options.ExtraFolders[0], fmt.Sprintf("%d.acen", i)),
					d.sign(signing, d.license(id(int64(100+i)), ends(noon.AddDate(0, 0, -1)))))
			}
			d.put(d.sign(signing, d.license()))
		}, kind: protect.Valid},
		"damaged state": {prepare: func(d *fixture) {
			d.put(d.sign(signing, d.license()))
			d.write(filepath.Join(installed.ProgramFolder(d.options.Folder, signature), "pc.json"), "{")
		}, kind: protect.Valid},
		"built wrongly": {
			prepare: func(d *fixture) { d.program.PublicKeys = []string{"x"} },
			kind:    protect.Undecided,
			says:    []string{"built wrongly", `public key "x"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newFixture(t)
			if c.prepare != nil {
				c.prepare(d)
			}
			v := d.open().Verdict()
			require.Equal(t, c.kind.String(), v.Kind.String(), v)
			require.Equal(t, c.kind == protect.Valid, v.Valid())
			for _, text := range c.says {
				require.Contains(t, v.Text("en"), text)
			}
			require.NotEmpty(t, v.Text("en"))
			require.Equal(t, c.kind == protect.NoLicense, strings.Contains(v.Text("en"), "There is no license"))
			require.Equal(t, v, d.open().Verdict(), "the second start finds the same")
			if c.check != nil {
				c.check(t, v)
			}
		})
	}
}

func TestProgramIsChecked(t *testing.T) {
	good := newFixture(t).program
	require.NoError(t, good.Check())
	for name, spoil := range map[string]func(*protect.Program){
		"signature":   func(p *protect.Program) { p.Signature = "x" },
		"name":        func(p *protect.Program) { p.Name = "" },
		"no key":      func(p *protect.Program) { p.PublicKeys = nil },
		"bad key":     func(p *protect.Program) { p.PublicKeys = append(p.PublicKeys, "12") },
		"plain http":  func(p *protect.Program) { p.Validation.Server = "http://licenses.example.com" },
		"no address":  func(p *protect.Program) { p.Validation.Server = "licenses" },
		"credentials": func(p *protect.Program) { p.Validation.Server = "https://a:b@licenses.example.com" },
	} {
		d := newFixture(t)
		spoil(&d.program)
		require.Error(t, d.program.Check(), name)
		l := d.open()
		require.Equal(t, protect.Undecided, l.Verdict().Kind, name)
		_, err := l.Codes(t.Context())
		require.Error(t, err, name)
		_, err = l.Activate(t.Context(), "x")
		require.Error(t, err, name)
		_, err = l.Remove(t.Context())
		require.Error(t, err, name)
	}
	for _, local := range []string{"http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1/path"} {
		good.Validation = protect.Validation{Server: local, Grace: protect.Forever}
		require.NoError(t, good.Check(), local)
	}
}

// With a clock that is set back, a license that ends is invalid until the clock is right again or a license file is
// issued anew.
func TestClock(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license(ends(noon.AddDate(0, 0, 30)))))
	start := func(at time.Time) protect.Verdict { d.now = at; return d.open().Verdict() }
	require.Equal(t, 31, start(noon).DaysLeft)
	require.Equal(t, 21, start(noon.AddDate(0, 0, 10)).DaysLeft)
	require.Equal(t, 21, start(noon.AddDate(0, 0, 9)).DaysLeft, "within the tolerance the latest time counts")
	v := start(noon.AddDate(0, 0, 9).Add(-time.Second))
	require.Equal(t, protect.ClockSetBack, v.Kind)
	require.Equal(t, noon.AddDate(0, 0, 10), v.At)
	require.Contains(t, v.Text("en"), "get the license file anew")
	require.Equal(t, protect.ClockSetBack, start(noon.AddDate(-50, 0, 0)).Kind)
	require.Equal(t, protect.Valid, start(noon.AddDate(0, 0, 11)).Kind, "the clock is right again")

	// The clock was once far ahead.
	require.Equal(t, protect.Expired, start(noon.AddDate(70, 0, 0)).Kind)
	require.Equal(t, protect.ClockSetBack, start(noon.AddDate(0, 0, 12)).Kind)
	fresh := d.license(ends(noon.AddDate(0, 0, 30)), func(f *license.File) { f.IssuedAt = noon.AddDate(0, 0, 12) })
	v, err := d.open().Activate(t.Context(), d.sign(signing, fresh))
	require.NoError(t, err)
	require.Equal(t, 19, v.DaysLeft)
	require.Equal(t, 19, start(noon.AddDate(0, 0, 12)).DaysLeft)

	// An older license file does not set the latest time back.
	d.put(d.sign(signing, d.license(ends(noon.AddDate(0, 0, 30)))))
	require.Equal(t, 9, start(noon.AddDate(0, 0, 22)).DaysLeft)
	require.Equal(t, protect.ClockSetBack, start(noon.AddDate(0, 0, 13)).Kind)
	require.Equal(t, protect.Expired, start(noon.AddDate(0, 0, 31)).Kind)
}

// The clock of an older program counts after an update, and so does one beside a damaged state.
func TestClockOfOlderProgram(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license(ends(noon.AddDate(0, 0, 30)))))
	dir := installed.ProgramFolder(d.options.Folder, signature)
	d.write(filepath.Join(dir, "clock.json"), `{"latest":"2026-12-05T12:00:00Z","issued":"2026-11-15T12:00:00Z"}`)
	start := func(at time.Time) protect.Kind { d.now = at; return d.open().Verdict().Kind }
	require.Equal(t, protect.ClockSetBack, start(noon))
	require.Equal(t, protect.Valid, start(noon.AddDate(0, 0, 20)))
	require.Equal(t, protect.ClockSetBack, start(noon.AddDate(0, 0, 18)), "the later time counts now")

	d.write(filepath.Join(dir, "pc.json"), "{")
	require.Equal(t, protect.ClockSetBack, start(noon), "the older program's time is known still")
	require.Equal(t, protect.Valid, start(noon.AddDate(0, 0, 20)))
	require.Equal(t, protect.ClockSetBack, start(noon.AddDate(0, 0, 18)))
	_, err := d.open().Codes(t.Context()) // sets the damaged state aside
	require.NoError(t, err)
	require.Equal(t, protect.ClockSetBack, start(noon.AddDate(0, 0, 18)))
	require.Equal(t, protect.Valid, start(noon.AddDate(0, 0, 22)))
	require.Equal(t, protect.ClockSetBack, start(noon.AddDate(0, 0, 20)))
}

// The clock is written when it has advanced by more than an hour, and its folder may be read-only.
func TestClockWrites(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license(ends(noon.AddDate(0, 0, 30)))))
	d.open()
	require.Equal(t, noon, d.store.Clock(signature).Latest)
	d.now = noon.Add(time.Hour)
	d.open()
	require.Equal(t, noon, d.store.Clock(signature).Latest)
	d.now = noon.Add(time.Hour + time.Second)
	d.open()
	require.Equal(t, d.now, d.store.Clock(signature).Latest)

	d.options.Disk = refusing{}
	d.now = noon.Add(5 * time.Hour)
	require.True(t, d.open().Verdict().Valid())
}

type refusing struct{}

func (refusing) Write(string, []byte) error  { return os.ErrPermission }
func (refusing) Rename(string, string) error { return os.ErrPermission }
func (refusing) Remove(string) error         { return os.ErrPermission }

// Likely mistakes of a vendor are found by a test of the program.
func TestVendorMistakes(t *testing.T) {
	good := newFixture(t).program
	good.Validation = protect.Validation{Server: "https://licenses.example.com", Grace: 30 * 24 * time.Hour}
	require.NoError(t, good.Check())
	for says, spoil := range map[string]func(*protect.Program){
		"30ns":                  func(p *protect.Program) { p.Validation.Grace = 30 },
		"no server":             func(p *protect.Program) { p.Validation.Server = "" },
		"every 5ns":             func(p *protect.Program) { p.Validation.Every = 5 },
		"every -1h0m0s":         func(p *protect.Program) { p.Validation.Every = -time.Hour },
		"shorter than the time": func(p *protect.Program) { p.Validation.Every = 31 * 24 * time.Hour },
		"allows -1 hardware": func(p *protect.Program) {
			p.Policy = license.Policy{Enabled: true, MaxHardwareChanges: -1}
		},
		"lock 99": func(p *protect.Program) { p.Policy = license.Policy{Changeable: []license.Lock{99}} },
	} {
		p := good
		spoil(&p)
		require.ErrorContains(t, p.Check(), says)
	}
}

// A verdict does not advise License reactivation if the server would refuse it for the same reason.
func TestReactivationAdvice(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license(func(f *license.File) { f.Policy.MaxHardwareChanges = 7 })))
	d.options.Fingerprint = pc(t, "a", license.NETID, license.HDHWID)
	v := d.open().Verdict()
	require.Equal(t, protect.WrongPC, v.Kind)
	for _, language := range []string{"en", "de", "fr", "es", "ja"} {
		require.NotContains(t, v.Text(language), "ACEN Desktop", language)
	}
	require.Contains(t, v.Text("en"), "The vendor can replace the license")
}

func TestFirstStartStoresProgram(t *testing.T) {
	d := newFixture(t)
	d.open()
	state, err := d.store.State(signature)
	require.NoError(t, err)
	require.Equal(t, installed.Program{Name: "Notepad", PublicKeys: d.program.PublicKeys, TypedCodes: true}, state.Program)
	require.False(t, state.HasGeneration)

	d.program.ActivationKey = nil
	d.put(d.sign(signing, d.license()))
	d.open()
	state, err = d.store.State(signature)
	require.NoError(t, err)
	require.False(t, state.Program.TypedCodes)
	require.EqualValues(t, 0x123, state.Generation,
		"a PC without a Site code takes that of its license, so that the app recognizes it")
	codes, err := d.open().Codes(t.Context())
	require.NoError(t, err)
	require.Equal(t, d.license().Codes, codes)
}

// Concurrent changes of the folder do not delay a start.
func TestHeldLock(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license(ends(noon.AddDate(0, 0, 3)))))
	release := d.holdLock()
	require.True(t, d.open().Verdict().Valid())
	require.Zero(t, d.store.Clock(signature), "it was not waited for")
	release()
	d.open()
	require.NotZero(t, d.store.Clock(signature))
}

// holdLock locks the program's folder, as another program would, until release.
func (d *fixture) holdLock() (release func()) {
	started, released, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := d.store.Update(context.Background(), signature, func(*installed.State) error {
			close(started)
			<-released
			return nil
		})
		ended <- err
	}()
	<-started
	return func() {
		close(released)
		require.NoError(d.t, <-ended)
	}
}

// If the folder lock is not released, tasks fail with the path of the file and change nothing.
func TestLockIsNotReleased(t *testing.T) {
	d := newFixture(t)
	d.options.LockTimeout = time.Nanosecond
	good := d.sign(signing, d.license())
	d.put(good)
	l := d.open()
	require.True(t, l.Verdict().Valid())
	before, err := os.ReadFile(d.store.StatePath(signature))
	require.NoError(t, err)
	release := d.holdLock()
	for name, change := range map[string]func() error{
		"remove":   func() error { _, err := l.Remove(t.Context()); return err },
		"activate": func() error { _, err := l.Activate(t.Context(), good); return err },
	} {
		err := change()
		require.ErrorIs(t, err, installed.ErrBusy, name)
		var busy *installed.BusyError
		require.ErrorAs(t, err, &busy, name)
		require.Equal(t, d.options.LockTimeout, busy.Waited, name)
		require.ErrorContains(t, err, filepath.Join(filepath.Dir(d.store.StatePath(signature)), "lock"), name)
		require.True(t, d.open().Verdict().Valid(), name)
		after, err := os.ReadFile(d.store.StatePath(signature))
		require.NoError(t, err)
		require.Equal(t, before, after, name)
	}
	release()
	r, err := l.Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, d.license().Seed.RemovalCode(d.license().Codes), r.Code)
}

// trialFile returns a license file that a trial version signed with the key signing.
func trialFile(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "license", "installed", "testdata", "notepad-7-v1.acen"))
	require.NoError(t, err)
	return string(content)
}

// A license file of a trial version is reported until there is a valid one; it is never erased.
func TestTrialLicense(t *testing.T) {
	d := newFixture(t)
	d.put(trialFile(t))
	d.write(d.store.StatePath(signature), `{"version":1,"signature":"NOTEPAD1"}`)
	l := d.open()
	for range 2 { // also after the first check has written the state
		require.Equal(t, protect.OlderVersion, l.Check(t.Context()).Kind)
	}
	v, err := l.Activate(t.Context(), trialFile(t))
	var refusal *protect.Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, protect.OlderVersion, refusal.Verdict.Kind)
	require.NotEqual(t, protect.Valid, v.Kind)
	v, err = l.Activate(t.Context(), d.sign(signing, d.license(id(8))))
	require.NoError(t, err)
	require.Equal(t, protect.Valid, v.Kind)
	old := filepath.Join(filepath.Dir(d.store.StatePath(signature)), "old")
	for name, want := range map[string]string{"pc.json": `{"version":1,"signature":"NOTEPAD1"}`,
		"notepad-7.acen": trialFile(t)} {
		content, err := os.ReadFile(filepath.Join(old, name))
		require.NoError(t, err)
		require.Equal(t, want, string(content))
	}
}

// Data of a newer version do not change, and every task fails with a sentence that says so.
func TestNewerState(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	good := d.sign(signing, d.license(ends(noon.AddDate(0, 0, 30))))
	d.put(good)
	const state = `{"version":3,"signature":"NOTEPAD1","spent":{"12300000":{}}}`
	d.write(d.store.StatePath(signature), state)
	l := d.open()
	for name, task := range map[string]func() error{
		"codes":         func() error { _, err := l.Codes(t.Context()); return err },
		"activate file": func() error { _, err := l.Activate(t.Context(), good); return err },
		"activate code": func() error { _, err := l.Activate(t.Context(), d.license().ActivationCode.String()); return err },
		"remove":        func() error { _, err := l.Remove(t.Context()); return err },
		"validate":      func() error { _, err := l.Validate(t.Context()); return err },
	} {
		err := task()
		var refusal *protect.Refusal
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, protect.NewerState, refusal.Verdict.Kind, name)
		require.ErrorContains(t, err, "written by a newer version", name)
	}
	_, err := l.RemovalCodes()
	require.ErrorIs(t, err, installed.ErrNewer)
	require.Empty(t, server.paths, "the server is not asked")
	require.Equal(t, protect.NewerState, d.open().Verdict().Kind)

	dir := filepath.Dir(d.store.StatePath(signature))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{"lock", "notepad-7.acen", "pc.json"}, names)
	for name, want := range map[string]string{"pc.json": state, "notepad-7.acen": good} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, string(content))
	}

	require.NoError(t, os.Remove(d.store.StatePath(signature)))
	require.Equal(t, protect.ValidationDue, l.Check(t.Context()).Kind, "the license file was there all the time")
}

// A state that is not a regular file is set aside like a damaged one.
func TestStateIsAFolder(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license()))
	d.write(filepath.Join(d.store.StatePath(signature), "something"), "x")
	require.True(t, d.open().Verdict().Valid())
	r, err := d.open().Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, d.license().Seed.RemovalCode(d.license().Codes), r.Code)
	aside, err := filepath.Glob(d.store.StatePath(signature) + ".damaged-*/something")
	require.NoError(t, err)
	require.Len(t, aside, 1)
}

func TestInterrupted(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := d.program.Open(ctx, d.options)
	require.Equal(t, protect.Undecided, l.Verdict().Kind)
	require.Contains(t, l.Verdict().Text("en"), "could not be checked")
	require.True(t, l.Check(t.Context()).Valid())
	require.True(t, l.Check(ctx).Valid(), "the verdict does not change")
}

func TestActivate(t *testing.T) {
	d := newFixture(t)
	good := d.sign(signing, d.license())
	_, err := d.store.Update(t.Context(), signature, func(s *installed.State) error {
		s.Generation, s.HasGeneration = 0x123, true
		return nil
	})
	require.NoError(t, err)
	l := d.open()
	codes, err := l.Codes(t.Context())
	require.NoError(t, err)
	require.Equal(t, d.license().Codes, codes)
	other := newFixture(t)
	other.options.Fingerprint = pc(t, "b")
	for name, c := range map[string]struct{ text, says string }{
		"empty":          {"", "missing"},
		"half a code":    {"F3945D8C-B0D71FFA", "not complete"},
		"code of others": {"F3945D8C-B0D71FFA-02A956E3-8D6DB947", codes.Site.String()},
		"damaged file":   {"v4.public.AAAA", "damaged"},
		"file of others": {d.sign(strange, d.license(of("OTHER777"))), "another program"},
		"file of new key": {d.sign(strange, d.license()),
			"license file that was given was signed with a key that this version"},
		"file of other PC": {other.sign(signing, other.license()), "another PC"},
		"file that ended":  {d.sign(signing, d.license(ends(noon.Add(-time.Hour)))), "ended"},
		"code of other PC": {other.license().ActivationCode.String(), "do not belong|belong to this Site code"},
		"code that ended": {d.license(ends(noon.AddDate(0, 0, -2))).ActivationCode.String(),
			"activation code of Notepad ended on 23 November 2026"},
	} {
		_, err := l.Activate(t.Context(), c.text)
		require.Error(t, err, name)
		require.Regexp(t, c.says, err.Error(), name)
		require.Equal(t, protect.NoLicense, d.open().Verdict().Kind, name)
	}

	mail := "Dear Anna,\n\nActivation code: " + d.license(ends(noon.AddDate(0, 0, 2))).ActivationCode.String() + "\n"
	v, err := l.Activate(t.Context(), mail)
	require.NoError(t, err)
	require.True(t, v.Valid() && v.License.Typed)
	require.Equal(t, 3, v.DaysLeft)
	require.True(t, l.Has(2))

	v, err = l.ActivateFile(t.Context(),
		d.write(filepath.Join(t.TempDir(), "from mail.txt"), "\ufeff "+good[:30]+"\r\n"+good[30:]+"\n"))
	require.NoError(t, err)
	require.True(t, v.Valid() && !v.License.Typed)
	require.Equal(t, v, d.open().Verdict())
	_, err = l.ActivateFile(t.Context(), filepath.Join(t.TempDir(), "missing"))
	require.ErrorContains(t, err, "cannot be read")

	var refusal *protect.Refusal
	_, err = l.Activate(t.Context(), other.sign(signing, other.license()))
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, protect.WrongPC, refusal.Verdict.Kind)
	require.True(t, l.Verdict().Valid(), "the former license remains")

	d.program.ActivationKey = nil
	_, err = d.open().Activate(t.Context(), d.license().ActivationCode.String())
	require.ErrorContains(t, err, "accepts no typed activation codes")
}

// A damaged state is set aside when something must be stored.
func TestDamagedState(t *testing.T) {
	d := newFixture(t)
	path := filepath.Join(installed.ProgramFolder(d.options.Folder, signature), "pc.json")
	d.write(path, "{")
	_, err := d.open().Codes(t.Context())
	require.NoError(t, err)
	aside, err := filepath.Glob(path + ".damaged-*")
	require.NoError(t, err)
	require.Len(t, aside, 1)
	d.write(path, "{")
	v, err := d.open().Activate(t.Context(), d.sign(signing, d.license()))
	require.NoError(t, err)
	require.True(t, v.Valid())
	d.write(path, "{")
	r, err := d.open().Remove(t.Context())
	require.NoError(t, err)
	require.Equal(t, d.license().Seed.RemovalCode(d.license().Codes), r.Code)
	require.Equal(t, protect.NoLicense, d.open().Verdict().Kind)
}

// No format of a License shows its secrets.
func TestLicenseIsRedacted(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license()))
	l := d.open()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, l.Verdict().Text("en"), fmt.Sprintf(verb, l))
	}
	seed := d.license().Seed
	require.NotContains(t, fmt.Sprintf("%#v", l.Verdict()), fmt.Sprintf("%x", seed.Reveal()))
}

// A Site code of another PC is replaced by a new one, once per refusal, and a license remains valid under it (spec:
// api 21).
func TestRenewCodes(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license()))
	l := d.open()
	require.True(t, l.Verdict().Valid())
	first, err := l.Codes(t.Context())
	require.NoError(t, err)
	second, err := l.RenewCodes(t.Context(), first)
	require.NoError(t, err)
	require.NotEqual(t, first.Site.Generation(), second.Site.Generation())
	again, err := l.RenewCodes(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, second, again, "the refused codes are no longer this PC's")
	now, err := d.open().Codes(t.Context())
	require.NoError(t, err)
	require.Equal(t, second, now)
	require.True(t, l.Check(t.Context()).Valid())

	d.program.Name = ""
	_, err = d.open().RenewCodes(t.Context(), second)
	require.ErrorContains(t, err, "no name")
}
