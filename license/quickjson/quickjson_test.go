package quickjson_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/quickjson"
)

// thing has every type that the reader reads.
type thing struct {
	Name   string    `json:"name"`
	Number int64     `json:"number"`
	Small  uint16    `json:"small"`
	Yes    bool      `json:"yes"`
	At     time.Time `json:"at"`
	List   []string  `json:"list"`
	Inner  struct {
		ID int64 `json:"id"`
	} `json:"inner"`
}

// quick reads a thing, and reports whether it could.
func quick(text string) (t thing, ok bool) {
	r := quickjson.Read(text)
	r.Object([]string{"name", "number", "small", "yes", "at", "list", "inner"}, func(i int) {
		switch i {
		case 0:
			t.Name = r.String()
		case 1:
			t.Number = r.Int(-1<<63, 1<<63-1)
		case 2:
			t.Small = uint16(r.Int(0, 1<<16-1))
		case 3:
			t.Yes = r.Bool()
		case 4:
			t.At = r.Time()
		case 5:
			t.List = []string{}
			r.Array(func() { t.List = append(t.List, r.String()) })
		case 6:
			r.Object([]string{"id"}, func(int) { t.Inner.ID = r.Int(0, 9) })
		}
	})
	return t, r.Done()
}

var texts = map[string]bool{ // whether they are read without encoding/json
	`{}`: true, ` { } ` + "\r\n\t": true, `{"name":""}`: true, `{"name":"Büro \"Süd\" 🖥 \u0026"}`: true, `{"name":"\ud83d\udda5\n"}`: true, "{\"name\":\"\xff\"}": true, `{"name":"\ud83d"}`: true,
	`{"number":-9223372036854775808,"small":65535}`: true, `{"number":0,"yes":true,"small":0}`: true, `{"yes":false}`: true, `{"list":[],"inner":{}}`: true,
	`{ "list" : [ "a" , "b" ] , "inner" : { "id" : 9 } }`: true, `{"at":"2026-11-24T12:00:00.5+01:00"}`: true, `{"small":1,"name":"x","at":"0001-01-01T00:00:00Z"}`: true,
	``: false, `null`: false, `[]`: false, `{`: false, `{}}`: false, `{} x`: false, `{"name"}`: false, `{"name":}`: false, `{"name":"a",}`: false, `{,}`: false, `{"name":"a" "small":1}`: false, `{"name":"a`: false,
	`{"name":null}`: false, `{"name":1}`: false, `{"name":"\x"}`: false, "{\"name\":\"\n\"}": false, "{\"name\":\"\\\n\"}": false, `{"name":"a\`: false, `{"Name":"a"}`: false, `{"n\u0061me":"a"}`: false, `{"other":1}`: false,
	`{"name":"a","name":"b"}`: false, `{"inner":{"id":1},"inner":{}}`: false, `{"number":1.0}`: false, `{"number":1e1}`: false, `{"number":01}`: false, `{"number":+1}`: false, `{"number":-0}`: false, `{"number":-}`: false,
	`{"number":- 1}`: false, `{"number":}`: false, `{"number":"1"}`: false, `{"number":9223372036854775808}`: false, `{"small":65536}`: false, `{"small":-1}`: false, `{"yes":1}`: false, `{"yes":tru}`: false,
	`{"yes":truefalse}`: false, `{"at":"yesterday"}`: false, `{"at":0}`: false, `{"at":"2026-11-24 12:00:00Z"}`: false, `{"at":"2026-11-24T12:00:00\u005a"}`: false, `{"list":["a",]}`: false, `{"list":["a"`: false, `{"list":[null]}`: false,
	`{"list":{}}`: false, `{"inner":[]}`: false, `{"inner":{"id":1}`: false, "\ufeff{}": false, "{}\x00": false, "{\u00a0}": false,
}

func TestReader(t *testing.T) {
	for text, read := range texts {
		got, ok := quick(text)
		require.Equal(t, read, ok, "%q", text)
		if !ok {
			continue
		}
		var want thing
		require.NoError(t, json.Unmarshal([]byte(text), &want), "%q", text)
		require.Equal(t, want, got, "%q", text)
	}
}

// What is read means the same to encoding/json.
func FuzzReader(f *testing.F) {
	for text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := quick(text)
		if !ok {
			return
		}
		var want thing
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		require.Equal(t, want, got)
	})
}
