package servertest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/store"
)

// World is a server with the sample data, two clients who are signed in, and the names of the scenarios.
type World struct {
	*Server
	Clients    map[string]Client
	Licenses   map[string]int64 // by the name of the PC
	Program    store.Program    // of order 1042
	Remembered string           // a removal code
	stored     api.VerificationAnswer
	newest     int64 // largest order id before the scenario
	t          *testing.T
}

// NewWorld starts a server with the sample data and signs in the clients anna and bruno.
func NewWorld(t *testing.T, change ...func(*server.Options)) *World {
	t.Helper()
	s := Start(t, change...)
	w := &World{Server: s, t: t, Clients: map[string]Client{}, Licenses: map[string]int64{}}
	w.Write(func(tx store.Tx) error {
		bruno, err := tx.Clients.ByUsername(t.Context(), sample.OtherUsername)
		if err != nil {
			return err
		}
		anna, err := tx.Clients.ByUsername(t.Context(), sample.Username)
		if err != nil {
			return err
		}
		bruno.PasswordHash = anna.PasswordHash
		if err := tx.Clients.Change(t.Context(), bruno); err != nil {
			return err
		}
		programs, err := tx.Programs.List(t.Context())
		if err != nil {
			return err
		}
		w.Program = programs[0]
		w.Program.Tasks = nil
		if err := tx.Programs.Change(t.Context(), w.Program); err != nil {
			return err
		}
		list, err := tx.Orders.List(t.Context(), 0, false, 0, 1)
		w.newest = list[0].ID
		return err
	})
	for _, name := range []string{"anna", "bruno"} {
		c := Client{Server: s, T: t}
		status, body := c.Call("POST", "/sessions", map[string]any{
			"username":    name,
			"password":    s.Login.Password,
			"device_name": "PC of " + name,
		})
		require.Equal(t, 201, status, string(body))
		var session api.Session
		require.NoError(t, json.Unmarshal(body, &session))
		c.Token = session.AccessToken
		w.Clients[name] = c
	}
	return w
}

// Write runs fn in a transaction.
func (w *World) Write(fn func(tx store.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.Store.Write(w.t.Context(), store.NoLock, fn))
}

// Read runs fn on a snapshot.
func (w *World) Read(fn func(tx store.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.Store.Read(w.t.Context(), fn))
}

// Tables returns all orders and licenses as text, to compare them.
func (w *World) Tables() (text string) {
	w.Read(func(tx store.Tx) error {
		orders, err := tx.Orders.List(w.t.Context(), 0, false, 0, 0)
		if err != nil {
			return err
		}
		for _, o := range orders {
			licenses, err := tx.Licenses.List(w.t.Context(), o.ID, true, 0, 0)
			if err != nil {
				return err
			}
			for i := range licenses {
				text += fmt.Sprintf("%+v\n", licenses[i])
			}
			o.LicensesExpireAt, o.SubscriptionExpiresAt = nil, nil
			text += fmt.Sprintf("%+v\n", o)
		}
		return nil
	})
	return text
}

