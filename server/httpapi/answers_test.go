package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/store"
)

// A stored answer is for the request that it answered, and for no other.
func TestReplay(t *testing.T) {
	refusal := api.NewProblem(api.ErrLicensesInUse, "All in use.")
	refused, err := json.Marshal(refusal)
	require.NoError(t, err)
	stored := func(status int, body string) store.Answer {
		return store.Answer{Request: []byte("a"), Status: status, Body: []byte(body)}
	}
	for name, row := range map[string]struct {
		stored      store.Answer
		fingerprint string
		status      int
		code        api.Code
		id          int64
		fault       bool
	}{
		"success":         {stored(201, `{"id": 7}`), "a", 201, "", 7, false},
		"last success":    {stored(399, `{"id": 7}`), "a", 399, "", 7, false},
		"refusal":         {stored(409, string(refused)), "a", 409, api.ErrLicensesInUse, 0, false},
		"first refusal":   {stored(400, string(refused)), "a", 400, api.ErrLicensesInUse, 0, false},
		"another request": {stored(201, `{"id": 7}`), "b", 0, api.ErrConflict, 0, false},
		"a longer one":    {stored(201, `{"id": 7}`), "aa", 0, api.ErrConflict, 0, false},
		"damaged answer":  {stored(201, `{"id`), "a", 201, "", 0, true},
		"damaged refusal": {stored(409, `{"code`), "a", 409, "", 0, true},
	} {
		var out struct{ ID int64 }
		status, p, err := replay(row.stored, []byte(row.fingerprint), &out)
		require.Equal(t, row.fault, err != nil, name)
		require.Equal(t, row.status, status, name)
		require.Equal(t, row.id, out.ID, name)
		if row.code != "" {
			require.Equal(t, row.code, p.Code, name)
		}
	}
}

func TestNewKey(t *testing.T) {
	s := newServer(t)
	key := newKey(s.Random)
	_, err := uuid.Parse(key)
	require.NoError(t, err)
	require.NotEqual(t, key, newKey(s.Random))
	require.Empty(t, newKey(broken), "the form is refused")
}

// made is the answer of the changes of these tests.
type made struct{ ID int }

// counter is a change that counts how often it is made.
func counter(times *int, result func(store.Tx, *store.Event) (int, error)) change[string, made] {
	return change[string, made]{
		key:    "3f6e2c1a-8f0e-4c6b-9d51-0b9f4f0f2f10",
		call:   "count",
		in:     "in",
		action: "count",
		do: func(tx store.Tx, e *store.Event) (int, made, error) {
			*times++
			status, err := result(tx, e)
			return status, made{*times}, err
		},
	}
}

// The key of a change is a UUID in its usual form of 36 characters.
func TestIdempotencyKeys(t *testing.T) {
	s := newServer(t)
	id := uuid.New()
	for name, row := range map[string]struct {
		key string
		ok  bool
	}{
		"uuid":           {id.String(), true},
		"none":           {"", false},
		"without dashes": {strings.ReplaceAll(id.String(), "-", ""), false},
		"in braces":      {"{" + id.String() + "}", false},
		"urn":            {"urn:uuid:" + id.String(), false},
		"too long":       {id.String() + "0", false},
		"not hex":        {"x" + id.String()[1:], false},
		"text":           {strings.Repeat("k", 36), false},
	} {
		times := 0
		c := counter(&times, func(store.Tx, *store.Event) (int, error) { return http.StatusCreated, nil })
		c.key = row.key
		_, _, err := apply(t.Context(), s, c)
		if row.ok {
			require.NoError(t, err, name)
			require.Equal(t, 1, times, name)
			continue
		}
		requireProblem(t, err, api.ErrValidation, "header."+api.IdempotencyKey)
		require.Zero(t, times, name)
	}

	times := 0
	c := counter(&times, func(store.Tx, *store.Event) (int, error) { return http.StatusCreated, nil })
	for _, key := range []string{strings.ToUpper(c.key), c.key} {
		c.key = key
		_, out, err := apply(t.Context(), s, c)
		require.NoError(t, err)
		require.Equal(t, made{1}, out, "case does not matter")
	}
}

// Every key is refused before the store is asked, or it is a UUID.
func FuzzIdempotencyKey(f *testing.F) {
	for _, key := range []string{"", uuid.Nil.String(), "{" + uuid.Nil.String() + "}", strings.Repeat("-", 36), "ÿ"} {
		f.Add(key)
	}
	reached := errors.New("the store was asked")
	s := newServer(f, func(c *Config) { c.Store = failing{err: reached} })
	f.Fuzz(func(t *testing.T, key string) {
		times := 0
		c := counter(&times, func(store.Tx, *store.Event) (int, error) { return http.StatusCreated, nil })
		c.key = key
		_, _, err := apply(t.Context(), s, c)
		if errors.Is(err, reached) {
			require.Regexp(t, `^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`, key)
			return
		}
		requireProblem(t, err, api.ErrValidation, "header."+api.IdempotencyKey)
	})
}

