package protect_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/protect"
)

// hasty is a disk that does not sync its writes.
type hasty struct{}

func (hasty) Write(path string, content []byte) error { return os.WriteFile(path, content, 0o600) }
func (hasty) Rename(from, to string) error            { return os.Rename(from, to) }
func (hasty) Remove(path string) error                { return os.Remove(path) }

// For any files in the folder, Open ends with a verdict and a sentence, and is valid only under a file that the
// vendor signed.
func FuzzOpen(f *testing.F) {
	seed := newFixture(f)
	good := seed.sign(signing, seed.license(ends(noon.AddDate(0, 0, 3))))
	seed.put(good)
	seed.open()
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(installed.ProgramFolder(seed.options.Folder, signature), name))
		require.NoError(f, err)
		return content
	}
	state, clock := read("pc.json"), []byte(`{"latest":"2026-11-25T12:00:00Z","issued":"2026-11-15T12:00:00Z"}`)
	f.Add([]byte(good), state, clock, []byte(`[{"license_id":7,"site":1,"at":"2026-11-25T12:00:00Z","ended":"Removed"}]`))
	f.Add([]byte(good[:60]), []byte("{}"), []byte(`{"latest":"9999-12-31T23:59:59Z"}`), []byte(`[{"at":1}]`))
	f.Add([]byte("v4.public.."), []byte(`{"version":2,"signature":"NOTEPAD1","typed":{}}`),
		[]byte(`{"latest":"0001-01-01T00:00:00Z","issued":"9999-12-31T23:59:59Z"}`), []byte("null"))
	f.Add([]byte{}, []byte{}, []byte("null"), []byte(`[null,{}]`))
	f.Fuzz(func(t *testing.T, license, state, clock, contacts []byte) {
		d := newFixture(t)
		d.options.Disk, d.options.Fingerprint = hasty{}, seed.options.Fingerprint
		d.program.Validation = protect.Validation{Server: "https://licenses.example.com", Grace: 1}
		dir := installed.ProgramFolder(d.options.Folder, signature)
		for name, content := range map[string][]byte{"a.acen": license, "pc.json": state, "clock.json": clock,
			"contacts.json": contacts} {
			d.write(filepath.Join(dir, name), string(content))
		}
		l := d.open()
		v := l.Verdict()
		require.NotEmpty(t, v.Text("en"))
		require.NotEqual(t, protect.Undecided, v.Kind)
		require.GreaterOrEqual(t, v.DaysLeft, 0)
		if v.Valid() && !v.License.Typed {
			_, err := signing.Public().Verify(string(license))
			require.NoError(t, err)
		}
		_, _ = l.Codes(t.Context())
		_, err := l.Activate(t.Context(), string(license))
		if err == nil {
			require.NotNil(t, l.Verdict().License)
		}
	})
}
