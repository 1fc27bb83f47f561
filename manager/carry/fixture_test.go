package carry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/thispc"
	"github.com/acen-desktop/acen/manager/vault"
)

const (
	signature   = license.Signature("LUMENST7")
	orderNumber = 1042
	tables      = `CREATE TABLE accounts (id INTEGER PRIMARY KEY, last_used INTEGER NOT NULL) STRICT;
CREATE TABLE cache (
  account INTEGER NOT NULL,
  name TEXT NOT NULL,
  content BLOB NOT NULL,
  fetched_at INTEGER NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE requests (id TEXT PRIMARY KEY, content BLOB NOT NULL, made_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE vault (
  kind TEXT NOT NULL,
  signature TEXT NOT NULL,
  site_code TEXT NOT NULL,
  machine_id TEXT NOT NULL,
  account INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  license_id INTEGER NOT NULL,
  program TEXT NOT NULL,
  note TEXT NOT NULL,
  purpose TEXT NOT NULL,
  content BLOB NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (kind, signature, site_code)
) STRICT, WITHOUT ROWID;
INSERT INTO accounts VALUES (1, 1)`
)

// vendor is a server of tables without HTTP, with one program and one order.
type vendor struct {
	key     license.SigningKey
	codeKey license.ActivationKey
	now     time.Time
	order   api.Order
	rows    []api.License // of all statuses
	nextID  int64
}

func newVendor() *vendor {
	yes := &api.Allowance{OK: true}
	return &vendor{
		key:     license.SigningKeyFromSeed([32]byte{1}),
		codeKey: license.NewActivationKey([32]byte{2}),
		now:     time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		nextID:  20219,
		order: api.Order{
			ID:                 orderNumber,
			ProgramID:          1,
			ProgramName:        "Lumen Studio 7",
			LicensesTotal:      4,
			RequiresActivation: true,
			CanManage:          true,
			Allowed: api.Allowed{
				Add:        yes,
				Reactivate: yes,
				Transfer:   yes,
				Remove:     yes,
			},
		},
	}
}

func (v *vendor) program() api.Program {
	return api.Program{
		ID:                   1,
		Name:                 "Lumen Studio 7",
		RequiresActivation:   true,
		ApplicationSignature: string(signature),
		PublicKey:            v.key.Public().String(),
		FlexibleLocking:      api.FlexibleLocking{Enabled: true, MaxHardwareChanges: 1, Changeable: []string{"NET_ID"}},
	}
}

func (v *vendor) Orders(context.Context) ([]api.Order, bool, error) {
	return []api.Order{v.order}, true, nil
}

func (v *vendor) Licenses(_ context.Context, _ int64, ended bool) (list []api.License, err error) {
	for _, l := range v.rows {
		if ended || l.Status == api.StatusActive {
			list = append(list, l)
		}
	}
	return list, nil
}

func (v *vendor) Programs(context.Context) ([]api.Program, error) {
	return []api.Program{v.program()}, nil
}

func (v *vendor) LicenseFile(_ context.Context, id int64) (name, content string, err error) {
	for _, l := range v.rows {
		if l.ID == id {
			return "x", v.file(l), nil
		}
	}
	return "", "", api.NewProblem(api.ErrNotFound, "No.")
}

// activate adds an active license for codes.
func (v *vendor) activate(codes license.Codes, note string) *api.License {
	code, err := v.codeKey.Activate(codes, license.Grant{Issue: uint16(v.nextID % (license.MaxIssue + 1))})
	if err != nil {
		panic(err)
	}
	yes := &api.Allowance{OK: true}
	v.rows = append(v.rows, api.License{
		ID:             v.nextID,
		OrderID:        orderNumber,
		SiteCode:       codes.Site.String(),
		MachineID:      codes.Machine.String(),
		ActivationCode: code.String(),
		Note:           note,
		ActivatedAt:    v.now,
		Status:         api.StatusActive,
		Allowed:        &api.LicenseAllowed{Reactivate: yes, Transfer: yes, Remove: yes},
	})
	v.nextID++
	return &v.rows[len(v.rows)-1]
}