// Prepare makes one step of a scenario's state: a call that must succeed (with "refused": fail), or a change by the
// vendor.
func (w *World) Prepare(step string) {
	w.t.Helper()
	if count, rest, ok := strings.Cut(step, "x "); ok && len(count) == 1 {
		n, err := strconv.Atoi(count)
		require.NoError(w.t, err)
		for range n {
			w.Prepare(rest)
		}
		return
	}
	word, rest, _ := strings.Cut(step, " ")
	order := func(change func(*store.Order)) { change1042(w, change) }
	switch word {
	case "clock":
		d, err := time.ParseDuration(rest)
		require.NoError(w.t, err)
		w.Clock.Advance(d)
		if d >= 15*time.Minute { // access tokens have expired
			fresh := NewSessions(w)
			w.Clients = fresh
		}
	case "total":
		n, err := strconv.Atoi(rest)
		require.NoError(w.t, err)
		order(func(o *store.Order) { o.LicensesTotal = n })
	case "features":
		order(func(o *store.Order) { o.Features = 9 })
	case "licenses":
		day, err := time.Parse(time.DateOnly, strings.TrimPrefix(rest, "end "))
		require.NoError(w.t, err)
		order(func(o *store.Order) { o.LicensesExpireAt = &day })
	case "subscription":
		at, err := time.Parse(time.RFC3339, rest)
		if err != nil {
			at, err = time.Parse(time.DateOnly, rest)
		}
		require.NoError(w.t, err)
		order(func(o *store.Order) { o.HasSubscription, o.SubscriptionExpiresAt = true, &at })
	case "read-only":
		order(func(o *store.Order) { o.CanManage = false })
	case "invisible":
		order(func(o *store.Order) { o.Visible = false })
	case "inactive", "active":
		order(func(o *store.Order) { o.Active = word == "active" })
	case "replace": // the vendor replaces the license by one for another PC
		words := strings.Fields(rest)
		request := api.Reactivation{SiteMID: CodesOf(w.Program.Signature, words[1]).Merged()}
		l, err := AdminOf(w.Server).ReplaceLicense(w.t.Context(), w.Licenses[words[0]], request)
		require.NoError(w.t, err)
		w.Licenses[words[1]] = l.ID
	case "end": // with any status, even one of a newer version
		words := strings.Fields(rest)
		w.Write(func(tx store.Tx) error {
			return tx.Licenses.End(w.t.Context(), w.Licenses[words[0]], api.LicenseStatus(words[1]), w.Clock.Now())
		})
	case "policy":
		w.policy(rest)
	case "rule":
		w.rule(rest)
	case "regrant":
		w.regrant(rest)
	case "remember":
		w.Remembered = w.RemovalCode(rest)
	case "block":
		_, err := AdminOf(w.Server).BlockSerials(w.t.Context(), 1, []string{rest}, "")
		require.NoError(w.t, err)
	case "unblock":
		_, err := AdminOf(w.Server).UnblockSerials(w.t.Context(), 1, []string{rest})
		require.NoError(w.t, err)
	case "waive":
		require.NoError(w.t, AdminOf(w.Server).SetOption(w.t.Context(), "order-verification", "off"))
		w.Clock.Advance(3 * time.Second) // servers follow within seconds
	case "picture":
		w.stored = w.Picture("anna")
	default:
		who := "anna"
		if strings.HasPrefix(step, "bruno ") {
			who, step = "bruno", strings.TrimPrefix(step, "bruno ")
		}
		refused := strings.HasPrefix(step, "refused ")
		status, body := w.Do(strings.TrimPrefix(step, "refused ") + " as " + who)
		require.Equal(w.t, refused, status >= 400, "%s: %d %s", step, status, body)
	}
}

// NewSessions signs in all clients again.
func NewSessions(w *World) map[string]Client {
	fresh := map[string]Client{}
	for name := range w.Clients {
		c := Client{Server: w.Server, T: w.t}
		_, body := c.Call("POST", "/sessions", map[string]any{
			"username":    name,
			"password":    w.Login.Password,
			"device_name": "PC of " + name,
		})
		var session api.Session
		require.NoError(w.t, json.Unmarshal(body, &session))
		c.Token = session.AccessToken
		fresh[name] = c
	}
	return fresh
}

// change1042 changes order 1042.
func change1042(w *World, change func(*store.Order)) {
	w.Write(func(tx store.Tx) error {
		o, err := tx.Orders.Get(w.t.Context(), sample.WithSerial)
		if err != nil {
			return err
		}
		change(&o)
		return tx.Orders.Change(w.t.Context(), o)
	})
}

// policy sets the number of hardware changes and the changeable locks of the program and of order 1042.
func (w *World) policy(text string) {
	words := strings.Fields(text)
	most, err := strconv.Atoi(words[0])
	require.NoError(w.t, err)
	p := license.Policy{Enabled: true, MaxHardwareChanges: most, Changeable: license.Locks()}
	if len(words) > 1 {
		p.Changeable = nil
		for _, name := range words[1:] {
			l, err := license.ParseLock(name)
			require.NoError(w.t, err)
			p.Changeable = append(p.Changeable, l)
		}
	}
	w.Program.Policy = p
	w.Write(func(tx store.Tx) error { return tx.Programs.Change(w.t.Context(), w.Program) })
	change1042(w, func(o *store.Order) { o.Policy = p })
}

