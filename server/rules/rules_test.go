package rules

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
)

// now is the time of all tests: Tuesday, the 24th of a month.
var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// memory is a transaction in memory with one order of one program. Methods that rules do not call panic.
type memory struct {
	program  store.Program
	order    store.Order
	others   map[int64]store.Order // other orders
	licenses []store.License
	firstID  int64                    // id of the first license, minus 1
	former   []license.ActivationCode // of every license
	used     []uint32                 // serial ids that made an order
	blocked  []uint32                 // serial ids
}

// Each store is a separate type, because their methods have the same names.
type (
	programsIn struct {
		store.Programs
		*memory
	}
	ordersIn struct {
		store.Orders
		*memory
	}
	serialsIn struct {
		store.Serials
		*memory
	}
	licensesIn struct {
		store.Licenses
		*memory
	}
	usesIn struct {
		store.Uses
		*memory
	}
	optionsIn struct {
		store.Options
		*memory
	}
)

// tx returns the stores.
func (m *memory) tx() store.Tx {
	return store.Tx{
		Programs: programsIn{nil, m},
		Orders:   ordersIn{nil, m},
		Serials:  serialsIn{nil, m},
		Licenses: licensesIn{nil, m},
		Uses:     usesIn{nil, m},
		Options:  optionsIn{nil, m},
	}
}

func (m programsIn) Get(_ context.Context, id int64) (store.Program, error) {
	if id != m.program.ID {
		return store.Program{}, store.ErrNotFound
	}
	return m.program, nil
}

func (m ordersIn) Get(_ context.Context, id int64) (store.Order, error) {
	if other, ok := m.others[id]; ok {
		return other, nil
	}
	return m.order, nil
}

func (m serialsIn) Order(_ context.Context, _ int64, id uint32) (store.Order, error) {
	if !slices.Contains(m.used, id) {
		return store.Order{}, store.ErrNotFound
	}
	return m.order, nil
}

func (m serialsIn) Blocked(_ context.Context, _ int64, id uint32) (store.BlockedSerial, error) {
	if !slices.Contains(m.blocked, id) {
		return store.BlockedSerial{}, store.ErrNotFound
	}
	return store.BlockedSerial{SerialID: id}, nil
}

func (m licensesIn) BySite(_ context.Context, _ int64, site license.SiteCode) (store.License, error) {
	for _, l := range m.licenses {
		if l.Codes.Site == site && (l.Status == api.StatusActive || l.SpendsSite()) {
			return l, nil
		}
	}
	return store.License{}, store.ErrNotFound
}

func (m licensesIn) Family(_ context.Context, original int64) (family []store.License, err error) {
	for _, l := range m.licenses {
		if l.OriginalID == original {
			family = append(family, l)
		}
	}
	return family, nil
}

func (m usesIn) Activations(_ context.Context, _ int64, since time.Time) (times []time.Time, err error) {
	for _, l := range m.licenses {
		if l.ID == l.OriginalID && !l.ActivatedAt.Before(since) {
			times = append(times, l.ActivatedAt)
		}
	}
	return times, nil
}

func (m usesIn) Endings(_ context.Context, _ int64, since time.Time) (list []store.LicenseEnd, err error) {
	for _, l := range m.licenses {
		if l.EndedAt != nil && !l.EndedAt.Before(since) {
			list = append(list, store.LicenseEnd{OriginalID: l.OriginalID, Status: l.Status, At: *l.EndedAt})
		}
	}
	return list, nil
}

func (m licensesIn) FormerActivations(context.Context, int64) ([]license.ActivationCode, error) {
	return m.former, nil
}

func (m optionsIn) All(context.Context) (map[string]string, error) {
	return map[string]string{store.EpochOption: "AAAAAAAAAAAAAAAAAAAAAA"}, nil
}

func (m licensesIn) NextID(context.Context) (int64, error) {
	return m.firstID + int64(len(m.licenses)) + 1, nil
}

