package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// Errors of the router become problems with a code of the contract. Only those of validation have details.
func TestProblemOf(t *testing.T) {
	note := &huma.ErrorDetail{Location: "body.note", Message: "too long", Value: "secret"}
	city := &huma.ErrorDetail{Location: "body.city", Message: "missing", Value: "secret"}
	for name, row := range map[string]struct {
		status  int
		message string
		errs    []error
		code    api.Code
		at      []string // locations of the details
	}{
		"invalid fields":        {422, "failed", []error{note, city}, api.ErrValidation, []string{"body.note", "body.city"}},
		"no details":            {400, "bad request", nil, api.ErrValidation, []string{"body"}},
		"details of other kind": {422, "failed", []error{errors.New("secret")}, api.ErrValidation, []string{"body"}},
		"signed out":            {401, "unauthorized", nil, api.ErrCredentialsMissing, nil},
		"nowhere":               {404, "not found", nil, api.ErrNotFound, nil},
		"slow body":             {408, "timeout", nil, api.ErrUnavailable, nil},
		"overloaded":            {503, "unavailable", nil, api.ErrUnavailable, nil},
		"media type":            {415, "unknown content type: secret", []error{note}, api.ErrValidation, []string{"body"}},
		"too large":             {413, "too large: secret", []error{note}, api.ErrValidation, []string{"body"}},
		"interrupted body":      {500, "cannot read request body", []error{note}, api.ErrValidation, []string{"body"}},
		"fault of the server":   {500, "secret", []error{note}, api.ErrInternal, nil},
		"another fault":         {502, "secret", nil, api.ErrInternal, nil},
	} {
		p := problemOf(row.status, row.message, row.errs...)
		require.Equal(t, row.code, p.Code, name)
		require.Equal(t, row.code.HTTPStatus(), p.Status, name)
		require.NotEmpty(t, p.Detail, name)
		var at []string
		for _, e := range p.Errors {
			require.NotEmpty(t, e.Message, name)
			at = append(at, e.Location)
		}
		require.Equal(t, row.at, at, name)
		text, err := json.Marshal(p)
		require.NoError(t, err)
		require.NotContains(t, string(text), "secret", name)
	}
}

func TestWriteProblem(t *testing.T) {
	rec := httptest.NewRecorder()
	writeProblem(rec, notFound())
	require.Equal(t, http.StatusNotFound, rec.Code)
	require.Equal(t, api.ProblemMediaType, rec.Header().Get("Content-Type"))
	var p api.Problem
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p))
	require.Equal(t, *notFound(), p)
}