// rule sets switch and limits of a task, such as "reactivate none,valid day=2 month=4" or "remove expired on".
func (w *World) rule(text string) {
	words := strings.Fields(text)
	r := store.TaskRule{On: true}
	for _, word := range words[2:] {
		name, value, _ := strings.Cut(word, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "off":
			r.On = false
		case "day":
			r.PerDay = n
		case "month":
			r.PerMonth = n
		}
	}
	if w.Program.Tasks == nil {
		w.Program.Tasks = store.TaskRules{}
	}
	task := words[0]
	if w.Program.Tasks[task] == nil {
		w.Program.Tasks[task] = map[api.SubscriptionState]store.TaskRule{}
	}
	for _, state := range strings.Split(words[1], ",") {
		w.Program.Tasks[task][api.SubscriptionState(state)] = r
	}
	w.Write(func(tx store.Tx) error { return tx.Programs.Change(w.t.Context(), w.Program) })
}

// regrant changes the features of a license like the vendor, which changes its activation code.
func (w *World) regrant(pc string) {
	w.Write(func(tx store.Tx) error {
		l, err := tx.Licenses.Get(w.t.Context(), w.Licenses[pc])
		if err != nil {
			return err
		}
		key, err := w.Secrets.ActivationKey(w.Program)
		if err != nil {
			return err
		}
		l.Features++
		if l.Activation, err = key.Activate(l.Codes, license.Grant{Features: l.Features}); err != nil {
			return err
		}
		return tx.Licenses.Change(w.t.Context(), l)
	})
}

// collision returns the codes of two PCs that have the same Site code by chance. There are usually two among a thousand
// PCs of the same generation, because only twenty bits of a Site code depend on the PC.
func collision(signature license.Signature) (a, b license.Codes) {
	key, seen := signature.Key(), map[license.SiteCode]license.Codes{}
	for n := 0; ; n++ {
		var raw license.RawLocks
		for i := range raw {
			raw[i] = fmt.Sprintf("PC %d lock %d", n, i)
		}
		codes := key.Codes(5, key.Block(raw))
		if a, found := seen[codes.Site]; found {
			return a, codes
		}
		seen[codes.Site] = codes
	}
}

// CodesOf returns the codes of a PC for a program. "A" and "B" are different PCs, "A+NET" is A with another network
// card, "A-NET" is A without one, "A@9" is A with generation 9. T and U have the same Site code by chance.
func CodesOf(signature license.Signature, pc string) license.Codes {
	switch pc {
	case "T":
		codes, _ := collision(signature)
		return codes
	case "U":
		_, codes := collision(signature)
		return codes
	}
	var raw license.RawLocks
	for i := range raw {
		raw[i] = fmt.Sprintf("%s lock %d", pc[:1], i)
	}
	locks := map[string]license.Lock{
		"HD":   license.HDID,
		"BIOS": license.BIOSID,
		"OS":   license.OSID,
		"NET":  license.NETID,
		"CPU":  license.CPUID,
		"HDHW": license.HDHWID,
		"CD":   license.CDHWID,
	}
	h := fnv.New32()
	_, _ = h.Write([]byte(pc))
	generation := uint16(h.Sum32()) & license.MaxGeneration
	for _, part := range strings.FieldsFunc(strings.NewReplacer("+", " +", "-", " -", "@",
		" @").Replace(pc[1:]), func(r rune) bool {
		return r == ' '
	}) {
		switch lock, ok := locks[part[1:]]; {
		case part[0] == '@':
			n, _ := strconv.Atoi(part[1:])
			generation = uint16(n)
		case ok && part[0] == '+':
			was := signature.Key().LockValue(lock, raw[lock-1])
			for n := 0; signature.Key().LockValue(lock, raw[lock-1]) == was; n++ {
				raw[lock-1] = fmt.Sprintf("%s other %d %s", pc[:1], n, part)
			}
		case ok:
			raw[lock-1] = ""
		default:
			panic("no such lock: " + part)
		}
	}
	key := signature.Key()
	return key.Codes(generation, key.Block(raw))
}

// RemovalCode returns the removal code that the program on a PC shows.
func (w *World) RemovalCode(pc string) (code string) {
	w.Read(func(tx store.Tx) error {
		l, err := tx.Licenses.Get(w.t.Context(), w.Licenses[pc])
		if err != nil {
			return err
		}
		p, err := tx.Programs.Get(w.t.Context(), l.ProgramID)
		if err != nil {
			return err
		}
		key, err := w.Secrets.ActivationKey(p)
		code = key.RemovalSeed(l.Activation).RemovalCode(l.Codes).String()
		return err
	})
	return code
}

