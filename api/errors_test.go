package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCodesMatchWrappedErrors(t *testing.T) {
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

// The codes and their statuses are those of the specification (spec: api "Error codes").
func TestCodesOfSpecification(t *testing.T) {
	text, err := os.ReadFile("../docs/spec/api.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## Error codes\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	row := regexp.MustCompile(`(?m)^\| ([1-5][0-9]{2}) \| (.*) \|$`)
	code := regexp.MustCompile("`(STATUS_[A-Z_]+)`")
	specified, want := map[Code]int{}, map[Code]int{}
	for _, m := range row.FindAllStringSubmatch(section, -1) {
		status, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		for _, c := range code.FindAllStringSubmatch(m[2], -1) {
			specified[Code(c[1])] = status
		}
	}
	require.Contains(t, specified, Code("STATUS_KEY_FORBIDDEN"), "not built yet")
	delete(specified, "STATUS_KEY_FORBIDDEN")
	for _, c := range Codes() {
		want[c] = c.HTTPStatus()
	}
	require.Equal(t, want, specified)
}

// The members have the names of RFC 9457 and of the contract, and members that are not set are absent (spec: api
// "Errors").
func TestProblemJSON(t *testing.T) {
	data, err := json.Marshal(NewProblem(ErrLicensesInUse, "All 4 licenses are in use."))
	require.NoError(t, err)
	require.JSONEq(t,
		`{"type":"about:blank","title":"Licenses in use","status":409,`+
			`"detail":"All 4 licenses are in use.","code":"STATUS_LICENSES_IN_USE"}`, string(data))
}
