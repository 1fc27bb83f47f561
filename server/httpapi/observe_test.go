package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// The log contains the route of a request and its ids, and nothing else of its path.
func TestLoggedPath(t *testing.T) {
	for _, row := range []struct{ pattern, method, target, route, logged string }{
		{"GET /orders", "GET", "/orders?cursor=secret", "/orders", "/orders"},
		{"GET /orders/{id}/licenses", "GET", "/orders/1042/licenses", "/orders/{id}/licenses", "/orders/1042/licenses"},
		{"GET /orders/{id}/licenses", "GET", "/orders/-7/licenses", "/orders/{id}/licenses", "/orders/-7/licenses"},
		{"GET /orders/{id}", "GET", "/orders/secret", "/orders/{id}", "/orders/{id}"},
		{"GET /orders/{id}", "GET", "/orders/12345678901", "/orders/{id}", "/orders/12345678901"},
		{"GET /orders/{id}", "GET", "/orders/9223372036854775808", "/orders/{id}", "/orders/{id}"}, // larger than any id
		{"GET /orders/{id}", "GET", "/orders/0x10", "/orders/{id}", "/orders/{id}"},
		{"GET /files/{name...}", "GET", "/files/a/secret", "/files/{name...}", "/files/{name...}"},
		{"GET /files/{name...}", "GET", "/files/7", "/files/{name...}", "/files/7"},
		{"/", "GET", "/secret", "", ""},
		{"GET /orders", "GET", "/secret", "", ""},
		{"CONNECT /orders/{id}", "CONNECT", "/orders/7", "", ""},
	} {
		mux := http.NewServeMux()
		mux.HandleFunc(row.pattern, func(http.ResponseWriter, *http.Request) {})
		r := httptest.NewRequest(row.method, row.target, nil)
		mux.ServeHTTP(httptest.NewRecorder(), r) // sets the pattern and the values of the path
		require.Equal(t, row.route, route(r), row.target)
		require.Equal(t, row.logged, loggedPath(r), row.target)
	}
}

// Metrics and log have few names for requests, whatever clients send.
func TestOperations(t *testing.T) {
	s := newServer(t)
	for _, row := range []struct{ method, target, operation string }{
		{"GET", "/api/v1/server", "describe-server"},
		{"GET", "/api/v1/orders/1042/licenses", "list-licenses"},
		{"GET", "/api/v1/orders/secret/licenses", "list-licenses"},
		{"POST", "/api/v1/orders/7/licenses", "new-license"},
		{"GET", "/healthz", "/healthz"},
		{"GET", "/readyz", "/readyz"},
		{"GET", "/docs", "/docs"},
		{"GET", "/password?token=secret", "/password"},
		{"GET", "/secret", Nowhere},
		{"PUT", "/api/v1/server", Nowhere},
		{"SECRET", "/api/v1/secret", Nowhere},
	} {
		var answered []Answered
		s.Answered = func(a Answered) { answered = append(answered, a) }
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, httptest.NewRequest(row.method, row.target, nil))
		require.Len(t, answered, 1, row.target)
		require.Equal(t, row.operation, answered[0].Operation, row.target)
		require.Equal(t, rec.Code, answered[0].Status, row.target)
	}
}

func TestLoggedMethod(t *testing.T) {
	for _, name := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		require.Equal(t, name, method(name))
	}
	for _, name := range []string{"", "get", "CONNECT", "TRACE", "SECRET"} {
		require.Equal(t, "other", method(name))
	}
}

// The code of a refusal is read from a problem document only.
func TestRefusalCode(t *testing.T) {
	for name, row := range map[string]struct {
		status       int
		media, body  string
		expectedCode api.Code
	}{
		"refusal":       {409, api.ProblemMediaType, `{"code": "STATUS_CONFLICT"}`, api.ErrConflict},
		"answer":        {200, api.ProblemMediaType, `{"code": "STATUS_CONFLICT"}`, ""},
		"page":          {404, "text/html", `{"code": "STATUS_CONFLICT"}`, ""},
		"without code":  {404, api.ProblemMediaType, `{"status": 404}`, ""},
		"not JSON":      {404, api.ProblemMediaType, `<html>`, ""},
		"no media type": {404, "", `{"code": "STATUS_CONFLICT"}`, ""},
	} {
		r := &recorder{ResponseWriter: httptest.NewRecorder()}
		r.Header().Set("Content-Type", row.media)
		r.WriteHeader(row.status)
		_, err := r.Write([]byte(row.body))
		require.NoError(t, err)
		require.Equal(t, row.expectedCode, r.code(), name)
	}
}