// Picture returns a verification number for a client.
func (w *World) Picture(who string) api.VerificationAnswer {
	v, number := ReadPicture(w.t, w.Server, w.Clients[who])
	return api.VerificationAnswer{ID: v.ID, Number: number}
}

// Serial returns a serial number of a kind, and the program that it is for.
func (w *World) Serial(kind string) (program int64, text string) {
	var programs []store.Program
	w.Read(func(tx store.Tx) (err error) { programs, err = tx.Programs.List(w.t.Context()); return err })
	of := func(p store.Program, id uint32) string {
		seed, err := w.Secrets.SerialSeed(p)
		require.NoError(w.t, err)
		n, err := seed.Serial(uint32(p.ID), id, p.Features)
		require.NoError(w.t, err)
		return n.String()
	}
	studio := programs[0]
	switch kind {
	case "unknown":
		var b [32]byte
		_, _ = rand.Read(b[:])
		n, err := license.NewSerialSeed(b).Serial(uint32(studio.ID), 7, 1)
		require.NoError(w.t, err)
		return studio.ID, n.String()
	case "survey":
		return studio.ID, of(programs[2], 3)
	case "node":
		return programs[1].ID, of(programs[1], 3)
	case "mistyped":
		text := []byte(of(studio, 500))
		text[0] = map[bool]byte{true: '3', false: '2'}[text[0] == '2']
		return studio.ID, string(text)
	}
	id, err := strconv.Atoi(kind)
	require.NoError(w.t, err)
	return studio.ID, of(studio, uint32(id))
}

// Do makes a call that is described in words, such as "transfer A B as bruno code=none".
func (w *World) Do(words string) (status int, body []byte) {
	w.t.Helper()
	who, order, options := "anna", int64(1042), map[string]string{}
	var args []string
	fields := strings.Fields(words)
	for i := 0; i < len(fields); i++ {
		switch name, value, ok := strings.Cut(fields[i], "="); {
		case ok:
			options[name] = value
		case fields[i] == "as":
			i++
			who = fields[i]
		case fields[i] == "in":
			i++
			order, _ = strconv.ParseInt(fields[i], 10, 64)
		default:
			args = append(args, fields[i])
		}
	}
	c := w.Clients[who].With(api.IdempotencyKey, uuid.NewString())
	signature := w.Program.Signature
	if s := options["program"]; s != "" {
		signature = license.Signature(s)
	}
	pc := func(name string) api.PCCodes {
		if name == "malformed" {
			return api.PCCodes{SiteCode: "7183EC4D", MachineID: "83A9-3429-0090"}
		}
		codes := CodesOf(signature, name)
		return api.PCCodes{SiteCode: codes.Site.String(), MachineID: codes.Machine.String()}
	}
	removal := func(name string) string {
		switch code := options["code"]; code {
		case "":
			return w.RemovalCode(name)
		case "wrong":
			return "00000-00000-0"
		case "none":
			return ""
		case "malformed":
			return "00000-00000-1"
		case "remembered":
			return w.Remembered
		default:
			return w.RemovalCode(code)
		}
	}
	license := func(name, path string) string { return fmt.Sprintf("/licenses/%d%s", w.Licenses[name], path) }
	made := func(name string) {
		var l api.License
		if json.Unmarshal(body, &l) == nil && status == 201 {
			w.Licenses[name] = l.ID
		}
	}
	switch args[0] {
	case "new":
		codes := pc(args[1])
		status, body = c.Call("POST", fmt.Sprintf("/orders/%d/licenses", order),
			api.NewLicense{SiteCode: codes.SiteCode, MachineID: codes.MachineID})
		made(args[1])
	case "reactivate":
		codes := pc(args[2])
		status, body = c.Call("POST", license(args[1], "/reactivation"), api.Reactivation{
			SiteCode:  codes.SiteCode,
			MachineID: codes.MachineID,
			Note:      options["note"],
		})
		if args[2] != args[1] && w.Licenses[args[2]] == 0 {
			made(args[2])
		}
	case "transfer":
		codes := pc(args[2])
		status, body = c.Call("POST", license(args[1], "/transfer"), api.Transfer{
			SiteCode:    codes.SiteCode,
			MachineID:   codes.MachineID,
			RemovalCode: removal(args[1]),
		})
		made(args[2])
	case "release":
		status, body = c.Call("POST", license(args[1], "/release"), api.Release{RemovalCode: removal(args[1])})
	case "remove":
		status, body = c.Call("POST", license(args[1], "/removal"), api.Removal{RemovalCode: removal(args[1])})
	case "compare":
		status, body = c.Call("POST", license(args[1], "/comparison"), pc(args[2]))
	case "note":
		status, body = c.Call("PATCH", license(args[1], ""), api.LicenseChange{Note: &args[2]})
	case "file":
		status, body = c.Call("GET", license(args[1], "/file"), nil)
	case "preview":
		status, body = c.Call("GET", license(args[1], "/email"), nil)
	case "email":
		status, body = c.Call("POST", license(args[1], "/email"), api.EmailRequest{To: []string{"it@lumen.example"}})
	case "licenses":
		path := fmt.Sprintf("/orders/%d/licenses", order)
		if len(args) > 1 {
			path += "?include=ended"
		}
		status, body = c.Call("GET", path, nil)
	case "history":
		status, body = c.Call("GET", fmt.Sprintf("/orders/%d/history", order), nil)
	case "order":
		program, serial := w.Serial(args[1])
		answer := w.stored
		switch options["number"] {
		case "":
			answer = w.Picture(who)
		case "none":
			answer = api.VerificationAnswer{}
		case "wrong":
			answer = w.Picture(who)
			answer.Number = map[bool]string{true: "000001", false: "000000"}[answer.Number == "000000"]
		case "spaced":
			answer = w.Picture(who)
			answer.Number = " " + answer.Number[:3] + " " + answer.Number[3:]
		case "spoiled":
			w.stored = w.Picture(who)
			answer = api.VerificationAnswer{ID: w.stored.ID, Number: "x"}
		case "kept":
			if w.stored.ID == "" {
				w.stored = w.Picture(who)
				answer = w.stored
			}
		}
		status, body = c.Call("POST", "/orders", api.NewOrder{ProgramID: program, SerialNumber: serial, Verification: answer})
	default:
		w.t.Fatalf("no such call: %s", words)
	}
	return status, body
}

