package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/servertest"
)

// newerServer makes the answers of a server look like those of a later version: every object has unknown members, and
// the first license of a list has an unknown status.
type newerServer struct{ changed int }

func (n *newerServer) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.Contains(response.Header.Get("Content-Type"), "json") {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) == nil {
		n.addMembers(value)
		if body, err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return response, nil
}

func (n *newerServer) addMembers(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, field := range v {
			n.addMembers(field)
		}
		if list, ok := v["licenses"].([]any); ok && len(list) > 0 {
			list[0].(map[string]any)["status"] = "Suspended"
		}
		v["of_a_later_version"] = map[string]any{"list": []any{1, "two"}}
		n.changed++
	case []any:
		for _, item := range v {
			n.addMembers(item)
		}
	}
}

// TestNewerServer runs the app with an upgraded server: unknown members are ignored, a license with an unknown status
// allows no task, and tasks complete.
func TestNewerServer(t *testing.T) {
	s := servertest.Start(t)
	p := newPC(t, s)
	newer := &newerServer{}
	require.NoError(t, p.Close())
	p.options.HTTPTransport = newer
	p.start(t)
	p.signIn(t, s)
	program := studioProgram(t, p)
	table, err := p.Licenses(t.Context(), studioOrder)
	require.NoError(t, err)
	require.Len(t, table.Licenses, 3)
	require.EqualValues(t, "Suspended", table.Licenses[0].Status)
	require.False(t, table.Licenses[0].ThisPC)
	pc, err := p.ThisPC(t.Context(), program)
	require.NoError(t, err)
	l, err := p.NewLicense(t.Context(), manager.NewLicense{OrderID: studioOrder, Codes: pc.Codes, ThisPC: true})
	require.NoError(t, err)
	require.True(t, l.ThisPC)
	_, err = p.History(t.Context(), studioOrder)
	require.NoError(t, err)
	require.Positive(t, newer.changed)
}
