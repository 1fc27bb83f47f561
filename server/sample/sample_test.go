package sample_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// contents are the contents of a data folder.
type contents struct {
	programs map[int64]store.Program
	clients  map[string]store.Client
	orders   map[int64]store.Order
	licenses map[int64][]store.License // by order
}

func filled(t *testing.T) (*service.Data, contents) {
	t.Helper()
	d, err := service.OpenData(t.Context(), service.Place{Folder: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Store.Close()) })
	require.NoError(t, sample.Fill(t.Context(), d, now, sample.Username, "hash"))
	return d, load(t, d)
}

func load(t *testing.T, d *service.Data) contents {
	t.Helper()
	e := contents{
		map[int64]store.Program{},
		map[string]store.Client{},
		map[int64]store.Order{},
		map[int64][]store.License{},
	}
	ctx := t.Context()
	require.NoError(t, d.Store.Read(ctx, func(tx store.Tx) error {
		programs, err := tx.Programs.List(ctx)
		require.NoError(t, err)
		for _, p := range programs {
			e.programs[p.ID] = p
		}
		clients, err := tx.Clients.List(ctx)
		require.NoError(t, err)
		for _, c := range clients {
			e.clients[c.Username] = c
		}
		orders, err := tx.Orders.List(ctx, 0, false, 0, 0)
		require.NoError(t, err)
		for _, o := range orders {
			e.orders[o.ID] = o
			e.licenses[o.ID], err = tx.Licenses.List(ctx, o.ID, true, 0, 0)
			require.NoError(t, err)
		}
		return nil
	}))
	return e
}

func TestFillShowsEveryCase(t *testing.T) {
	d, e := filled(t)
	anna := e.clients[sample.Username]
	require.Equal(t, []string{"anna.berg@lumen.example", "it@lumen.example"}, anna.Emails)
	require.Equal(t, "Anna Berg", anna.DisplayName())
	program := func(id int64) store.Program { return e.programs[e.orders[id].ProgramID] }

	require.False(t, program(sample.NoActivation).RequiresActivation)
	require.Empty(t, e.licenses[sample.NoActivation])
	full := e.orders[sample.Full]
	require.Equal(t, full.LicensesTotal, full.LicensesActive)
	require.True(t, full.LicensesExpireAt.After(now) && full.LicensesExpireAt.Before(now.AddDate(0, 0, 14)), "near expiry")
	require.True(t, e.orders[sample.PastExpiry].LicensesExpireAt.Before(now))
	require.True(t, e.licenses[sample.PastExpiry][0].ExpiresAt.Before(now))
	require.False(t, e.orders[sample.ReadOnly].CanManage)
	require.False(t, e.orders[sample.Disabled].Active)
	require.False(t, e.orders[sample.Invisible].Visible)
	require.Len(t, e.licenses[sample.Large], 200)
	require.GreaterOrEqual(t, e.orders[sample.Large].LicensesTotal, 250)
	require.True(t, e.orders[sample.Ended].SubscriptionExpiresAt.Before(now))
	require.True(t, e.orders[sample.WithSerial].SubscriptionExpiresAt.After(now))
	require.True(t, program(sample.MergedCodes).MergedCodes)
	require.Equal(t, e.clients[sample.OtherUsername].ID, e.orders[sample.OfSomebody].ClientID)
	require.Empty(t, e.clients[sample.OtherUsername].PasswordHash, "nobody signs in as the other client")

	serial, err := d.Secrets.Serial(program(sample.WithSerial), e.orders[sample.WithSerial])
	require.NoError(t, err)
	number, err := license.ParseSerialNumber(serial)
	require.NoError(t, err)
	seed, err := d.Secrets.SerialSeed(program(sample.WithSerial))
	require.NoError(t, err)
	_, features, err := seed.Open(uint32(program(sample.WithSerial).ID), number)
	require.NoError(t, err)
	require.Equal(t, e.orders[sample.WithSerial].Features, features)

	for _, name := range []string{"Lumen Studio 7", "Lumen Render Node", "Tide Survey", "Lumen Fonts"} {
		require.Contains(t, e.names(), name)
	}
	listed := 0
	for id, o := range e.orders {
		require.True(t, o.OrderedAt.Before(now))
		if o.ClientID == anna.ID && o.Active && o.Visible {
			listed++
		}
		if id != sample.Full && id != sample.NoActivation {
			require.Less(t, o.LicensesActive, o.LicensesTotal, "order %d", id)
		}
	}
	require.Equal(t, 8, listed)
}

