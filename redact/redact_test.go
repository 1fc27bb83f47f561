package redact_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/redact"
	"github.com/acen-desktop/acen/redact/redacttest"
)

// session is a struct that embeds Hidden.
type session struct {
	redact.Hidden
	Token string
	bytes []byte
}

// key is a named type of a Value.
type key struct{ redact.Value[[32]byte] }

func TestHidden(t *testing.T) {
	redacttest.Hidden(t, session{Token: redacttest.Marker, bytes: []byte(redacttest.Marker)})
	require.Equal(t, "[redacted]", fmt.Sprintf("%d", session{}))
	encoded, err := json.Marshal(map[string]any{"s": session{}})
	require.NoError(t, err)
	require.JSONEq(t, `{"s":"[redacted]"}`, string(encoded))
}

func TestValue(t *testing.T) {
	var material [32]byte
	copy(material[:], redacttest.Marker)
	redacttest.HiddenEverywhere(t, redact.Of(redacttest.Marker))
	redacttest.HiddenEverywhere(t, redact.Of([]byte(redacttest.Marker)))
	redacttest.HiddenEverywhere(t, redact.Of(material))
	redacttest.HiddenEverywhere(t, key{redact.Of(material)})
	redacttest.HiddenEverywhere(t, redact.Of(struct{ A, B string }{redacttest.Marker, redacttest.Marker}))
	require.Equal(t, "[redacted] [redacted]", fmt.Sprint(redact.Of("a"), key{}))
}

func TestReveal(t *testing.T) {
	require.Equal(t, "a", redact.Of("a").Reveal())
	require.Empty(t, redact.Value[string]{}.Reveal())
	list := []int{1}
	v := redact.Of([1][]int{list})
	got := v.Reveal()
	got[0] = nil
	require.Equal(t, list, v.Reveal()[0], "the secret itself does not change")
}
