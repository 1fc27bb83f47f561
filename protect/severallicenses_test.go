package protect_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/protect"
)

func issuedAt(at time.Time) func(*license.File) { return func(f *license.File) { f.IssuedAt = at } }

func order(n int64) func(*license.File) { return func(f *license.File) { f.Order = n } }

func features(bits uint16) func(*license.File) { return func(f *license.File) { f.Features = bits } }

// trial is a license of another order, which ends in five days, was issued last and has its own feature.
func (d *fixture) trial() license.File {
	return d.license(id(8), order(6), ends(noon.AddDate(0, 0, 5)), issuedAt(noon), features(0b1000))
}

// A trial never replaces a perpetual license, in either order, and the features of both are combined while both are
// valid (spec: codes "Several licenses").
func TestTrialBesidePerpetual(t *testing.T) {
	for name, trialFirst := range map[string]bool{"trial first": true, "trial last": false} {
		t.Run(name, func(t *testing.T) {
			d := newFixture(t)
			l := d.open()
			files := []license.File{d.license(), d.trial()}
			if trialFirst {
				files[0], files[1] = files[1], files[0]
			}
			for _, f := range files {
				v, err := l.Activate(t.Context(), d.sign(signing, f))
				require.NoError(t, err)
				require.True(t, v.Valid())
			}
			check := func(v protect.Verdict) {
				require.EqualValues(t, 7, v.License.ID)
				require.Zero(t, v.License.Expires)
				require.Equal(t, "Notepad is licensed on this PC.", v.Text("en"))
			}
			check(l.Verdict())
			check(d.open().Verdict())
			require.EqualValues(t, 0b1101, l.Verdict().License.Features)
			require.True(t, l.Has(3) && l.Has(0) && !l.Has(1))
			list, err := d.store.Files(signature)
			require.NoError(t, err)
			require.Len(t, list, 2)

			d.now = noon.AddDate(0, 0, 6)
			check(l.Check(t.Context()))
			require.EqualValues(t, 0b101, l.Verdict().License.Features, "the trial has ended")
		})
	}
}

// The end of the license that lasts longest is shown; invalid licenses add nothing (spec: codes "Several licenses").
func TestFeaturesOfValidLicensesOnly(t *testing.T) {
	d := newFixture(t)
	elsewhere := func(name string, f license.File) {
		d.write(filepath.Join(d.options.ExtraFolders[0], name), d.sign(signing, f))
	}
	elsewhere("a.acen", d.license(id(1), order(1), ends(noon.AddDate(0, 0, 3)), features(1)))
	elsewhere("b.acen", d.license(id(2), order(2), ends(noon.AddDate(0, 0, 9)), features(2)))
	elsewhere("c.acen", d.license(id(3), order(3), ends(noon.AddDate(0, 0, -1)), features(4)))
	other := newFixture(t)
	other.options.Fingerprint = pc(t, "b")
	elsewhere("d.acen", other.license(id(4), order(4), features(8)))
	v := d.open().Verdict()
	require.EqualValues(t, 2, v.License.ID)
	require.EqualValues(t, 3, v.License.Features)
	require.Equal(t, 10, v.DaysLeft)
}

// A file replaces only an older one of its own license.
func TestActivateKeepsNewerFile(t *testing.T) {
	d := newFixture(t)
	l := d.open()
	newer := d.license(issuedAt(noon), ends(noon.AddDate(0, 0, 2)))
	_, err := l.Activate(t.Context(), d.sign(signing, newer))
	require.NoError(t, err)
	v, err := l.Activate(t.Context(), d.sign(signing, d.license(ends(noon.AddDate(1, 0, 0)))))
	require.NoError(t, err)
	require.Equal(t, newer.Expires, v.License.Expires, "the vendor has shortened the license")

	d.now = noon.AddDate(0, 0, 3)
	var refusal *protect.Refusal
	_, err = l.Activate(t.Context(), d.sign(signing, d.license(ends(noon.AddDate(1, 0, 0)))))
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, protect.Expired, refusal.Verdict.Kind)
}

// code returns a typed activation code of the PC.
func (d *fixture) code(g license.Grant) string {
	code, err := activation.Activate(d.license().Codes, g)
	require.NoError(d.t, err)
	return code.String()
}

// adopted returns a fixture whose Site code is that of license.
func adopted(t *testing.T) *fixture {
	d := newFixture(t)
	_, err := d.store.Update(t.Context(), signature, func(s *installed.State) error {
		s.Generation, s.HasGeneration = 0x123, true
		return nil
	})
	require.NoError(t, err)
	return d
}

