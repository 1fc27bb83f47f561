package app

import (
	"runtime"
	"strings"
)

// datesLocale returns the locale of dates and numbers from LC_ALL, LC_TIME or LANG, such as "de-CH". It returns "" if
// the environment names none.
func datesLocale(lookup func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_TIME", "LANG"} {
		value := lookup(name)
		if value == "" {
			continue
		}
		value, _, _ = strings.Cut(value, ".")
		value, _, _ = strings.Cut(value, "@")
		if value == "C" || value == "POSIX" {
			return ""
		}
		return strings.ReplaceAll(value, "_", "-")
	}
	return ""
}

// dates is datesLocale, except on Windows and macOS, which have no such environment.
func dates(getenv func(string) string) string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return ""
	}
	return datesLocale(getenv)
}