// Check checks the state after a call, described in words such as "seats 4" or "A Active".
func (w *World) Check(text string) {
	w.t.Helper()
	words := strings.Fields(text)
	switch words[0] {
	case "seats":
		o := Order(w.t, w.Server, sample.WithSerial)
		require.Equal(w.t, words[1], strconv.Itoa(o.LicensesActive), text)
		var active []store.License
		w.Read(func(tx store.Tx) (err error) {
			active, err = tx.Licenses.List(w.t.Context(), o.ID, false, 0, 0)
			return err
		})
		require.Len(w.t, active, o.LicensesActive, "the number of rows is the count")
	case "orders":
		var list []store.Order
		w.Read(func(tx store.Tx) (err error) { list, err = tx.Orders.List(w.t.Context(), 0, false, 0, 0); return err })
		added := 0
		for _, o := range list {
			if o.ID > w.newest {
				added++
			}
		}
		require.Equal(w.t, words[1], strconv.Itoa(added), text)
	case "history":
		require.NotZero(w.t, w.Events(words[1], words[2]), "not in the history: %s", text)
	case "events":
		require.Equal(w.t, words[2], strconv.Itoa(w.Events(words[1], api.OutcomeOK)), text)
	case "left":
		status, body := w.Do("licenses")
		require.Equal(w.t, 200, status)
		require.Contains(w.t, string(body),
			`"`+words[1]+`":{"ok":false,"reason":"STATUS_LIMIT_REACHED","remaining_today":`+words[3])
	default:
		var l store.License
		w.Read(func(tx store.Tx) (err error) {
			l, err = tx.Licenses.Get(w.t.Context(), w.Licenses[words[0]])
			return err
		})
		require.Equal(w.t, l.Status == api.StatusActive, l.EndedAt == nil)
		if of, ok := map[string]bool{"released": true, "!released": false}[words[1]]; ok {
			require.Equal(w.t, of, l.ReleasedAt != nil, text)
			return
		}
		require.Equal(w.t, words[1], string(l.Status), text)
	}
}

