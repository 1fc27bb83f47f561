package httpapi

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// Bodies are JSON in UTF-8 without NUL characters (spec: api "Representation").
func TestReadJSON(t *testing.T) {
	for name, row := range map[string]struct {
		text  string
		fault bool
	}{
		"text":               {`"ü"`, false},
		"object":             {`{"note": "a\nb", "list": [1, true, null, "x"]}`, false},
		"escaped NUL":        {`"a\u0000"`, true},
		"NUL in a list":      {`[1, ["\u0000"]]`, true},
		"NUL in an object":   {`{"a": {"b": "\u0000"}}`, true},
		"NUL after clean":    {`{"a": ["x", "y\u0000"]}`, true},
		"NUL, not escaped":   {"\"a\x00\"", true},
		"a name is no value": {`{"\u0000": 1}`, false}, // unknown members are ignored, so their names are not stored
		"not UTF-8":          {"\"\xff\"", true},
		"not JSON":           {`note=x`, true},
		"cut off":            {`{"note": "x`, true},
		"two values":         {`{} {}`, true},
		"empty":              {``, true},
	} {
		var v any
		err := readJSON([]byte(row.text), &v)
		require.Equal(t, row.fault, err != nil, "%s: %v", name, err)
	}
}

// The error for a value of the wrong kind names the field but does not repeat the value, which may be a secret.
func TestReadJSONOfAType(t *testing.T) {
	for text, field := range map[string]string{
		`{"note": 7}`:                       "note",
		`{"site_code": ["secret"]}`:         "site_code",
		`{"note": {"secret": 1}, "x": "y"}`: "note",
	} {
		err := readJSON([]byte(text), &api.NewLicense{})
		require.ErrorContains(t, err, field, text)
		require.NotContains(t, err.Error(), "secret")
	}
	var request api.NewLicense
	require.NoError(t, readJSON([]byte(`{"note": "x", "member_of_a_newer_version": 1}`), &request))
	require.Equal(t, "x", request.Note)
}

// Every body is refused or contains only text that databases can store.
func FuzzReadJSON(f *testing.F) {
	for _, text := range []string{`{"a": ["\u0000"]}`, `"\ud800"`, "\"\xff\"", `{`, `[[[[1]]]]`, `{"note": 1}`, ``} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = readJSON(data, &api.NewAccount{}) // must not panic
		var v any
		if err := readJSON(data, &v); err == nil {
			require.True(t, utf8.Valid(data))
			require.False(t, containsNUL(v))
		}
	})
}
