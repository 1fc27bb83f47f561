package client

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	require.Equal(t, "100 %", Textf("100 %").String())
	require.Equal(t, "The clock is 2 days ahead.", Textf("The clock is %s ahead.", Textf("%d days", 2)).String())
	require.True(t, Text{}.IsZero())
	data, err := json.Marshal(Finding{
		Check:   CheckName,
		Verdict: VerdictGood,
		What:    Textf("The name %s is known.", "example.com"),
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"check":"name","verdict":"good","what":"The name example.com is known."}`, string(data))
}