func (e contents) names() (names []string) {
	for _, p := range e.programs {
		names = append(names, p.Name)
	}
	return names
}

func TestFillComputesValidCodes(t *testing.T) {
	d, e := filled(t)
	scripts := map[string]bool{}
	sites := map[license.SiteCode]bool{}
	for order, licenses := range e.licenses {
		for _, l := range licenses {
			p := e.programs[l.ProgramID]
			block, err := p.Signature.Key().Open(l.Codes)
			require.NoError(t, err, "order %d", order)
			require.NotZero(t, block.Value(license.CPUID))
			key, err := d.Secrets.ActivationKey(p)
			require.NoError(t, err)
			grant, err := key.Check(l.Codes, l.Activation)
			require.NoError(t, err)
			require.Equal(t, l.Features, grant.Features)
			require.Equal(t, l.ExpiresAt == nil, grant.Expires.IsZero())
			require.LessOrEqual(t, utf8.RuneCountInString(l.Note), api.MaxNote)
			note, err := rules.ReadNote(l.Note)
			require.NoError(t, err)
			require.Equal(t, l.Note, note)
			require.False(t, l.ActivatedAt.After(now), "license %d is from the future", l.ID)
			require.Contains(t, []api.LicenseStatus{api.StatusActive, api.StatusRemoved}, l.Status)
			sites[l.Codes.Site] = true
			for _, word := range []string{"Büro", "自宅", "Γραφείο", "جهاز"} {
				if strings.Contains(l.Note, word) {
					scripts[word] = true
				}
			}
		}
	}
	require.Len(t, scripts, 4)
	require.Greater(t, len(sites), 200)
}

func TestFillMakesTheSamePCsEveryTime(t *testing.T) {
	_, first := filled(t)
	_, second := filled(t)
	for order := range first.licenses {
		for i, l := range first.licenses[order] {
			require.Equal(t, l.Codes, second.licenses[order][i].Codes)
			require.NotEqual(t, l.Activation, second.licenses[order][i].Activation, "keys are new in every folder")
		}
	}
}

func TestFillDoesNotChangeData(t *testing.T) {
	d, before := filled(t)
	require.NoError(t, sample.Fill(t.Context(), d, now.AddDate(1, 0, 0), "eve", "other"))
	require.Equal(t, before, load(t, d))
}

func prepare(t *testing.T, folder string) (sample.Login, error) {
	t.Helper()
	d, err := service.OpenData(t.Context(), service.Place{Folder: folder})
	require.NoError(t, err)
	defer d.Store.Close()
	var login sample.Login
	err = sample.Prepare(folder, now, &login)(t.Context(), d)
	return login, err
}

func TestPrepareKeepsTheLogin(t *testing.T) {
	folder := t.TempDir()
	first, err := prepare(t, folder)
	require.NoError(t, err)
	require.Equal(t, "anna", first.Username)
	require.GreaterOrEqual(t, len(first.Password), api.MinPassword)
	second, err := prepare(t, folder)
	require.NoError(t, err)
	require.Equal(t, first, second)
	info, err := os.Stat(filepath.Join(folder, "sample-login.json"))
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "others may read the password")

	other, err := prepare(t, t.TempDir())
	require.NoError(t, err)
	require.NotEqual(t, first.Password, other.Password)
}

func TestPrepareAfterACrashBeforeTheData(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "sample-login.json"),
		[]byte(`{"username":"anna","password":"kept-from-before"}`), 0o600))
	login, err := prepare(t, folder)
	require.NoError(t, err)
	require.Equal(t, "kept-from-before", login.Password)
}

