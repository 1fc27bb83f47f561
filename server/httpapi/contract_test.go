package httpapi_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/servertest"
)

// specifiedCalls returns the calls of one table of the specification, and whether each needs a session.
func specifiedCalls(t *testing.T, heading string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../docs/spec/api.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	call := regexp.MustCompile("`((?:GET|POST|PUT|PATCH|DELETE) /[^`?]*)`")
	calls := map[string]bool{}
	for line := range strings.SplitSeq(section, "\n") {
		row, isRow := strings.CutPrefix(line, "| `")
		if !isRow {
			continue
		}
		cell, _, _ := strings.Cut("`"+row, " |")
		for _, m := range call.FindAllStringSubmatch(cell, -1) {
			calls[m[1]] = !strings.Contains(cell, "no login")
		}
	}
	require.NotEmpty(t, calls, heading)
	return calls
}

// The server offers the calls of the specification and no others, and asks for a session where the specification does
// (spec: api "Calls", api "Who may call").
func TestCallsAreThoseOfTheSpecification(t *testing.T) {
	s := servertest.Start(t)
	_, body := servertest.Client{Server: s, T: t}.Call("GET", "/openapi.json", nil)
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(body, &doc))
	offered := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, operation := range methods {
			offered[strings.ToUpper(method)+" "+strings.TrimPrefix(path, api.Base)] = len(operation.Security) > 0
		}
	}
	require.Equal(t, specifiedCalls(t, "Calls"), offered)
	for call := range specifiedCalls(t, "Calls of later versions") {
		require.NotContains(t, offered, call, "it is offered: move its row to the table of calls")
	}
}

// The OpenAPI document contains the headers.
func TestHeadersAreDescribed(t *testing.T) {
	s := servertest.Start(t)
	_, body := servertest.Client{Server: s, T: t}.Call("GET", "/openapi.json", nil)
	named := strings.Count(string(body), `"`+api.Epoch+`":`)
	require.Greater(t, named, 28, "on every answer of every call")
	require.Equal(t, named, strings.Count(string(body), `"description":"Epoch of the server's data`))
	require.Contains(t, string(body), `"LicenseReceipt"`)
}

func TestPublicPages(t *testing.T) {
	s := servertest.Start(t)
	c := servertest.Client{Server: s, T: t}
	status, body := c.Call("GET", "/openapi.json", nil)
	require.Equal(t, 200, status)
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(body, &doc))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	calls := 0
	for path, methods := range doc.Paths {
		require.True(t, strings.HasPrefix(path, api.Base), path)
		calls += len(methods)
	}
	require.Equal(t, 28, calls)
	status, body = c.Call("GET", "/docs", nil)
	require.Equal(t, 200, status)
	require.Contains(t, string(body), "STATUS_LICENSES_IN_USE")
	require.NotContains(t, string(body), "http://")
	require.NotContains(t, string(body), "<script")
	for _, path := range []string{"/healthz", "/readyz"} {
		status, _ = c.Call("GET", path, nil)
		require.Equal(t, 204, status)
	}
}
