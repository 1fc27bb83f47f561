// Package admin implements the administrator's changes to a server's data: programs, clients, orders, licenses, keys,
// bans and backups. Every change and every refusal is written to the audit trail. Errors are sentences for the
// administrator. Methods may be called from any goroutine.
package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// Admin changes the data of one data folder, which servers may use at the same time.
type Admin struct {
	*service.Data
	// Now returns the current time.
	Now func() time.Time
	// DryRun rolls every change back. Methods return what they would have changed.
	DryRun bool
}

// errDryRun rolls back a dry run.
var errDryRun = errors.New("dry run")

// record is what the audit trail says of a change. It contains no secret.
type record struct{ object, detail string }

// write runs fn and adds an entry to the audit trail in one transaction. A refusal of fn is added, too, in a
// transaction of its own.
func (a Admin) write(ctx context.Context, action, object string, fn func(tx store.Tx) (record, error)) error {
	line := store.Audit{At: a.Now(), Actor: "admin", Action: action, Object: object, Outcome: "ok"}
	err := store.Retry(func() error {
		return a.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
			rec, err := fn(tx)
			if err != nil {
				return err
			}
			if a.DryRun {
				return errDryRun
			}
			line := line
			line.Object, line.Detail = rec.object, rec.detail
			return tx.Audits.Add(ctx, line)
		})
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	var refusal *api.Problem
	if !errors.As(err, &refusal) || a.DryRun {
		return err
	}
	line.Outcome = string(refusal.Code)
	if auditErr := a.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		return tx.Audits.Add(ctx, line)
	}); auditErr != nil {
		return auditErr
	}
	return refusal
}

// read returns the result of fn on a snapshot.
func read[T any](ctx context.Context, a Admin, fn func(tx store.Tx) (T, error)) (result T, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { result, err = fn(tx); return err })
	return result, err
}

// object returns the name of a row in the audit trail, such as "order 1042".
func object(kind string, id int64) string { return fmt.Sprintf("%s %d", kind, id) }

// notFound replaces store.ErrNotFound by a sentence that names the row.
func notFound(err error, kind string, id int64) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no %s", object(kind, id))
	}
	return err
}

// field is a property of a row in the audit trail.
type field struct{ name, value string }

// property returns a field. A *time.Time is shown as its day in UTC, nil as "never".
func property(name string, value any) field {
	if t, ok := value.(*time.Time); ok {
		value = "never"
		if t != nil {
			value = t.UTC().Format(time.DateOnly)
		}
	}
	return field{name, fmt.Sprint(value)}
}

// changes lists the fields that differ, such as "visible: true → false". Both lists must have the same names.
func changes(before, after []field) string {
	var list []string
	for i := range before {
		if before[i] != after[i] {
			list = append(list, before[i].name+": "+before[i].value+" → "+after[i].value)
		}
	}
	return strings.Join(list, "; ")
}

// changedNames lists the names of the fields that differ, without their values, which may be personal data.
func changedNames(before, after []field) string {
	var list []string
	for i := range before {
		if before[i] != after[i] {
			list = append(list, before[i].name)
		}
	}
	return strings.Join(list, ", ")
}
