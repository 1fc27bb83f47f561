package ui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"
	"sync"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

const (
	password    = "correct horse"
	removalCode = "9D2BK-DD62M-C"
)

// codesOf returns the codes of a made-up PC for the program with the signature LUMENST7.
func codesOf(generation uint16, block license.Block) license.Codes {
	signature, err := license.ParseSignature("LUMENST7")
	if err != nil {
		panic(err)
	}
	return signature.Key().Codes(generation, block)
}

var thisPC, otherPC = codesOf(100, 12345), codesOf(200, 54321)

// notImplemented has the methods of ui.Backend that no test calls. They panic.
type notImplemented struct{ ui.Backend }

// backend is an in-memory license manager.
type backend struct {
	notImplemented
	courier

	mu sync.Mutex

	account    manager.Account
	remembered bool // Resume finds a session
	others     []manager.Account
	elsewhere  []manager.Elsewhere
	signedIn   bool
	offline    error // returned by every call to the server
	warning    error // of SignIn
	notices    []manager.Notice
	orders     []api.Order
	licenses   map[int64][]manager.License

	otherOrders   []api.Order // of the account that Switch makes current
	otherLicenses map[int64][]manager.License

	cached      time.Time // time of the cached tables; zero: there are none
	programs    map[int64]api.Program
	serial      []api.Program // programs that accept serial numbers
	refusal     error         // of NewLicense and SendEmail
	open        []manager.Job
	resumed     []manager.Job
	bringBacks  []manager.BringBack
	expiring    []manager.Expiring
	stranded    []manager.Stranded
	forgotten   []manager.Forgotten
	contact     string // of the vendor
	endErr      error  // of DropJob and GiveUp
	sends       bool   // ResumeJobs completes all open jobs
	kept        []manager.KeptCode
	unreadable  []license.Lock // locks of this PC
	findings    []manager.Finding
	subscribers []func(manager.Event)

	blocked map[string]chan struct{} // by name of a call, which blocks until the channel is closed
	calls   []string
	made    []manager.NewLicense
	given   []manager.Transfer
	done    []string // tasks on licenses, such as "move 20000"
	sent    []manager.SendEmail
	file    string
	fileErr error
}

func newBackend() *backend {
	yes := api.Allowed{Add: &api.Allowance{OK: true}}
	no := func(code api.Code) api.Allowed { return api.Allowed{Add: &api.Allowance{Reason: code}} }
	soon := now.AddDate(0, 0, 12)
	order := func(id, program int64, name string, total, used int, allowed api.Allowed) api.Order {
		return api.Order{
			ID:                 id,
			ProgramID:          program,
			ProgramName:        name,
			OrderedAt:          now.AddDate(0, -int(1100-id)/20, 0),
			LicensesTotal:      total,
			LicensesActivated:  used,
			RequiresActivation: true,
			CanManage:          true,
			Subscription:       api.Subscription{State: api.SubscriptionNone},
			Allowed:            allowed,
		}
	}
	two := 2
	transfer := &api.Allowance{OK: true, RemainingToday: &two}
	b := &backend{
		account: manager.Account{
			ID:          1,
			Server:      "https://licenses.lumen.example",
			ServerName:  "Lumen",
			Username:    "anna",
			DisplayName: "Anna Berg",
			Remembered:  true,
		},
		programs: map[int64]api.Program{
			1: {ID: 1, Name: "Lumen Studio 7", RequiresActivation: true, ApplicationSignature: "LUMENST7"},
			2: {
				ID:                   2,
				Name:                 "Tide Survey",
				RequiresActivation:   true,
				ApplicationSignature: "TIDESRV2",
				MergedCodes:          true,
			},
			3: {ID: 3, Name: "Lumen Fonts"},
		},
		licenses: map[int64][]manager.License{},
		blocked:  map[string]chan struct{}{},
	}
	fonts := order(1003, 3, "Lumen Fonts", 0, 0, api.Allowed{})
	fonts.RequiresActivation = false
	merged := order(1015, 2, "Tide Survey", 2, 1, no(api.ErrSubscriptionExpired))
	merged.Subscription.State = api.SubscriptionExpired
	b.orders = []api.Order{
		order(1042, 1, "Lumen Studio 7", 5, 2, yes),
		order(1037, 1, "Lumen Studio 7", 1, 1, no(api.ErrLicensesInUse)),
		merged,
		fonts,
	}
	add := func(order int64, note string, expires *time.Time) {
		id := int64(20000 + len(b.licenses[order]) + int(order)*10)
		codes := codesOf(uint16(id%4096), license.Block(id))
		b.licenses[order] = append(b.licenses[order], manager.License{License: api.License{
			ID:                id,
			OrderID:           order,
			OriginalLicenseID: id,
			SiteCode:          codes.Site.String(),
			MachineID:         codes.Machine.String(),
			ActivationCode:    "F3945D8C-B0D71FFA-02A956E3-8D6DB947",
			Note:              note,
			ActivatedAt:       now.AddDate(0, -1, -len(b.licenses[order])),
			ExpiresAt:         expires,
			Status:            api.StatusActive,
			Allowed: &api.LicenseAllowed{
				Transfer:   transfer,
				Remove:     &api.Allowance{OK: true},
				Reactivate: &api.Allowance{OK: true},
			},
		}})
	}
	add(1042, "Studio PC", nil)
	add(1042, "", &soon)
	add(1037, "Büro Süd", nil)
	add(1015, "Survey boat", nil)
	return b
}

