// Package sample adds sample data to an empty server: clients and orders with every case that the app shows. acen-demo,
// acen-server demo and tests use it.
package sample

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// IDs of the sample orders. Times are relative to the moment when the data are made.
const (
	NoActivation int64 = 1003 // the program needs no activation, so the order has no licenses
	PastExpiry   int64 = 1008 // its licenses have expired
	Ended        int64 = 1015 // its subscription has expired
	Large        int64 = 1020 // 200 licenses and 300 free seats
	ReadOnly     int64 = 1022 // cannot be managed
	Disabled     int64 = 1024 // not active, so not listed
	Invisible    int64 = 1025 // not visible, so not listed
	Full         int64 = 1037 // no free seat; its licenses expire within days
	WithSerial   int64 = 1042 // made by a serial number; with a valid subscription
	MergedCodes  int64 = 1044 // the program shows merged codes
	OfSomebody   int64 = 1046 // of another client
)

// Username and OtherUsername are the sample clients. OtherUsername has no password: its orders test that a client
// cannot access those of others.
const (
	Username      = "anna"
	OtherUsername = "bruno"
)

// SerialProgram is a sample program with serial numbers, for FreeSerials.
const SerialProgram = "Lumen Studio 7"

// programs are the sample programs.
var programs = []store.Program{
	{
		Name:               SerialProgram,
		Signature:          studio,
		RequiresActivation: true,
		AcceptsSerials:     true,
		FirstSerial:        1,
		LastSerial:         999,
		OrderLicenses:      3,
		SubscriptionDays:   365,
		Policy:             license.DefaultPolicy(),
		Features:           3,
		Tasks: store.TaskRules{
			api.TaskReactivation.Rule(): everywhere(store.TaskRule{On: true, PerDay: 2, PerMonth: 4}),
			api.TaskTransfer.Rule():     everywhere(store.TaskRule{On: true, PerMonth: 2}),
			api.TaskRemoval.Rule():      everywhere(store.TaskRule{On: true, PerDay: 3}),
		},
	},
	{
		Name: "Lumen Render Node", Signature: node, RequiresActivation: true, Policy: license.DefaultPolicy(), Features: 1,
		Tasks: store.TaskRules{api.TaskTransfer.Rule(): everywhere(store.TaskRule{})}, // switched off
	},
	{ // without flexible locking
		Name:               "Tide Survey",
		Signature:          survey,
		RequiresActivation: true,
		MergedCodes:        true,
		AcceptsSerials:     true,
		FirstSerial:        1,
		LastSerial:         99,
		OrderLicenses:      1,
		Features:           7,
	},
	{Name: "Lumen Fonts", Signature: fonts, Policy: license.DefaultPolicy()},
}

// everywhere applies a rule to orders without a subscription or with a valid one.
func everywhere(rule store.TaskRule) map[api.SubscriptionState]store.TaskRule {
	return map[api.SubscriptionState]store.TaskRule{api.SubscriptionNone: rule, api.SubscriptionValid: rule}
}

const (
	studio license.Signature = "LUMENST7"
	node   license.Signature = "LUMENRND"
	survey license.Signature = "TIDESRV2"
	fonts  license.Signature = "LUMENFNT"
)

// sampleOrder is an order. Its times are days relative to now; 0 = none.
type sampleOrder struct {
	id                 int64
	program            license.Signature
	client             string
	ago                int
	total, used        int
	serial             uint32 // serial id
	licensesEnd        int
	subscriptionEnds   int
	ended              int  // number of removed licenses
	off, hidden, fixed bool // not active, not visible, cannot be managed
}

var orders = []sampleOrder{
	{id: NoActivation, program: fonts, client: Username, ago: 540},
	{id: PastExpiry, program: node, client: Username, ago: 480, total: 3, used: 2, licensesEnd: -20},
	{id: Ended, program: survey, client: Username, ago: 360, total: 2, used: 1, serial: 15, subscriptionEnds: -5},
	{id: Large, program: node, client: Username, ago: 300, total: 500, used: 200},
	{id: ReadOnly, program: studio, client: Username, ago: 250, total: 4, used: 2, fixed: true},
	{id: Disabled, program: studio, client: Username, ago: 240, total: 2, used: 1, off: true},
	{id: Invisible, program: studio, client: Username, ago: 230, total: 2, used: 1, hidden: true},
	{id: Full, program: node, client: Username, ago: 295, total: 4, used: 4, licensesEnd: 12},
	{
		id:               WithSerial,
		program:          studio,
		client:           Username,
		ago:              257,
		total:            5,
		used:             3,
		serial:           42,
		subscriptionEnds: 200,
		ended:            1,
	},
	{id: MergedCodes, program: survey, client: Username, ago: 30, total: 2, used: 1},
	{id: OfSomebody, program: studio, client: OtherUsername, ago: 10, total: 3, used: 2},
}

