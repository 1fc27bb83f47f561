package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// Limits of programs and orders.
const (
	maxName     = 100       // characters of a program's name
	maxDays     = 36_500    // of licenses and subscriptions
	maxLicenses = 1_000_000 // of an order
	maxLimit    = 1_000_000 // of a task in a period
)

var errTooManyLicenses = fmt.Errorf("an order has at most %d licenses", maxLicenses)

// Programs lists all programs.
func (a Admin) Programs(ctx context.Context) ([]store.Program, error) {
	return read(ctx, a, func(tx store.Tx) ([]store.Program, error) { return tx.Programs.List(ctx) })
}

// Program returns one program.
func (a Admin) Program(ctx context.Context, id int64) (store.Program, error) {
	p, err := read(ctx, a, func(tx store.Tx) (store.Program, error) { return tx.Programs.Get(ctx, id) })
	return p, notFound(err, "program", id)
}

// AddProgram adds a program with new keys. Its name and application signature must be unique.
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
	err := a.write(ctx, "program.add", "", func(tx store.Tx) (record, error) {
		others, err := tx.Programs.List(ctx)
		if err != nil {
			return record{}, err
		}
		for _, o := range others {
			if o.Signature == p.Signature {
				return record{}, fmt.Errorf("%s has this application signature already", o.Name)
			}
		}
		return insertProgram(ctx, tx, &p)
	})
	return p, err
}

// insertProgram adds a program that has been checked.
func insertProgram(ctx context.Context, tx store.Tx, p *store.Program) (rec record, err error) {
	p.ID, err = tx.Programs.Add(ctx, *p)
	return record{object("program", p.ID), p.Name}, nameTaken(err, p.Name)
}

// ChangeProgram changes a program except its signature and keys. Existing orders and licenses do not change.
func (a Admin) ChangeProgram(
	ctx context.Context, id int64, change func(*store.Program) error,
) (p store.Program, err error) {
	err = a.write(ctx, "program.change", object("program", id), func(tx store.Tx) (_ record, err error) {
		if p, err = tx.Programs.Get(ctx, id); err != nil {
			return record{}, notFound(err, "program", id)
		}
		before := programFields(p)
		if err := change(&p); err != nil {
			return record{}, err
		}
		if err := checkProgram(p); err != nil {
			return record{}, err
		}
		return record{object("program", id), changes(before, programFields(p))}, nameTaken(tx.Programs.Change(ctx, p), p.Name)
	})
	return p, err
}

// nameTaken replaces store.ErrExists by a sentence that names the program.
func nameTaken(err error, name string) error {
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("there is a program named %q already", name)
	}
	return err
}

func programFields(p store.Program) []field {
	return []field{
		property("name", p.Name), property("requires activation", p.RequiresActivation),
		property("merged codes", p.MergedCodes),
		property("accepts serials", p.AcceptsSerials), property("features", p.Features),
		property("license days", p.LicenseDays),
		property("first serial", p.FirstSerial), property("last serial", p.LastSerial),
		property("licenses of an order", p.OrderLicenses),
		property("subscription days", p.SubscriptionDays), property("rules", rulesText(p.Tasks)),
		property("flexible locking", p.Policy.Enabled), property("hardware changes", p.Policy.MaxHardwareChanges),
		property("changeable", p.Policy.Changeable),
	}
}

func checkProgram(p store.Program) error {
	switch {
	case strings.TrimSpace(p.Name) == "" || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unicode.IsControl):
		return errors.New("a program needs a name of one line")
	case utf8.RuneCountInString(p.Name) > maxName:
		return fmt.Errorf("the name of a program has at most %d characters", maxName)
	case p.Policy.MaxHardwareChanges < 0 || p.Policy.MaxHardwareChanges > license.LockCount:
		return fmt.Errorf("the number of hardware changes must be from 0 to %d", license.LockCount)
	case p.LicenseDays < 0:
		return errors.New("the validity of licenses cannot be negative")
	case p.OrderLicenses < 0:
		return errors.New("the number of licenses of an order cannot be negative")
	case p.SubscriptionDays < 0:
		return errors.New("a subscription cannot last a negative number of days")
	case p.LicenseDays > maxDays || p.SubscriptionDays > maxDays:
		return fmt.Errorf("licenses and subscriptions last at most %d days; 0 means no end, or no subscription", maxDays)
	case p.OrderLicenses > maxLicenses:
		return errTooManyLicenses
	case p.LastSerial > license.MaxSerialID:
		return fmt.Errorf("the last serial ID cannot exceed %d", license.MaxSerialID)
	case p.FirstSerial > p.LastSerial:
		return errors.New("the first serial ID is greater than the last one")
	}
	for task, states := range p.Tasks {
		for _, rule := range states {
			for _, l := range rule.Limits() {
				if *l.Times < 0 {
					return fmt.Errorf("the limits of %s cannot be negative", task)
				}
				if *l.Times > maxLimit {
					return fmt.Errorf("the limits of %s are at most %d; 0 means no limit", task, maxLimit)
				}
			}
		}
	}
	return nil
}

// rulesText returns the switches and limits that a program sets, such as "reactivate valid: on, 2 a day".
func rulesText(rules store.TaskRules) string {
	var list []string
	for _, task := range api.LimitedTasks() {
		for _, state := range States() {
			rule, ok := rules[task.Rule()][state]
			if !ok {
				continue
			}
			text := fmt.Sprintf("%s %s: off", task.Rule(), state)
			if rule.On {
				text = fmt.Sprintf("%s %s: on", task.Rule(), state)
			}
			for _, l := range rule.Limits() {
				if *l.Times > 0 {
					text += fmt.Sprintf(", %d a %s", *l.Times, l.Period)
				}
			}
			list = append(list, text)
		}
	}
	return strings.Join(list, "; ")
}

// States lists the states of a subscription for which rules can be set.
func States() []api.SubscriptionState {
	return []api.SubscriptionState{api.SubscriptionNone, api.SubscriptionValid, api.SubscriptionExpired}
}