// call records a call and waits while it is blocked.
func (b *backend) call(ctx context.Context, call string) error {
	b.mu.Lock()
	b.calls = append(b.calls, call)
	held, ok := b.blocked[call]
	b.mu.Unlock()
	if ok {
		select {
		case <-held:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// request is call for calls that reach the server.
func (b *backend) request(ctx context.Context, call string) error {
	if err := b.call(ctx, call); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.offline != nil {
		return b.offline
	}
	if !b.signedIn {
		return manager.ErrSignedOut
	}
	return nil
}

func (b *backend) called(call string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (b *backend) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *backend) publish(e manager.Event) {
	b.mu.Lock()
	all := slices.Clone(b.subscribers)
	b.mu.Unlock()
	for _, f := range all {
		f(e)
	}
}

func (b *backend) SignIn(ctx context.Context, s manager.SignIn) (manager.Account, error, error) {
	if err := b.call(ctx, "SignIn"); err != nil {
		return manager.Account{}, nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.offline != nil:
		return manager.Account{}, nil, b.offline
	case s.Password != password || s.Username != "anna":
		return manager.Account{}, nil, api.NewProblem(api.ErrAuthorization, "The user name or the password is not right.")
	}
	b.signedIn = true
	return b.account, b.warning, nil
}

func (b *backend) Current() (manager.Account, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.account, b.signedIn
}

func (b *backend) Notices() []manager.Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.notices)
}

func (b *backend) Subscribe(f func(manager.Event)) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers = append(b.subscribers, f)
	return func() { b.change(func() { b.subscribers = nil }) }
}

func (b *backend) Accounts(ctx context.Context) ([]manager.Account, error) {
	if err := b.call(ctx, "Accounts"); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.remembered && !b.signedIn {
		return slices.Clone(b.others), nil
	}
	return append([]manager.Account{b.account}, b.others...), nil
}

// Switch makes one of the other accounts current. It has other orders and licenses.
func (b *backend) Switch(ctx context.Context, id int64) (manager.Account, error) {
	b.mu.Lock()
	i := slices.IndexFunc(b.others, func(a manager.Account) bool { return a.ID == id })
	wanted := b.others[i]
	if !wanted.Remembered {
		b.mu.Unlock()
		return wanted, manager.ErrSignedOut
	}
	b.others[i], b.account = b.account, wanted
	b.orders, b.licenses, b.otherOrders, b.otherLicenses = b.otherOrders, b.otherLicenses, b.orders, b.licenses
	b.signedIn = true
	b.mu.Unlock()
	b.publish(manager.Event{Kind: manager.AccountChanged, Account: id})
	if err := b.call(ctx, "Switch"); err != nil {
		return wanted, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return wanted, b.offline
}

func (b *backend) WaitingElsewhere(ctx context.Context) ([]manager.Elsewhere, error) {
	err := b.call(ctx, "WaitingElsewhere")
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.elsewhere), err
}