// notes are notes of licenses in several languages.
var notes = []string{
	"Studio PC", "Anna’s laptop", "Büro Süd", "", "自宅のパソコン", "Γραφείο Αθήνας", "جهاز المكتب", "Poste d’édition",
	"Сервер рендеринга", "Portátil de Íñigo", "Render node 7", "编辑工作站", "מחשב במשרד", "Ordinateur de secours 🖥",
}

// FreeSerials returns up to count serial numbers of a sample program that have made no order.
func FreeSerials(ctx context.Context, d *service.Data, name string, count int) (list []string, err error) {
	err = d.Store.Read(ctx, func(tx store.Tx) error {
		list = nil
		programs, err := tx.Programs.List(ctx)
		if err != nil {
			return err
		}
		for _, p := range programs {
			if p.Name != name || p.FirstSerial == 0 {
				continue
			}
			seed, err := d.Secrets.SerialSeed(p)
			if err != nil {
				return err
			}
			for id := p.LastSerial; id >= p.FirstSerial && len(list) < count; id-- {
				serial, err := seed.Serial(uint32(p.ID), id, p.Features)
				if err != nil {
					return err
				}
				if _, err := tx.Serials.Blocked(ctx, p.ID, id); err == nil {
					continue
				}
				switch _, err := tx.Serials.Order(ctx, p.ID, id); {
				case err == nil:
				case errors.Is(err, store.ErrNotFound):
					list = append(list, serial.String())
				default:
					return err
				}
			}
		}
		return nil
	})
	return list, err
}

// Fill adds the sample data in one transaction, unless the database has programs. username and passwordHash are those
// of the sample client.
func Fill(ctx context.Context, d *service.Data, now time.Time, username, passwordHash string) error {
	return d.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		existing, err := tx.Programs.List(ctx)
		if err != nil || len(existing) > 0 {
			return err
		}
		f := &filler{tx: tx, data: d, now: now.UTC().Truncate(time.Second), programs: map[license.Signature]*sampleProgram{}}
		return f.fill(ctx, username, passwordHash)
	})
}

// filler adds the sample data in one transaction.
type filler struct {
	tx       store.Tx
	data     *service.Data
	now      time.Time
	programs map[license.Signature]*sampleProgram
	clients  map[string]int64
}

// sampleProgram is a program with its keys.
type sampleProgram struct {
	store.Program
	activation license.ActivationKey
	serials    license.SerialSeed
	random     *mathrand.Rand // seeded by the signature, so that the PCs are always the same
}

func (f *filler) fill(ctx context.Context, username, passwordHash string) error {
	for _, p := range programs {
		if err := f.addProgram(ctx, p); err != nil {
			return fmt.Errorf("sample program %s: %w", p.Name, err)
		}
	}
	anna := store.Client{
		Username: username, PasswordHash: passwordHash, RegistrationName: "Anna Berg", FirstName: "Anna", LastName: "Berg",
		Company: "Lumen Example", Emails: []string{"anna.berg@lumen.example", "it@lumen.example"},
		Contact: store.Contact{
			Address: "Lindenweg 4",
			City:    "Zürich",
			Zip:     "8001",
			Country: "Switzerland",
			Phone:   "+41 44 555 01 23",
		},
	}
	other := store.Client{
		Username:         OtherUsername,
		RegistrationName: "Bruno Keller",
		Emails:           []string{"bruno@keller.example"},
	}
	for _, c := range []*store.Client{&anna, &other} {
		c.Active, c.CreatedAt = true, f.now
		id, err := f.tx.Clients.Add(ctx, *c)
		if err != nil {
			return fmt.Errorf("sample client %s: %w", c.Username, err)
		}
		c.ID = id
	}
	f.clients = map[string]int64{Username: anna.ID, OtherUsername: other.ID}
	for _, o := range orders {
		if err := f.addOrder(ctx, o); err != nil {
			return fmt.Errorf("sample order %d: %w", o.id, err)
		}
	}
	for _, o := range orders {
		if err := f.addEnded(ctx, o); err != nil {
			return fmt.Errorf("sample order %d: %w", o.id, err)
		}
	}
	return f.tx.Audits.Add(ctx, store.Audit{At: f.now, Actor: "admin", Action: "sample.fill", Outcome: "ok"})
}

func (f *filler) addProgram(ctx context.Context, p store.Program) (err error) {
	p.CreatedAt = f.now
	if err := f.data.Secrets.NewProgramKeys(&p); err != nil {
		return err
	}
	if p.ID, err = f.tx.Programs.Add(ctx, p); err != nil {
		return err
	}
	if p.AcceptsSerials {
		batch := store.SerialBatch{
			ProgramID: p.ID,
			First:     p.FirstSerial,
			Last:      p.LastSerial,
			Features:  p.Features,
			MadeAt:    f.now,
		}
		if err := f.tx.Serials.AddBatch(ctx, batch); err != nil {
			return err
		}
	}
	made := &sampleProgram{Program: p, random: mathrand.New(mathrand.NewChaCha8(sha256.Sum256([]byte(p.Signature))))}
	if made.activation, err = f.data.Secrets.ActivationKey(p); err != nil {
		return err
	}
	made.serials, err = f.data.Secrets.SerialSeed(p)
	f.programs[p.Signature] = made
	return err
}

