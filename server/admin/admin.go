// Package admin implements the vendor's changes to a server's data: programs, clients, orders, licenses, keys, bans and
// backups. Every change and every refusal is written to the audit trail. Its errors are sentences for the
// administrator. All methods may be called from any goroutine.
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

// Admin administers one data folder, also while servers serve it.
type Admin struct {
	*service.Data
	// Now tells the time.
	Now func() time.Time
	// DryRun makes every change be tried and undone: what it returns is what would be, and nothing is kept.
	DryRun bool
}

// errDry undoes a change that was only tried.
var errDry = errors.New("dry run")

// done is what a change did, for the audit trail. It holds no secret.
type done struct{ object, detail string }

// write runs a change and its line in the audit trail as one transaction. What the rules refuse leaves a line, too.
func (a Admin) write(ctx context.Context, action, object string, fn func(tx store.Tx) (done, error)) error {
	line := store.Audit{At: a.Now(), Actor: "admin", Action: action, Object: object, Outcome: "ok"}
	err := store.Retry(func() error {
		return a.Store.Write(ctx, func(tx store.Tx) error {
			did, err := fn(tx)
			if err != nil {
				return err
			}
			if a.DryRun {
				return errDry
			}
			line := line
			line.Object, line.Detail = did.object, did.detail
			return tx.AddAudit(ctx, line)
		})
	})
	if errors.Is(err, errDry) {
		return nil
	}
	var refusal *api.Problem
	if !errors.As(err, &refusal) || a.DryRun {
		return err
	}
	line.Outcome = string(refusal.Code)
	if auditErr := a.Store.Write(ctx, func(tx store.Tx) error { return tx.AddAudit(ctx, line) }); auditErr != nil {
		return auditErr
	}
	return refusal
}

// read runs fn on a consistent view and returns what it found.
func read[T any](ctx context.Context, a Admin, fn func(tx store.Tx) (T, error)) (found T, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) { found, err = fn(tx); return err })
	return found, err
}

// object names a row in the audit trail, such as "order 1042".
func object(kind string, id int64) string { return fmt.Sprintf("%s %d", kind, id) }

// missing names the row that was not found.
func missing(err error, kind string, id int64) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no %s", object(kind, id))
	}
	return err
}

// field is one property of a row for the audit trail.
type field struct{ name, value string }

func property(name string, value any) field {
	if t, ok := value.(*time.Time); ok {
		value = "never"
		if t != nil {
			value = t.UTC().Format(time.DateOnly)
		}
	}
	return field{name, fmt.Sprint(value)}
}

// changes lists what differs, such as "visible: true → false". Both lists have the same properties.
func changes(before, after []field) string {
	var list []string
	for i := range before {
		if before[i] != after[i] {
			list = append(list, before[i].name+": "+before[i].value+" → "+after[i].value)
		}
	}
	return strings.Join(list, "; ")
}

// changedNames lists the names of what differs, where the values are nobody's business.
func changedNames(before, after []field) string {
	var list []string
	for i := range before {
		if before[i] != after[i] {
			list = append(list, before[i].name)
		}
	}
	return strings.Join(list, ", ")
}
