package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/thispc"
)

const (
	lumenSignature = license.Signature("LUMENST7")
	lumenOrder     = 1042
	fakeAddress    = "https://licenses.example.com"
)

// fakeServer is an in-memory license server with one account, one program and one order. A test may replace its
// answers.
type fakeServer struct {
	mu       sync.Mutex
	clock    sync.Mutex // guards now, which the hook of a call may read
	now      time.Time
	epoch    string
	key      license.SigningKey
	former   []string // public keys
	key2     license.ActivationKey
	rows     []api.License // of all statuses
	total    int
	nextID   int64
	down     bool // the server is unreachable
	hidden   bool // the order is disabled
	readOnly bool
	answers  map[string]string // bodies by idempotency key
	refused  map[string]bool   // idempotency keys that were answered with ErrNotFound
	calls    []string          // "POST /licenses/1/release", in order
	keys     []string          // idempotency keys of calls; "" where a call has none
	// before may answer instead of the server; nil means the server answers.
	before func(*http.Request) *http.Response
	// after may replace an answer of the server.
	after func(*http.Request, *http.Response) (*http.Response, error)
}

func newFakeServer() *fakeServer {
	return &fakeServer{
		now:     time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		epoch:   "AAAAAAAAAAAAAAAAAAAAAA",
		total:   4,
		nextID:  20219,
		key:     license.SigningKeyFromSeed([32]byte{1}),
		key2:    license.NewActivationKey([32]byte{2}),
		answers: map[string]string{},
		refused: map[string]bool{},
	}
}

// RoundTrip implements http.RoundTripper.
func (f *fakeServer) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	f.calls = append(f.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, api.Base))
	f.keys = append(f.keys, r.Header.Get(api.IdempotencyKey))
	if f.down {
		return nil, errors.New("connection refused")
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if f.before != nil {
		if response := f.before(r); response != nil {
			return response, nil
		}
	}
	recorder := httptest.NewRecorder()
	recorder.Header().Set(api.Epoch, f.epoch)
	f.serve(recorder, r)
	response := recorder.Result()
	response.Request = r
	if f.after != nil {
		return f.after(r, response)
	}
	return response, nil
}

// answer returns an HTTP response.
func answer(status int, contentType, body string) *http.Response {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Type", contentType)
	recorder.WriteHeader(status)
	_, _ = recorder.WriteString(body)
	return recorder.Result()
}

func problemAnswer(code api.Code) *http.Response {
	body, _ := json.Marshal(api.NewProblem(code, "No."))
	return answer(code.HTTPStatus(), api.ProblemMediaType, string(body))
}

// on returns a hook that answers the calls whose path has a suffix.
func on(suffix string, response func() *http.Response) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			return nil
		}
		return response()
	}
}

func (f *fakeServer) count(call string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.calls {
		if one == call {
			n++
		}
	}
	return n
}

func (f *fakeServer) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeServer) program() api.Program {
	return api.Program{
		ID:                   1,
		Name:                 "Lumen Studio 7",
		RequiresActivation:   true,
		ApplicationSignature: string(lumenSignature),
		PublicKey:            f.key.Public().String(),
		KeyID:                f.key.Public().KeyID(),
		FormerKeys:           f.former,
		FlexibleLocking: api.FlexibleLocking{
			Enabled:            true,
			MaxHardwareChanges: 1,
			Changeable:         []string{"HD_ID", "NET_ID"},
		},
	}
}

func (f *fakeServer) order() api.Order {
	active := 0
	for _, l := range f.rows {
		if l.Status == api.StatusActive {
			active++
		}
	}
	yes := &api.Allowance{OK: true}
	add := yes
	if active >= f.total {
		add = &api.Allowance{Reason: api.ErrLicensesInUse}
	}
	return api.Order{
		ID:                 lumenOrder,
		ProgramID:          1,
		ProgramName:        "Lumen Studio 7",
		OrderedAt:          f.now,
		LicensesTotal:      f.total,
		LicensesActivated:  active,
		RequiresActivation: true,
		CanManage:          true,
		Subscription:       api.Subscription{State: api.SubscriptionNone},
		Allowed:            api.Allowed{Add: add, Reactivate: yes, Transfer: yes, Remove: yes},
	}
}

// activate adds an active license for codes.
func (f *fakeServer) activate(codes license.Codes, note string, original int64) api.License {
	id := f.nextID
	f.nextID++
	if original == 0 {
		original = id
	}
	code, err := f.key2.Activate(codes, license.Grant{Issue: uint16(id % (license.MaxIssue + 1))})
	if err != nil {
		panic(err)
	}
	yes := &api.Allowance{OK: true}
	l := api.License{
		ID:                id,
		OrderID:           lumenOrder,
		OriginalLicenseID: original,
		SiteCode:          codes.Site.String(),
		MachineID:         codes.Machine.String(),
		ActivationCode:    code.String(),
		Note:              note,
		ActivatedAt:       f.now,
		Status:            api.StatusActive,
		Allowed:           &api.LicenseAllowed{Reactivate: yes, Transfer: yes, Remove: yes},
	}
	f.rows = append(f.rows, l)
	return l
}