// A typed trial does not replace a typed perpetual license either; for one license the last entered code counts.
func TestTypedTrial(t *testing.T) {
	d := adopted(t)
	l := d.open()
	for _, g := range []license.Grant{
		{Features: 0b1, Issue: 1},
		{Features: 0b10, Issue: 2, Expires: noon.AddDate(0, 0, 3)},
		{Features: 0b100, Issue: 3},
		{Features: 0b1000, Issue: 3},
	} {
		v, err := l.Activate(t.Context(), d.code(g))
		require.NoError(t, err)
		require.True(t, v.Valid())
	}
	require.Zero(t, l.Verdict().License.Expires)
	require.EqualValues(t, 0b1011, l.Verdict().License.Features)
	require.Equal(t, l.Verdict(), d.open().Verdict())
}

// A PC whose clock was once in the future recovers with a typed code that was never entered before, and with no other
// (spec: codes "Activation code").
func TestTypedCodeAfterWrongClock(t *testing.T) {
	first := license.Grant{Issue: 1, Expires: noon.AddDate(0, 0, 30)}
	second := license.Grant{Issue: 2, Expires: noon.AddDate(0, 0, 40)}
	wrong := func(t *testing.T) (*fixture, *protect.License) {
		d := adopted(t)
		l := d.open()
		_, err := l.Activate(t.Context(), d.code(first))
		require.NoError(t, err)
		d.now = noon.AddDate(50, 0, 0)
		require.Equal(t, protect.Expired, l.Check(t.Context()).Kind)
		d.now = noon.AddDate(0, 0, 1)
		v := l.Check(t.Context())
		require.Equal(t, protect.ClockSetBack, v.Kind)
		require.Contains(t, v.Text("en"), "get a new activation code")
		return d, l
	}
	t.Run("a code that it had", func(t *testing.T) {
		d, l := wrong(t)
		var refusal *protect.Refusal
		_, err := l.Activate(t.Context(), d.code(first))
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, protect.ClockSetBack, refusal.Verdict.Kind)
	})
	t.Run("a code that it never had", func(t *testing.T) {
		d, l := wrong(t)
		v, err := l.Activate(t.Context(), d.code(second))
		require.NoError(t, err)
		require.True(t, v.Valid())
		require.Equal(t, d.now, d.store.Clock(signature).Latest)
		require.True(t, d.open().Verdict().Valid())

		// It recovers once.
		d.now = noon.AddDate(50, 0, 0)
		require.Equal(t, protect.Expired, d.open().Verdict().Kind)
		d.now = noon.AddDate(0, 0, 2)
		_, err = d.open().Activate(t.Context(), d.code(second))
		require.Error(t, err)
		require.Equal(t, protect.ClockSetBack, d.open().Verdict().Kind)
	})
	t.Run("a code that the app entered", func(t *testing.T) {
		d, l := wrong(t)
		code, err := license.ParseActivationCode(d.code(second))
		require.NoError(t, err)
		_, err = d.store.Update(t.Context(), signature, func(s *installed.State) error {
			s.AddTyped(installed.Typed{Codes: d.license().Codes, Code: code})
			return nil
		})
		require.NoError(t, err)
		require.True(t, l.Check(t.Context()).Valid())
		require.True(t, d.open().Verdict().Valid())
	})
	t.Run("a code that ended before", func(t *testing.T) {
		d, l := wrong(t)
		_, err := l.Activate(t.Context(), d.code(license.Grant{Issue: 3, Expires: noon.AddDate(0, 0, -9)}))
		require.Error(t, err)
		require.Equal(t, protect.ClockSetBack, d.open().Verdict().Kind)
	})
	t.Run("a code that was removed from the state", func(t *testing.T) {
		d, _ := wrong(t)
		_, err := d.store.Update(t.Context(), signature, func(s *installed.State) error {
			s.Typed = nil
			return nil
		})
		require.NoError(t, err)
		_, err = d.open().Activate(t.Context(), d.code(first))
		require.Error(t, err, "its hash is known")
	})
	t.Run("not before a license file was issued", func(t *testing.T) {
		d, l := wrong(t)
		d.put(d.sign(signing, d.license(ends(noon.AddDate(0, 0, 90)), issuedAt(noon.AddDate(0, 0, 1)))))
		require.True(t, l.Check(t.Context()).Valid())
		d.now = noon.AddDate(0, 0, -20)
		_, err := l.Activate(t.Context(), d.code(second))
		require.Error(t, err)
		require.Equal(t, protect.ClockSetBack, l.Check(t.Context()).Kind)
	})
}

