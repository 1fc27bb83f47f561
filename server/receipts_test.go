package server_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// receiptIn returns the receipt in an answer or a refusal; ok is false if there is none.
func receiptIn(t *testing.T, w *servertest.World, body []byte) (r license.Receipt, ok bool) {
	t.Helper()
	var answer struct{ Receipt *string }
	require.NoError(t, json.Unmarshal(body, &answer), string(body))
	if answer.Receipt == nil {
		return r, false
	}
	var p store.Program
	w.Read(func(tx store.Tx) (err error) { p, err = tx.Programs.Get(t.Context(), w.Program.ID); return err })
	r, err := license.VerifyReceipt(*answer.Receipt, func(id string) (license.PublicKey, bool) {
		return p.PublicKey, id == p.PublicKey.KeyID()
	})
	require.NoError(t, err)
	return r, true
}

// currentEpoch returns the epoch in the database.
func currentEpoch(t *testing.T, w *servertest.World) (epoch string) {
	t.Helper()
	w.Read(func(tx store.Tx) (err error) { epoch, err = store.Epoch(t.Context(), tx); return err })
	require.NotEmpty(t, epoch)
	return epoch
}

// Tasks that take a license from its PC answer with a receipt, and so does the refusal if the license has left already
// (spec: api "Receipts").
func TestReceipts(t *testing.T) {
	const none = license.ReceiptTask("")
	for _, c := range []struct {
		name   string
		state  []string
		call   string
		status int
		task   license.ReceiptTask // of the license of A; "" for no receipt
	}{
		{"removal", []string{"new A"}, "remove A", 200, license.ReceiptRemoval},
		{"transfer", []string{"new A"}, "transfer A B", 201, license.ReceiptTransfer},
		{"release", []string{"new A"}, "release A", 200, license.ReceiptRelease},
		{"release once more", []string{"new A", "release A"}, "release A", 200, license.ReceiptRelease},
		{"transfer after a release", []string{"new A", "release A"}, "transfer A B code=none", 201, license.ReceiptTransfer},
		{"removal after a release", []string{"new A", "release A"}, "remove A", 200, license.ReceiptRemoval},

		{"removal of what was removed", []string{"new A", "remove A"}, "remove A", 409, license.ReceiptRemoval},
		{"release of what was removed", []string{"new A", "remove A"}, "release A", 409, license.ReceiptRemoval},
		{"transfer of what was removed", []string{"new A", "remove A"}, "transfer A B", 409, license.ReceiptRemoval},
		{"removal of what was transferred", []string{"new A", "transfer A B"}, "remove A", 409, license.ReceiptTransfer},
		{"release of what was transferred", []string{"new A", "transfer A B"}, "release A", 409, license.ReceiptTransfer},
		{"transfer of what was transferred", []string{"new A", "transfer A B"}, "transfer A C", 409, license.ReceiptTransfer},
		{"release of what was picked up", []string{"new A", "release A", "transfer A B code=none"}, "release A", 409,
			license.ReceiptTransfer},
		{"a code from before the vendor changed the license", []string{"new A", "remember A", "regrant A", "remove A"},
			"remove A code=remembered", 409, license.ReceiptRemoval},
		{"although the order is read-only by now", []string{"new A", "remove A", "read-only"}, "remove A", 409,
			license.ReceiptRemoval},

		{"wrong code", []string{"new A"}, "remove A code=wrong", 422, none},
		{"wrong code for what was removed", []string{"new A", "remove A"}, "remove A code=wrong", 409, none},
		{"wrong code for a release of what was removed", []string{"new A", "remove A"}, "release A code=wrong", 409, none},
		{"wrong code for a transfer of what was removed", []string{"new A", "remove A"}, "transfer A B code=wrong", 409,
			none},
		{"no code for what was transferred", []string{"new A", "transfer A B"}, "transfer A C code=none", 409, none},
		{"malformed code for what was removed", []string{"new A", "remove A"}, "release A code=malformed", 409, none},
		{"the code of another license", []string{"new A", "new C", "remove A"}, "remove A code=C", 409, none},
		{"a reactivated license did not leave its PC", []string{"new A", "reactivate A A@9"}, "remove A", 409, none},
		{"nor did a replaced one by its code", []string{"new A", "replace A B"}, "remove A", 409, none},
		{"reactivation of what was removed", []string{"new A", "remove A"}, "reactivate A A@9", 409, none},
		{"a new license", nil, "new A", 201, none},
		{"a refusal of the vendor", []string{"new A", "rule remove none,valid off"}, "remove A", 403, none},
		{"an order that is not listed", []string{"new A", "remove A", "invisible"}, "remove A", 404, none},
		{"an order that is switched off", []string{"new A", "remove A", "inactive"}, "remove A", 404, none},
		{"somebody else", []string{"new A", "remove A"}, "remove A as bruno", 404, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := servertest.NewWorld(t)
			for _, step := range c.state {
				w.Prepare(step)
			}
			of, codes := w.Licenses["A"], servertest.CodesOf(w.Program.Signature, "A")
			w.Clock.Advance(90*time.Second + time.Millisecond)
			status, body := w.Do(c.call)
			require.Equal(t, c.status, status, string(body))
			r, ok := receiptIn(t, w, body)
			require.Equal(t, c.task != none, ok, string(body))
			if !ok {
				return
			}
			require.Equal(t, license.Receipt{
				LicenseID: of,
				Site:      codes.Site,
				Task:      c.task,
				IssuedAt:  w.Clock.Now().Truncate(time.Second),
				Epoch:     currentEpoch(t, w),
			}, r)
		})
	}
}

