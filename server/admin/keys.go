package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
)

// PrepareKey returns the public key of a program's next signing key. It makes the key if there is none. The next
// version of the program must contain the public key.
func (a Admin) PrepareKey(ctx context.Context, program int64) (p store.Program, next license.PublicKey, err error) {
	err = a.write(ctx, "program.prepare-key", object("program", program), func(tx store.Tx) (rec record, err error) {
		if p, err = tx.Programs.Get(ctx, program); err != nil {
			return rec, notFound(err, "program", program)
		}
		if p.SealedNext == nil {
			if err := a.Secrets.PrepareSigningKey(&p); err != nil {
				return rec, err
			}
		}
		public, err := a.Secrets.NextKey(p)
		if err != nil {
			return rec, err
		}
		next = *public
		return record{object("program", program), "key " + next.KeyID()}, tx.Programs.Change(ctx, p)
	})
	return p, next, err
}

// UseKey makes the prepared key the program's signing key. License files signed with the former key stay valid for
// programs and apps that have its public key.
func (a Admin) UseKey(ctx context.Context, program int64) (p store.Program, err error) {
	err = a.write(ctx, "program.use-key", object("program", program), func(tx store.Tx) (rec record, err error) {
		if p, err = tx.Programs.Get(ctx, program); err != nil {
			return rec, notFound(err, "program", program)
		}
		former := p.PublicKey.KeyID()
		if p.SealedNext == nil {
			return rec, errors.New("no key is prepared: prepare one, and ship the program with both public keys first")
		}
		if err := a.Secrets.UseNextKey(&p); err != nil {
			return rec, err
		}
		return record{object("program", program), former + " → " + p.PublicKey.KeyID()}, tx.Programs.Change(ctx, p)
	})
	return p, err
}

// RotateMaster adds a new master key to the key file, seals all secrets with it, and returns the number of rows. The
// former key stays in the key file until ForgetFormer, so that running servers, and data after a crash, can still be
// read.
func (a Admin) RotateMaster(ctx context.Context) (rows int, err error) {
	if a.DryRun {
		return a.reseal(ctx)
	}
	if a.Secrets.KeyFile() {
		if err := a.Secrets.AddKey(); err != nil {
			return 0, err
		}
	}
	return a.reseal(ctx)
}

// keyPollTimeout is the time after a rotation within which every running server has read the new key.
const keyPollTimeout = 5 * time.Second

// ForgetFormer seals the remaining secrets with the current key and deletes all other keys from the key file. After a
// recent rotation it first calls wait, until running servers no longer seal with the former key.
func (a Admin) ForgetFormer(
	ctx context.Context, wait func(context.Context, time.Duration) error,
) (rows int, err error) {
	trail, err := read(ctx, a, func(tx store.Tx) ([]store.Audit, error) {
		return tx.Audits.List(ctx, store.AuditFilter{Action: rotation, Limit: 1})
	})
	if err != nil {
		return 0, err
	}
	if len(trail) > 0 && !a.DryRun {
		if left := keyPollTimeout - a.Now().Sub(trail[0].At); left > 0 && left <= keyPollTimeout {
			if err := wait(ctx, left); err != nil {
				return 0, err
			}
		}
	}
	if rows, err = a.reseal(ctx); err != nil || a.DryRun {
		return rows, err
	}
	return rows, a.Secrets.ForgetKeys()
}

// rotation is the audit action of a rotation.
const rotation = "master-key.rotate"

// reseal seals all secrets with the current key and returns the number of rows that had another one.
func (a Admin) reseal(ctx context.Context) (rows int, err error) {
	err = a.write(ctx, rotation, "master key", func(tx store.Tx) (rec record, err error) {
		if rows, err = a.Secrets.Reseal(ctx, tx); err != nil {
			return rec, err
		}
		id := a.Secrets.ID()
		return record{"master key " + id, fmt.Sprintf("rows: %d", rows)}, tx.Options.Set(ctx, secrets.Option, id)
	})
	return rows, err
}