func (f *filler) addOrder(ctx context.Context, s sampleOrder) error {
	p := f.programs[s.program]
	o := store.Order{
		ID:                    s.id,
		ClientID:              f.clients[s.client],
		ProgramID:             p.ID,
		OrderedAt:             f.now.AddDate(0, 0, -s.ago),
		LicensesTotal:         s.total,
		Active:                !s.off,
		Visible:               !s.hidden,
		CanManage:             !s.fixed,
		Features:              p.Features,
		Policy:                p.Policy,
		LicensesExpireAt:      f.day(s.licensesEnd),
		HasSubscription:       s.subscriptionEnds != 0,
		SubscriptionExpiresAt: f.day(s.subscriptionEnds),
	}
	if s.serial != 0 {
		o.SerialID, o.SerialFeatures = s.serial, p.Features
	}
	if _, err := f.tx.Orders.Add(ctx, o); err != nil {
		return err
	}
	if err := f.tx.Events.Add(ctx, store.Event{
		At:      o.OrderedAt,
		OrderID: o.ID,
		Task:    api.TaskNewOrder,
		Outcome: api.OutcomeOK,
	}); err != nil {
		return err
	}
	for n := range s.used {
		if err := f.addLicense(ctx, p, o, n); err != nil {
			return err
		}
	}
	return nil
}

// addEnded adds removed licenses of made-up PCs.
func (f *filler) addEnded(ctx context.Context, s sampleOrder) error {
	p := f.programs[s.program]
	o, err := f.tx.Orders.Get(ctx, s.id)
	if err != nil {
		return err
	}
	for n := range s.ended {
		made := f.now.AddDate(0, 0, -120-n)
		l, err := f.add(ctx, p, o, store.License{Codes: p.computer(n), Note: "Old laptop", ActivatedAt: made})
		if err != nil {
			return err
		}
		gone := f.now.AddDate(0, 0, -60-n)
		if err := f.tx.Licenses.End(ctx, l.ID, api.StatusRemoved, gone); err != nil {
			return err
		}
		e := store.Event{
			At:        gone,
			OrderID:   o.ID,
			LicenseID: l.ID,
			Task:      api.TaskRemoval,
			Outcome:   api.OutcomeOK,
			Device:    "Old laptop",
		}
		if err := f.tx.Events.Add(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// day returns the time some days from now; nil for 0.
func (f *filler) day(days int) *time.Time {
	if days == 0 {
		return nil
	}
	t := f.now.AddDate(0, 0, days)
	return &t
}

// addLicense adds the license of a made-up PC with valid codes.
func (f *filler) addLicense(ctx context.Context, p *sampleProgram, o store.Order, n int) error {
	_, err := f.add(ctx, p, o, store.License{
		Codes:       p.computer(n),
		Note:        note(n),
		ActivatedAt: o.OrderedAt.Add(time.Duration(n+1) * 7 * time.Hour),
	})
	return err
}

// add computes the activation code of a license and adds it, with an event.
func (f *filler) add(ctx context.Context, p *sampleProgram, o store.Order, l store.License) (store.License, error) {
	id, err := f.tx.Licenses.NextID(ctx)
	if err != nil {
		return l, err
	}
	l.ID, l.OriginalID, l.OrderID, l.ProgramID, l.Features, l.Policy, l.Status = id, id, o.ID, p.ID, o.Features, o.Policy,
		api.StatusActive
	grant := license.Grant{Features: o.Features, Issue: uint16(id % (license.MaxIssue + 1))}
	if o.LicensesExpireAt != nil {
		grant.Expires = *o.LicensesExpireAt
		expires := grant.ValidThrough().Truncate(time.Second)
		l.ExpiresAt = &expires
	}
	if l.Activation, err = p.activation.Activate(l.Codes, grant); err != nil {
		return l, err
	}
	if err := f.tx.Licenses.Add(ctx, l); err != nil {
		return l, err
	}
	return l, f.tx.Events.Add(ctx, store.Event{
		At:        l.ActivatedAt,
		OrderID:   o.ID,
		LicenseID: id,
		Task:      api.TaskNewLicense,
		Outcome:   api.OutcomeOK,
	})
}

func note(n int) string {
	if n < len(notes) {
		return notes[n]
	}
	return fmt.Sprintf("Workstation %03d", n)
}

// computer returns the codes of a made-up PC.
func (p *sampleProgram) computer(n int) license.Codes {
	var raw license.RawLocks
	for _, l := range license.Locks() {
		if l == license.CDHWID && n%3 != 0 {
			continue // most PCs have no optical drive
		}
		raw[l-1] = fmt.Sprintf("%s-%016X", l, p.random.Uint64())
	}
	key := p.Signature.Key()
	return key.Codes(uint16(p.random.IntN(license.MaxGeneration+1)), key.Block(raw))
}
