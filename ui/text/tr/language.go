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

// Language is one that the window speaks.
type Language struct {
	Code string // as in the names of the catalogs: "de"
	Name string // as its speakers call it: "Deutsch"
}

// English is the language of the code, and of whoever speaks none of the others.
const English = "en"

// languages are in the order of the menu; English comes first, as the matcher's fallback.
var languages = []Language{{English, "English"}, {"de", "Deutsch"}, {"fr", "Français"}, {"es", "Español"}, {"ja", "日本語"}}

// Languages returns what the window speaks. Any goroutine.
func Languages() []Language { return append([]Language(nil), languages...) }

// ErrLanguage is in the error about a language that the window does not speak.
var ErrLanguage = errors.New("no such language")

// Use makes the process speak one of the Languages, and write dates and numbers as people with a locale do, such as
// "en-US" or "de-CH". A locale of another language, such as "ar-EG", changes nothing in that: dates and numbers stay in
// the language in use, so that they are read in its direction. Any goroutine; what is on the screen already stays.
func Use(code, locale string) error {
	if code != Long && !speaks(code) {
		codes := make([]string, len(languages))
		for i, l := range languages {
			codes[i] = l.Code
		}
		return fmt.Errorf("%w: the window speaks %s, and not %q", ErrLanguage, strings.Join(codes, ", "), code)
	}
	inUse.Store(speak(code, locale))
	return nil
}

// InUse returns the code of the language in use. Any goroutine.
func InUse() string { return inUse.Load().language }

// Match returns the code of the language for a person whose system speaks a locale, such as "de-AT" or "pt-BR". Any
// goroutine.
func Match(locale string) string {
	want, err := language.Parse(locale)
	if err != nil {
		return English
	}
	base, _ := want.Base()
	if speaks(base.String()) {
		return base.String()
	}
	return English
}

func speaks(code string) bool {
	for _, l := range languages {
		if l.Code == code {
			return true
		}
	}
	return false
}

// speech is a language with the person's forms of dates and numbers.
type speech struct {
	language string
	catalog  map[string]string
	form     locales.Translator
}

func speak(code, locale string) *speech {
	s := &speech{language: code, form: form(code, locale)}
	if code != English && code != Long {
		data, err := assets.Translations.ReadFile("translations/" + code + ".json")
		if err == nil {
			err = json.Unmarshal(data, &s.catalog)
		}
		if err != nil {
			panic(err) // they are built in, and a test reads them
		}
	}
	return s
}

// find returns the text for an English one; the catalogs are complete, a test makes sure.
func (s *speech) find(t Text) string {
	if found, ok := s.catalog[string(t)]; ok {
		return found
	}
	return string(t)
}

// one reports whether the language uses its singular for a number.
func (s *speech) one(n int) bool {
	return s.form.CardinalPluralRule(float64(n), 0) == locales.PluralRuleOne
}

// forms are how dates and numbers are written; the first of a language is for regions that are not listed.
var forms = map[string][]locales.Translator{
	English: {en_GB.New(), en_US.New(), en_CA.New(), en_IN.New(), en_NZ.New(), en_ZA.New()},
	"de":    {de.New(), de_AT.New(), de_CH.New()},
	"fr":    {fr.New(), fr_CA.New()},
	"es":    {es.New(), es_MX.New(), es_US.New()},
	"ja":    {ja.New()},
}

// form chooses the forms for a language by the locale of the person.
func form(code, locale string) locales.Translator {
	if code == Long {
		code = English
	}
	list := forms[code]
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