func (m licensesIn) Add(_ context.Context, l store.License) error {
	if m.order.LicensesActive >= m.order.LicensesTotal {
		return store.ErrNoSeat
	}
	m.order.LicensesActive++
	m.licenses = append(m.licenses, l)
	return nil
}

func (m licensesIn) End(_ context.Context, id int64, status api.LicenseStatus, at time.Time) error {
	m.order.LicensesActive--
	m.licenses[id-m.firstID-1].Status, m.licenses[id-m.firstID-1].EndedAt = status, &at
	return nil
}

func (m licensesIn) Release(_ context.Context, id int64, at time.Time) error {
	m.licenses[id-m.firstID-1].ReleasedAt = &at
	return nil
}

// codes returns the codes of a PC of which the first changed hardware locks differ; at most three.
func (m *memory) codes(pc string, generation uint16, changed int) license.Codes {
	var raw license.RawLocks
	for i := range raw {
		raw[i] = fmt.Sprintf("%s lock %d", pc, i)
	}
	key := m.program.Signature.Key()
	for _, lock := range []license.Lock{license.NETID, license.HDHWID, license.CPUID}[:changed] {
		was := key.LockValue(lock, raw[lock-1])
		for n := 0; key.LockValue(lock, raw[lock-1]) == was; n++ {
			raw[lock-1] = fmt.Sprintf("%s, %s changed %d", pc, lock, n)
		}
	}
	return key.Codes(generation, key.Block(raw))
}

// removalCode returns the removal code that the program on the PC of a license shows.
func (m *memory) removalCode(t *testing.T, r Rules, l store.License) string {
	t.Helper()
	key, err := r.Secrets.ActivationKey(m.program)
	require.NoError(t, err)
	return key.RemovalSeed(l.Activation).RemovalCode(l.Codes).String()
}

// start returns rules, and an order with three free seats of a program with serial ids 1 to 100.
func start(t *testing.T) (Rules, *memory) {
	t.Helper()
	keeper, err := secrets.File(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	m := &memory{
		program: store.Program{
			ID:                 1,
			Name:               "Studio",
			Signature:          "LUMENST7",
			RequiresActivation: true,
			AcceptsSerials:     true,
			FirstSerial:        1,
			LastSerial:         100,
			OrderLicenses:      2,
			Policy:             license.DefaultPolicy(),
		},
		order: store.Order{
			ID:            7,
			ClientID:      5,
			ProgramID:     1,
			LicensesTotal: 3,
			Active:        true,
			Visible:       true,
			CanManage:     true,
			Policy:        license.DefaultPolicy(),
		},
	}
	require.NoError(t, keeper.NewProgramKeys(&m.program))
	return Rules{Secrets: keeper, Now: func() time.Time { return now }, Zone: time.UTC}, m
}

func pair(c license.Codes) api.NewLicense {
	return api.NewLicense{SiteCode: c.Site.String(), MachineID: c.Machine.String()}
}

// requireCode requires that err is a refusal with a code, or nil for "".
func requireCode(t *testing.T, want api.Code, err error) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	var p *api.Problem
	require.True(t, errors.As(err, &p), "%v", err)
	require.Equal(t, want, p.Code, p.Detail)
}

