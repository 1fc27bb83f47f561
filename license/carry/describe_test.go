package carry

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// leaves visits all values of a JSON document with their paths.
func leaves(path string, v any, visit func(path, value string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			leaves(path+"."+key, child, visit)
		}
	case []any:
		for _, child := range v {
			leaves(path, child, visit)
		}
	case bool:
		visit(path, map[bool]string{true: "on", false: "off"}[v])
	default:
		visit(path, fmt.Sprint(v))
	}
}

// everyLeaf requires all values of a JSON document in the description.
func everyLeaf(t *testing.T, data []byte, said string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	leaves("", v, func(path, value string) {
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			value = at.UTC().Format(timeShown)
		}
		if strings.HasPrefix(value, tokenHead) && path != ".results.receipt" {
			payload, footer, ok := License(value).split()
			require.True(t, ok)
			everyLeaf(t, payload[:len(payload)-64], said)
			everyLeaf(t, footer, said)
			return
		}
		if path == ".seed" {
			value = "the removal seed" // a secret
		}
		require.Contains(t, said, value, path)
	})
}

// A picture contains nothing that its description lacks (spec: files "Printed text").
func TestDescribeIsComplete(t *testing.T) {
	for _, doc := range documents(t) {
		data, err := Encode(doc)
		require.NoError(t, err)
		said := "\n"
		for _, l := range Describe(doc) {
			require.NotEmpty(t, l.Title)
			said += l.Text() + "\n"
		}
		if l, ok := doc.(License); ok {
			data, err = json.Marshal(l)
			require.NoError(t, err)
		}
		everyLeaf(t, data, said)
	}
	// The documents above set every field.
	a, r := answer(t), request()
	filled := map[string]bool{}
	for _, v := range []any{r, r.Items[0], r.Items[2], a, a.Results[0], a.Results[1], a.Results[2]} {
		s := reflect.ValueOf(v)
		for i := range s.NumField() {
			name := s.Type().Name() + "." + s.Type().Field(i).Name
			filled[name] = filled[name] || !s.Field(i).IsZero()
		}
	}
	for name, ok := range filled {
		require.True(t, ok, "no document of the tests sets %s", name)
	}
	// Every field of the types must occur in the JSON.
	for model, wire := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[Request](): reflect.TypeFor[requestJSON](), reflect.TypeFor[Item](): reflect.TypeFor[itemJSON](),
		reflect.TypeFor[Answer](): reflect.TypeFor[answerJSON](), reflect.TypeFor[Result](): reflect.TypeFor[resultJSON](),
	} {
		extra := map[bool]int{true: 1}[model == reflect.TypeFor[Request]() || model == reflect.TypeFor[Answer]()] // the head
		require.Equal(t, model.NumField()+extra, wire.NumField(), model.Name())
	}
}

func TestDescribeHostileText(t *testing.T) {
	r := request()
	r.Device, r.Items[0].Note = "a\u202eb\nc", "\x00"
	for _, l := range Describe(r) {
		require.NotContains(t, l.Value, "\u202e")
		require.NotContains(t, l.Value, "\n")
	}
	require.NotContains(t, Text(r), "\u202e")
	require.Contains(t, Text(r), "a\ufffdb\ufffdc")
	require.Equal(t, Phrase("Damaged"), Describe(License("v4.public.x"))[1].Title)
	require.Contains(t, Text(License("v4.public.x")), "not a license file")
}

// The codes of a printed document can be parsed (spec: files "Printed text").
func TestTextCodes(t *testing.T) {
	text := func(found []license.Found) (codes []string) {
		for _, f := range found {
			codes = append(codes, f.Text)
		}
		return codes
	}
	r, a := request(), answer(t)
	var want []string
	for _, i := range r.Items {
		want = append(want, i.Codes.Site.String(), i.Codes.Machine.String())
		if i.RemovalCode != 0 {
			want = append(want, i.RemovalCode.String())
		}
		if !i.From.IsZero() {
			want = append(want, i.From.Site.String(), i.From.Machine.String())
		}
	}
	require.Equal(t, want, text(license.Find(Text(r))))

	f, err := a.Results[0].File()
	require.NoError(t, err)
	codes := []string{f.Codes.Site.String(), f.Codes.Machine.String(), f.ActivationCode.String()}
	require.Equal(t, codes, text(license.Find(Text(a)))[:3])
	require.Len(t, license.Find(Text(a)), 7)
	require.Equal(t, codes, text(license.Find(Text(License(a.Results[0].License)))))

	r.Items = r.Items[:1]
	r.Items[0].Program = ""
	require.Contains(t, Text(r), "1. program with signature LumenSt7: activate")
	require.Len(t, license.Find(Text(r)), 2)
}
