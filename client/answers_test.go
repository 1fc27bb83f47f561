package client

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

const (
	site, machine = "7183EC4D", "83A9-3429-0090-B3F5"
	merged        = "7183-EC4D-83A9-3429-0090-B3F5"
	receipt       = "v4.public.eyJqdGkiOiI3In0.a2lk"
	picture       = pngHead + "IHDR"
)

// The minimal answers of a license server, with all mandatory fields and no others.
func minimalServer() api.Server {
	return api.Server{Name: "Lumen", Version: "1.2.3", Time: noon}
}

func minimalClient() api.Client { return api.Client{ID: 3, Username: "anna"} }

func minimalSession(n int) api.Session {
	return api.Session{
		AccessToken:      "access-" + strconv.Itoa(n),
		ExpiresAt:        noon.Add(15 * time.Minute),
		RefreshToken:     "refresh-" + strconv.Itoa(n),
		RefreshExpiresAt: noon.AddDate(0, 0, 30),
		Client:           minimalClient(),
	}
}

func minimalProgram() api.Program {
	return api.Program{
		ID:                   7,
		Name:                 "Lumen Studio",
		RequiresActivation:   true,
		ApplicationSignature: "LumenSt7",
		PublicKey:            strings.Repeat("0a", 32),
		FormerKeys:           []string{strings.Repeat("0B", 32)},
	}
}

func minimalOrder(id int64) api.Order { return api.Order{ID: id, ProgramID: 7} }

func minimalLicense(id, order int64) api.License {
	return api.License{
		ID:                id,
		OrderID:           order,
		OriginalLicenseID: id,
		SiteCode:          site,
		MachineID:         machine,
		ActivationCode:    "F3945D8C-B0D71FFA-02A956E3-8D6DB947",
		Status:            api.StatusActive,
	}
}

func released(l api.License) api.License {
	l.ReleasedAt = &noon
	return l
}