// An order allows tasks by switches, subscription and limits (spec: api 1, api 2, api 7).
func TestRefuse(t *testing.T) {
	yesterday, tomorrow := now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)
	rule := func(task api.Task, state api.SubscriptionState, r store.TaskRule) func(*memory) {
		return func(m *memory) {
			m.program.Tasks = store.TaskRules{task.RuleName(): {state: r}}
		}
	}
	for name, c := range map[string]struct {
		task   api.Task
		state  func(*memory)
		use    store.Use
		code   api.Code
		resets time.Time
	}{
		"nothing special": {task: api.TaskNewLicense},
		"no activation": {
			task:  api.TaskNewLicense,
			state: func(m *memory) { m.program.RequiresActivation = false },
			code:  api.ErrTaskDisabled,
		},
		"read-only": {
			task:  api.TaskRemoval,
			state: func(m *memory) { m.order.CanManage = false },
			code:  api.ErrOrderReadOnly,
		},
		"full": {
			task:  api.TaskNewLicense,
			state: func(m *memory) { m.order.LicensesActive = 3 },
			code:  api.ErrLicensesInUse,
		},
		"full, another task": {task: api.TaskTransfer, state: func(m *memory) { m.order.LicensesActive = 3 }},
		"last seat":          {task: api.TaskNewLicense, state: func(m *memory) { m.order.LicensesActive = 2 }},
		"licenses have ended": {
			task:  api.TaskNewLicense,
			state: func(m *memory) { m.order.LicensesExpireAt = &yesterday },
			code:  api.ErrTaskDisabled,
		},
		"licenses end today": {task: api.TaskNewLicense, state: func(m *memory) { m.order.LicensesExpireAt = &now }},
		"ended, another task": {
			task:  api.TaskReactivation,
			state: func(m *memory) { m.order.LicensesExpireAt = &yesterday },
		},
		"switched off": {
			task:  api.TaskTransfer,
			state: rule(api.TaskTransfer, api.SubscriptionNone, store.TaskRule{}),
			code:  api.ErrTaskDisabled,
		},
		"another one is off": {
			task:  api.TaskTransfer,
			state: rule(api.TaskRemoval, api.SubscriptionNone, store.TaskRule{}),
		},
		"subscription valid": {
			task:  api.TaskNewLicense,
			state: func(m *memory) { m.order.HasSubscription, m.order.SubscriptionExpiresAt = true, &tomorrow },
		},
		"subscription's last moment": {
			task:  api.TaskNewLicense,
			state: func(m *memory) { m.order.HasSubscription, m.order.SubscriptionExpiresAt = true, &now },
		},
		"subscription expired": {
			task:  api.TaskNewLicense,
			state: func(m *memory) { m.order.HasSubscription, m.order.SubscriptionExpiresAt = true, &yesterday },
			code:  api.ErrSubscriptionExpired,
		},
		"below the day's limit": {
			task:  api.TaskReactivation,
			state: rule(api.TaskReactivation, api.SubscriptionNone, store.TaskRule{On: true, PerDay: 2}),
			use:   store.Use{Today: 1, ThisMonth: 9},
		},
		"the day's limit": {
			task:   api.TaskReactivation,
			state:  rule(api.TaskReactivation, api.SubscriptionNone, store.TaskRule{On: true, PerDay: 2}),
			use:    store.Use{Today: 2, ThisMonth: 2},
			code:   api.ErrLimitReached,
			resets: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		},
		"the month's limit": {
			task:   api.TaskReactivation,
			state:  rule(api.TaskReactivation, api.SubscriptionNone, store.TaskRule{On: true, PerDay: 2, PerMonth: 3}),
			use:    store.Use{Today: 2, ThisMonth: 3},
			code:   api.ErrLimitReached,
			resets: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := start(t)
			if c.state != nil {
				c.state(m)
			}
			refusal := r.refuse(c.task, m.order, m.program, c.use)
			if c.code == "" {
				require.Nil(t, refusal)
				return
			}
			requireCode(t, c.code, refusal)
			if !c.resets.IsZero() {
				require.Equal(t, c.resets, refusal.Limit.ResetsAt)
				require.Equal(t, c.task.RuleName(), refusal.Limit.Task)
			}
		})
	}
}