func TestPrepareRefuses(t *testing.T) {
	t.Run("a server's own data", func(t *testing.T) {
		folder := t.TempDir()
		d, err := service.OpenData(t.Context(), service.Place{Folder: folder})
		require.NoError(t, err)
		require.NoError(t, d.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
			_, err := tx.Clients.Add(t.Context(), store.Client{Username: "real", Active: true, CreatedAt: now})
			return err
		}))
		require.NoError(t, d.Store.Close())
		_, err = prepare(t, folder)
		require.ErrorContains(t, err, "contains data of another server")
		require.NoFileExists(t, filepath.Join(folder, "sample-login.json"))
	})
	for name, content := range map[string]string{"damaged": "{", "empty": "", "without password": `{"username":"anna"}`} {
		t.Run("login file "+name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "sample-login.json")
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := prepare(t, folder)
			require.ErrorContains(t, err, "the file "+path+" is damaged")
		})
	}
}

// The announced login works, and the announcement is one line.
func TestServiceWithSampleData(t *testing.T) {
	folder := t.TempDir()
	var login sample.Login
	running, err := service.Start(context.Background(), service.Options{
		Place:     service.Place{Folder: folder},
		Listening: listen.Config{Address: "127.0.0.1:0"},
		Logger:    slog.New(slog.DiscardHandler),
	}, sample.Prepare(folder, time.Now(), &login))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, sample.Announce(&out, running.URL, login))
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), running.URL)
	body, err := json.Marshal(api.SessionRequest{Username: login.Username, Password: login.Password})
	require.NoError(t, err)
	resp, err := http.Post(running.URL+api.Base+"/sessions", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	http.DefaultClient.CloseIdleConnections()

	_, err = service.Start(context.Background(), service.Options{
		Place:     service.Place{Folder: folder},
		Listening: listen.Config{Address: "127.0.0.1:0"},
		Logger:    slog.New(slog.DiscardHandler),
	}, nil)
	require.EqualError(t, err, "another server is running on the data folder "+folder)
	require.NoError(t, running.Stop())
}

// Start replaces sample data of a trial version, but never other data.
func TestStartMakesOlderSampleDataAfresh(t *testing.T) {
	o := service.Options{
		Place:     service.Place{Folder: t.TempDir()},
		Listening: listen.Config{Address: "127.0.0.1:0"},
		Logger:    slog.New(slog.DiscardHandler),
	}
	var cleared int
	start := func() (login sample.Login, err error) {
		running, err := sample.Start(context.Background(), o, now, &login, func() error { cleared++; return nil })
		if err == nil {
			err = running.Stop()
		}
		return login, err
	}
	older := func() contents {
		t.Helper()
		d, err := service.OpenData(t.Context(), o.Place)
		require.NoError(t, err)
		require.NoError(t, d.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
			id, err := tx.Licenses.NextID(t.Context())
			if err != nil {
				return err
			}
			o, err := tx.Orders.Get(t.Context(), sample.WithSerial)
			if err != nil {
				return err
			}
			return tx.Licenses.Add(t.Context(), store.License{
				ID: id, OrderID: o.ID, ProgramID: o.ProgramID, OriginalID: id, ActivatedAt: now, Older: true,
			})
		}))
		all := load(t, d)
		require.NoError(t, d.Store.Close())
		return all
	}
	first, err := start()
	require.NoError(t, err)
	before := older()
	again, err := start()
	require.NoError(t, err)
	require.Equal(t, first, again, "the login stays")
	require.Equal(t, 1, cleared)
	require.FileExists(t, filepath.Join(o.Folder, "old", "acen.db"), "what an operator added is not lost")
	d, err := service.OpenData(t.Context(), o.Place)
	require.NoError(t, err)
	after := load(t, d)
	require.NoError(t, d.Store.Close())
	require.Len(t, after.orders, len(before.orders))
	require.Len(t, after.licenses[sample.WithSerial], len(before.licenses[sample.WithSerial])-1)

	before = older()
	require.NoError(t, os.Remove(filepath.Join(o.Folder, "sample-login.json")))
	_, err = start()
	require.ErrorIs(t, err, service.ErrOlderCodes)
	require.Equal(t, 1, cleared)
	require.FileExists(t, filepath.Join(o.Folder, "old", "acen.db"), "what an operator added is not lost")
	d, err = service.OpenData(t.Context(), o.Place)
	require.NoError(t, err)
	require.Equal(t, before, load(t, d))
	require.NoError(t, d.Store.Close())
}
