package explain_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// unknown is the message for errors without a text of their own.
const unknown = "Something went wrong."

// requireComplete requires a known message of three sentences without an action.
func requireComplete(t *testing.T, m dialogs.Message) {
	t.Helper()
	require.NotEqual(t, unknown, m.What)
	for name, s := range map[string]string{"what": m.What, "why": m.Why, "next": m.Next} {
		require.NotEmpty(t, s, name)
		require.Contains(t, ".!?", s[len(s)-1:], "%s: %q is no sentence", name, s)
		require.Equal(t, strings.ToUpper(s[:1]), s[:1], "%s: %q", name, s)
		require.NotContains(t, s, "STATUS_", name)
	}
	require.Nil(t, m.Action)
}

func TestEveryCodeOfTheContractIsExplained(t *testing.T) {
	for _, code := range api.Codes() {
		t.Run(string(code), func(t *testing.T) {
			m := explain.Error(api.NewProblem(code, "The server's own sentence"))
			requireComplete(t, m)
			require.Equal(t, "The server's own sentence.", m.Why)
			plain := explain.Error(fmt.Errorf("wrapped: %w", code))
			require.Equal(t, m.What, plain.What)
			if code != api.ErrValidation { // always has field errors
				requireComplete(t, plain)
			}
		})
	}
}

func TestEveryNetworkErrorIsExplained(t *testing.T) {
	seen := map[string]bool{}
	for kind := manager.NetworkConnect; kind <= manager.NetworkInsecure; kind++ {
		cause := &manager.NetworkError{Kind: kind, Host: "10.1.2.3", Err: errors.New("cause")}
		m := explain.Error(fmt.Errorf("wrapped: %w", cause))
		requireComplete(t, m)
		require.False(t, seen[m.What], "two kinds have the same message: %s", m.What)
		seen[m.What] = true
	}
	intercepted := explain.Error(&manager.NetworkError{
		Kind: manager.NetworkTLS, Host: "licenses.example.com", Issuer: "Nosy Proxy",
	})
	require.Contains(t, intercepted.Why, "Nosy Proxy", "names the interceptor")
	require.NotEmpty(t, explain.Error(manager.ErrUnreachable).What)
}

func TestErrorsOfThisPCAreExplained(t *testing.T) {
	_, typed := license.ParseMachineID("83A9-34")
	for _, err := range []error{
		opener.ErrTooLong, opener.ErrNoHandler, opener.ErrNoOpener, opener.ErrAddress,
		manager.ErrAlreadyRunning, manager.ErrSignedOut, manager.ErrKeyringUnavailable, manager.ErrJobSent,
		manager.ErrTooLate, errors.Join(manager.ErrTooLate, nil), manager.ErrNewerLicense, manager.ErrTooEarly,
		manager.ErrNoReceipt, manager.ErrLeftThisPC,
		fmt.Errorf("%w: pc.json", manager.ErrNewer), held(""), held("notepad (process 17)"),
		fmt.Errorf("%w: it is empty", manager.ErrAddress), fmt.Errorf("%w: no space left on device", manager.ErrStorage),
		fmt.Errorf("%w: the mail was asked for on 2 January", manager.ErrOutcomeUnknown),
		license.ErrMismatch, license.ErrFileSignature, license.ErrOlderVersion,
		fmt.Errorf("%w: it is cut off", license.ErrFileDamaged),
		typed, fmt.Errorf("open x: %w", os.ErrPermission),
	} {
		t.Run(err.Error(), func(t *testing.T) { requireComplete(t, explain.Error(err)) })
	}
	require.Contains(t, explain.Error(fmt.Errorf("%w: no space left on device", manager.ErrStorage)).Why, "no space left")
	require.Equal(t, "Canceled.", explain.Error(context.Canceled).What)
	busy := explain.Error(held("notepad (process 17)"))
	require.Equal(t, "/pc/lock is held by notepad (process 17). End that program.", busy.Why)
	require.NotContains(t, busy.Next, "disk", "not the message for a full disk")
	require.Equal(t, dialogs.Message{}, explain.Error(nil))
}

// heldError is the manager's error for a file lock held by another program.
type heldError struct{ busy *installed.BusyError }

func (e heldError) Error() string   { return e.Text().String() }
func (e heldError) Unwrap() []error { return []error{manager.ErrStorage, e.busy} }
func (e heldError) Text() manager.Text {
	return manager.Textf("%s is held by %s. End that program.", e.busy.Path, e.busy.Holder)
}

func held(by string) error { return heldError{&installed.BusyError{Path: "/pc/lock", Holder: by}} }

// A task that waits for the keyring has another message than a session that cannot be stored.
func TestTaskWaitsForKeyring(t *testing.T) {
	waits := fmt.Errorf("%w: the task waits", manager.ErrKeyringUnavailable)
	requireComplete(t, explain.Job(waits))
	require.NotEqual(t, explain.Error(waits), explain.Job(waits))
	require.Equal(t, explain.Error(api.ErrNotFound), explain.Job(api.ErrNotFound))
}