// Limits count calendar days and months in the server's time zone, reactivations and transfers for each family and
// other tasks for the order (spec: api 7).
func TestUses(t *testing.T) {
	r, m := start(t)
	r.Zone = time.FixedZone("UTC+2", 2*60*60)
	limited := map[api.SubscriptionState]store.TaskRule{api.SubscriptionNone: {On: true, PerDay: 9}}
	m.program.Tasks = store.TaskRules{
		api.TaskNewLicense.RuleName():   limited,
		api.TaskReactivation.RuleName(): limited,
	}
	ended := func(id, original int64, status api.LicenseStatus, began, ended time.Time) store.License {
		return store.License{ID: id, OriginalID: original, Status: status, ActivatedAt: began, EndedAt: &ended}
	}
	midnight := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC) // in the zone
	month := time.Date(2026, 10, 31, 22, 0, 0, 0, time.UTC)
	m.licenses = []store.License{
		ended(1, 1, api.StatusReactivated, month.Add(-time.Second), midnight.Add(-time.Second)),
		ended(2, 1, api.StatusReactivated, midnight, midnight),
		ended(3, 1, api.StatusTransferred, midnight, now),
		ended(4, 4, api.StatusRemoved, month, now),
		ended(5, 5, api.StatusReactivated, midnight, month.Add(-time.Second)),
		{ID: 6, OriginalID: 6, Status: api.StatusActive, ActivatedAt: midnight.Add(-time.Second)},
	}
	u, err := r.Uses(t.Context(), m.tx(), m.order, m.program)
	require.NoError(t, err)
	require.Equal(t, store.Use{Today: 1, ThisMonth: 3}, u.order[api.TaskNewLicense])
	require.Equal(t, store.Use{Today: 1, ThisMonth: 1}, u.order[api.TaskRemoval])
	require.Equal(t, store.Use{Today: 1, ThisMonth: 2}, u.family(1, api.TaskReactivation))
	require.Equal(t, store.Use{Today: 1, ThisMonth: 1}, u.family(1, api.TaskTransfer))
	require.Zero(t, u.family(5, api.TaskReactivation))

	m.program.Tasks = nil
	u, err = r.Uses(t.Context(), m.tx(), m.order, m.program)
	require.NoError(t, err)
	require.Empty(t, u.order, "without limits nothing is counted")
}

// The allowance of an order is that of the family with the most remaining uses (spec: api 7).
func TestAllowed(t *testing.T) {
	r, m := start(t)
	m.program.Tasks = store.TaskRules{api.TaskReactivation.RuleName(): {
		api.SubscriptionNone: {On: true, PerDay: 2, PerMonth: 3},
	}}
	m.order.LicensesActive = 2
	u := Uses{families: map[int64]map[api.Task]store.Use{
		1: {api.TaskReactivation: {Today: 2, ThisMonth: 2}},
		2: {api.TaskReactivation: {Today: 1, ThisMonth: 1}},
	}}
	a := r.OrderAllowed(m.order, m.program, u).Reactivate
	require.True(t, a.OK)
	require.Equal(t, []int{1, 2}, []int{*a.RemainingToday, *a.RemainingMonth})
	require.Equal(t, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), *a.ResetsAt)
	m.order.LicensesActive = 3 // one family has no use
	require.Equal(t, 2, *r.OrderAllowed(m.order, m.program, u).Reactivate.RemainingToday)

	yesterday := now.AddDate(0, 0, -1)
	list := r.LicensesAllowed([]store.License{
		{ID: 1, OriginalID: 1, Status: api.StatusActive},
		{ID: 3, OriginalID: 3, Status: api.StatusActive},
		{ID: 4, OriginalID: 4, Status: api.StatusActive},
		{ID: 5, OriginalID: 5, Status: api.StatusActive, ExpiresAt: &yesterday},
		{ID: 6, OriginalID: 6, Status: api.StatusRemoved},
	}, m.order, m.program, u)
	require.Equal(t, api.ErrLimitReached, list[0].Reactivate.Reason)
	require.True(t, list[1].Reactivate.OK)
	require.Same(t, list[1], list[2], "licenses without uses share a value")
	require.Equal(t, api.ErrTaskDisabled, list[3].Reactivate.Reason, "it has expired")
	require.True(t, list[3].Remove.OK)
	require.Nil(t, list[4])
	l := store.License{ID: 9, OriginalID: 1, Status: api.StatusActive}
	require.Equal(t, api.ErrLimitReached, r.licenseAllowed(l, m.order, m.program, u).Reactivate.Reason,
		"the family counts")
}

