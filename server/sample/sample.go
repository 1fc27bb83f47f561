// Package sample fills an empty server with data that shows every case of the tables, for trying out and for tests.
package sample

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// Login is the sample client's user name and password.
type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Prepare returns a function for service.Start that fills the data folder if it holds no program, and remembers the
// password, made for this folder, beside the data (mode 0600).
func Prepare(folder string, now time.Time, login *Login) func(context.Context, *service.Data) error {
	return func(ctx context.Context, d *service.Data) error {
		path := filepath.Join(folder, "sample-login.json")
		if data, err := os.ReadFile(path); err == nil {
			if err := json.Unmarshal(data, login); err != nil {
				return fmt.Errorf("%s is damaged: remove the folder %s to start anew", path, folder)
			}
		} else {
			*login = Login{Username: "anna", Password: newPassword()}
			data, err := json.Marshal(login)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
				return err
			}
		}
		hash, err := server.DefaultPasswordCost.Hash(rand.Reader, login.Password)
		if err != nil {
			return err
		}
		return Fill(ctx, d, now, login.Username, hash)
	}
}

// newPassword is easy to read and to type.
func newPassword() string {
	var b [9]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	text := strings.NewReplacer("-", "x", "_", "y", "l", "k", "I", "J", "O", "P", "0", "2", "1", "3").Replace(base64.RawURLEncoding.EncodeToString(b[:]))
	return text[:4] + "-" + text[4:8] + "-" + text[8:]
}

// Fill adds the sample data in one transaction, unless there is a program already. The sample client gets the user name and
// the password hash.
func Fill(ctx context.Context, d *service.Data, now time.Time, username, passwordHash string) error {
	return d.Store.Write(ctx, func(tx store.Tx) error {
		programs, err := tx.Programs(ctx)
		if err != nil || len(programs) > 0 {
			return err
		}
		f := &filler{ctx: ctx, tx: tx, data: d, now: now.UTC().Truncate(time.Second), random: mathrand.New(mathrand.NewPCG(2020, 1))}
		return f.fill(username, passwordHash)
	})
}

type filler struct {
	ctx    context.Context
	tx     store.Tx
	data   *service.Data
	now    time.Time
	random *mathrand.Rand
}

// notes are in several languages; the first is of a PC that is not this one.
var notes = []string{
	"Studio PC", "Anna’s laptop", "Büro Süd", "", "自宅のパソコン", "Γραφείο Αθήνας", "جهاز المكتب", "Poste d’édition",
	"Сервер рендеринга", "Portátil de Íñigo", "Render node 7", "编辑工作站", "מחשב במשרד", "Ordinateur de secours 🖥",
}