func TestDetailsOfRefusals(t *testing.T) {
	p := api.NewProblem(api.ErrHostBanned, "")
	p.RetryAfter = 90
	require.Equal(t, "Try again in 2 minutes.", explain.Error(p).Next)

	p = api.NewProblem(api.ErrLimitReached, "")
	p.Limit = &api.LimitReached{Allowed: 5, Used: 5, ResetsAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.Local)}
	require.Contains(t, explain.Error(p).Next, "5 of 5 were used; the count is reset on 1 December 2026")

	p = api.NewProblem(api.ErrValidation, "Something is wrong")
	p.Errors = []api.FieldError{
		{Location: "body.note", Message: "the note is too long"},
		{Location: "body.to", Message: "choose an address"},
	}
	require.Equal(t, "The note is too long. Choose an address.", explain.Error(p).Why)

	p = api.NewProblem(api.ErrInternal, "")
	p.Instance = "req-17"
	require.Contains(t, explain.Error(p).Next, "req-17")

	later := explain.Error(api.NewProblem("STATUS_FROM_THE_FUTURE", ""))
	require.NotEmpty(t, later.What)
	require.Contains(t, later.Why, "STATUS_FROM_THE_FUTURE")
	require.Equal(t, unknown, explain.Error(errors.New("x")).What)
}

func TestReason(t *testing.T) {
	require.Equal(t, "subscription ended", explain.Reason(api.ErrSubscriptionExpired))
	ended := api.NewProblem(api.ErrTaskDisabled, "The licenses of this order have ended.")
	require.Equal(t, "the licenses of this order have ended", explain.Reason(ended))
	require.Equal(t, "not available", explain.Reason(errors.New("x")))
	for _, code := range api.Codes() {
		require.LessOrEqual(t, len(explain.Reason(code)), 28, "fits under a button")
	}
}

func TestNetworkReasonsAreTheManagersSentences(t *testing.T) {
	for kind := manager.NetworkConnect; kind <= manager.NetworkInsecure; kind++ {
		for _, issuer := range []string{"", "Proxy Inc"} {
			e := &manager.NetworkError{Kind: kind, Host: "licenses.example.com", Issuer: issuer}
			require.Equal(t, e.Error(), explain.Error(e).Why, "%d", kind)
		}
	}
}

func TestServerSentencesInOtherLanguages(t *testing.T) {
	known := &api.Problem{Code: api.ErrLicensesInUse, Detail: "All 5 licenses of this order are in use."}
	unknown := &api.Problem{Code: "something_newer", Detail: "The moon is full."}
	require.Equal(t, known.Detail, explain.Error(known).Why)
	require.NoError(t, tr.Use("de", ""))
	t.Cleanup(func() { require.NoError(t, tr.Use(tr.English, "")) })
	require.Equal(t, "Alle Lizenzen dieser Bestellung sind in Gebrauch.", explain.Error(known).Why)
	require.Equal(t, "Der Server sagt: „The moon is full.“", explain.Error(unknown).Why)
}

// wrongAddress is an error with a translatable text, as package client returns it.
type wrongAddress struct{ error }

func (wrongAddress) Text() manager.Text {
	return manager.Textf("The address of a server begins with https://.")
}
func (e wrongAddress) Unwrap() error { return e.error }

// Refusals that the app makes without the server are translated and name the program.
func TestRefusalsOfTheApp(t *testing.T) {
	order := api.Order{
		ProgramName:        "Lumen Studio 7",
		RequiresActivation: true,
		LicensesTotal:      5,
		Allowed:            api.Allowed{Add: &api.Allowance{Reason: api.ErrTaskDisabled}},
	}
	ended := manager.NewLicenseRefusal(order)
	order.RequiresActivation = false
	fonts := manager.OpenLicensesRefusal(order)
	address := wrongAddress{manager.ErrAddress}
	require.ErrorIs(t, fonts, api.ErrTaskDisabled)
	for _, c := range []struct{ language, ended, fonts, address string }{
		{
			tr.English,
			"the licenses of this order have ended",
			"Lumen Studio 7 needs no activation, so there are no licenses.",
			"The address of a server begins with https://.",
		},
		{
			"de",
			"Die Lizenzen dieser Bestellung sind beendet",
			"Lumen Studio 7 braucht keine Aktivierung, deshalb gibt es keine Lizenzen.",
			"Die Adresse eines Servers beginnt mit https://.",
		},
		{
			"ja",
			"この注文のライセンスは終了しました",
			"Lumen Studio 7はアクティベーションが不要なため、ライセンスはありません。",
			"サーバーのアドレスはhttps://で始まります。",
		},
	} {
		require.NoError(t, tr.Use(c.language, ""))
		t.Cleanup(func() { require.NoError(t, tr.Use(tr.English, "")) })
		require.Equal(t, c.ended, explain.Reason(ended))
		require.Equal(t, c.fonts, explain.Error(fonts).Why)
		require.Equal(t, c.address, explain.Error(address).Why)
	}
}

// ErrOlderVersion has a message of its own, although it wraps ErrFileSignature.
func TestOlderLicenseFile(t *testing.T) {
	m := explain.Error(fmt.Errorf("take: %w", license.ErrOlderVersion))
	require.Equal(t, "The license file was made by an older trial version.", m.What)
	require.NotEqual(t, m.What, explain.Error(license.ErrFileSignature).What)
}