func (f *fakeServer) find(id int64) *api.License {
	for i := range f.rows {
		if f.rows[i].ID == id {
			return &f.rows[i]
		}
	}
	return nil
}

func (f *fakeServer) end(l *api.License, status api.LicenseStatus) {
	l.Status, l.Allowed = status, nil
	ended := f.now
	l.EndedAt = &ended
}

func (f *fakeServer) receipt(l api.License, task license.ReceiptTask) string {
	site, err := license.ParseSiteCode(l.SiteCode)
	if err != nil {
		panic(err)
	}
	token, err := f.key.SignReceipt(license.Receipt{
		LicenseID: l.ID,
		Site:      site,
		Task:      task,
		IssuedAt:  f.now,
		Epoch:     f.epoch,
	})
	if err != nil {
		panic(err)
	}
	return token
}

func (f *fakeServer) file(l api.License) string {
	codes, _ := license.ParseCodes(l.SiteCode, l.MachineID)
	code, _ := license.ParseActivationCode(l.ActivationCode)
	content, err := f.key.Sign(license.File{
		Issuer:         "Lumen Software",
		ID:             l.ID,
		IssuedAt:       f.now,
		ProgramID:      1,
		ProgramName:    "Lumen Studio 7",
		Signature:      lumenSignature,
		Order:          lumenOrder,
		Codes:          codes,
		ActivationCode: code,
		Policy:         license.Policy{Enabled: true, MaxHardwareChanges: 1},
		Seed:           f.key2.RemovalSeed(code),
		Note:           l.Note,
	})
	if err != nil {
		panic(err)
	}
	return content
}

// serve answers a call; calls with the same key get the same answer.
func (f *fakeServer) serve(w http.ResponseWriter, r *http.Request) {
	reply := func(status int, body any) {
		content, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		if key := r.Header.Get(api.IdempotencyKey); key != "" && status < 300 {
			f.answers[key] = string(content)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(content)
	}
	refuse := func(code api.Code, receipt string) {
		p := api.NewProblem(code, "No.")
		p.Receipt = receipt
		w.Header().Set("Content-Type", api.ProblemMediaType)
		w.WriteHeader(p.Status)
		_ = json.NewEncoder(w).Encode(p)
	}
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, api.Base), "/"), "/")
	made := map[string]int{"licenses": http.StatusCreated, "reactivation": http.StatusCreated,
		"transfer": http.StatusCreated, "orders": http.StatusCreated}
	if old, ok := f.answers[r.Header.Get(api.IdempotencyKey)]; ok && r.Header.Get(api.IdempotencyKey) != "" {
		status, created := made[path[len(path)-1]]
		if !created {
			status = http.StatusOK
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(old))
		return
	}
	switch {
	case path[0] == "server":
		reply(200, api.Server{
			Name:            "Lumen Software",
			Version:         "1",
			Time:            f.now,
			KeyFingerprints: []api.KeyFingerprint{},
			SerialPrograms:  []api.SerialProgram{},
		})
	case path[0] == "sessions" && r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case path[0] == "sessions":
		reply(201, api.Session{
			AccessToken:      "access",
			ExpiresAt:        f.now.Add(15 * time.Minute),
			RefreshToken:     "refresh",
			RefreshExpiresAt: f.now.Add(24 * time.Hour),
			Client:           api.Client{ID: 1, Username: "anna", DisplayName: "Anna"},
		})
	case path[0] == "programs":
		reply(200, api.ProgramList{Programs: []api.Program{f.program()}})
	case path[0] == "orders" && len(path) == 1 && r.Method == http.MethodGet:
		list := api.OrderList{Orders: []api.Order{}, CanAddOrder: true}
		if !f.hidden {
			list.Orders = append(list.Orders, f.order())
		}
		reply(200, list)
	case f.hidden:
		refuse(api.ErrNotFound, "")
		if key := r.Header.Get(api.IdempotencyKey); key != "" { // refusals are stored answers as well
			f.refused[key] = true
		}
	case f.refused[r.Header.Get(api.IdempotencyKey)]:
		refuse(api.ErrNotFound, "")
	case path[0] == "orders" && len(path) == 1:
		var body api.NewOrder
		_ = json.NewDecoder(r.Body).Decode(&body)
		if body.Verification.Number != "123456" {
			refuse(api.ErrVerificationFailed, "")
			return
		}
		o := f.order()
		o.SerialNumber = body.SerialNumber
		reply(201, o)
	case path[0] == "orders" && r.Method == http.MethodGet:
		list := api.LicenseList{Licenses: []api.License{}}
		for _, l := range f.rows {
			if l.Status == api.StatusActive || r.URL.Query().Get("include") == "ended" {
				list.Licenses = append(list.Licenses, l)
			}
		}
		reply(200, list)
	case path[0] == "orders":
		var body api.NewLicense
		_ = json.NewDecoder(r.Body).Decode(&body)
		codes, err := license.ParseCodes(body.SiteCode, body.MachineID)
		if err != nil {
			refuse(api.ErrCodeMalformed, "")
			return
		}
		for _, l := range f.rows {
			if thispc.SameSite(l, codes.Site) && l.Status == api.StatusActive && l.ReleasedAt == nil {
				reply(201, l)
				return
			}
			if thispc.SameSite(l, codes.Site) && l.Status != api.StatusReactivated {
				refuse(api.ErrSiteCodeSpent, "")
				return
			}
		}
		if f.order().LicensesActivated >= f.total {
			refuse(api.ErrLicensesInUse, "")
			return
		}
		reply(201, f.activate(codes, body.Note, 0))
	case path[0] == "licenses":
		id, _ := strconv.ParseInt(path[1], 10, 64)
		f.serveLicense(w, r, f.find(id), path, reply, refuse)
	default:
		refuse(api.ErrNotFound, "")
	}
}