// calls are all calls with the status and the complete answer of each; a nil answer has no body.
var calls = map[string]struct {
	call   func(*testing.T, *Client) error
	status int
	whole  any
}{
	"server": {func(t *testing.T, c *Client) error {
		_, err := c.Server(t.Context())
		return err
	}, 200, minimalServer()},
	"sign-in": {func(t *testing.T, c *Client) error {
		_, err := c.SignIn(t.Context(), api.SessionRequest{})
		return err
	}, 201, minimalSession(1)},
	"refresh": {func(t *testing.T, c *Client) error {
		_, err := c.access(t.Context(), "access-0")
		return err
	}, 201, minimalSession(1)},
	"sign-out": {func(t *testing.T, c *Client) error {
		return c.SignOut(t.Context())
	}, 204, nil},
	"verification": {func(t *testing.T, c *Client) error {
		_, err := c.Verification(t.Context(), false)
		return err
	}, 201, api.Verification{ID: "x", Image: []byte(picture), ExpiresAt: noon}},
	"new account": {func(t *testing.T, c *Client) error {
		_, err := c.NewAccount(t.Context(), "key", api.NewAccount{})
		return err
	}, 201, minimalClient()},
	"password reset": {func(t *testing.T, c *Client) error {
		return c.RequestPasswordReset(t.Context(), "key", api.PasswordReset{})
	}, 202, nil},
	"account": {func(t *testing.T, c *Client) error {
		_, err := c.Account(t.Context())
		return err
	}, 200, api.Account{Username: "anna"}},
	"change of the account": {func(t *testing.T, c *Client) error {
		_, err := c.ChangeAccount(t.Context(), api.AccountChange{})
		return err
	}, 200, api.Account{Username: "anna"}},
	"change of the password": {func(t *testing.T, c *Client) error {
		return c.ChangePassword(t.Context(), api.PasswordChange{})
	}, 204, nil},
	"programs": {func(t *testing.T, c *Client) error {
		_, err := c.Programs(t.Context())
		return err
	}, 200, api.ProgramList{Programs: []api.Program{minimalProgram(), {ID: 8, Name: "Free"}}}},
	"orders": {func(t *testing.T, c *Client) error {
		_, _, err := c.Orders(t.Context())
		return err
	}, 200, api.OrderList{Orders: []api.Order{minimalOrder(10), minimalOrder(9)}}},
	"new order": {func(t *testing.T, c *Client) error {
		_, err := c.NewOrder(t.Context(), "key", api.NewOrder{ProgramID: 7, SerialNumber: "o6qq 7k41 nsyb vbwa r3"})
		return err
	}, 201, withSerial(minimalOrder(11))},
	"history": {func(t *testing.T, c *Client) error {
		_, err := c.History(t.Context(), 9)
		return err
	}, 200, api.HistoryList{History: []api.HistoryEntry{{
		Time:    noon,
		Task:    api.TaskNewOrder.HistoryWord(),
		Outcome: api.OutcomeOK,
	}}}},
	"licenses": {func(t *testing.T, c *Client) error {
		_, err := c.Licenses(t.Context(), 9, true)
		return err
	}, 200, api.LicenseList{Licenses: []api.License{minimalLicense(20, 9), minimalLicense(21, 9)}}},
	"new license": {func(t *testing.T, c *Client) error {
		_, err := c.NewLicense(t.Context(), "key", 9, api.NewLicense{SiteCode: site, MachineID: machine})
		return err
	}, 201, minimalLicense(22, 9)},
	"reactivation": {func(t *testing.T, c *Client) error {
		_, err := c.Reactivate(t.Context(), "key", 22, api.Reactivation{SiteCode: site, MachineID: machine})
		return err
	}, 201, minimalLicense(23, 9)},
	"transfer": {func(t *testing.T, c *Client) error {
		_, err := c.Transfer(t.Context(), "key", 22, api.Transfer{SiteCode: site, MachineID: machine})
		return err
	}, 201, api.LicenseReceipt{License: minimalLicense(23, 9), Receipt: receipt}},
	"release": {func(t *testing.T, c *Client) error {
		_, err := c.Release(t.Context(), "key", 22, api.Release{RemovalCode: "9D2BK-DD62M-C"})
		return err
	}, 200, api.LicenseReceipt{License: released(minimalLicense(22, 9)), Receipt: receipt}},
	"removal": {func(t *testing.T, c *Client) error {
		_, err := c.Remove(t.Context(), "key", 22, api.Removal{RemovalCode: "9D2BK-DD62M-C"})
		return err
	}, 200, api.OrderReceipt{Order: minimalOrder(9), Receipt: receipt}},
	"change of a note": {func(t *testing.T, c *Client) error {
		_, err := c.ChangeLicense(t.Context(), 22, api.LicenseChange{})
		return err
	}, 200, minimalLicense(22, 9)},
	"comparison": {func(t *testing.T, c *Client) error {
		_, err := c.Compare(t.Context(), 22, api.PCCodes{SiteCode: site, MachineID: machine})
		return err
	}, 200, api.Comparison{Locks: []api.LockState{{Name: "NET_ID"}}, Verdict: "accepted"}},
	"preview of an email": {func(t *testing.T, c *Client) error {
		_, err := c.EmailPreview(t.Context(), 22)
		return err
	}, 200, api.EmailPreview{To: []string{}}},
	"email": {func(t *testing.T, c *Client) error {
		return c.SendEmail(t.Context(), "key", 22, api.EmailRequest{})
	}, 202, nil},
}

// withSerial returns an order of a serial number, which the test types without separators and with a letter for a
// digit.
func withSerial(o api.Order) api.Order {
	o.SerialNumber = "06QQ-7K41-NS-YBVB-WAR3"
	return o
}

