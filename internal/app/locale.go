package app

import (
	"runtime"
	"strings"
)

// datesLocale is the locale of the person's dates and numbers where the environment tells it apart from the language: LC_ALL, LC_TIME
// or LANG, as "de-CH"; "" leaves it to the system's settings.
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

// dates is datesLocale where the system has such an environment.
func dates(getenv func(string) string) string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return ""
	}
	return datesLocale(getenv)
}
