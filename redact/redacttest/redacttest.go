// Package redacttest checks that secrets are hidden.
package redacttest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
)

// Marker is the secret of a value under test, or its beginning.
const Marker = "SECRETMARKER"

// verbs are the verbs of package fmt that could show a value, and two invalid ones.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%c", "%U", "%o", "%t", "%!"}

// Hidden fails if Marker is readable, in any encoding, in one of the values: printed with any verb, logged, encoded
// or in an error, alone and in structs, slices, maps, pointers and interfaces.
func Hidden[T any](t *testing.T, values ...T) {
	t.Helper()
	for _, v := range values {
		for _, wrapped := range []any{
			v, &v, new(&v), []T{v}, [1]T{v}, map[string]T{"k": v}, []any{v}, []*T{&v},
			struct{ V T }{v}, struct{ V *T }{&v}, &struct{ V any }{v}, struct{ V struct{ W []T } }{struct{ W []T }{[]T{v}}},
		} {
			shows(t, wrapped)
		}
	}
}

// HiddenEverywhere is like Hidden, and includes values in unexported fields.
func HiddenEverywhere[T any](t *testing.T, values ...T) {
	t.Helper()
	Hidden(t, values...)
	for _, v := range values {
		for _, wrapped := range []any{
			struct{ v T }{v}, struct{ v *T }{&v}, &struct{ v any }{v}, struct{ v []T }{[]T{v}},
			struct{ v map[string]T }{map[string]T{"k": v}},
			struct{ v struct{ w *T } }{struct{ w *T }{&v}}, []any{struct{ v T }{v}},
		} {
			shows(t, wrapped)
		}
	}
}

func shows(t *testing.T, v any) {
	t.Helper()
	var texts []string
	add := func(how, text string) { texts = append(texts, fmt.Sprintf("%s of %T: %s", how, v, text)) }
	for _, verb := range verbs {
		add(verb, fmt.Sprintf(verb, v))
	}
	add("print", fmt.Sprint(v)+fmt.Sprintln(v))
	add("error", errors.Join(fmt.Errorf("failed: %v", v), fmt.Errorf("failed: %w", fmt.Errorf("%s", v))).Error())
	encoded, err := json.Marshal(v)
	add("JSON", string(encoded)+fmt.Sprint(err))
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		logger := slog.New(handler)
		logger.Info("x", "v", v, "values", []any{v})
		logger.WithGroup("g").With("v", v).Error("x", slog.Group("h", "v", v))
	}
	add("log", log.String())
	var page strings.Builder
	err = template.Must(template.New("").Parse("{{.}} {{printf `%v` .}}")).Execute(&page, v)
	add("template", page.String()+fmt.Sprint(err))
	for _, text := range texts {
		for _, form := range forms {
			require.NotContains(t, text, form)
		}
	}
}

// forms are spellings of Marker. The Base64 forms lack the letters that depend on what follows Marker.
var forms = []string{
	Marker,
	hex.EncodeToString([]byte(Marker)),
	strings.ToUpper(hex.EncodeToString([]byte(Marker))),
	fmt.Sprintf("% x", Marker),
	strings.Trim(fmt.Sprint([]byte(Marker)), "[]"),
	strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(Marker)), "[]byte{"), "}"),
	base64.RawStdEncoding.EncodeToString([]byte(Marker)),
	base64.RawURLEncoding.EncodeToString([]byte(Marker)),
	`'S' 'E' 'C'`,
}
