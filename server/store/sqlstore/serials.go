package sqlstore

import (
	"context"

	"github.com/acen-desktop/acen/server/store"
)

func (t serials) Order(ctx context.Context, programID int64, serialID uint32) (store.Order, error) {
	return one(ctx, t.Tx, scanOrder, `SELECT `+orderColumns+` FROM orders
 WHERE program_id = ? AND serial_id = ? AND serial_id <> 0`, programID, serialID)
}

func (t serials) Orders(ctx context.Context, programID int64, first, last uint32) ([]store.Order, error) {
	return all(ctx, t.Tx, scanOrder, `SELECT `+orderColumns+` FROM orders
 WHERE program_id = ? AND serial_id BETWEEN ? AND ? AND serial_id <> 0 ORDER BY serial_id`, programID, first, last)
}

func (t serials) Count(ctx context.Context, programID int64, first, last uint32) (used, blocked int, err error) {
	err = t.value(ctx, &used, `SELECT count(*) FROM orders
 WHERE program_id = ? AND serial_id BETWEEN ? AND ? AND serial_id <> 0`,
		programID, first, last)
	if err != nil {
		return 0, 0, err
	}
	err = t.value(ctx, &blocked, `SELECT count(*) FROM blocked_serials
 WHERE program_id = ? AND serial_id BETWEEN ? AND ?
 AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.program_id = blocked_serials.program_id
 AND orders.serial_id = blocked_serials.serial_id AND orders.serial_id <> 0)`, programID, first, last)
	return used, blocked, err
}

const blockedColumns = `program_id, serial_id, reason, blocked_at`

func scanBlocked(row Row) (b store.BlockedSerial, err error) {
	err = row.Scan(&b.ProgramID, integer[uint32]{&b.SerialID}, &b.Reason, (*instant)(&b.BlockedAt))
	return b, err
}

func (t serials) Blocked(ctx context.Context, programID int64, serialID uint32) (store.BlockedSerial, error) {
	return one(ctx, t.Tx, scanBlocked, `SELECT `+blockedColumns+` FROM blocked_serials
 WHERE program_id = ? AND serial_id = ?`, programID, serialID)
}

func (t serials) ListBlocked(ctx context.Context, programID int64, first, last uint32) ([]store.BlockedSerial, error) {
	return all(ctx, t.Tx, scanBlocked, `SELECT `+blockedColumns+` FROM blocked_serials
 WHERE program_id = ? AND serial_id BETWEEN ? AND ? ORDER BY serial_id`, programID, first, last)
}

func (t serials) Block(ctx context.Context, b store.BlockedSerial) error {
	_, err := t.exec(ctx, `INSERT INTO blocked_serials (`+blockedColumns+`) VALUES (?, ?, ?, ?)`,
		b.ProgramID, b.SerialID, b.Reason, at(b.BlockedAt))
	return err
}

func (t serials) Unblock(ctx context.Context, programID int64, serialID uint32) error {
	return t.change(ctx, `DELETE FROM blocked_serials WHERE program_id = ? AND serial_id = ?`, programID, serialID)
}

const batchColumns = `program_id, first_id, last_id, features, made_at`

func (t serials) AddBatch(ctx context.Context, b store.SerialBatch) error {
	_, err := t.exec(ctx, `INSERT INTO serial_batches (`+batchColumns+`) VALUES (?, ?, ?, ?, ?)`,
		b.ProgramID, b.First, b.Last, b.Features, at(b.MadeAt))
	return err
}

func (t serials) Batches(ctx context.Context, programID int64, first, last uint32) ([]store.SerialBatch, error) {
	return all(ctx, t.Tx, func(row Row) (b store.SerialBatch, err error) {
		err = row.Scan(&b.ProgramID, integer[uint32]{&b.First}, integer[uint32]{&b.Last}, integer[uint16]{&b.Features},
			(*instant)(&b.MadeAt))
		return b, err
	}, `SELECT `+batchColumns+` FROM serial_batches
 WHERE program_id = ? AND first_id <= ? AND last_id >= ? ORDER BY first_id`, programID, last, first)
}
