package tr

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/de_AT"
	"github.com/go-playground/locales/de_CH"
	"github.com/go-playground/locales/en_CA"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/en_IN"
	"github.com/go-playground/locales/en_NZ"
	"github.com/go-playground/locales/en_US"
	"github.com/go-playground/locales/en_ZA"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/es_MX"
	"github.com/go-playground/locales/es_US"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/fr_CA"
	"github.com/go-playground/locales/ja"
	"golang.org/x/text/language"

	"github.com/acen-desktop/acen/assets"
)

// Language is a language of the window.
type Language struct {
	Code string // names the catalog: "de"
	Name string // in the language itself: "Deutsch"
}

// English is the source language and the fallback.
const English = "en"

// languages is in the order of the menu.
var languages = []Language{
	{English, "English"},
	{"de", "Deutsch"},
	{"fr", "Français"},
	{"es", "Español"},
	{"ja", "日本語"},
}

// Languages returns the languages of the window. Any goroutine.
func Languages() []Language { return append([]Language(nil), languages...) }

// ErrLanguage is wrapped by the error of Use for an unsupported language.
var ErrLanguage = errors.New("no such language")

// Use sets the language of the process to the one with code, one of Languages, and formats dates and numbers for
// locale, such as "en-US" or "de-CH". A locale of another language, such as "ar-EG", is ignored, so that dates and
// numbers have the writing direction of the text. Its error wraps ErrLanguage. Any goroutine. Texts that are shown
// already do not change.
func Use(code, locale string) error {
	if code != Long && !supported(code) {
		codes := make([]string, len(languages))
		for i, l := range languages {
			codes[i] = l.Code
		}
		return fmt.Errorf("%w: the window speaks %s, and not %q", ErrLanguage, strings.Join(codes, ", "), code)
	}
	current.Store(newLocalization(code, locale))
	return nil
}

// Current returns the code of the current language. Any goroutine.
func Current() string { return current.Load().language }

// Match returns the code of the language for a system locale such as "de-AT", or English for a locale of an unsupported
// language such as "pt-BR". Any goroutine.
func Match(locale string) string {
	want, err := language.Parse(locale)
	if err != nil {
		return English
	}
	base, _ := want.Base()
	if supported(base.String()) {
		return base.String()
	}
	return English
}

func supported(code string) bool {
	for _, l := range languages {
		if l.Code == code {
			return true
		}
	}
	return false
}

// localization is a language with its catalog and the formatter of dates and numbers for a locale.
type localization struct {
	language  string
	catalog   map[string]string
	formatter locales.Translator
}

func newLocalization(code, locale string) *localization {
	s := &localization{language: code, formatter: formatterFor(code, locale)}
	if code != English && code != Long {
		data, err := assets.Translations.ReadFile("translations/" + code + ".json")
		if err == nil {
			err = json.Unmarshal(data, &s.catalog)
		}
		if err != nil {
			panic(err) // catalogs are embedded, and a test reads them
		}
	}
	return s
}

// find returns the translation of t, or t itself if the catalog lacks it. A test ensures that catalogs are complete.
func (s *localization) find(t Text) string {
	if found, ok := s.catalog[string(t)]; ok {
		return found
	}
	return string(t)
}

// singular reports whether the language uses the singular for n.
func (s *localization) singular(n int) bool {
	return s.formatter.CardinalPluralRule(float64(n), 0) == locales.PluralRuleOne
}

// formatters lists the supported locales of each language. The first one is for all other regions.
var formatters = map[string][]locales.Translator{
	English: {en_GB.New(), en_US.New(), en_CA.New(), en_IN.New(), en_NZ.New(), en_ZA.New()},
	"de":    {de.New(), de_AT.New(), de_CH.New()},
	"fr":    {fr.New(), fr_CA.New()},
	"es":    {es.New(), es_MX.New(), es_US.New()},
	"ja":    {ja.New()},
}

// formatterFor returns the formatter of a language for a locale.
func formatterFor(code, locale string) locales.Translator {
	if code == Long {
		code = English
	}
	list := formatters[code]
	tag, err := language.Parse(locale)
	if err != nil {
		return list[0]
	}
	base, _ := tag.Base()
	region, confidence := tag.Region()
	if confidence < language.Exact || base.String() != code {
		return list[0]
	}
	for _, f := range list {
		if f.Locale() == code+"_"+region.String() {
			return f
		}
	}
	return list[0]
}
