package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// maxName is the longest name of a program in characters.
const maxName = 100

// Programs lists all programs.
func (a Admin) Programs(ctx context.Context) ([]store.Program, error) {
	return read(ctx, a, func(tx store.Tx) ([]store.Program, error) { return tx.Programs(ctx) })
}

// Program returns one program.
func (a Admin) Program(ctx context.Context, id int64) (store.Program, error) {
	p, err := read(ctx, a, func(tx store.Tx) (store.Program, error) { return tx.Program(ctx, id) })
	return p, missing(err, "program", id)
}

// AddProgram adds a program with fresh keys and returns it. Name and application signature must be new.
func (a Admin) AddProgram(ctx context.Context, p store.Program) (store.Program, error) {
	if err := checkProgram(p); err != nil {
		return p, err
	}
	if _, err := license.ParseSignature(string(p.Signature)); err != nil {
		return p, err
	}
	p.CreatedAt = a.Now()
	if err := a.Secrets.NewProgramKeys(&p); err != nil {
		return p, err
	}
	err := a.write(ctx, "program.add", "", func(tx store.Tx) (done, error) {
		others, err := tx.Programs(ctx)
		if err != nil {
			return done{}, err
		}
		for _, o := range others {
			if o.Signature == p.Signature {
				return done{}, fmt.Errorf("%s has this application signature already", o.Name)
			}
		}
		p.ID, err = tx.AddProgram(ctx, p)
		return done{object("program", p.ID), p.Name}, taken(err, p.Name)
	})
	return p, err
}

// ChangeProgram changes a program; its signature and keys stay, and orders and licenses keep what they have.
func (a Admin) ChangeProgram(ctx context.Context, id int64, change func(*store.Program) error) (p store.Program, err error) {
	err = a.write(ctx, "program.change", object("program", id), func(tx store.Tx) (_ done, err error) {
		if p, err = tx.Program(ctx, id); err != nil {
			return done{}, missing(err, "program", id)
		}
		before := programFields(p)
		if err := change(&p); err != nil {
			return done{}, err
		}
		if err := checkProgram(p); err != nil {
			return done{}, err
		}
		return done{object("program", id), changes(before, programFields(p))}, taken(tx.ChangeProgram(ctx, p), p.Name)
	})
	return p, err
}

func taken(err error, name string) error {
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("there is a program named %q already", name)
	}
	return err
}

func programFields(p store.Program) []field {
	return []field{
		property("name", p.Name), property("requires activation", p.RequiresActivation), property("merged codes", p.MergedCodes),
		property("accepts serials", p.AcceptsSerials), property("features", p.Features), property("license days", p.LicenseDays),
		property("flexible locking", p.Policy.Enabled), property("hardware changes", p.Policy.MaxHardwareChanges), property("changeable", p.Policy.Changeable),
	}
}

func checkProgram(p store.Program) error {
	switch {
	case strings.TrimSpace(p.Name) == "" || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unicode.IsControl):
		return errors.New("a program needs a name of one line")
	case utf8.RuneCountInString(p.Name) > maxName:
		return fmt.Errorf("the name of a program has at most %d characters", maxName)
	case p.Policy.MaxHardwareChanges < 0 || p.Policy.MaxHardwareChanges > license.LockCount:
		return fmt.Errorf("the allowed hardware changes lie between 0 and %d", license.LockCount)
	case p.LicenseDays < 0:
		return errors.New("the validity of licenses cannot be negative")
	}
	return nil
}