// For an ended license, answers to a right and a wrong removal code differ in the receipt only, and neither counts as a
// failure (spec: api "Receipts").
func TestReceiptIsTheOnlyDifference(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	w.Prepare("new B")
	w.Prepare("transfer A A@2")
	refusal := func(words string) (p api.Problem) {
		status, body := w.Do(words)
		require.Equal(t, 409, status)
		require.NoError(t, json.Unmarshal(body, &p))
		return p
	}
	for _, call := range []string{"remove A", "release A", "transfer A C"} {
		right := refusal(call)
		require.NotEmpty(t, right.Receipt)
		right.Receipt = ""
		for range 6 { // one more than the limit of a day
			require.Equal(t, right, refusal(call+" code=wrong"))
		}
	}
	w.Read(func(tx store.Tx) error {
		n, _, err := tx.Attempts.CountFailures(t.Context(), store.FailureFilter{})
		require.Zero(t, n)
		return err
	})
	status, _ := w.Do("remove B")
	require.Equal(t, 200, status)
}

// A replayed answer is byte for byte the same, with its receipt, whatever has changed since.
func TestReceiptsAreReplayed(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("total 6")
	w.Prepare("new A")
	w.Prepare("new B")
	w.Prepare("new C")
	w.Prepare("remove C")
	type request struct {
		path string
		body any
	}
	of := func(pc, task string) string { return fmt.Sprintf("/licenses/%d/%s", w.Licenses[pc], task) }
	first, keys := map[string]string{}, map[string]string{}
	requests := map[string]request{
		"removal":  {of("A", "removal"), api.Removal{RemovalCode: w.RemovalCode("A")}},
		"release":  {of("B", "release"), api.Release{RemovalCode: w.RemovalCode("B")}},
		"refusal":  {of("C", "removal"), api.Removal{RemovalCode: w.RemovalCode("C")}},
		"transfer": {of("B", "transfer"), api.Transfer{SiteMID: servertest.CodesOf(w.Program.Signature, "D").Merged()}},
	}
	ask := func(name string) string {
		anna := w.Clients["anna"].With(api.IdempotencyKey, keys[name])
		status, body := anna.Call("POST", requests[name].path, requests[name].body)
		_, ok := receiptIn(t, w, body)
		require.True(t, ok, string(body))
		return fmt.Sprint(status, string(body))
	}
	for _, name := range []string{"removal", "release", "refusal", "transfer"} {
		keys[name] = uuid.NewString()
		first[name] = ask(name)
	}
	w.Clock.Advance(10 * time.Minute)
	_, err := servertest.AdminOf(w.Server).MarkRestored(t.Context(), 1)
	require.NoError(t, err)
	w.Restart()
	for name, answer := range first {
		require.Equal(t, answer, ask(name))
	}
}

// A receipt is signed with the current key of the program, and contains the current epoch.
func TestReceiptsFollowKeyAndEpoch(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	w.Prepare("new B")
	_, body := w.Do("remove A")
	before, ok := receiptIn(t, w, body)
	require.True(t, ok)
	_, _, err := servertest.AdminOf(w.Server).PrepareKey(t.Context(), w.Program.ID)
	require.NoError(t, err)
	_, err = servertest.AdminOf(w.Server).UseKey(t.Context(), w.Program.ID)
	require.NoError(t, err)
	_, err = servertest.AdminOf(w.Server).MarkRestored(t.Context(), 1)
	require.NoError(t, err)
	_, body = w.Do("remove B")
	after, ok := receiptIn(t, w, body) // verified with the current key
	require.True(t, ok)
	require.Equal(t, currentEpoch(t, w), after.Epoch, "immediately, not after the next refresh")
	require.NotEqual(t, before.Epoch, after.Epoch)
}
