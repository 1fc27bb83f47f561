package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license/installed"
)

// This PC knows the programs of all accounts and those that have run here. The most recently used account decides
// about a program of several, and all keys count.
func TestKnownPrograms(t *testing.T) {
	w := newFixture(t)
	ctx := t.Context()
	program := func(name, signature, key string) api.Program {
		return api.Program{
			Name:                 name,
			ApplicationSignature: signature,
			PublicKey:            key,
			RequiresActivation:   true,
		}
	}
	free := program("Fonts", "FREEFNT1", "")
	free.RequiresActivation = false
	require.NoError(t, w.store.save(ctx, 1, programsName,
		[]api.Program{program("old name", string(signature), "key 1"), free, program("x", "no signature", "")}, w.now))
	require.NoError(t, w.store.save(ctx, 2, programsName,
		[]api.Program{program("Lumen", string(signature), "key 2")}, w.now))
	_, err := w.folder.Update(ctx, "OTHERPR1", func(s *installed.State) error {
		s.Program.Name, s.Program.TypedCodes, s.Program.PublicKeys = "Other", true, []string{"key 3"}
		return nil
	})
	require.NoError(t, err)

	known, err := w.store.Programs(ctx)
	require.NoError(t, err)
	require.Len(t, known, 2)
	require.Equal(t, "Lumen", known[signature].Name)
	require.Equal(t, "key 2", known[signature].PublicKey)
	require.Equal(t, []string{"key 1"}, known[signature].FormerKeys)
	require.False(t, known[signature].TypedCodes)
	require.Equal(t, "Other", known["OTHERPR1"].Name)
	require.True(t, known["OTHERPR1"].TypedCodes)
	require.Equal(t, []string{"key 3"}, known["OTHERPR1"].FormerKeys)

	p, err := w.store.Program(ctx, "NEVERRA1")
	require.NoError(t, err)
	require.Equal(t, api.Program{ApplicationSignature: "NEVERRA1"}, p)
}

// A table in the format of an older version is fetched again.
func TestUnreadableCache(t *testing.T) {
	w := newFixture(t)
	for _, name := range []string{ordersName, programsName} {
		require.NoError(t, w.store.save(t.Context(), 1, name, "another format", w.now))
	}
	_, ok, err := w.view.CachedOrders(t.Context())
	require.NoError(t, err)
	require.False(t, ok)
	known, err := w.store.Programs(t.Context())
	require.NoError(t, err)
	require.Empty(t, known)
}