// A valid license is found among any number of planted files with any names.
func TestPlantedFiles(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	d := newFixture(t)
	good := d.sign(signing, d.license())
	flip := func(from, to int) string {
		b := []byte(good)
		i := from + source.IntN(to-from)
		b[i] = "ABCDEFGHIJ"[source.IntN(10)]
		return string(b)
	}
	last := strings.LastIndex(good, ".")
	kinds := map[string]func(i int) string{
		"another letter":     func(int) string { return flip(20, last-100) },
		"another signature":  func(int) string { return flip(last-80, last-2) },
		"half":               func(i int) string { return good[:20+i%(len(good)-20)] },
		"noise":              func(i int) string { return fmt.Sprint("v4.public.", source.Uint64(), ".", i) },
		"forged":             func(i int) string { return d.sign(strange, d.license(id(int64(i+1))))[:last] + good[last:] },
		"an unknown key":     func(i int) string { return d.sign(strange, d.license(id(int64(i+1)))) },
		"of another program": func(i int) string { return d.sign(signing, d.license(id(int64(i+1)), of("OTHER777"))) },
		"ended": func(i int) string {
			return d.sign(signing, d.license(id(int64(i+100)), ends(noon.AddDate(0, 0, -1))))
		},
		"empty": func(int) string { return "" },
	}
	for name, content := range kinds {
		for _, where := range []string{"a", "m", "z"} {
			t.Run(name+" "+where, func(t *testing.T) {
				d := newFixture(t)
				for i := range 60 {
					d.write(filepath.Join(d.options.ExtraFolders[0], fmt.Sprintf("m%03d.acen", i)), content(i))
				}
				d.write(filepath.Join(d.options.ExtraFolders[0], where+".acen"), good)
				v := d.open().Verdict()
				require.True(t, v.Valid(), v)
				require.EqualValues(t, 7, v.License.ID)
			})
		}
	}
	own := installed.ProgramFolder(d.options.Folder, signature)
	d.write(filepath.Join(own, "z.acen"), good)
	for i := range 1500 {
		d.write(filepath.Join(own, fmt.Sprintf("m%04d.acen", i)), fmt.Sprint("planted ", i))
	}
	require.True(t, d.open().Verdict().Valid())
}

// With a server, Grace must be set.
func TestGraceIsMandatory(t *testing.T) {
	p := newFixture(t).program
	p.Validation = protect.Validation{Server: "https://licenses.example.com"}
	require.ErrorContains(t, p.Check(), "protect.NoGrace, protect.Forever or a time")
	for _, grace := range []time.Duration{protect.NoGrace, protect.Forever, time.Hour} {
		p.Validation.Grace = grace
		require.NoError(t, p.Check(), grace)
	}
	p.Validation.Grace = -time.Hour
	require.ErrorContains(t, p.Check(), "negative")
	p.Validation = protect.Validation{}
	require.NoError(t, p.Check(), "no server is asked")
}

func TestGraceLimits(t *testing.T) {
	const server = "https://licenses.example.com"
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		validation protect.Validation
		heard      time.Duration // since the last answer; 0 for none
		kind       protect.Kind
	}{
		"forever":                  {protect.Validation{Server: server, Grace: protect.Forever}, 0, protect.Valid},
		"nothing said":             {protect.Validation{Server: server}, 0, protect.Valid},
		"no grace, never heard of": {protect.Validation{Server: server, Grace: protect.NoGrace}, 0, protect.ValidationDue},
		"no grace, heard of just now": {protect.Validation{Server: server, Grace: protect.NoGrace}, time.Minute,
			protect.Valid},
		"no grace, heard of today": {protect.Validation{Server: server, Grace: protect.NoGrace}, day + time.Hour,
			protect.Valid},
		"no grace, too long ago": {protect.Validation{Server: server, Grace: protect.NoGrace},
			day + time.Hour + time.Second, protect.ValidationDue},
		"no grace, asked every hour": {
			protect.Validation{Server: server, Grace: protect.NoGrace, Every: time.Hour}, 3 * time.Hour, protect.ValidationDue,
		},
		"no server": {protect.Validation{Grace: protect.NoGrace}, 0, protect.Valid},
	} {
		d := newFixture(t)
		d.program.Validation = c.validation
		f := d.license(issuedAt(noon))
		if c.heard > 0 {
			require.NoError(t, d.store.SetContact(t.Context(), signature, installed.Contact{
				LicenseID: f.ID,
				Site:      f.Codes.Site,
				At:        noon.Add(-c.heard),
			}))
		}
		d.put(d.sign(signing, f))
		v := d.open().Verdict()
		require.Equal(t, c.kind, v.Kind, name)
		if c.kind == protect.ValidationDue {
			require.WithinDuration(t, noon, v.At, 2*time.Hour, "since the issue, or the last answer and what it allows")
		}
	}
}

