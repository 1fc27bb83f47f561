package protect

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/acen-desktop/acen/license/installed"
)

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func equal(a, b installed.Program) bool {
	return a.Name == b.Name && a.TypedCodes == b.TypedCodes && slices.Equal(a.PublicKeys, b.PublicKeys)
}

// withRepair runs change. If the state file is damaged it moves the file aside and retries; otherwise no later change
// could succeed. It fails with a *Refusal for a state of a newer version.
func (l *License) withRepair(ctx context.Context, change func() error) error {
	err := change()
	if errors.Is(err, installed.ErrNewer) {
		return &Refusal{l.newerState()}
	}
	if !errors.Is(err, installed.ErrDamaged) {
		return err
	}
	if _, err := l.store.SetAside(ctx, l.signature); err != nil {
		return err
	}
	return change()
}