// Events counts the events of order 1042 that anna caused, by task and outcome.
func (w *World) Events(task, outcome string) (n int) {
	w.t.Helper()
	var events []store.Event
	w.Read(func(tx store.Tx) (err error) {
		events, err = tx.Events.List(w.t.Context(), sample.WithSerial, 0, 0)
		return err
	})
	for _, e := range events {
		if string(e.Task) == task && e.Outcome == outcome && e.Device == "PC of anna" {
			n++
		}
	}
	return n
}

// ReadPicture requests a verification picture and replaces its number by a known one, because no answer contains the
// number.
func ReadPicture(t *testing.T, s *Server, c Client) (api.Verification, string) {
	t.Helper()
	response := c.Raw("POST", "/verifications", nil)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, 201, response.StatusCode, string(data))
	var v api.Verification
	require.NoError(t, json.Unmarshal(data, &v))
	require.Equal(t, "\x89PNG", string(v.Image[:4]))
	number, err := setVerification(t.Context(), s.Store, v.ID)
	require.NoError(t, err)
	return v, number
}

// Mails returns the queued mails, unsealed, newest first.
func Mails(t *testing.T, s *Server) (list []store.Mail) {
	t.Helper()
	require.NoError(t, s.Store.Read(t.Context(), func(tx store.Tx) (err error) {
		list, err = tx.Mails.List(t.Context(), 0)
		return err
	}))
	for i := range list {
		require.NoError(t, s.Secrets.OpenMail(&list[i]))
	}
	return list
}

// Verification returns a verification number for an anonymous client.
func (w *World) Verification() api.VerificationAnswer {
	v, number := ReadPicture(w.t, w.Server, Client{Server: w.Server, T: w.t})
	return api.VerificationAnswer{ID: v.ID, Number: number}
}

// NewAccount returns a request for an account, modified by change.
func (w *World) NewAccount(change func(*api.NewAccount)) api.NewAccount {
	program, serial := w.Serial("700")
	a := api.NewAccount{
		ProgramID:        program,
		SerialNumber:     serial,
		Verification:     w.Verification(),
		Username:         "carla",
		Password:         "a long password",
		RegistrationName: "Carla Ortiz",
		Contact: api.Contact{
			FirstName: "Carla",
			LastName:  "Ortiz",
			Address:   "Calle 1",
			City:      "Sevilla",
			Zip:       "41001",
			Country:   "España",
			Phone:     "+34 95",
			Email:     "carla@example.com",
		},
	}
	if change != nil {
		change(&a)
	}
	return a
}

// RequireProblem requires that an answer is a problem with a code and contains a text.
func (w *World) RequireProblem(status int, body []byte, code api.Code, contains string) {
	w.t.Helper()
	require.Equal(w.t, code.HTTPStatus(), status, string(body))
	var p api.Problem
	require.NoError(w.t, json.Unmarshal(body, &p))
	require.Equal(w.t, code, p.Code)
	require.Contains(w.t, string(body), contains)
}

var mailedLink = regexp.MustCompile(`http://\S+`)

// AskForLink requests a password reset and returns the links that were mailed.
func (w *World) AskForLink(login string) (links []string) {
	w.t.Helper()
	before := len(Mails(w.t, w.Server))
	status, body := Client{Server: w.Server, T: w.t}.Keyed().Call("POST", "/password-resets",
		api.PasswordReset{Login: login, Verification: w.Verification()})
	require.Equal(w.t, 202, status, string(body))
	require.Empty(w.t, body, "the answer reveals nothing")
	list := Mails(w.t, w.Server)
	for _, m := range list[:len(list)-before] {
		links = append(links, mailedLink.FindString(m.Body))
	}
	return links
}

// setVerification gives a verification a known number, which is faster than trying all numbers.
func setVerification(ctx context.Context, s store.Store, id string) (number string, err error) {
	const known = "314159"
	hash := sha256.Sum256([]byte(id + " " + known))
	return known, s.Write(ctx, store.NoLock, func(tx store.Tx) error {
		v, err := tx.Attempts.TakeVerification(ctx, id)
		if err != nil {
			return err
		}
		v.NumberHash = hash[:]
		return tx.Attempts.AddVerification(ctx, v)
	})
}
