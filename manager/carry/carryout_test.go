package carry

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager/catalog"
)

// courier returns a courier whose tasks perform answers.
func (w *fixture) courier(perform func(Option) (catalog.License, string, error)) Courier {
	return Courier{
		View:       w.view,
		ServerName: "Lumen",
		Perform: func(_ context.Context, _ carry.Item, o Option) (catalog.License, string, error) {
			return perform(o)
		},
		Now: func() time.Time { return w.vendor.now },
	}
}

// The answer has the license file and the keys of the program.
func TestAnswerHasLicense(t *testing.T) {
	v := newVendor()
	w, other := newFixture(t, v, "old"), newFixture(t, v, "other")
	r := w.request(t, RequestItem{Task: carry.TaskActivate})
	count := 0
	a, err := other.courier(func(o Option) (catalog.License, string, error) {
		require.Equal(t, ActionNew, o.Action)
		return catalog.License{License: *v.activate(w.codes(t), "Studio")}, "", nil
	}).CarryOut(t.Context(), r, other.plan(t, r), []int{0}, func(n int) { count = n })
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Equal(t, r.ID, a.Request)
	require.Equal(t, "Lumen", a.Server)
	require.Equal(t, v.file(v.rows[0]), a.Results[0].License)
	require.Equal(t, carry.OutcomeLicense, a.Results[0].Outcome)
	require.Contains(t, a.Results[0].PublicKeys, v.key.Public())
	require.Equal(t, "Lumen Studio 7", a.Results[0].Program)
	require.Equal(t, 1, a.Results[0].Item)

	again := other.plan(t, r)
	same, err := other.courier(func(Option) (catalog.License, string, error) {
		return catalog.License{}, "", errors.New("it was carried out")
	}).CarryOut(t.Context(), r, again, []int{0}, func(int) {})
	require.NoError(t, err)
	require.Equal(t, a, same, "carrying again delivers the same")
}

// A refusal is an answer; a lost connection ends the answer; an item may be skipped.
func TestAnswerUntilTheConnectionFails(t *testing.T) {
	v := newVendor()
	w, other := newFixture(t, v, "old"), newFixture(t, v, "other")
	r := w.request(t, RequestItem{Task: carry.TaskActivate})
	r.Items = slices.Repeat(r.Items, 3)
	plan := other.plan(t, r)
	refusal := api.NewProblem(api.ErrLimitReached, "Not now.")
	for name, c := range map[string]struct {
		errs    []error
		results int
		err     error
	}{
		"refused":       {[]error{refusal, refusal}, 2, nil},
		"unreachable":   {[]error{refusal, client.ErrUnreachable}, 1, client.ErrUnreachable},
		"signed out":    {[]error{client.ErrSignedOut}, 0, client.ErrSignedOut},
		"server failed": {[]error{api.NewProblem(api.ErrInternal, "x")}, 0, api.ErrInternal},
	} {
		errs := c.errs
		a, err := other.courier(func(Option) (catalog.License, string, error) {
			one := errs[0]
			errs = errs[1:]
			return catalog.License{}, "", one
		}).CarryOut(t.Context(), r, plan, []int{0, -1, 0}, func(int) {})
		if c.err == nil {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, c.err, name)
		}
		require.Len(t, a.Results, c.results, name)
		for i, result := range a.Results {
			require.Equal(t, carry.OutcomeRefused, result.Outcome, name)
			require.Equal(t, string(api.ErrLimitReached), result.Code, name)
			require.Equal(t, "Not now.", result.Sentence, name)
			require.Equal(t, []int{1, 3}[i], result.Item, name)
		}
	}
}

// Without a session an answer has only the refusals of the plan.
func TestCarryOutWithoutSession(t *testing.T) {
	v := newVendor()
	w, other := newFixture(t, v, "old"), newFixture(t, v, "other")
	r := w.request(t, RequestItem{Task: carry.TaskActivate})
	plan := other.plan(t, r)
	c := Courier{Now: func() time.Time { return v.now }}
	_, err := c.CarryOut(t.Context(), r, plan, []int{0}, func(int) {})
	require.ErrorIs(t, err, client.ErrSignedOut)
	plan[0].Refusal = api.NewProblem(api.ErrLicensesInUse, "None left.")
	a, err := c.CarryOut(t.Context(), r, plan, []int{-1}, func(int) {})
	require.NoError(t, err)
	require.Equal(t, carry.OutcomeRefused, a.Results[0].Outcome)
}

// The answer to a removal has the receipt, also if the license had ended before and the code was right.
func TestReceiptOfRemoval(t *testing.T) {
	ended := api.NewProblem(api.ErrLicenseEnded, "It has ended.")
	known := *ended
	known.Receipt = "receipt"
	for name, c := range map[string]struct {
		receipt string
		err     error
		outcome carry.Outcome
	}{
		"removed":       {"receipt", nil, carry.OutcomeDone},
		"ended":         {"", &known, carry.OutcomeDone},
		"a wrong code":  {"", ended, carry.OutcomeRefused},
		"other refusal": {"", api.NewProblem(api.ErrRemovalCodeInvalid, "Wrong."), carry.OutcomeRefused},
	} {
		v := newVendor()
		w, other := newFixture(t, v, "old"), newFixture(t, v, "other")
		item := RequestItem{Task: carry.TaskRemove}
		item.Kept.Codes, item.Kept.Code = w.codes(t), 1
		v.activate(item.Kept.Codes, "")
		r := w.request(t, item)
		a, err := other.courier(func(Option) (catalog.License, string, error) {
			return catalog.License{}, c.receipt, c.err
		}).CarryOut(t.Context(), r, other.plan(t, r), []int{0}, func(int) {})
		require.NoError(t, err, name)
		require.Equal(t, c.outcome, a.Results[0].Outcome, name)
		if c.outcome == carry.OutcomeDone {
			require.Equal(t, "receipt", a.Results[0].Receipt, name)
		}
	}
}