func (f *fakeServer) serveLicense(w http.ResponseWriter, r *http.Request, l *api.License, path []string,
	reply func(int, any), refuse func(api.Code, string)) {
	if l == nil || len(path) < 3 && r.Method != http.MethodPatch {
		refuse(api.ErrNotFound, "")
		return
	}
	var body struct {
		SiteCode    string `json:"site_code"`
		MachineID   string `json:"machine_id"`
		RemovalCode string `json:"removal_code"`
		Note        string `json:"note"`
	}
	if r.Body != nil {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	codes, _ := license.ParseCodes(l.SiteCode, l.MachineID)
	code, _ := license.ParseActivationCode(l.ActivationCode)
	typed, _ := license.ParseRemovalCode(body.RemovalCode)
	right := f.key2.RemovalSeed(code).Verify(codes, typed)
	task := ""
	if len(path) > 2 {
		task = path[2]
	}
	if l.Status != api.StatusActive {
		receipt := ""
		if right && (l.Status == api.StatusRemoved || l.Status == api.StatusTransferred) {
			receipt = f.receipt(*l,
				map[api.LicenseStatus]license.ReceiptTask{api.StatusRemoved: license.ReceiptRemoval,
					api.StatusTransferred: license.ReceiptTransfer}[l.Status])
		}
		refuse(api.ErrLicenseEnded, receipt)
		return
	}
	if f.readOnly && task != "file" && task != "email" {
		refuse(api.ErrOrderReadOnly, "")
		return
	}
	needsCode := task == "release" || task == "removal" || task == "transfer" && l.ReleasedAt == nil
	if needsCode && !right {
		refuse(api.ErrRemovalCodeInvalid, "")
		return
	}
	switch task {
	case "file":
		w.Header().Set("Content-Type", api.LicenseFileMediaType)
		_, _ = w.Write([]byte(f.file(*l)))
	case "email":
		w.WriteHeader(http.StatusAccepted)
	case "release":
		at := f.now
		l.ReleasedAt = &at
		reply(200, api.LicenseReceipt{License: *l, Receipt: f.receipt(*l, license.ReceiptRelease)})
	case "removal":
		f.end(l, api.StatusRemoved)
		reply(200, api.OrderReceipt{Order: f.order(), Receipt: f.receipt(*l, license.ReceiptRemoval)})
	case "transfer", "reactivation":
		next, err := license.ParseCodes(body.SiteCode, body.MachineID)
		if err != nil {
			refuse(api.ErrCodeMalformed, "")
			return
		}
		if body.Note == "" {
			body.Note = l.Note
		}
		old := *l
		f.end(l, map[string]api.LicenseStatus{"transfer": api.StatusTransferred, "reactivation": api.StatusReactivated}[task])
		fresh := f.activate(next, body.Note, old.OriginalLicenseID)
		if task == "transfer" {
			reply(201, api.LicenseReceipt{License: fresh, Receipt: f.receipt(old, license.ReceiptTransfer)})
		} else {
			reply(201, fresh)
		}
	default:
		refuse(api.ErrNotFound, "")
	}
}

// fakePC is the app on a fake PC.
type fakePC struct {
	*Manager
	server *fakeServer
	ring   *ring
}

// ring is a keyring that may be unavailable.
type ring struct {
	keyring.Store
	unavailable bool
}

var errRing = fmt.Errorf("%w: no service", keyring.ErrUnavailable)

func (r *ring) Get(ctx context.Context, name string) (string, error) {
	if r.unavailable {
		return "", errRing
	}
	return r.Store.Get(ctx, name)
}

func (r *ring) Set(ctx context.Context, name, secret string) error {
	if r.unavailable {
		return errRing
	}
	return r.Store.Set(ctx, name, secret)
}

func (r *ring) Delete(ctx context.Context, name string) error {
	if r.unavailable {
		return errRing
	}
	return r.Store.Delete(ctx, name)
}

func newFakePC(t *testing.T, f *fakeServer, name string) *fakePC {
	t.Helper()
	p := &fakePC{server: f, ring: &ring{Store: keyringtest.Memory()}}
	o := options(filepath.Join(t.TempDir(), "data"))
	o.Keyring, o.Fingerprint, o.HTTPTransport = p.ring, fingerprinttest.PC(name), f
	o.Now = func() time.Time { f.clock.Lock(); defer f.clock.Unlock(); return f.now }
	o.Pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	p.open(t, o)
	t.Cleanup(func() { _ = p.Close() })
	p.signIn(t)
	return p
}

func (p *fakePC) open(t *testing.T, o Options) {
	t.Helper()
	var err error
	p.Manager, err = Open(t.Context(), o)
	require.NoError(t, err)
}

// restart closes the app and opens it again, with the remembered session if there is one.
func (p *fakePC) restart(t *testing.T) {
	t.Helper()
	o := p.options
	o.Installed = nil
	require.NoError(t, p.Close())
	p.open(t, o)
	if _, err := p.Resume(t.Context()); errors.Is(err, ErrSignedOut) {
		require.NoError(t, p.Recall(t.Context()))
	}
}

func (p *fakePC) signIn(t *testing.T) {
	t.Helper()
	_, _, err := p.SignIn(t.Context(), SignIn{
		Server:   fakeAddress,
		Username: "anna",
		Password: "correct horse",
		Remember: true,
	})
	require.NoError(t, err)
	_, err = p.Orders(t.Context())
	require.NoError(t, err)
}

// session returns a session of the current account.
func (p *fakePC) session(t *testing.T) *acting {
	t.Helper()
	s, err := p.acting()
	require.NoError(t, err)
	return s
}

// activateHere makes a new license for this PC.
func (p *fakePC) activateHere(t *testing.T) License {
	t.Helper()
	pc, err := p.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	l, err := p.NewLicense(t.Context(), NewLicense{
		OrderID: lumenOrder,
		Codes:   pc.Codes,
		Note:    "Studio",
		ThisPC:  true,
	})
	require.NoError(t, err)
	require.True(t, l.ThisPC)
	require.True(t, p.runs(t, l), "its program runs")
	return l
}

// runs reports whether the file of a license is installed and its Site code is not spent.
func (p *fakePC) runs(t *testing.T, l License) bool {
	t.Helper()
	files, err := p.options.Installed.Files(lumenSignature)
	require.NoError(t, err)
	state, err := p.options.Installed.State(lumenSignature)
	require.NoError(t, err)
	for _, f := range files {
		file, err := license.UnverifiedFile(f.Content)
		require.NoError(t, err)
		if _, spent := state.FindSpent(file.Codes.Site); !spent && file.ID == l.ID {
			return true
		}
	}
	return false
}

// row returns the row of a license in the server's table; false if it is not active.
func (p *fakePC) row(t *testing.T, id int64) (License, bool) {
	t.Helper()
	table, err := p.Licenses(t.Context(), lumenOrder)
	require.NoError(t, err)
	for _, l := range table.Licenses {
		if l.ID == id {
			return l, true
		}
	}
	return License{}, false
}

func (p *fakePC) kept(t *testing.T) []KeptCode {
	t.Helper()
	list, err := p.KeptCodes(t.Context())
	require.NoError(t, err)
	return list
}

func (p *fakePC) jobs(t *testing.T) []Job {
	t.Helper()
	list, err := p.AllJobs(t.Context())
	require.NoError(t, err)
	return list
}

// spent returns the spent codes of a Site code on this PC.
func (p *fakePC) spent(t *testing.T, l License) (installed.Spent, bool) {
	t.Helper()
	state, err := p.options.Installed.State(lumenSignature)
	require.NoError(t, err)
	i := slices.IndexFunc(state.Spent, func(one installed.Spent) bool {
		return thispc.SameSite(l.License, one.Codes.Site)
	})
	if i < 0 {
		return installed.Spent{}, false
	}
	return state.Spent[i], true
}

// code returns the removal code of a license, as its PC derives it.
func (f *fakeServer) code(l api.License) license.RemovalCode {
	codes, _ := license.ParseCodes(l.SiteCode, l.MachineID)
	activation, _ := license.ParseActivationCode(l.ActivationCode)
	return f.key2.RemovalSeed(activation).RemovalCode(codes)
}