// A zero policy means the default one, and a policy that allows no change is possible.
func TestZeroPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		policy license.Policy
		kind   protect.Kind
	}{
		"zero":      {license.Policy{}, protect.Valid},
		"default":   {license.DefaultPolicy(), protect.Valid},
		"no change": {license.Policy{Enabled: true}, protect.WrongPC},
		"disabled":  {license.Policy{Changeable: []license.Lock{}}, protect.WrongPC},
	} {
		d := adopted(t)
		d.program.Policy = c.policy
		_, err := d.open().Activate(t.Context(), d.code(license.Grant{Issue: 1}))
		require.NoError(t, err)
		d.options.Fingerprint = pc(t, "a", license.NETID)
		require.Equal(t, c.kind, d.open().Verdict().Kind, name)
	}
}

// A folder on a network drive that does not respond times out, and everything else works.
func TestSilentHome(t *testing.T) {
	d := newFixture(t)
	own := installed.ProgramFolder(d.options.Folder, signature)
	d.put(d.sign(signing, d.license()))
	released := make(chan struct{})
	defer close(released)
	dead := map[string]bool{own: true}
	var expired chan time.Time
	d.options.Touch(func() <-chan time.Time {
		expired = make(chan time.Time)
		return expired
	}, func(dir string) {
		if dead[dir] {
			close(expired)
			<-released
		}
	})
	before, err := os.ReadDir(own)
	require.NoError(t, err)
	l := d.open()
	v := l.Verdict()
	require.Equal(t, protect.Unreadable, v.Kind)
	require.Equal(t, own, v.Path)
	require.ErrorIs(t, v.Err, installed.ErrTimeout)
	require.Contains(t, v.Text("en"), "The folder "+own+", where a license of Notepad may lie, does not answer.")
	_, err = l.Activate(t.Context(), d.sign(signing, d.license()))
	require.ErrorIs(t, err, installed.ErrTimeout)
	require.ErrorContains(t, err, own+" does not answer")
	after, err := os.ReadDir(own)
	require.NoError(t, err)
	require.Equal(t, before, after, "nothing is written there")

	d.write(filepath.Join(d.options.ExtraFolders[0], "a.acen"), d.sign(signing, d.license(ends(noon.AddDate(0, 0, 9)))))
	require.True(t, d.open().Verdict().Valid(), "a license elsewhere is found")
	delete(dead, own)
	dead[d.options.ExtraFolders[0]] = true
	require.True(t, d.open().Verdict().Valid())
	require.NoError(t, os.Remove(filepath.Join(own, "notepad-7.acen")))
	v = d.open().Verdict()
	require.Equal(t, protect.Unreadable, v.Kind)
	require.Equal(t, d.options.ExtraFolders[0], v.Path)
}

// A home folder that is read-only or without file locks does not prevent a check; tasks fail with the reason.
func TestReadOnlyHome(t *testing.T) {
	d := newFixture(t)
	d.put(d.sign(signing, d.license()))
	d.open()
	d.options.Disk = refusing{}
	l := d.open()
	require.True(t, l.Verdict().Valid())
	_, err := l.Remove(t.Context())
	var folder *installed.FolderError
	require.ErrorAs(t, err, &folder)
	require.ErrorContains(t, err,
		"this account may not use the license folder "+installed.ProgramFolder(d.options.Folder, signature))
	require.True(t, d.open().Verdict().Valid())
}

// Each license is validated: one that ended grants nothing, even if it is the best one.
func TestEachLicenseIsValidated(t *testing.T) {
	d := newFixture(t)
	server := d.server()
	l := d.open()
	perpetual, trial := d.license(), d.trial()
	for _, f := range []license.File{perpetual, trial} {
		_, err := l.Activate(t.Context(), d.sign(signing, f))
		require.NoError(t, err)
	}
	states := map[int64]license.ValidationState{perpetual.ID: license.StateActive, trial.ID: license.StateRemoved}
	server.answer = func(q question) string {
		v := q.active()
		v.State, v.IssuedAt = states[q.id], d.now
		return tokenOf(signing, v)
	}
	v, err := l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid())
	require.Equal(t, perpetual.Features, v.License.Features)
	require.Len(t, server.paths, 2)

	states[perpetual.ID], states[trial.ID] = license.StateReplaced, license.StateActive
	v, err = l.Validate(t.Context())
	require.NoError(t, err)
	require.True(t, v.Valid())
	require.Equal(t, trial.ID, v.License.ID)
	require.Equal(t, trial.Features, v.License.Features)

	server.answer = func(q question) string {
		if q.id == trial.ID {
			return "{}"
		}
		v := q.active()
		v.State, v.IssuedAt = license.StateActive, d.now
		return tokenOf(signing, v)
	}
	v, err = l.Validate(t.Context())
	require.ErrorIs(t, err, protect.ErrNotSigned, "one of the two is not answered")
	require.Equal(t, perpetual.ID, v.License.ID, "the other one is")
	require.Equal(t, perpetual.Features|trial.Features, v.License.Features)
}