func (f *filler) fill(username, hash string) error {
	policy := license.DefaultPolicy()
	strict := license.Policy{Enabled: false}
	studio := store.Program{Name: "Lumen Studio 7", Signature: "LUMENST7", RequiresActivation: true, AcceptsSerials: true, Policy: policy, Features: 3}
	node := store.Program{Name: "Lumen Render Node", Signature: "LUMENRND", RequiresActivation: true, Policy: policy, Features: 1}
	survey := store.Program{Name: "Tide Survey", Signature: "TIDESRV2", RequiresActivation: true, MergedCodes: true, Policy: strict, Features: 7}
	fonts := store.Program{Name: "Lumen Fonts", Signature: "LUMENFNT", Policy: policy}
	for _, p := range []*store.Program{&studio, &node, &survey, &fonts} {
		p.CreatedAt = f.now
		if err := f.data.Secrets.NewProgramKeys(p); err != nil {
			return err
		}
		var err error
		if p.ID, err = f.tx.AddProgram(f.ctx, *p); err != nil {
			return err
		}
	}
	anna, err := f.tx.AddClient(f.ctx, store.Client{Username: username, PasswordHash: hash, RegistrationName: "Anna Berg", FirstName: "Anna", LastName: "Berg",
		Company: "Lumen Example", Emails: []string{"anna.berg@lumen.example", "it@lumen.example"}, Active: true, CreatedAt: f.now})
	if err != nil {
		return err
	}
	// The second client exists so that somebody else's orders can be asked for; nobody can sign in as it.
	other, err := f.tx.AddClient(f.ctx, store.Client{Username: "bruno", RegistrationName: "Bruno Keller", Emails: []string{"bruno@keller.example"}, Active: true, CreatedAt: f.now})
	if err != nil {
		return err
	}

	days := func(n int) *time.Time {
		t := f.now.AddDate(0, 0, n)
		return &t
	}
	order := func(id, client int64, ago, total int) store.Order {
		return store.Order{ID: id, ClientID: client, OrderedAt: f.now.AddDate(0, 0, -ago), LicensesTotal: total, Active: true, Visible: true, CanManage: true}
	}
	serial := func(p store.Program, id uint16) string {
		seed, err := f.data.Secrets.SerialSeed(p)
		if err != nil {
			return ""
		}
		n, err := seed.Serial(uint32(p.ID), id, p.Features)
		if err != nil {
			return ""
		}
		return n.String()
	}
	type sampleOrder struct {
		store.Order
		program  store.Program
		licenses int
	}
	noActivation := order(1003, anna, 540, 0)
	pastExpiry := order(1008, anna, 480, 3)
	pastExpiry.LicensesExpireAt = days(-20)
	ended := order(1015, anna, 360, 2)
	ended.HasSubscription, ended.SubscriptionExpiresAt, ended.SerialNumber = true, days(-5), serial(survey, 15)
	large := order(1020, anna, 300, 500)
	readOnly := order(1022, anna, 250, 4)
	readOnly.CanManage = false
	disabled := order(1024, anna, 240, 2)
	disabled.Active = false
	invisible := order(1025, anna, 230, 2)
	invisible.Visible = false
	full := order(1037, anna, 295, 4)
	full.LicensesExpireAt = days(12)
	withSerial := order(1042, anna, 257, 5)
	withSerial.SerialNumber = serial(studio, 42)
	withSerial.HasSubscription, withSerial.SubscriptionExpiresAt = true, days(200)
	merged := order(1044, anna, 30, 2)
	for _, o := range []sampleOrder{
		{noActivation, fonts, 0}, {pastExpiry, node, 2}, {ended, survey, 1}, {large, node, 200}, {readOnly, studio, 2}, {disabled, studio, 1},
		{invisible, studio, 1}, {full, node, 4}, {withSerial, studio, 3}, {merged, survey, 1}, {order(1046, other, 10, 3), studio, 2},
	} {
		o.ProgramID, o.Features, o.Policy = o.program.ID, o.program.Features, o.program.Policy
		if _, err := f.tx.AddOrder(f.ctx, o.Order); err != nil {
			return fmt.Errorf("order %d: %w", o.ID, err)
		}
		for i := range o.licenses {
			if err := f.license(o.Order, o.program, i); err != nil {
				return fmt.Errorf("order %d: %w", o.ID, err)
			}
		}
	}
	return f.tx.AddAudit(f.ctx, store.Audit{At: f.now, Actor: "admin", Action: "sample.fill", Outcome: "ok"})
}

// license adds the license of a made-up PC, with codes that are really computed.
func (f *filler) license(o store.Order, p store.Program, n int) error {
	note := notes[n%len(notes)]
	if n >= len(notes) {
		note = fmt.Sprintf("Workstation %03d", n)
	}
	var raw license.RawLocks
	for _, l := range license.Locks() {
		if l == license.CDHWID && n%3 != 0 {
			continue // most PCs have no optical drive
		}
		raw[l-1] = fmt.Sprintf("%s-%016X", l, f.random.Uint64())
	}
	key := p.Signature.Key()
	codes := key.Codes(uint16(f.random.IntN(license.MaxGeneration+1)), key.Block(raw))
	activation, err := f.data.Secrets.ActivationKey(p)
	if err != nil {
		return err
	}
	id, err := f.tx.NextLicenseID(f.ctx)
	if err != nil {
		return err
	}
	grant := license.Grant{Features: o.Features, Issue: uint16(id % (license.MaxIssue + 1))}
	l := store.License{ID: id, OrderID: o.ID, ProgramID: p.ID, OriginalID: id, Codes: codes, Note: note, Features: o.Features, Policy: o.Policy,
		ActivatedAt: o.OrderedAt.Add(time.Duration(n*7+2) * time.Hour), Status: api.StatusActive}
	if o.LicensesExpireAt != nil {
		grant.Expires = *o.LicensesExpireAt
		expires := grant.ValidThrough().Truncate(time.Second)
		l.ExpiresAt = &expires
	}
	if l.Activation, err = activation.Activate(codes, grant); err != nil {
		return err
	}
	return f.tx.AddLicense(f.ctx, l)
}

// Announce prints the one JSON line that tells scripts where the server is and how to sign in.
func Announce(w io.Writer, url string, login Login) error {
	line, err := json.Marshal(struct {
		URL string `json:"url"`
		Login
	}{url, login})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}
