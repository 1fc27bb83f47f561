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

// PrepareKey makes the signing key that a program gets next and returns its public half, for the program's next version.
func (a Admin) PrepareKey(ctx context.Context, program int64) (p store.Program, next license.PublicKey, err error) {
	err = a.write(ctx, "program.prepare-key", object("program", program), func(tx store.Tx) (did done, err error) {
		if p, err = tx.Programs.Get(ctx, program); err != nil {
			return did, missing(err, "program", program)
		}
		if p.SealedNext == nil {
			if err := a.Secrets.PrepareSigningKey(&p); err != nil {
				return did, err
			}
		}
		public, err := a.Secrets.NextKey(p)
		if err != nil {
			return did, err
		}
		next = *public
		return done{object("program", program), "key " + next.KeyID()}, tx.Programs.Change(ctx, p)
	})
	return p, next, err
}

// UseKey signs a program's license files with the prepared key from now on. License files signed before stay good for programs
// and apps that know the former key.
func (a Admin) UseKey(ctx context.Context, program int64) (p store.Program, err error) {
	err = a.write(ctx, "program.use-key", object("program", program), func(tx store.Tx) (did done, err error) {
		if p, err = tx.Programs.Get(ctx, program); err != nil {
			return did, missing(err, "program", program)
		}
		former := p.PublicKey.KeyID()
		if p.SealedNext == nil {
			return did, errors.New("no key was prepared: prepare one, and ship the program with both public keys first")
		}
		if err := a.Secrets.UseNextKey(&p); err != nil {
			return did, err
		}
		return done{object("program", program), former + " → " + p.PublicKey.KeyID()}, tx.Programs.Change(ctx, p)
	})
	return p, err
}

// RotateMaster makes a new master key, seals everything with it, and returns how many rows that were. The former key stays in
// the key file, so that running servers and a crash in the middle lose nothing, until ForgetFormer.
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

// heard is how long after a rotation every running server has surely heard of the new key.
const heard = 5 * time.Second

// ForgetFormer seals with the current key what is not yet, and leaves that one alone in the key file. Right after a rotation it
// waits first, with wait, until running servers seal nothing more with the former key.
func (a Admin) ForgetFormer(ctx context.Context, wait func(context.Context, time.Duration) error) (rows int, err error) {
	trail, err := read(ctx, a, func(tx store.Tx) ([]store.Audit, error) {
		return tx.Audits.List(ctx, store.AuditFilter{Action: rotation, Limit: 1})
	})
	if err != nil {
		return 0, err
	}
	if len(trail) > 0 && !a.DryRun {
		if left := heard - a.Now().Sub(trail[0].At); left > 0 && left <= heard {
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

// rotation is the action of a rotation in the audit trail.
const rotation = "master-key.rotate"

func (a Admin) reseal(ctx context.Context) (rows int, err error) {
	err = a.write(ctx, rotation, "master key", func(tx store.Tx) (did done, err error) {
		if rows, err = a.Secrets.Reseal(ctx, tx); err != nil {
			return did, err
		}
		id := a.Secrets.ID()
		return done{"master key " + id, fmt.Sprintf("rows: %d", rows)}, tx.Options.Set(ctx, secrets.Option, id)
	})
	return rows, err
}
