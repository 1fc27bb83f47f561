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

// collisionCache caches the results of collidingCodes.
var collisionCache struct {
	sync.Mutex
	known map[license.Codes]license.Codes
}

// collidingCodes returns the codes of a PC with other locks and the same Site code. One PC in a million has it.
func collidingCodes(codes license.Codes) license.Codes {
	collisionCache.Lock()
	defer collisionCache.Unlock()
	if found, ok := collisionCache.known[codes]; ok {
		return found
	}
	key, random := signature.Key(), rand.New(rand.NewPCG(uint64(codes.Site), uint64(codes.Machine)))
	for {
		found := key.Codes(codes.Site.Generation(), license.Block(random.Uint64()>>1))
		if found.Site == codes.Site && found != codes {
			if collisionCache.known == nil {
				collisionCache.known = map[license.Codes]license.Codes{}
			}
			collisionCache.known[codes] = found
			return found
		}
	}
}

// licenseForAnother activates the program on a PC of another client.
func (w *world) licenseForAnother(codes license.Codes) {
	w.t.Helper()
	ctx := w.t.Context()
	var client store.Client
	require.NoError(w.t, w.Store.Read(ctx, func(tx store.Tx) (err error) {
		client, err = tx.Clients.ByUsername(ctx, sample.OtherUsername)
		return err
	}))
	order, err := w.admin.AddOrder(ctx, client.ID, w.program.ID, func(o *store.Order) error {
		o.LicensesTotal = 1
		return nil
	})
	require.NoError(w.t, err)
	rules := rules.Rules{Secrets: w.Secrets, Now: w.Clock.Now}
	require.NoError(w.t, w.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		_, _, err := rules.NewLicense(ctx, tx, order, w.program, api.NewLicense{SiteMID: codes.Merged()})
		return err
	}))
}

// collisions returns the tasks that request a license for this PC, in worlds where another PC has the same Site code.
func collisions() (list []task) {
	for _, tt := range tasks {
		if !slices.Contains([]string{"new license", "reactivation", "pick up"}, tt.name) {
			continue
		}
		begin := tt.begin
		tt.name += " with the Site code of another PC"
		tt.begin = func(t *testing.T) attempt {
			a := begin(t)
			a.w.licenseForAnother(collidingCodes(a.by.codes()))
			return a
		}
		list = append(list, tt)
	}
	return list
}

// TestSiteCodeOfAnotherPC gives another PC the Site code of this one. A task that requests a license for this PC
// chooses another Site code and takes effect once, also when the app is killed at any of its writes (spec: api 21).
func TestSiteCodeOfAnotherPC(t *testing.T) {
	for _, tt := range collisions() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := tt.begin(t)
			before, taken := a.done(), a.by.codes()
			require.NoError(t, a.do(t.Context()))
			a.w.recover()
			require.Equal(t, before+1, a.done())
			check(t, a.w, a.after)
			require.NotEqual(t, taken.Site.Generation(), a.by.codes().Site.Generation())

			stride := 5
			if *exhaustive {
				stride = 1
			}
			kills := 0
			for touch, more := 1, true; more; touch += stride {
				for n, images := 0, 1; n < images; n++ {
					images = killOnce(t, tt, touch, n)
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
