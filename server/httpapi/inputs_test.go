package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// caller calls a server with an access token and an idempotency key.
type caller struct {
	s          *Server
	token, key string
	media      string // of the body
}

func (c caller) call(method, target, body string) (*httptest.ResponseRecorder, api.Problem) {
	r := httptest.NewRequest(method, api.Base+target, strings.NewReader(body))
	r.Header.Set("Content-Type", c.media)
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set(api.IdempotencyKey, c.key)
	rec := httptest.NewRecorder()
	c.s.Handler().ServeHTTP(rec, r)
	var p api.Problem
	if rec.Code >= http.StatusBadRequest {
		_ = json.Unmarshal(rec.Body.Bytes(), &p)
	}
	return rec, p
}

// signedIn returns a caller with an account without orders.
func signedIn(t testing.TB, s *Server) caller {
	t.Helper()
	_, token := addSession(t, s, addClient(t, s, store.Client{Username: "anna", Active: true}))
	return caller{s, token, uuid.NewString(), "application/json"}
}

// A malformed input is refused at its place, and the refusal does not repeat it (spec: api "Errors").
func TestMalformedInputs(t *testing.T) {
	c := signedIn(t, newServer(t))
	long := strings.Repeat("s", 100_000)
	for _, row := range []struct{ call, body, location string }{
		{"GET /orders?limit=501", "", "query.limit"},
		{"GET /orders?limit=-1", "", "query.limit"},
		{"GET /orders?limit=secret", "", "query.limit"},
		{"GET /orders?limit=1e2", "", "query.limit"},
		{"GET /orders?cursor=secret", "", "query.cursor"},
		{"GET /orders?cursor=" + strings.Repeat("s", 101), "", "query.cursor"},
		{"GET /orders/0/licenses", "", "path.id"},
		{"GET /orders/-1/licenses", "", "path.id"},
		{"GET /orders/secret/licenses", "", "path.id"},
		{"GET /orders/9223372036854775808/licenses", "", "path.id"},
		{"GET /orders/1/licenses?include=secret", "", "query.include"},
		{"GET /orders/1/history?limit=501", "", "query.limit"},
		{"GET /licenses/0/file", "", "path.id"},
		{"GET /programs?accepts_serials=secret", "", "query.accepts_serials"},
		{"POST /verifications?sound=secret", "", "query.sound"},
		{"POST /sessions", `{"username": "secret"}`, "body"},
		{"POST /sessions", `{"username": 7, "password": "secret"}`, "body.username"},
		{"POST /sessions", `["secret"]`, "body"},
		{"POST /sessions", `secret`, "body"},
		{"POST /sessions", ``, "body"},
		{"POST /sessions", `{"username": "anna", "password": "x", "device_name": "secret\n"}`, "body.device_name"},
		{"POST /sessions", `{"username": "anna", "password": "secret\u0000"}`, "body"},
		{"POST /sessions", `{"username": "` + long + `", "password": "x"}`, "body"},
		{"PATCH /account", `{"email": "nobody"}`, "body.email"},
		{"PATCH /account", `{"email": " "}`, "body.email"},
		{"PATCH /account", `{"city": ["secret"]}`, "body.city"},
		{"PUT /account/password", `{"current_password": "secret", "new_password": "long enough"}`, "body.current_password"},
		{"POST /licenses/7/validation", `{"site_code": "x", "machine_id": "x", "activation_code": "x", "nonce": "secret"}`,
			"body.nonce"},
		{"POST /licenses/7/alive", `{"site_code": "secret", "machine_id": "x", "activation_code": "x"}`, "body.site_code"},
	} {
		method, target, _ := strings.Cut(row.call, " ")
		rec, p := c.call(method, target, row.body)
		require.Contains(t, []api.Code{api.ErrValidation, api.ErrCodeMalformed}, p.Code, row.call)
		require.Equal(t, p.Code.HTTPStatus(), rec.Code, row.call)
		require.NotEmpty(t, p.Errors, row.call)
		require.Equal(t, row.location, p.Errors[0].Location, "%s %.60s", row.call, row.body)
		require.NotContains(t, rec.Body.String(), "secret", row.call)
	}

	c.media = "text/secret"
	rec, p := c.call("POST", "/sessions", `{}`)
	require.Equal(t, api.ErrValidation, p.Code)
	require.NotContains(t, rec.Body.String(), "secret")
}

