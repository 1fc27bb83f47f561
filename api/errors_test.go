package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCodesAreFoundThroughEveryLayer(t *testing.T) {
	for _, code := range Codes() {
		p := NewProblem(code, "What happened.")
		err := fmt.Errorf("layer: %w", errors.Join(errors.New("x"), p))
		require.ErrorIs(t, err, code)
		require.NotErrorIs(t, err, Code("STATUS_OTHER"))
		require.Equal(t, code.HTTPStatus(), p.GetStatus())
		require.NotEmpty(t, p.Title)
		require.Contains(t, p.Error(), string(code))
	}
	require.Equal(t, 500, Code("STATUS_UNKNOWN").HTTPStatus())
}

// The members of RFC 9457 and of api.md have their names on the wire, and what is not set is absent.
func TestProblemOnTheWire(t *testing.T) {
	data, err := json.Marshal(NewProblem(ErrLicensesInUse, "All 4 licenses are in use."))
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"about:blank","title":"Licenses in use","status":409,"detail":"All 4 licenses are in use.","code":"STATUS_LICENSES_IN_USE"}`, string(data))
}