// callWith makes a call to a server with one answer.
func callWith(t *testing.T, name string, status int, contentType, body string) error {
	t.Helper()
	return calls[name].call(t, to(t, func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

func requireNotACEN(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, ErrUnreachable)
	var network *NetworkError
	require.ErrorAs(t, err, &network)
	require.Equal(t, NotACEN, network.Kind, network.Err)
	require.False(t, network.NotSent)
}

func text(t *testing.T, v any) string {
	t.Helper()
	if v == nil {
		return ""
	}
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

// Only an answer of the call is accepted, not another one with a successful status.
func TestAnswersOfSomethingElse(t *testing.T) {
	const page = "<html>welcome</html>"
	require.Equal(t, reflect.TypeFor[*Client]().NumMethod(), len(calls)+2, "all calls but LicenseFile, and Tokens is none")
	for name, c := range calls {
		t.Run(name, func(t *testing.T) {
			whole, media := text(t, c.whole), ""
			if c.whole != nil {
				media = "application/json"
			}
			require.NoError(t, callWith(t, name, c.status, media, whole))
			for _, status := range []int{200, 201, 202, 203, 204, 206, 299} {
				if status != c.status {
					requireNotACEN(t, callWith(t, name, status, media, whole))
				}
			}
			if c.status != http.StatusNoContent { // which has no body
				requireNotACEN(t, callWith(t, name, c.status, "text/html", page))
				requireNotACEN(t, callWith(t, name, c.status, "application/json", `{"status":"maintenance"}`))
			}
			requireNotACEN(t, callWith(t, name, 302, "text/html", page))
			requireNotACEN(t, callWith(t, name, 404, "text/html", page))
			requireNotACEN(t, callWith(t, name, 404, api.ProblemMediaType, `{"status":404,"title":"Not Found"}`))
			if c.whole == nil {
				return
			}
			requireNotACEN(t, callWith(t, name, c.status, "text/html", whole))
			requireNotACEN(t, callWith(t, name, c.status, "", whole))
			for _, body := range []string{
				"", `{}`, `null`, `[]`, `[` + whole + `]`, `"x"`, `7`, `true`,
				whole + `x`, whole + whole, whole + `,`, whole[:len(whole)-1],
			} {
				requireNotACEN(t, callWith(t, name, c.status, media, body))
			}
		})
	}
}

// An invalid answer is not retried, unlike a failed connection, because the same would answer.
func TestInvalidAnswersAreNotRetried(t *testing.T) {
	count := 0
	c := to(t, func(w http.ResponseWriter, _ *http.Request) {
		count++
		answer(w, 200, map[string]string{"status": "maintenance"})
	})
	_, err := c.Programs(t.Context())
	requireNotACEN(t, err)
	require.Equal(t, 1, count)
}

// absent removes a field of an answer.
type absent struct{}

// edit returns an answer as JSON with one field changed, by its path.
func edit(t *testing.T, answer any, path string, value any) string {
	t.Helper()
	var root any
	require.NoError(t, json.Unmarshal([]byte(text(t, answer)), &root))
	fields := strings.Split(path, ".")
	v := root
	for _, field := range fields[:len(fields)-1] {
		switch node := v.(type) {
		case map[string]any:
			v = node[field]
		case []any:
			i, err := strconv.Atoi(field)
			require.NoError(t, err)
			v = node[i]
		}
	}
	last := fields[len(fields)-1]
	if _, remove := value.(absent); remove {
		delete(v.(map[string]any), last)
	} else if list, ok := v.([]any); ok {
		i, err := strconv.Atoi(last)
		require.NoError(t, err)
		list[i] = value
	} else {
		v.(map[string]any)[last] = value
	}
	return text(t, root)
}

// faults are invalid values of the fields of an answer, by path.
type faults map[string][]any

// and returns f with other faults added.
func (f faults) and(other faults) faults {
	for path, values := range other {
		f[path] = append(f[path], values...)
	}
	return f
}

const noTime = "0001-01-01T00:00:00Z"

// An incomplete answer, or one that does not match the request, is rejected (spec: api "Representation").
func TestInvalidAnswers(t *testing.T) {
	none, empty := absent{}, map[string]any{}
	license := func(prefix string) faults {
		return faults{
			prefix + "id":                  {none, nil, 0, -1, "22", 1.5},
			prefix + "order_id":            {none, 0, -9},
			prefix + "original_license_id": {none, 0},
			prefix + "site_code":           {none, ""},
			prefix + "machine_id":          {none, ""},
			prefix + "activation_code":     {none, ""},
			prefix + "status":              {none, "", 5},
			prefix + "features":            {-1, 1 << 16},
			prefix + "activated_at":        {"yesterday"},
		}
	}
	made := func() faults {
		return license("").and(faults{
			"site_code":  {"7183EC4E"},
			"machine_id": {"83A9-3429-0090-B3F6"},
			"status":     {"Reactivated", "active"},
		})
	}
	receipts := faults{"receipt": {
		none, nil, "", "yes", "v4.public.", "v4.local.abc", receipt + "\n", receipt + " x", "x" + receipt, receipt + "ü",
		"v4.public." + strings.Repeat("A", maxReceipt),
	}}
	session := faults{
		"access_token":       {none, "", "a b", "a\r\nX: y", strings.Repeat("x", maxToken+1)},
		"refresh_token":      {none, "", "ü", "\x00", strings.Repeat("x", maxToken+1)},
		"expires_at":         {none, nil, "", noTime},
		"refresh_expires_at": {none, noTime},
		"client":             {none, nil, []any{}},
		"client.id":          {none, 0, -1},
		"client.username":    {none, ""},
	}
	for name, broken := range map[string]faults{
		"server":                {"name": {none, ""}, "version": {none, ""}, "time": {none, 5, noTime}},
		"sign-in":               session,
		"refresh":               session,
		"verification":          {"id": {none, ""}, "image": {none, "", "iVBORw0K", "!"}, "expires_at": {none}},
		"new account":           {"id": {none, 0}, "username": {none, ""}},
		"account":               {"username": {none, ""}},
		"change of the account": {"username": {none, ""}},
		"programs": {
			"programs":                         {none, nil, empty},
			"programs.0.id":                    {none, 0, 8},
			"programs.0.name":                  {none, ""},
			"programs.0.application_signature": {none, "", "short", "LumenStudio", "Lumen 7", "Lumén7"},
			"programs.0.public_key":            {none, "", strings.Repeat("0a", 31), strings.Repeat("0g", 32)},
			"programs.0.former_keys":           {[]any{""}, []any{strings.Repeat("0b", 33)}, "x"},
		},
		"orders": {
			"orders":              {none, nil, 5},
			"orders.0":            {nil, empty},
			"orders.0.id":         {none, 0, -1, 9},
			"orders.0.program_id": {none, 0},
		},
		"new order": {"id": {none, 0}, "program_id": {none, 0, 8}, "serial_number": {none, "", "06QQ-7K41-NS-YBVB-WAR4"}},
		"history": {
			"history":           {none, nil},
			"history.0.time":    {none},
			"history.0.task":    {none, ""},
			"history.0.outcome": {none, ""},
		},
		"licenses": license("licenses.0.").and(faults{
			"licenses": {none, nil}, "licenses.0.order_id": {8}, "licenses.0.id": {21},
		}),
		"new license":  made(),
		"reactivation": made(),
		"transfer":     made().and(faults{"id": {22}}).and(receipts),
		"release": license("").and(receipts).and(faults{
			"id": {23}, "status": {"Transferred"}, "released_at": {none, nil, noTime},
		}),
		"removal":             faults{"id": {none, 0}, "program_id": {none, 0}}.and(receipts),
		"change of a note":    license("").and(faults{"id": {23}}),
		"comparison":          {"locks": {none, nil, []any{}}, "verdict": {none, ""}},
		"preview of an email": {"to": {none, nil, "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := calls[name]
			for path, values := range broken {
				for _, value := range values {
					body := edit(t, c.whole, path, value)
					err := callWith(t, name, c.status, "application/json", body)
					require.Error(t, err, body)
					requireNotACEN(t, err)
				}
			}
		})
	}
}

// Unknown fields and values of a later server are accepted, and so are omitted optional fields (spec: api
// "Representation").
func TestAnswersOfALaterServer(t *testing.T) {
	for name, one := range map[string]struct {
		call, path string
		value      any
	}{
		"field":                       {"new license", "lost", map[string]any{"state": "waiting"}},
		"status":                      {"licenses", "licenses.0.status", "Suspended"},
		"task":                        {"history", "history.0.task", "loss"},
		"verdict":                     {"comparison", "verdict", "undecided"},
		"licenses: none":              {"licenses", "licenses", []any{}},
		"orders: none":                {"orders", "orders", []any{}},
		"programs: none":              {"programs", "programs", []any{}},
		"history: nothing":            {"history", "history", []any{}},
		"program without former keys": {"programs", "programs.0.former_keys", absent{}},
		"license of another order":    {"new license", "order_id", 8}, // the PC had one of that order (spec: api 2)
		"reactivation of own codes":   {"reactivation", "id", 22},
		"codes as they are typed":     {"transfer", "machine_id", "83a9342900 90b3f5"},
	} {
		t.Run(name, func(t *testing.T) {
			c := calls[one.call]
			body := edit(t, c.whole, one.path, one.value)
			require.NoError(t, callWith(t, one.call, c.status, "application/json; charset=utf-8", body))
		})
	}
}

// Both forms of the codes in a request are compared (spec: api "Codes in requests").
func TestCodesOfTheAnswer(t *testing.T) {
	for name, one := range map[string]struct {
		pc   api.PCCodes
		same bool
	}{
		"both":              {api.PCCodes{SiteCode: site, MachineID: machine}, true},
		"typed":             {api.PCCodes{SiteCode: " 7183-ec4d", MachineID: "83a9342900 90b3f5"}, true},
		"merged":            {api.PCCodes{SiteMID: merged}, true},
		"merged, typed":     {api.PCCodes{SiteMID: strings.ToLower(strings.ReplaceAll(merged, "-", ""))}, true},
		"another Site code": {api.PCCodes{SiteCode: "7183EC4E", MachineID: machine}, false},
		"another PC":        {api.PCCodes{SiteCode: site, MachineID: "83A9-3429-0090-B3F6"}, false},
		"another merged":    {api.PCCodes{SiteMID: merged[:len(merged)-1] + "6"}, false},
		"none":              {api.PCCodes{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkNewLicense(minimalLicense(22, 9), one.pc)
			require.Equal(t, one.same, err == nil, err)
		})
	}
}

// A list is accepted only with all its pages: a row on two pages is a fault, and no partial list is returned (spec:
// api "Lists").
func TestPagesOfAList(t *testing.T) {
	second := api.LicenseList{Licenses: []api.License{minimalLicense(20, 9)}}
	c := to(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			answer(w, 200, api.LicenseList{Licenses: []api.License{minimalLicense(20, 9)}, NextCursor: "x"})
			return
		}
		answer(w, 200, second)
	})
	list, err := c.Licenses(t.Context(), 9, false)
	requireNotACEN(t, err)
	require.Nil(t, list)
	second.Licenses[0].ID = 21
	list, err = c.Licenses(t.Context(), 9, false)
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestLicenseFile(t *testing.T) {
	for name, one := range map[string]struct {
		status      int
		media, body string
		good        bool
	}{
		"whole":   {200, api.LicenseFileMediaType, receipt, true},
		"empty":   {200, api.LicenseFileMediaType, "\n", false},
		"page":    {200, "text/html", "<html>", false},
		"JSON":    {200, "application/json", `{}`, false},
		"no type": {200, "", receipt, false},
		"partial": {206, api.LicenseFileMediaType, receipt, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := to(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", one.media)
				w.Header().Set("Content-Disposition", `attachment; filename="studio-22.acen"`)
				w.WriteHeader(one.status)
				_, _ = io.WriteString(w, one.body)
			})
			file, content, err := c.LicenseFile(t.Context(), 22)
			if !one.good {
				requireNotACEN(t, err)
				require.Empty(t, file+content)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "studio-22.acen", file)
			require.Equal(t, one.body, content)
		})
	}
}

