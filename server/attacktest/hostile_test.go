package attacktest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// schema is the subset of JSON schema that the contract uses.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	MinLength  int               `json:"minLength"`
	Items      *schema           `json:"items"`
	Properties map[string]schema `json:"properties"`
}

// target is an operation of the contract with a valid body, or nil if it has none.
type target struct {
	name, method, path string
	body               map[string]any
}

// targets returns the operations in the OpenAPI document, so that new calls are attacked, too.
func targets(t *testing.T, c servertest.Client) (list []target) {
	t.Helper()
	_, data := c.Call("GET", "/openapi.json", nil)
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			} `json:"requestBody"`
		}
		Components struct{ Schemas map[string]schema }
	}
	require.NoError(t, json.Unmarshal(data, &doc))
	var good func(schema) any
	good = func(s schema) any {
		if s.Ref != "" {
			return good(doc.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]])
		}
		switch kind := fmt.Sprint(s.Type); {
		case strings.Contains(kind, "object"):
			fields := map[string]any{}
			for name, field := range s.Properties {
				if name != "$schema" {
					fields[name] = good(field)
				}
			}
			return fields
		case strings.Contains(kind, "array"):
			return []any{good(*s.Items)}
		case strings.Contains(kind, "integer"):
			return 1
		case strings.Contains(kind, "boolean"):
			return true
		default:
			return strings.Repeat("x", max(1, s.MinLength))
		}
	}
	for path, methods := range doc.Paths {
		for method, operation := range methods {
			o := target{method: strings.ToUpper(method), path: path}
			o.name = o.method + " " + strings.TrimPrefix(path, api.Base)
			for _, content := range operation.RequestBody.Content {
				o.body, _ = good(content.Schema).(map[string]any)
			}
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b target) int { return strings.Compare(a.name, b.name) })
	return list
}

// replaceEachField returns, for each field of body, also nested ones, a copy with the field's value replaced.
func replaceEachField(body map[string]any, value any) (list []map[string]any) {
	for name, old := range body {
		values := []any{value}
		if nested, ok := old.(map[string]any); ok {
			for _, n := range replaceEachField(nested, value) {
				values = append(values, n)
			}
		}
		if _, ok := old.([]any); ok {
			values = append(values, []any{value})
		}
		for _, v := range values {
			one := maps.Clone(body)
			one[name] = v
			list = append(list, one)
		}
	}
	return list
}

const sqlText = `x'); DROP TABLE clients;--`

// hostileValues are used for every field of every body.
func hostileValues() []any {
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	return []any{
		nil, true, -1, 0, 1.5, raw("1e400"), raw("9223372036854775808"), raw("-9223372036854775809"),
		raw("1" + strings.Repeat("0", 5000)), "", map[string]any{}, []any{}, []any{nil},
		raw(`"\u0000"`), raw(`"a\u0000b"`), raw(`"\ud800"`), raw(`"\udc00\ud800"`), raw(`"\u202egpj.exe"`),
		raw(`"\u001b[2J"`), raw(`"a\r\nX-Evil: 1"`), raw(`"\u0085\u2028\ufeff"`),
		sqlText, `" OR ""="`, `%`, `${jndi:ldap://x}{{.}}%s%n`, `<script>alert(1)</script>`, `../../etc/passwd`,
		strings.Repeat("x", 60_000), strings.Repeat("ü", 201),
		strings.Repeat("\U0001F4A9\u200d", 100), raw(strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)),
		raw(strings.Repeat(`{"a":`, 5_000) + "1" + strings.Repeat("}", 5_000)),
	}
}

// hostileBody is an invalid body.
type hostileBody struct {
	name    string
	body    string
	header  map[string]string
	chunked bool
}