func (b *backend) Resume(ctx context.Context) (manager.Account, error) {
	b.change(func() { b.signedIn = b.remembered })
	if b.remembered {
		b.publish(manager.Event{Kind: manager.AccountChanged, Account: b.account.ID})
	}
	if err := b.call(ctx, "Resume"); err != nil {
		return manager.Account{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.remembered {
		return manager.Account{}, manager.ErrSignedOut
	}
	return b.account, b.offline
}

func (b *backend) SignOut(ctx context.Context) error {
	err := b.call(ctx, "SignOut")
	b.change(func() { b.signedIn, b.remembered = false, false })
	return err
}

func (b *backend) Orders(ctx context.Context) (manager.Orders, error) {
	if err := b.request(ctx, "Orders"); err != nil {
		return manager.Orders{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return manager.Orders{Orders: slices.Clone(b.orders), FetchedAt: now, CanAddOrder: len(b.serial) > 0}, nil
}

func (b *backend) CachedOrders(ctx context.Context) (manager.Orders, bool, error) {
	err := b.call(ctx, "CachedOrders")
	b.mu.Lock()
	defer b.mu.Unlock()
	ok := err == nil && !b.cached.IsZero()
	return manager.Orders{Orders: slices.Clone(b.orders), FetchedAt: b.cached, Cached: true}, ok, err
}

func (b *backend) Licenses(ctx context.Context, order int64) (manager.Licenses, error) {
	if err := b.request(ctx, fmt.Sprintf("Licenses %d", order)); err != nil {
		return manager.Licenses{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return manager.Licenses{OrderID: order, Licenses: slices.Clone(b.licenses[order]), FetchedAt: now}, nil
}

func (b *backend) CachedLicenses(ctx context.Context, order int64) (manager.Licenses, bool, error) {
	err := b.call(ctx, "CachedLicenses")
	b.mu.Lock()
	defer b.mu.Unlock()
	return manager.Licenses{
		OrderID:   order,
		Licenses:  slices.Clone(b.licenses[order]),
		FetchedAt: b.cached,
		Cached:    true,
	}, err == nil && !b.cached.IsZero(), err
}

func (b *backend) Program(ctx context.Context, id int64) (api.Program, error) {
	if err := b.call(ctx, "Program"); err != nil {
		return api.Program{}, err
	}
	return b.programs[id], nil
}

func (b *backend) CachedProgram(_ context.Context, id int64) (api.Program, error) {
	return b.programs[id], nil
}

func (b *backend) ThisPC(ctx context.Context, _ int64) (manager.ThisPC, error) {
	pc := manager.ThisPC{Codes: thisPC}
	for i, l := range license.Locks() {
		pc.Locks[i] = manager.LockInfo{Lock: l, Readable: true, Bits: 1<<(l.Bits()-1) | uint16(l)}
		if l == license.CDHWID || slices.Contains(b.unreadable, l) {
			pc.Locks[i] = manager.LockInfo{Lock: l, Why: manager.Say("there is no built-in optical drive")}
		}
	}
	return pc, b.call(ctx, "ThisPC")
}

func (b *backend) CheckCodes(ctx context.Context, program int64, site, machine string) (license.Codes, error) {
	if err := b.call(ctx, "CheckCodes"); err != nil {
		return license.Codes{}, err
	}
	codes, err := license.ParseCodes(site, machine)
	if err != nil {
		return codes, err
	}
	signature, err := license.ParseSignature(b.programs[program].ApplicationSignature)
	if err != nil {
		return codes, err
	}
	_, err = signature.Key().Open(codes)
	return codes, err
}

func (b *backend) RecheckThisPC(ctx context.Context, l manager.License) (license.Comparison, error) {
	same := license.Block(12345)
	then := license.Block(54321)
	if l.ThisPC {
		then = same
	}
	return license.Compare(then, same, license.DefaultPolicy()), b.call(ctx, "RecheckThisPC")
}

func (b *backend) NewLicense(ctx context.Context, r manager.NewLicense) (manager.License, error) {
	if err := b.request(ctx, "NewLicense"); err != nil {
		return manager.License{}, err
	}
	b.mu.Lock()
	if b.refusal != nil {
		defer b.mu.Unlock()
		if errors.Is(b.refusal, manager.ErrUnreachable) {
			title := "New license for " + r.Codes.Site.String()
			b.addJob(manager.Job{Task: api.TaskNewLicense, Title: title, OrderID: r.OrderID})
		}
		return manager.License{}, b.refusal
	}
	b.made = append(b.made, r)
	made := manager.License{ThisPC: r.Codes == thisPC, License: api.License{
		ID:             30000 + int64(len(b.made)),
		OrderID:        r.OrderID,
		SiteCode:       r.Codes.Site.String(),
		MachineID:      r.Codes.Machine.String(),
		ActivationCode: "ABCDEF01-23456789-ABCDEF01-23456789",
		Note:           r.Note,
		ActivatedAt:    now,
		Status:         api.StatusActive,
	}}
	b.licenses[r.OrderID] = append(b.licenses[r.OrderID], made)
	for i := range b.orders {
		if b.orders[i].ID == r.OrderID {
			b.orders[i].LicensesActivated++
		}
	}
	b.mu.Unlock()
	b.publish(manager.Event{Kind: manager.LicensesChanged, OrderID: r.OrderID})
	b.publish(manager.Event{Kind: manager.OrdersChanged})
	return made, nil
}

func (b *backend) ChangeNote(ctx context.Context, id int64, note string) (manager.License, error) {
	if err := b.request(ctx, "ChangeNote"); err != nil {
		return manager.License{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, list := range b.licenses {
		for i := range list {
			if list[i].ID == id {
				list[i].Note = note
				return list[i], nil
			}
		}
	}
	return manager.License{}, api.ErrNotFound
}

func (b *backend) LicenseFile(ctx context.Context, id int64) (string, string, error) {
	if err := b.request(ctx, "LicenseFile"); err != nil {
		return "", "", err
	}
	return fmt.Sprintf("lumen-studio-7-%d.acen", id), b.file, b.fileErr
}

func (b *backend) EmailPreview(ctx context.Context, _ int64) (api.EmailPreview, error) {
	if err := b.request(ctx, "EmailPreview"); err != nil {
		return api.EmailPreview{}, err
	}
	return api.EmailPreview{
		To:          []string{"anna.berg@lumen.example", "it@lumen.example"},
		Subject:     "Activation code for Lumen Studio 7",
		Body:        "Dear Anna Berg,\n\nhere is the code.",
		Attachments: []string{"lumen-studio-7-20000.acen"},
	}, nil
}

func (b *backend) SendEmail(ctx context.Context, m manager.SendEmail) error {
	if err := b.request(ctx, "SendEmail"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refusal != nil {
		return b.refusal
	}
	b.sent = append(b.sent, m)
	return nil
}

func (b *backend) Jobs(ctx context.Context) ([]manager.Job, error) {
	err := b.call(ctx, "Jobs")
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.open), err
}

func (b *backend) ResumeJobs(ctx context.Context) ([]manager.Job, error) {
	err := b.request(ctx, "ResumeJobs")
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && b.sends {
		b.open = nil
	}
	return slices.Clone(b.resumed), err
}

// AllJobs lists the open jobs without a session.
func (b *backend) AllJobs(ctx context.Context) ([]manager.Job, error) {
	err := b.call(ctx, "AllJobs")
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.open), err
}

// DropJob cancels a job and undoes the departure of its license.
func (b *backend) DropJob(ctx context.Context, id int64) error {
	return b.end(ctx, "DropJob", id, func(l *manager.License) { l.ThisPC, l.Installed, l.LeftThisPC = true, true, false })
}

// GiveUp closes a job without undoing the departure of its license.
func (b *backend) GiveUp(ctx context.Context, id int64) error {
	return b.end(ctx, "GiveUp", id, func(*manager.License) {})
}

func (b *backend) end(ctx context.Context, call string, id int64, change func(*manager.License)) error {
	err := b.call(ctx, call)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, job := range b.open {
		for i := range b.licenses[job.OrderID] {
			if l := &b.licenses[job.OrderID][i]; job.ID == id && l.ID == job.LicenseID && l.JobOpen {
				l.JobOpen = false
				change(l)
			}
		}
	}
	b.open = slices.DeleteFunc(b.open, func(j manager.Job) bool { return j.ID == id })
	return errors.Join(err, b.endErr)
}

// addJob adds an open job. The caller holds mu.
func (b *backend) addJob(job manager.Job) {
	job.ID, job.State, job.CreatedAt = int64(len(b.open)+1), manager.JobPending, now
	b.open = append(b.open, job)
}

// onLicense changes a license. While the server is unreachable, it only lets the license leave this PC and adds an open
// job.
func (b *backend) onLicense(
	ctx context.Context, what string, task api.Task, l manager.License, change func(*manager.License),
) (out manager.License, err error) {
	if err := b.call(ctx, what); err != nil {
		return out, err
	}
	b.mu.Lock()
	job := manager.Job{
		Task:      task,
		Title:     what + " of “" + l.Note + "”",
		OrderID:   l.OrderID,
		LicenseID: l.ID,
	}
	err = b.offline
	for i := range b.licenses[l.OrderID] {
		row := &b.licenses[l.OrderID][i]
		if row.ID != l.ID {
			continue
		}
		if row.ThisPC {
			row.ThisPC, row.LeftThisPC = false, true
		}
		if row.JobOpen = err != nil && row.LeftThisPC; err != nil {
			b.addJob(job)
		} else {
			b.done = append(b.done, fmt.Sprintf("%s %d", what, l.ID))
			change(row)
		}
		out = *row
	}
	b.mu.Unlock()
	if job.Err = err; err != nil {
		b.publish(manager.Event{Kind: manager.JobChanged, Job: job, OrderID: l.OrderID})
		return manager.License{}, err
	}
	b.publish(manager.Event{Kind: manager.LicensesChanged, OrderID: l.OrderID})
	b.publish(manager.Event{Kind: manager.OrdersChanged})
	return out, nil
}

func (b *backend) RemovalCode(ctx context.Context, l manager.License) (license.RemovalCode, error) {
	if err := b.call(ctx, "RemovalCode"); err != nil || !l.MakesCode() {
		return 0, errors.Join(err, manager.ErrNotThisPC)
	}
	return license.ParseRemovalCode(removalCode)
}

func (b *backend) Move(ctx context.Context, l manager.License) (manager.License, error) {
	return b.onLicense(ctx, "Move", api.TaskRelease, l, func(row *manager.License) { at := now; row.ReleasedAt = &at })
}

func (b *backend) Remove(ctx context.Context, r manager.Remove) (api.Order, error) {
	remove := func(row *manager.License) { row.Status = api.StatusRemoved }
	_, err := b.onLicense(ctx, "Removal", api.TaskRemoval, r.License, remove)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.orders[0], err
}

func (b *backend) Transfer(ctx context.Context, r manager.Transfer) (manager.License, error) {
	l, err := b.onLicense(ctx, "Transfer", api.TaskTransfer, r.License, func(row *manager.License) {
		row.ReleasedAt, row.LeftThisPC, row.Note, row.ThisPC = nil, false, r.Note, r.Codes == thisPC
	})
	b.change(func() { b.given = append(b.given, r) })
	return l, err
}

func (b *backend) ThisPCFor(ctx context.Context, _ manager.License) (license.Codes, error) {
	return thisPC, b.call(ctx, "ThisPCFor")
}

func (b *backend) Compare(ctx context.Context, l manager.License, _ license.Codes) (license.Comparison, error) {
	block := license.Block(12345)
	return license.Compare(block, block, license.DefaultPolicy()), b.call(ctx, "Compare")
}

func (b *backend) SerialPrograms(ctx context.Context) ([]api.Program, error) {
	return b.serial, b.request(ctx, "SerialPrograms")
}

func (b *backend) Account(ctx context.Context) (api.Account, error) {
	return api.Account{
		Username:         "anna",
		RegistrationName: "Lumen Pictures",
		Contact:          api.Contact{Email: "anna.berg@lumen.example"},
	}, b.request(ctx, "Account")
}

func (b *backend) About(ctx context.Context, _ string) (api.Server, error) {
	return api.Server{Contact: b.contact}, b.request(ctx, "About")
}

// Verification returns a picture without a number.
func (b *backend) Verification(ctx context.Context, _ string, _ bool) (api.Verification, error) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 240, 80))); err != nil {
		return api.Verification{}, err
	}
	return api.Verification{ID: "1", Image: picture.Bytes()}, b.request(ctx, "Verification")
}

func (b *backend) Find(ctx context.Context) (f manager.Found, err error) {
	err = b.call(ctx, "Find")
	b.mu.Lock()
	defer b.mu.Unlock()
	f.BringBacks, f.Expiring = slices.Clone(b.bringBacks), slices.Clone(b.expiring)
	f.Stranded, f.Forgotten = slices.Clone(b.stranded), slices.Clone(b.forgotten)
	for _, o := range b.orders {
		for _, l := range b.licenses[o.ID] {
			if l.ReleasedAt != nil {
				f.Released = append(f.Released, manager.Released{Order: o, License: l})
			}
		}
	}
	return f, err
}

func (b *backend) KeptCodes(ctx context.Context) ([]manager.KeptCode, error) {
	err := b.call(ctx, "KeptCodes")
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(b.givenBack(), b.kept...), err
}

func (b *backend) LicenseOf(ctx context.Context, k manager.KeptCode) (manager.License, api.Order, error) {
	if err := b.call(ctx, "LicenseOf"); err != nil {
		return manager.License{}, api.Order{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.orders {
		for _, l := range b.licenses[o.ID] {
			if l.SiteCode == k.Codes.Site.String() {
				return l, o, nil
			}
		}
	}
	notFound := api.NewProblem(api.ErrNotFound, "This account has no active license with this Site code.")
	return manager.License{}, api.Order{}, notFound
}

// handOver removes a kept code.
func (b *backend) handOver(ctx context.Context, what string, k manager.KeptCode) error {
	if err := b.request(ctx, what); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, fmt.Sprintf("%s %s", what, k.Code))
	b.kept = slices.DeleteFunc(b.kept, func(one manager.KeptCode) bool { return one.Code == k.Code })
	return nil
}

func (b *backend) HandIn(ctx context.Context, k manager.KeptCode) (api.Order, error) {
	err := b.handOver(ctx, "hand in", k)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.orders[0], err
}

func (b *backend) Offer(ctx context.Context, k manager.KeptCode) (manager.License, error) {
	return manager.License{}, b.handOver(ctx, "offer", k)
}

func (b *backend) History(ctx context.Context, _ int64) ([]api.HistoryEntry, error) {
	return nil, b.request(ctx, "History")
}

func (b *backend) AllLicenses(ctx context.Context, order int64) (manager.Licenses, error) {
	return b.Licenses(ctx, order)
}

// Examine reports the findings one by one. While it is blocked, it waits before the last one.
func (b *backend) Examine(ctx context.Context, server string, found func(manager.Finding)) []manager.Finding {
	b.mu.Lock()
	list := slices.Clone(b.findings)
	b.mu.Unlock()
	for i, f := range list {
		if i == len(list)-1 && b.call(ctx, "Examine "+server) != nil {
			break
		}
		found(f)
	}
	return list
}

func (b *backend) DoctorReport(findings []manager.Finding) string {
	return fmt.Sprintf("report of %d steps", len(findings))
}

func (b *backend) Calendar(_ api.Order, l manager.License, _ func(manager.Text) string) (string, []byte) {
	return fmt.Sprintf("license-%d.ics", l.ID), []byte("BEGIN:VCALENDAR")
}