// An answer is stored unless the request may succeed later under the same key (spec: api "Idempotency").
func TestWhichAnswersAreStored(t *testing.T) {
	fault := errors.New("fault")
	refusal := func(code api.Code) error { return api.NewProblem(code, "x") }
	inUse, banned := string(api.ErrLicensesInUse), string(api.ErrHostBanned)
	for name, row := range map[string]struct {
		status int
		err    error
		code   api.Code
		stored bool
		audits []string // outcomes
	}{
		"success":              {http.StatusCreated, nil, "", true, []string{api.OutcomeOK}},
		"refusal":              {0, refusal(api.ErrLicensesInUse), api.ErrLicensesInUse, true, []string{inUse}},
		"refusal of a rate":    {0, refusal(api.ErrHostBanned), api.ErrHostBanned, false, []string{banned, banned}},
		"refusal for the time": {0, refusal(api.ErrUnavailable), api.ErrUnavailable, false, nil},
		"fault":                {0, fault, "", false, nil},
	} {
		s := newServer(t)
		times := 0
		c := counter(&times, func(store.Tx, *store.Event) (int, error) { return row.status, row.err })
		var first, second made
		var err error
		for _, out := range []*made{&first, &second} {
			_, *out, err = apply(t.Context(), s, c)
			switch {
			case row.code != "":
				requireProblem(t, err, row.code, "")
			case row.err != nil:
				require.ErrorIs(t, err, row.err, name)
			default:
				require.NoError(t, err, name)
			}
		}
		require.Equal(t, map[bool]int{true: 1, false: 2}[row.stored], times, name)
		if row.err == nil {
			require.Equal(t, first, second, name)
		}
		read(t, s, func(tx store.Tx) error {
			entries, err := tx.Audits.List(t.Context(), store.AuditFilter{})
			var outcomes []string
			for _, e := range entries {
				outcomes = append(outcomes, e.Outcome)
			}
			require.Equal(t, row.audits, outcomes, "%s: a replayed answer is not audited", name)
			return err
		})
	}
}

// A key belongs to one client, one call and one content.
func TestKeysAreBound(t *testing.T) {
	s := newServer(t)
	anna := addClient(t, s, store.Client{Username: "anna", Active: true})
	bruno := addClient(t, s, store.Client{Username: "bruno", Active: true})
	as := func(c store.Client) context.Context {
		return request.WithCaller(t.Context(), request.Caller{Client: c})
	}
	times := 0
	first := counter(&times, func(store.Tx, *store.Event) (int, error) { return http.StatusCreated, nil })
	otherCall, otherIn := first, first
	otherCall.call, otherIn.in = "count 2", "in 2"
	for _, row := range []struct {
		name string
		ctx  context.Context
		c    change[string, made]
		want made
		code api.Code
	}{
		{"first", as(anna), first, made{1}, ""},
		{"again", as(anna), first, made{1}, ""},
		{"another call", as(anna), otherCall, made{}, api.ErrConflict},
		{"another content", as(anna), otherIn, made{}, api.ErrConflict},
		{"another client", as(bruno), first, made{2}, ""},
		{"not signed in", t.Context(), first, made{3}, ""},
		{"first, a third time", as(anna), first, made{1}, ""},
	} {
		_, out, err := apply(row.ctx, s, row.c)
		if row.code != "" {
			requireProblem(t, err, row.code, "")
			continue
		}
		require.NoError(t, err, row.name)
		require.Equal(t, row.want, out, row.name)
	}
}

// The history of an order gets an entry with the outcome of a task, and none if the order is unknown.
func TestHistoryOfAChange(t *testing.T) {
	for name, row := range map[string]struct {
		known   bool
		err     error
		outcome []string
	}{
		"success":       {true, nil, []string{api.OutcomeOK}},
		"refusal":       {true, api.NewProblem(api.ErrLicensesInUse, "x"), []string{string(api.ErrLicensesInUse)}},
		"fault":         {true, errors.New("fault"), nil},
		"unknown order": {false, api.NewProblem(api.ErrNotFound, "x"), nil},
	} {
		s := newServer(t)
		client := addClient(t, s, store.Client{Username: "anna", Active: true})
		who, _ := addSession(t, s, client)
		order, _ := addOrder(t, s, client.ID)
		times := 0
		c := counter(&times, func(_ store.Tx, e *store.Event) (int, error) {
			if row.known {
				e.OrderID, e.Task = order.ID, api.TaskNewLicense
			}
			return http.StatusCreated, row.err
		})
		_, _, err := apply(request.WithCaller(t.Context(), who), s, c)
		require.Equal(t, row.err == nil, err == nil, "%s: %v", name, err)
		read(t, s, func(tx store.Tx) error {
			events, err := tx.Events.List(t.Context(), order.ID, 0, 10)
			var outcomes []string
			for _, e := range events {
				require.Equal(t, now, e.At.UTC(), name)
				require.Equal(t, "PC", e.Device, name)
				outcomes = append(outcomes, e.Outcome)
			}
			require.Equal(t, row.outcome, outcomes, name)
			return err
		})
	}
}

// Expired answers are deleted at most every ten minutes. After a failure the next change tries again.
func TestPruneAnswers(t *testing.T) {
	clock := now
	s := newServer(t, func(c *Config) { c.Now = func() time.Time { return clock } })
	add := func(key string) {
		write(t, s, func(tx store.Tx) error {
			return tx.Answers.Add(t.Context(), store.Answer{
				Key:       key,
				Request:   []byte("a"),
				Body:      []byte("b"),
				CreatedAt: clock.Add(-answerLifetime - time.Second),
			})
		})
	}
	left := func() (n int) {
		read(t, s, func(tx store.Tx) error {
			list, err := tx.Answers.List(t.Context())
			n = len(list)
			return err
		})
		return n
	}
	add("1")
	s.pruneAnswers(t.Context())
	require.Zero(t, left())
	add("2")
	clock = clock.Add(pruneInterval - time.Second)
	s.pruneAnswers(t.Context())
	require.Equal(t, 1, left(), "too early")
	clock = clock.Add(time.Second)
	database := s.Store
	s.Store = failing{err: store.ErrUnavailable}
	s.pruneAnswers(t.Context())
	s.Store = database
	require.Equal(t, 1, left())
	s.pruneAnswers(t.Context())
	require.Zero(t, left(), "the next change tries again")
}
