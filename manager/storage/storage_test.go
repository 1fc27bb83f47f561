package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/installed"
)

func TestWrap(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		words string
	}{
		"full":       {&fs.PathError{Op: "write", Path: "acen.db", Err: syscall.ENOSPC}, "the disk is full"},
		"permission": {os.ErrPermission, "the folder cannot be written"},
		"path":       {&fs.PathError{Op: "open", Path: "acen.db", Err: errors.New("no")}, "acen.db: no"},
		"damaged":    {ErrDamaged, "the data file is damaged"},
		"anything":   {errors.New("anything"), "anything"},
	} {
		err := Wrap(c.err)
		require.ErrorIs(t, err, ErrStorage, name)
		require.ErrorIs(t, err, c.err, name)
		require.ErrorContains(t, err, c.words, name)
		require.Equal(t, err, Wrap(err), "%s: an error is wrapped once", name)
	}
}

func TestErrorsOfAContextStay(t *testing.T) {
	require.NoError(t, Wrap(nil))
	for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
		require.Equal(t, err, Wrap(err))
	}
}

func TestWrapInstalled(t *testing.T) {
	require.NoError(t, WrapInstalled(nil))
	for _, err := range []error{installed.ErrNoGeneration, installed.ErrNewer} {
		require.Equal(t, err, WrapInstalled(err))
	}
	busy := WrapInstalled(&installed.BusyError{Path: "pc.json", Holder: "Lumen"})
	require.ErrorIs(t, busy, ErrStorage)
	require.ErrorContains(t, busy, "pc.json is held by Lumen")
	require.ErrorContains(t, WrapInstalled(&installed.BusyError{Path: "pc.json"}), "another program")
	require.ErrorContains(t, WrapInstalled(syscall.ENOSPC), "the disk is full")
}