// A refusal is accepted only with a code and the status of its response (spec: api "Errors").
func TestInvalidRefusals(t *testing.T) {
	for name, one := range map[string]struct {
		status int
		body   string
		good   bool
	}{
		"whole":          {409, `{"status":409,"code":"STATUS_LICENSE_ENDED","receipt":"` + receipt + `"}`, true},
		"another status": {502, `{"status":409,"code":"STATUS_LICENSE_ENDED"}`, false},
		"no status":      {409, `{"code":"STATUS_LICENSE_ENDED"}`, false},
		"no code":        {409, `{"status":409}`, false},
		"with success":   {200, `{"status":200,"code":"STATUS_LICENSE_ENDED"}`, false},
		"with redirect":  {302, `{"status":302,"code":"STATUS_LICENSE_ENDED"}`, false},
		"null":           {409, `null`, false},
		"not whole":      {409, `{"status":409,"code":"STATUS_LICENSE_ENDED"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := callWith(t, "removal", one.status, api.ProblemMediaType, one.body)
			if !one.good {
				requireNotACEN(t, err)
				return
			}
			var p *api.Problem
			require.ErrorAs(t, err, &p)
			require.Equal(t, api.ErrLicenseEnded, p.Code)
			require.Equal(t, receipt, p.Receipt)
		})
	}
}

// OnEpoch is called with the epoch of each valid answer, before the answer is returned (spec: api "Epoch").
func TestEpoch(t *testing.T) {
	const epoch = "q83vEjRWeJCrze8SNFZ4kA"
	for name, one := range map[string]struct {
		header string
		status int
		body   any
		told   []string
	}{
		"whole answer":        {epoch, 200, api.ProgramList{Programs: []api.Program{}}, []string{epoch}},
		"refusal":             {epoch, 404, api.NewProblem(api.ErrNotFound, ""), []string{epoch}},
		"absent":              {"", 200, api.ProgramList{Programs: []api.Program{}}, nil},
		"too short":           {epoch[1:], 200, api.ProgramList{Programs: []api.Program{}}, nil},
		"too long":            {epoch + "A", 200, api.ProgramList{Programs: []api.Program{}}, nil},
		"padded":              {epoch + "==", 200, api.ProgramList{Programs: []api.Program{}}, nil},
		"other letters":       {"+/" + epoch[2:], 200, api.ProgramList{Programs: []api.Program{}}, nil},
		"of something else":   {epoch, 200, map[string]string{"status": "maintenance"}, nil},
		"of something else's": {epoch, 404, map[string]string{"error": "nope"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			c := to(t, func(w http.ResponseWriter, _ *http.Request) {
				if one.header != "" {
					w.Header().Set(api.Epoch, one.header)
				}
				answer(w, one.status, one.body)
			}, func(o *Options) { o.OnEpoch = func(epoch string) { told = append(told, epoch) } })
			_, _ = c.Programs(t.Context())
			require.Equal(t, one.told, told)
		})
	}
}