// Every call with an idempotency key refuses a malformed one, and every call with a session refuses none.
func TestEveryCallReadsItsHeaders(t *testing.T) {
	s := newServer(t)
	c := signedIn(t, s)
	document := s.registerCalls(newAPI(http.NewServeMux()))
	ids := map[string]bool{}
	keyed := 0
	for path, item := range document.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			require.False(t, ids[op.OperationID], op.OperationID)
			ids[op.OperationID] = true
			require.EqualValues(t, maxBody, op.MaxBodyBytes, op.OperationID)
			require.Equal(t, bodyTimeout, op.BodyReadTimeout, op.OperationID)
			target := strings.TrimPrefix(strings.ReplaceAll(path, "{id}", "7"), api.Base)

			anonymous := c
			anonymous.token = ""
			if rec, p := anonymous.call(op.Method, target, `{}`); len(op.Security) > 0 {
				require.Equal(t, http.StatusUnauthorized, rec.Code, op.OperationID)
				require.Equal(t, api.ErrCredentialsMissing, p.Code, op.OperationID)
				require.Contains(t, op.Responses, "401", op.OperationID)
			} else {
				require.NotEqual(t, http.StatusUnauthorized, rec.Code, op.OperationID)
			}
			if !slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == api.IdempotencyKey }) {
				continue
			}
			keyed++
			malformed := c
			malformed.key = "secret"
			rec, p := malformed.call(op.Method, target, sampleBody(t, document, op))
			require.Equal(t, api.ErrValidation, p.Code, "%s: %s", op.OperationID, rec.Body)
			require.Equal(t, "header."+api.IdempotencyKey, p.Errors[0].Location, op.OperationID)
		}
	}
	require.Equal(t, 10, keyed)
}

// sampleBody returns a body with every required member of an operation.
func sampleBody(t *testing.T, c contract, op *huma.Operation) string {
	t.Helper()
	var value func(s *huma.Schema) any
	value = func(s *huma.Schema) any {
		if s.Ref != "" {
			s = c.api.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
		}
		switch s.Type {
		case huma.TypeObject:
			object := map[string]any{}
			for _, name := range s.Required {
				object[name] = value(s.Properties[name])
			}
			return object
		case huma.TypeArray:
			return []any{value(s.Items)}
		case huma.TypeInteger:
			return 1
		case huma.TypeBoolean:
			return true
		}
		return "long enough"
	}
	text, err := json.Marshal(value(op.RequestBody.Content["application/json"].Schema))
	require.NoError(t, err)
	return string(text)
}

// newAPI returns a description of an API without calls, which are served by mux.
func newAPI(mux *http.ServeMux) huma.API { return humago.New(mux, configuration("test")) }

// A refusal with a time to wait also has the header of HTTP.
func TestRetryAfter(t *testing.T) {
	s := newServer(t)
	mux := http.NewServeMux()
	c := contract{newAPI(mux), s}
	for path, after := range map[string]int{"/a": 0, "/b": 7} {
		register(c, c.call(http.MethodGet, path, path[1:], "", 200), func(context.Context, *none) (*none, error) {
			p := api.NewProblem(api.ErrHostBanned, "Wait.")
			p.RetryAfter = after
			return nil, p
		})
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", api.Base+path, nil))
		require.Equal(t, 429, rec.Code)
		require.Equal(t, map[int]string{0: "", 7: "7"}[after], rec.Header().Get("Retry-After"))
		var p api.Problem
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p))
		require.Equal(t, api.ErrHostBanned, p.Code)
		require.Equal(t, after, p.RetryAfter)
	}
}

// No request makes the server fail: each is answered, and each refusal is a problem with a code of the contract.
func FuzzCalls(f *testing.F) {
	s := newServer(f)
	c := signedIn(f, s)
	for _, row := range []struct{ method, target, body string }{
		{"GET", "/orders?limit=1&cursor=MQ", ""},
		{"GET", "/orders/1/licenses?include=ended", ""},
		{"POST", "/orders/1/licenses", `{"site_code": "7183EC4D", "machine_id": "83A9-3429-0090"}`},
		{"POST", "/orders", `{"program_id": 1, "serial_number": "x", "verification": {"id": "x", "number": "1"}}`},
		{"POST", "/licenses/1/transfer", `{"site_mid": "x", "removal_code": "00000-00000-0"}`},
		{"POST", "/licenses/1/email", `{"to": ["a@b.example"], "message": "\ud83d"}`},
		{"PATCH", "/account", `{"city": "\u202e", "email": null}`},
		{"POST", "/licenses/1/validation", `{"nonce": "zBMwJXmKSbV8pTjmIWxOwQ"}`},
		{"POST", "/sessions/refresh", `{"refresh_token": ""}`},
		{"OPTIONS", "/orders", "\xff"},
	} {
		f.Add(row.method, row.target, row.body)
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://x"+api.Base+target, strings.NewReader(body))
		if err != nil {
			return // no HTTP client sends it
		}
		r.RemoteAddr = "203.0.113.5:1"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+c.token)
		r.Header.Set(api.IdempotencyKey, uuid.NewString())
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		require.NotZero(t, rec.Code)
		if !strings.HasPrefix(r.URL.Path, api.Base+"/") || rec.Code < http.StatusBadRequest {
			return
		}
		var p api.Problem
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p), rec.Body)
		require.Equal(t, rec.Code, p.Status)
		require.Contains(t, api.Codes(), p.Code)
		require.NotEqual(t, api.ErrInternal, p.Code)
	})
}
