package httpapi

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// Codes are sent only to addresses on file, in their spelling, one mail each (spec: api 12).
func TestOnFile(t *testing.T) {
	known, turned := []string{"Anna@lumen.example", "it@lumen.example"}, []string{"it@lumen.example", "Anna@lumen.example"}
	for name, row := range map[string]struct {
		wanted []string
		to     []string
	}{
		"one":            {[]string{"it@lumen.example"}, []string{"it@lumen.example"}},
		"both, turned":   {turned, turned},
		"other case":     {[]string{"ANNA@LUMEN.EXAMPLE"}, []string{"Anna@lumen.example"}},
		"spaces":         {[]string{" it@lumen.example\t"}, []string{"it@lumen.example"}},
		"twice":          {[]string{"it@lumen.example", "IT@lumen.example"}, []string{"it@lumen.example"}},
		"unknown":        {[]string{"eve@evil.example"}, nil},
		"also unknown":   {[]string{"it@lumen.example", "eve@evil.example"}, nil},
		"part":           {[]string{"it@lumen"}, nil},
		"name and angle": {[]string{"IT <it@lumen.example>"}, nil},
		"empty":          {[]string{""}, nil},
		"none":           {nil, nil},
	} {
		to, err := onFile(known, row.wanted)
		if row.to == nil {
			requireProblem(t, err, api.ErrValidation, "body.to")
			require.Empty(t, to, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, row.to, to, name)
	}
}

// Whatever is wanted, mails go to addresses on file only.
func FuzzOnFile(f *testing.F) {
	known := []string{"anna@lumen.example", "it@lumen.example"}
	for _, wanted := range []string{
		"", "it@lumen.example", " IT@lumen.example,anna@lumen.example", "eve@evil.example", "ıt@lumen.example",
	} {
		f.Add(wanted)
	}
	f.Fuzz(func(t *testing.T, wanted string) {
		to, err := onFile(known, strings.Split(wanted, ","))
		if err != nil {
			requireProblem(t, err, api.ErrValidation, "body.to")
			return
		}
		require.NotEmpty(t, to)
		for i, address := range to {
			require.Contains(t, known, address)
			require.NotContains(t, to[:i], address)
			require.True(t, slices.ContainsFunc(strings.Split(wanted, ","), func(w string) bool {
				return strings.EqualFold(strings.TrimSpace(w), address)
			}))
		}
	})
}

// Message-IDs are unique and name the server (RFC 5322 section 3.6.4).
func TestMessageIDs(t *testing.T) {
	s := newServer(t)
	first, err := s.messageID()
	require.NoError(t, err)
	require.Regexp(t, regexp.MustCompile(`^[A-Za-z0-9_-]{20}@lumen\.example$`), first)
	second, err := s.messageID()
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	s.Random = broken
	_, err = s.messageID()
	require.Error(t, err)
}