func hostileBodies(good []byte) []hostileBody {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(good)
	_ = z.Close()
	large := `{"note":"` + strings.Repeat("x", 70<<10) + `"}`
	typed := func(name, value string) hostileBody {
		return hostileBody{name: name, body: string(good), header: map[string]string{"Content-Type": value}}
	}
	return []hostileBody{
		{name: "empty"},
		{name: "blank", body: " \n"},
		{name: "large", body: large},
		{name: "large and chunked", body: large, chunked: true},
		{name: "very large and chunked", body: strings.Repeat(large, 20), chunked: true},
		{name: "64 KiB to the byte", body: `{"a":"` + strings.Repeat("x", 64<<10-8) + `"}`},
		{name: "deep arrays", body: strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)},
		{name: "too deep arrays", body: strings.Repeat("[", 60_000)},
		{name: "deep objects", body: strings.Repeat(`{"":`, 10_000) + "1" + strings.Repeat("}", 10_000)},
		{name: "deep unknown field", body: `{"newer":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "}"},
		{name: "invalid UTF-8", body: "{\"username\":\"\xff\xfe\",\"note\":\"\xc0\xaf\",\"city\":\"\xed\xa0\x80\"}"},
		{name: "UTF-16", body: "\xff\xfe{\x00}\x00"},
		{name: "byte order mark", body: "\ufeff" + string(good)},
		{name: "NUL", body: "{\x00}"},
		{name: "NUL text", body: `{"username":"a\u0000","note":"\u0000","city":"\u0000","email":"a\u0000@example.com"}`},
		{name: "duplicate keys", body: `{"newer":1,"newer":"2","newer":[]}`},
		{name: "prototype", body: `{"__proto__":{"admin":true},"constructor":{}}`},
		{name: "null", body: "null"},
		{name: "true", body: "true"},
		{name: "number", body: "-1e999"},
		{name: "text", body: `"text"`},
		{name: "array", body: "[]"},
		{name: "truncated", body: `{"username":"an`},
		{name: "truncated escape", body: `{"a":"\u00`},
		{name: "trailing data", body: string(good) + `{"a":1}`},
		{name: "trailing bracket", body: string(good) + "}"},
		{name: "no JSON", body: "<xml/>"},
		{name: "NaN", body: `{"program_id":NaN}`},
		{name: "many keys", body: "{" + strings.TrimSuffix(strings.Repeat(`"a":1,`, 9_000), ",") + "}"},
		{name: "gzip", body: zipped.String(), header: map[string]string{"Content-Encoding": "gzip"}},
		typed("no content type", ""), typed("form", "application/x-www-form-urlencoded"), typed("XML", "text/xml"),
		typed("multipart without boundary", "multipart/form-data"),
		typed("charset", `application/json; charset="utf-7`), typed("long content type", strings.Repeat("a/", 5_000)),
		typed("CBOR", "application/cbor"), typed("JSON suffix", "application/x+json"),
	}
}

// hostileHeaders are used for every call.
func hostileHeaders() []http.Header {
	list := []http.Header{
		{"Authorization": {"Bearer"}}, {"Authorization": {"Bearer "}}, {"Authorization": {"Basic YTpi"}},
		{"Authorization": {"Bearer " + strings.Repeat("x", 10_000)}},
		{"Authorization": {"Bearer ü\xff"}}, {"Authorization": {"Bearer a b c"}},
		{"Authorization": {"Bearer x", "Bearer y", ""}}, {"Authorization": {"Bearer ' OR 1=1 --"}},
		{"Accept": {"text/html;q=x,*/*;q=-1"}}, {"Accept": {strings.Repeat("a/b,", 5_000)}}, {"Accept-Encoding": {"\xff"}},
		{"If-None-Match": {strings.Repeat(`"x",`, 8_000)}},
		{"X-Huge": {strings.Repeat("x", 200_000)}}, {"X-Forwarded-For": {strings.Repeat("1.1.1.1,", 2_000)}},
		{"X-Forwarded-For": {"'; DROP TABLE failures;--"}},
		{"X-Forwarded-For": {"::ffff:1.2.3.4, fe80::1%eth0"}}, {"Host": {"evil.example"}},
		{"X-Http-Method-Override": {"DELETE"}}, {"X-Original-Url": {"/healthz"}}, {"Range": {"bytes=0-1,5-"}},
		{"Content-Length": {"5", "6"}}, {"Connection": {"Authorization"}}, {"Cookie": {strings.Repeat("a=b;", 3_000)}},
	}
	for _, key := range []string{
		"", " ", "x", strings.Repeat("k", 10_000), "ключ", "\xff", "{" + uuid.NewString() + "}",
		"urn:uuid:" + uuid.NewString(), strings.ReplaceAll(uuid.NewString(), "-", ""), sqlText,
	} {
		list = append(list, http.Header{api.IdempotencyKey: {key}})
	}
	return append(list, http.Header{api.IdempotencyKey: {uuid.NewString(), "second"}})
}

// leaks are words of Go, of libraries and of databases that no answer may contain.
var leaks = []string{
	"goroutine ", ".go:", "panic", "sqlite", "SQL logic", "syntax error", "constraint", "json:", "invalid character",
	"unexpected end", "EOF", "strconv", "runtime error",
	"reflect.", "cannot unmarshal", "unmarshal", "api.", "store.", "huma", "context canceled", "no rows", "i/o timeout",
}

// requireHarmless requires that an answer is not an internal error and that a refusal is a problem document without
// implementation details.
func requireHarmless(t *testing.T, name string, r *http.Response, data []byte) {
	t.Helper()
	require.Less(t, r.StatusCode, 500, "%s: %s", name, data)
	if r.StatusCode < 400 {
		return
	}
	for _, leak := range leaks {
		require.NotContains(t, string(data), leak, name)
	}
	if r.Request.Method == http.MethodHead {
		return
	}
	require.Equal(t, api.ProblemMediaType, r.Header.Get("Content-Type"), "%s: %s", name, data)
	var p api.Problem
	require.NoError(t, json.Unmarshal(data, &p), "%s: %s", name, data)
	require.Contains(t, api.Codes(), p.Code, name)
	require.Equal(t, r.StatusCode, p.Status, name)
	require.Equal(t, r.StatusCode, p.Code.HTTPStatus(), name)
	require.NotEmpty(t, p.Detail, name)
	require.Less(t, len(data), 8<<10, "%s: a refusal does not grow with what was sent", name)
}

// attacker calls as anna, each time from another host, so that no ban prevents the next attack.
type attacker struct {
	*servertest.World
	t     *testing.T
	calls int
	http  *http.Client
}

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	w := servertest.NewWorld(t)
	w.Restart(func(o *server.Options) {
		o.Requests = settings.RequestRate{PerSecond: 1e6, Burst: 1e6}
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	w.Prepare("new A")
	return &attacker{
		World: w,
		t:     t,
		http:  &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// send makes one call. path is sent unchanged.
func (a *attacker) send(name, method, path string, header http.Header, body io.Reader) *http.Response {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.URL, body)
	require.NoError(a.t, err)
	before, query, hasQuery := strings.Cut(path, "?")
	r.URL.Opaque = strings.TrimPrefix(a.URL, "http:") + before
	if hasQuery {
		r.URL.RawQuery = query
	}
	a.calls++
	r.Header = http.Header{
		"Authorization":    {"Bearer " + a.Clients["anna"].Token},
		"Content-Type":     {"application/json"},
		api.IdempotencyKey: {uuid.NewString()},
		"X-Forwarded-For":  {fmt.Sprintf("10.%d.%d.1", a.calls>>8, a.calls&255)},
	}
	maps.Copy(r.Header, header)
	response, err := a.http.Do(r)
	if err != nil { // net/http refuses to send some requests
		require.ErrorContains(a.t, err, "invalid header", name)
		return nil
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(a.t, err, name)
	requireHarmless(a.t, name, response, data)
	if method == http.MethodDelete && response.StatusCode == http.StatusNoContent {
		a.Clients = servertest.NewSessions(a.World)
	}
	return response
}

// rows returns all rows except those of logs, to which every refusal adds one.
func (a *attacker) rows() []string {
	lines := strings.Split(a.Tables(), "\n")
	a.Read(func(tx store.Tx) error {
		clients, err := tx.Clients.List(a.t.Context())
		if err != nil {
			return err
		}
		for _, c := range clients {
			lines = append(lines, fmt.Sprintf("client %+v", c))
		}
		programs, err := tx.Programs.List(a.t.Context())
		if err != nil {
			return err
		}
		for _, p := range programs {
			lines = append(lines, fmt.Sprintf("program %+v", p))
		}
		mails, err := tx.Mails.List(a.t.Context(), 0)
		for _, m := range mails {
			lines = append(lines, fmt.Sprintf("mail %+v", m))
		}
		return err
	})
	return lines
}

// A hostile call is refused or does what the contract says. None causes an internal error, reveals anything, or changes
// other rows.
func TestHostileCalls(t *testing.T) {
	all := targets(t, newAttacker(t).Clients["anna"])
	require.Greater(t, len(all), 20)
	for _, o := range all {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			a := newAttacker(t)
			a.t = t
			id := int64(1042)
			if strings.Contains(o.path, "/licenses/{id}") {
				id = a.Licenses["A"]
			}
			path := strings.Replace(o.path, "{id}", fmt.Sprint(id), 1)
			// Calls may change anna's contact data, queue the mail about a former address, and change a license's note.
			others := func() []string {
				return slices.DeleteFunc(a.rows(), func(line string) bool {
					switch o.name {
					case "PATCH /account":
						return strings.Contains(line, "Username:anna ") || strings.HasPrefix(line, "mail ")
					case "PATCH /licenses/{id}":
						return strings.HasPrefix(line, fmt.Sprintf("{ID:%d ", id))
					}
					return false
				})
			}
			before := others()
			good, err := json.Marshal(o.body)
			require.NoError(t, err)
			for _, b := range hostileBodies(good) {
				header := http.Header{}
				for name, value := range b.header {
					header.Set(name, value)
				}
				var body io.Reader = strings.NewReader(b.body)
				if b.chunked {
					body = io.MultiReader(body)
				}
				a.send("body: "+b.name, o.method, path, header, body)
			}
			for _, h := range hostileHeaders() {
				a.send(fmt.Sprintf("header: %.80q", h), o.method, path, h, bytes.NewReader(good))
			}
			for _, value := range hostileValues() {
				for _, body := range replaceEachField(o.body, value) {
					data, err := json.Marshal(body)
					require.NoError(t, err)
					a.send(fmt.Sprintf("field: %.200s", data), o.method, path, nil, bytes.NewReader(data))
				}
			}
			for _, id := range []string{"0", "-1", "1e3", "0x412", "1042.0", "+1042", "01042", "9223372036854775807",
				"9223372036854775808", "99999999999999999999999", "1;DROP%20TABLE", "1%27%20OR%201=1",
				"%D9%A1%D9%A0%D9%A4%D9%A2", "%00", "1042%00", "1042;x=1", "1042%2F..%2F1043", "..", "%2e%2e", "*", "%ff",
				"%F0%9F%92%A9", strings.Repeat("9", 5_000), strings.Repeat("a", 20_000)} {
				if strings.Contains(o.path, "{id}") {
					a.send("id: "+id[:min(len(id), 40)], o.method, strings.Replace(o.path, "{id}", id, 1), nil, bytes.NewReader(good))
				}
			}
			for _, query := range []string{"cursor=%00", "cursor=" + url.QueryEscape(sqlText), "cursor=LTE",
				"cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor=" + strings.Repeat("A", 10_000), "limit=-1", "limit=1e9",
				"limit=9223372036854775808", "limit=%D9%A1", "limit=1&limit=2", "include=%27", "include=ended&include=x",
				"%zz=1;&&=", "accepts_serials=maybe", "sound=2", strings.Repeat("a=1&", 5_000), "$schema=x"} {
				a.send("query: "+query[:min(len(query), 40)], o.method, path+"?"+query, nil, bytes.NewReader(good))
			}
			require.Equal(t, before, others())
			require.NotContains(t, a.Log.String(), `"level":"ERROR"`)
		})
	}
}

// Unknown methods and paths change nothing.
func TestHostilePaths(t *testing.T) {
	a := newAttacker(t)
	before := a.rows()
	for _, method := range []string{
		"TRACE", "PUT", "OPTIONS", "HEAD", "PATCH", "DELETE", "PROPFIND", "CONNECT", "M", "get", "GET2",
		strings.Repeat("A", 1_000),
	} {
		for _, path := range []string{
			"/api/v1/orders", "/api/v1/orders/1042/licenses", "/api/v1/sessions", "/healthz", "/readyz", "/docs",
			"/openapi.json", "/password", "/",
		} {
			r := a.send(method+" "+path, method, path, nil, strings.NewReader("{}"))
			require.Empty(t, r.Header.Get("Access-Control-Allow-Origin"), "no page of another site may call")
			if method != "HEAD" {
				require.GreaterOrEqual(t, r.StatusCode, 400, "%s %s", method, path)
			}
		}
	}
	for _, path := range []string{
		"/api/v1/orders/../x", "/api/v1/orders/%2e%2e/x", "/api/v1/orders/..%2fx", "/api/v1/./orders", "//api/v1/orders",
		"/api//v1/orders", "//evil.example/%2e%2e", "/%5cevil.example", "/\\evil.example/..",
		"/api/v1/orders/1042/licenses/", "/api/v1/orders%00", "/api/v1/orders%2f1042%2flicenses", "/api/v1/orders;x=1",
		"/api/v1/orders/1042;/licenses", "/API/V1/orders", "/api/v1/%6frders", "/api/v2/orders",
		"/" + strings.Repeat("a", 100_000), "/" + strings.Repeat("../", 10_000) + "etc/passwd",
		"/..%2f..%2f..%2fetc%2fpasswd", "/.git/config", "/metrics", "/debug/pprof/", "/%0d%0aX-Evil:%201",
		"//evil.example", "/.//evil.example", "/docs/..//evil.example/", "/schemas/License.json", "/schemas/..%2f..%2f",
		"/openapi.yaml", "/openapi-3.0.json", "/favicon.ico",
	} {
		r := a.send("path: "+path[:min(len(path), 60)], "GET", path, nil, nil)
		if r == nil {
			continue
		}
		require.Empty(t, r.Header.Get("X-Evil"))
		if location := r.Header.Get("Location"); location != "" {
			u, err := r.Request.URL.Parse(location)
			require.NoError(t, err)
			require.Regexp(t, `^/([^/\\]|$)`, location, "%s leads to another host: %s", path, u)
		}
	}
	require.Equal(t, before, a.rows())
	require.NotContains(t, a.Log.String(), `"level":"ERROR"`)
}

// The page for passwords never fails and never copies the request into its markup.
func TestHostileForms(t *testing.T) {
	a := newAttacker(t)
	before := a.rows()
	markup := `"><script>alert(1)</script>`
	for _, form := range []string{
		"", "%zz", "token=%00&password=%ff&again=%ff",
		"token=" + url.QueryEscape(markup) + "&key=" + url.QueryEscape(markup) + "&password=a&again=b",
		strings.Repeat("a=b&", 20_000),
		"token=" + url.QueryEscape(sqlText) + "&key=" + uuid.NewString() + "&password=a+long+password&again=a+long+password",
		"token=" + strings.Repeat("x", 60_000), "password=%00aaaaaaaaaaaa&again=%00aaaaaaaaaaaa&key=x",
	} {
		for _, method := range []string{"GET", "POST"} {
			link := a.URL + "/password"
			if method == "GET" {
				link += "?" + form
			}
			r, err := http.NewRequestWithContext(t.Context(), method, link, strings.NewReader(form))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := a.http.Do(r)
			require.NoError(t, err)
			page, err := io.ReadAll(response.Body)
			require.NoError(t, errors.Join(err, response.Body.Close()))
			require.Less(t, response.StatusCode, 500, "%s %.80s", method, form)
			require.Equal(t, "text/html; charset=utf-8", response.Header.Get("Content-Type"))
			require.NotContains(t, string(page), "<script")
			for _, leak := range leaks {
				require.NotContains(t, string(page), leak)
			}
		}
	}
	require.Equal(t, before, a.rows())
	require.NotContains(t, a.Log.String(), `"level":"ERROR"`)
}

// Text that looks like SQL is stored and found unchanged, or refused, and patterns match nothing.
func TestSQLInText(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	anna, anonymous := w.Clients["anna"], servertest.Client{Server: w.Server, T: t}
	fields := map[string]string{}
	for _, name := range []string{
		"first_name", "last_name", "company", "address", "city", "zip", "state", "country", "phone", "fax",
	} {
		fields[name] = name + ` '); DROP TABLE clients;-- \' " %_ $1 ?1 :a`
	}
	fields["email"] = `'or'1'='1'--@example.com`
	status, body := anna.Call("PATCH", "/account", fields)
	require.Equal(t, 200, status, string(body))
	_, body = anna.Call("GET", "/account", nil)
	var kept map[string]string
	require.NoError(t, json.Unmarshal(body, &kept))
	for name, text := range fields {
		require.Equal(t, text, kept[name])
	}
	status, body = anna.Call("PATCH", fmt.Sprintf("/licenses/%d", w.Licenses["A"]), map[string]string{"note": sqlText})
	require.Equal(t, 200, status, string(body))
	_, body = anna.Call("GET", "/orders/1042/licenses", nil)
	require.Contains(t, string(body), sqlText)

	request := w.NewAccount(func(a *api.NewAccount) {
		a.Username, a.RegistrationName = "x';DROP/**/TABLE/**/clients--", sqlText
	})
	status, body = anonymous.Keyed().Call("POST", "/accounts", request)
	require.Equal(t, 201, status, string(body))
	status, body = anonymous.Call("POST", "/sessions", api.SessionRequest{
		Username:   request.Username,
		Password:   request.Password,
		DeviceName: sqlText,
	})
	require.Equal(t, 201, status, string(body))
	require.Equal(t, sqlText, servertest.AuditTrail(t, w.Server)[0].Device)

	for _, name := range []string{"ann_", "%", "anna'--", "anna\u0000", "anna' OR '1'='1", "*"} {
		status, _ = anonymous.Call("POST", "/sessions", api.SessionRequest{Username: name, Password: w.Login.Password})
		require.Contains(t, []int{401, 422}, status, name)
		w.Clock.Advance(16 * time.Minute)
	}
	for _, login := range []string{"%", "%@lumen.example", "it@lumen.exampl_", "' OR 1=1 --"} {
		require.Empty(t, w.AskForLink(login), login)
		w.Clock.Advance(16 * time.Minute)
	}
	for serial, code := range map[string]api.Code{
		sqlText:                 api.ErrCodeMalformed,
		"%":                     api.ErrCodeMalformed,
		strings.Repeat("_", 25): api.ErrCodeMalformed,
	} {
		status, body = servertest.NewSessions(w)["bruno"].Keyed().Call("POST", "/orders", api.NewOrder{
			ProgramID:    1,
			SerialNumber: serial,
			Verification: api.VerificationAnswer{ID: sqlText, Number: sqlText[:20]},
		})
		w.RequireProblem(status, body, code, "serial")
	}
	status, body = servertest.NewSessions(w)["anna"].Call("GET",
		"/orders?cursor="+url.QueryEscape(base64.RawURLEncoding.EncodeToString([]byte("1 OR 1=1"))), nil)
	w.RequireProblem(status, body, api.ErrValidation, "cursor")
	w.Check("orders 1")
	w.Check("seats 4")
	w.Check("A Active")
}

// A device name has one line, because audit trail and histories are shown in terminals.
func TestDeviceNamesHaveOneLine(t *testing.T) {
	w := servertest.NewWorld(t)
	anonymous := servertest.Client{Server: w.Server, T: t}
	for _, name := range []string{"a\nb", "\x1b[2Jb", "a\u0085b", "a\u2028b", "\u202ecod"} {
		status, body := anonymous.Call("POST", "/sessions", api.SessionRequest{
			Username:   "anna",
			Password:   w.Login.Password,
			DeviceName: name,
		})
		w.RequireProblem(status, body, api.ErrValidation, "body.device_name")
		for _, line := range servertest.AuditTrail(t, w.Server) {
			require.NotContains(t, line.Device, name)
		}
	}
	status, _ := anonymous.Call("POST", "/sessions", api.SessionRequest{
		Username:   "anna",
		Password:   w.Login.Password,
		DeviceName: "Zoës 自宅\u200d PC",
	})
	require.Equal(t, 201, status)
}

// Text that a database would change or cannot store is refused.
func TestBodiesAreText(t *testing.T) {
	w := servertest.NewWorld(t)
	for body, message := range map[string]string{
		"{\"city\":\"a\xff\"}":       "UTF-8",
		`{"city":"a\u0000"}`:         "NUL",
		`{"newer":[{"a":"\u0000"}]}`: "NUL",
		`{"city":"a"} x`:             "not JSON",
		`{"city":`:                   "incomplete",
		`{"city":1}`:                 "string",
	} {
		status, answer := w.Clients["anna"].Call("PATCH", "/account", body)
		w.RequireProblem(status, answer, api.ErrValidation, message)
	}
	status, answer := w.Clients["anna"].Call("PATCH", "/account", `{"city":"\\u0000"}`)
	require.Equal(t, 200, status, string(answer))
	require.Contains(t, string(answer), `"city":"\\u0000"`, "which is no NUL, but the six characters")
}

// An email address contains visible characters only, because it becomes a header.
func TestHostileAddresses(t *testing.T) {
	w := servertest.NewWorld(t)
	for _, address := range []string{
		"a@example.com\r\nBcc: eve@evil.example", "a@example.com, eve@evil.example", "Anna <a@example.com>",
		"\"a b\"@example.com", "a\u0085b@example.com", "a\u2028@example.com", "a\u202eb@example.com",
		"a@exam\u200bple.com", "a(eve@evil.example)@example.com", "<a@example.com>", "a@example.com (x)",
		"=?utf-8?q?a?=@example.com\n", "@example.com", "a@", "a@b@c", "a@example.com;eve@evil.example",
	} {
		status, body := w.Clients["anna"].Call("PATCH", "/account", map[string]string{"email": address})
		w.RequireProblem(status, body, api.ErrValidation, "body.email")
	}
	for _, address := range []string{"zoë@bücher.example", "o'neil+lumen@example.com"} {
		status, body := w.Clients["anna"].Call("PATCH", "/account", map[string]string{"email": address})
		require.Equal(t, 200, status, string(body))
	}
}