// file returns the license file of a license.
func (v *vendor) file(l api.License) string {
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	if err != nil {
		panic(err)
	}
	activation, err := license.ParseActivationCode(l.ActivationCode)
	if err != nil {
		panic(err)
	}
	content, err := v.key.Sign(license.File{
		Issuer:         "Lumen Software",
		ID:             l.ID,
		IssuedAt:       v.now,
		ProgramID:      1,
		ProgramName:    "Lumen Studio 7",
		Signature:      signature,
		Order:          l.OrderID,
		Codes:          codes,
		ActivationCode: activation,
		Policy:         license.DefaultPolicy(),
		Seed:           v.codeKey.RemovalSeed(activation),
		Note:           l.Note,
	})
	if err != nil {
		panic(err)
	}
	return content
}

// receipt returns the receipt of a removal.
func (v *vendor) receipt(t *testing.T, k thispc.KeptCode) string {
	t.Helper()
	token, err := v.key.SignReceipt(license.Receipt{
		LicenseID: k.LicenseID,
		Site:      k.Codes.Site,
		Task:      license.ReceiptRemoval,
		IssuedAt:  v.now,
		Epoch:     "AAAAAAAAAAAAAAAAAAAAAA",
	})
	require.NoError(t, err)
	return token
}

// fixture is a PC of an account of a vendor. It is signed in as a courier with view; offline asks no server.
type fixture struct {
	*Offline
	vendor *vendor
	view   *catalog.View
	pc     *thispc.PC
	folder *installed.Store
	db     *sql.DB
}

func newFixture(t *testing.T, v *vendor, name string) *fixture {
	t.Helper()
	db, err := sql.Open("sqlite", "file::memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(tables)
	require.NoError(t, err)
	now := func() time.Time { return v.now }
	logger := slog.New(slog.DiscardHandler)
	w := &fixture{
		vendor: v,
		folder: installed.Open(t.TempDir(), installed.Options{Rand: rand.Reader, Now: now}),
		db:     db,
	}
	store := catalog.NewStore(db, w.folder)
	secrets := vault.New(vault.Options{
		DB:      db,
		Keyring: keyringtest.Memory(),
		Timeout: time.Minute,
		Now:     now,
		Rand:    rand.Reader,
		Logger:  logger,
		Wrap:    storage.Wrap,
	})
	notice := func(_, _ client.Text) {}
	w.pc = thispc.New(thispc.Options{
		Installed:   w.folder,
		Fingerprint: fingerprinttest.PC(name),
		Vault:       secrets,
		Program:     store.Program,
		Now:         now,
		Logger:      logger,
		Notice:      notice,
		Wrap:        storage.WrapInstalled,
	})
	tables := catalog.New(catalog.Options{
		Store:     store,
		PC:        w.pc,
		Installed: w.folder,
		OpenDepartures: func(context.Context, int64) (map[thispc.DepartureKey]api.Task, error) {
			return nil, nil
		},
		Failed: func(int64, error) {},
		Notice: notice,
		Now:    now,
		Logger: logger,
	})
	w.view = tables.View(1, v)
	w.Offline = New(Options{
		DB:        db,
		Store:     store,
		PC:        w.pc,
		Vault:     secrets,
		Installed: w.folder,
		CheckReceipt: func(ctx context.Context, leaves thispc.Departure, token string) error {
			return tables.CheckReceipt(ctx, nil, leaves, token)
		},
		Now:    now,
		Rand:   rand.Reader,
		Logger: logger,
	})
	return w
}

// started lets the program of the vendor have run on the PC.
func (w *fixture) started(t *testing.T) {
	t.Helper()
	_, err := w.folder.Update(t.Context(), signature, func(s *installed.State) error {
		s.Program = installed.Program{Name: "Lumen", PublicKeys: []string{w.vendor.key.Public().String()}, TypedCodes: true}
		return nil
	})
	require.NoError(t, err)
}

// codes returns the codes of the PC.
func (w *fixture) codes(t *testing.T) license.Codes {
	t.Helper()
	codes, err := w.pc.Codes(t.Context(), w.vendor.program())
	require.NoError(t, err)
	return codes
}

// request makes a request with one item.
func (w *fixture) request(t *testing.T, item RequestItem) carry.Request {
	t.Helper()
	item.Signature = signature
	r, err := w.MakeRequest(t.Context(), "old PC", []RequestItem{item})
	require.NoError(t, err)
	return r
}

// plan returns the plan of a courier for the items of a request.
func (w *fixture) plan(t *testing.T, r carry.Request) []PlanItem {
	t.Helper()
	plan, err := Plan(t.Context(), w.view, r)
	require.NoError(t, err)
	require.Len(t, plan, len(r.Items))
	return plan
}
