package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// EpochOption is the option with the epoch of the data: 16 random bytes, base64url without padding.
	EpochOption = "epoch"
	epochBytes  = 16
)

// Bounds of the gap that a restore leaves in the ids (spec: api 20).
const (
	DefaultGap = 1_000_000
	MaxGap     = 1_000_000_000_000
)

// MaxID is the largest next id that SkipIDs allows.
const MaxID = 1 << 62

// ErrIDs is returned by SkipIDs if the next id would exceed MaxID.
var ErrIDs = errors.New("the gap exceeds the largest ID")

// IDs are the next ids of the tables.
type IDs struct{ License, Order, Client int64 }

// Restored is the result of MarkRestored.
type Restored struct {
	Former, Epoch string // former and new epoch
	Gap           int64
	Next          IDs
}

// Audit returns the entry for the audit trail.
func (r Restored) Audit(at time.Time) Audit {
	return Audit{
		At:      at,
		Actor:   "admin",
		Action:  "database.restored",
		Object:  "database",
		Outcome: "ok",
		Detail: fmt.Sprintf("epoch: %s → %s; gap: %d; next license %d, order %d, client %d",
			r.Former, r.Epoch, r.Gap, r.Next.License, r.Next.Order, r.Next.Client),
	}
}

// CheckGap returns an error for a gap that is not from 1 to MaxGap.
func CheckGap(gap int64) error {
	if gap < 1 || gap > MaxGap {
		return fmt.Errorf("a gap of IDs must be from 1 to %d", int64(MaxGap))
	}
	return nil
}

// MarkRestored prepares data from a backup for service: it skips ids, so that none that was assigned after the backup
// is assigned again, and sets a new epoch, by which clients detect the restore (spec: api 20). Each call skips gap ids.
func MarkRestored(ctx context.Context, tx Tx, random io.Reader, gap int64) (r Restored, err error) {
	if err := CheckGap(gap); err != nil {
		return r, err
	}
	r.Gap = gap
	if r.Former, err = Epoch(ctx, tx); err != nil {
		return r, err
	}
	if r.Epoch, err = newEpoch(random); err != nil {
		return r, err
	}
	if r.Next, err = tx.Maintenance.SkipIDs(ctx, gap); err != nil {
		return r, err
	}
	return r, tx.Options.Set(ctx, EpochOption, r.Epoch)
}

// Epoch returns the epoch of the data; "" before EnsureEpoch has set the first one.
func Epoch(ctx context.Context, tx Tx) (string, error) {
	options, err := tx.Options.All(ctx)
	return options[EpochOption], err
}

// EnsureEpoch returns the epoch of the data and sets the first one if there is none.
func EnsureEpoch(ctx context.Context, s Store, random io.Reader) (epoch string, err error) {
	err = s.Read(ctx, func(tx Tx) (err error) {
		epoch, err = Epoch(ctx, tx)
		return err
	}, SingleQuery)
	if err != nil || epoch != "" {
		return epoch, err
	}
	first, err := newEpoch(random)
	if err != nil {
		return "", err
	}
	err = s.Write(ctx, NoLock, func(tx Tx) (err error) {
		if epoch, err = Epoch(ctx, tx); err != nil || epoch != "" {
			return err // another server has set it meanwhile
		}
		epoch = first
		return tx.Options.Set(ctx, EpochOption, first)
	})
	return epoch, err
}

func newEpoch(random io.Reader) (string, error) {
	var b [epochBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make epoch: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
