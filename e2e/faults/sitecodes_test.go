package faults

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/store"
)

// twins are PCs that have the Site code of another one by chance, by the codes of the other one.
var twins struct {
	sync.Mutex
	known map[license.Codes]license.Codes
}

// twin returns the codes of a PC with other locks and the same Site code. One of a million PCs has it.
func twin(codes license.Codes) license.Codes {
	twins.Lock()
	defer twins.Unlock()
	if found, ok := twins.known[codes]; ok {
		return found
	}
	key, random := signature.Key(), rand.New(rand.NewPCG(uint64(codes.Site), uint64(codes.Machine)))
	for {
		found := key.Codes(codes.Site.Generation(), license.Block(random.Uint64()>>1))
		if found.Site == codes.Site && found != codes {
			if twins.known == nil {
				twins.known = map[license.Codes]license.Codes{}
			}
			twins.known[codes] = found
			return found
		}
	}
}

// licenseForAnother gives a PC of another client a license of the program.
func (w *world) licenseForAnother(codes license.Codes) {
	w.t.Helper()
	ctx := w.t.Context()
	var client store.Client
	require.NoError(w.t, w.Store.Read(ctx, func(tx store.Tx) (err error) {
		client, err = tx.ClientByUsername(ctx, sample.OtherUsername)
		return err
	}))
	order, err := w.admin.AddOrder(ctx, client.ID, w.program.ID, func(o *store.Order) error { o.LicensesTotal = 1; return nil })
	require.NoError(w.t, err)
	rules := rules.Rules{Secrets: w.Secrets, Now: w.Clock.Now}
	require.NoError(w.t, w.Store.Write(ctx, func(tx store.Tx) error {
		_, _, err := rules.NewLicense(ctx, tx, order, w.program, api.NewLicense{SiteMID: codes.Merged()})
		return err
	}))
}

// collisions are the tasks that ask for a license for this PC, where another PC has its Site code by chance.
func collisions() (list []task) {
	for _, one := range tasks {
		if !slices.Contains([]string{"new license", "reactivation", "pick up"}, one.name) {
			continue
		}
		begin := one.begin
		one.name += " with the Site code of another PC"
		one.begin = func(t *testing.T) attempt {
			a := begin(t)
			a.w.licenseForAnother(twin(a.by.thisPC()))
			return a
		}
		list = append(list, one)
	}
	return list
}

// Another PC has this one's Site code by chance: a task that asks for a license for it takes a new one and is done
// once, also when the app is killed at any of its writes (spec: api 21).
func TestSiteCodeOfAnotherPC(t *testing.T) {
	for _, one := range collisions() {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			a := one.begin(t)
			before, taken := a.done(), a.by.thisPC()
			require.NoError(t, a.do(t.Context()))
			a.w.recover()
			require.Equal(t, before+1, a.done())
			check(t, a.w, a.after)
			require.NotEqual(t, taken.Site.Generation(), a.by.thisPC().Site.Generation())

			stride := 5
			if *whole {
				stride = 1
			}
			kills := 0
			for touch, more := 1, true; more; touch += stride {
				for n, images := 0, 1; n < images; n++ {
					images = killOnce(t, one, touch, n)
					more = images > 0
					kills += min(images, 1)
				}
				require.Less(t, touch, 200)
			}
			require.Positive(t, kills)
			t.Logf("%d kills", kills)
		})
	}
}