// New licenses follow the rules for codes and seats (spec: api 2, api 21).
func TestNewLicense(t *testing.T) {
	for name, c := range map[string]struct {
		state   func(*memory)
		request func(*memory) api.NewLicense
		code    api.Code
	}{
		"a free seat": {},
		"no seat":     {state: func(m *memory) { m.order.LicensesActive = 3 }, code: api.ErrLicensesInUse},
		"malformed": {
			request: func(*memory) api.NewLicense { return api.NewLicense{SiteCode: "7183EC4D", MachineID: "x"} },
			code:    api.ErrCodeMalformed,
		},
		"not a pair": {request: func(m *memory) api.NewLicense {
			return pair(license.Codes{Site: m.codes("A", 1, 0).Site, Machine: m.codes("B", 1, 0).Machine})
		}, code: api.ErrSiteMIDMismatch},
		"of another program": {request: func(m *memory) api.NewLicense {
			return pair((&memory{program: store.Program{Signature: "OTHER123"}}).codes("A", 1, 0))
		}, code: api.ErrSiteMIDMismatch},
		"both forms": {request: func(m *memory) api.NewLicense {
			return api.NewLicense{SiteMID: m.codes("A", 1, 0).Merged(), SiteCode: "7183EC4D"}
		}, code: api.ErrValidation},
		"long note": {request: func(m *memory) api.NewLicense {
			n := pair(m.codes("A", 1, 0))
			n.Note = fmt.Sprintf("%031d", 0)
			return n
		}, code: api.ErrValidation},
		"Site code spent":     {state: func(m *memory) { m.add("A", api.StatusRemoved) }, code: api.ErrSiteCodeSpent},
		"Site code of a lost": {state: func(m *memory) { m.add("A", api.StatusReplaced) }},
		"of another client": {state: func(m *memory) {
			m.add("A", api.StatusActive)
			m.licenses[0].OrderID = 8
			m.others = map[int64]store.Order{8: {ID: 8, ClientID: 6, Active: true, Visible: true}}
		}, code: api.ErrSiteCodeInUse},
		"of an order that is not listed": {state: func(m *memory) {
			m.add("A", api.StatusActive)
			m.licenses[0].OrderID = 8
			m.others = map[int64]store.Order{8: {ID: 8, ClientID: 5, Active: true}}
		}, code: api.ErrSiteCodeInUse},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := start(t)
			m.firstID, m.order.Features = license.MaxIssue, 9
			if c.state != nil {
				c.state(m)
			}
			request := pair(m.codes("A", 1, 0))
			if c.request != nil {
				request = c.request(m)
			}
			l, made, err := r.NewLicense(t.Context(), m.tx(), m.order, m.program, request)
			requireCode(t, c.code, err)
			require.Equal(t, c.code == "", made)
			if made {
				again, made, err := r.NewLicense(t.Context(), m.tx(), m.order, m.program, request)
				require.NoError(t, err)
				require.False(t, made, "repeated codes do not count")
				require.Equal(t, l, again)
				grant := checkActivation(t, r, m, l)
				require.Equal(t, license.Grant{Features: 9, Issue: uint16(l.ID - license.MaxIssue - 1)}, grant)
			}
		})
	}
}

// add adds an old license of a PC.
func (m *memory) add(pc string, status api.LicenseStatus) {
	id := m.firstID + int64(len(m.licenses)) + 1
	ended := now.AddDate(0, -2, 0)
	l := store.License{
		ID:         id,
		OriginalID: id,
		OrderID:    m.order.ID,
		ProgramID:  1,
		Codes:      m.codes(pc, 1, 0),
		Policy:     m.order.Policy,
		Status:     status,
	}
	if status != api.StatusActive {
		l.EndedAt = &ended
	}
	m.licenses = append(m.licenses, l)
}

// checkActivation returns the grant of a license's activation code.
func checkActivation(t *testing.T, r Rules, m *memory, l store.License) license.Grant {
	t.Helper()
	key, err := r.Secrets.ActivationKey(m.program)
	require.NoError(t, err)
	grant, err := key.Check(l.Codes, l.Activation)
	require.NoError(t, err)
	return grant
}
