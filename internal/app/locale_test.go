package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDatesLocale(t *testing.T) {
	for _, c := range []struct {
		environment map[string]string
		want        string
	}{
		{nil, ""},
		{map[string]string{"LANG": "de_CH.UTF-8"}, "de-CH"},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_TIME": "en_GB.UTF-8"}, "en-GB"},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_TIME": "de_DE@euro", "LC_ALL": "fr_CA"}, "fr-CA"},
		{map[string]string{"LANG": "ja", "LC_TIME": ""}, "ja"},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}, ""},
	} {
		require.Equal(t, c.want, datesLocale(func(name string) string { return c.environment[name] }), "%v", c.environment)
	}
}
