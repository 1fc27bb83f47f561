package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// Audit lists entries of the audit trail, newest first.
func (a Admin) Audit(ctx context.Context, f store.AuditFilter) ([]store.Audit, error) {
	return read(ctx, a, func(tx store.Tx) ([]store.Audit, error) { return tx.Audits.List(ctx, f) })
}

// Settings returns the settings of all servers on the database.
func (a Admin) Settings(ctx context.Context) (settings.Settings, error) {
	options, err := read(ctx, a, func(tx store.Tx) (map[string]string, error) { return tx.Options.All(ctx) })
	if err != nil {
		return settings.Settings{}, err
	}
	return settings.Read(settings.Default(), options)
}

// SetOption sets an option of all servers on the database, which apply it within seconds. "" restores the default.
func (a Admin) SetOption(ctx context.Context, name, value string) error {
	var setting *settings.Setting
	for _, s := range settings.All() {
		if s.Name == name {
			setting = &s
		}
	}
	if setting == nil {
		return fmt.Errorf("there is no option %q", name)
	}
	if value != "" {
		s := settings.Default()
		if err := setting.Set(&s, value); err != nil {
			return err
		}
	}
	return a.write(ctx, "option.set", "option "+name, func(tx store.Tx) (record, error) {
		options, err := tx.Options.All(ctx)
		if err != nil {
			return record{}, err
		}
		before := options[name]
		if before == "" {
			before = "default"
		}
		after := value
		if after == "" {
			after = "default"
		}
		return record{"option " + name, before + " → " + after}, tx.Options.Set(ctx, name, value)
	})
}

// MarkRestored completes a restore that another program has made, such as pg_restore: it skips gap ids and sets a new
// epoch (spec: api 20). Running servers use the new epoch within seconds.
func (a Admin) MarkRestored(ctx context.Context, gap int64) (r store.Restored, err error) {
	err = a.write(ctx, "database.restored", "database", func(tx store.Tx) (_ record, err error) {
		r, err = store.MarkRestored(ctx, tx, rand.Reader, gap)
		line := r.Audit(a.Now())
		return record{line.Object, line.Detail}, err
	})
	return r, err
}

// Ban is a ban in force: one in the table, or one caused by failures (ID 0).
type Ban struct {
	store.Ban
	Failures int
}

// Bans lists the bans in force.
func (a Admin) Bans(ctx context.Context) (list []Ban, err error) {
	settings, err := a.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return read(ctx, a, func(tx store.Tx) (list []Ban, err error) {
		now := a.Now()
		bans, err := tx.Bans.List(ctx, now)
		if err != nil {
			return nil, err
		}
		for _, b := range bans {
			list = append(list, Ban{Ban: b})
		}
		for kind, limit := range map[store.BanKind]int{
			store.BanHost:    settings.HostFailures,
			store.BanAccount: settings.AccountFailures,
		} {
			failing, err := tx.Attempts.Failing(ctx, kind, now.Add(-settings.BanPeriod))
			if err != nil {
				return nil, err
			}
			for _, f := range failing {
				if ends := f.Latest.Add(settings.BanPeriod); f.Count >= limit {
					list = append(list, Ban{
						store.Ban{
							Kind:      kind,
							Subject:   f.Subject,
							Reason:    "failed attempts",
							MadeBy:    "server",
							CreatedAt: f.Latest,
							EndsAt:    &ends,
						},
						f.Count,
					})
				}
			}
		}
		return list, nil
	})
}

// banned returns kind and subject of a ban of a user name, or of a host if username is empty.
func banned(host, username string) (store.BanKind, string, error) {
	if username != "" {
		return store.BanAccount, guard.AccountKey(username), nil
	}
	if prefix, err := netip.ParsePrefix(host); err == nil && prefix.Bits() == 64 && prefix.Addr().Is6() {
		return store.BanHost, prefix.Masked().String(), nil
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return "", "", fmt.Errorf("%q is not an IP address", host)
	}
	return store.BanHost, guard.HostKey(address.Unmap().String()), nil
}

// AddBan bans a host or the sign-ins under a user name, for a time or, if lasts is 0, permanently. Servers apply it
// within seconds.
func (a Admin) AddBan(
	ctx context.Context, host, username, reason string, lasts time.Duration,
) (b store.Ban, err error) {
	if strings.ContainsAny(reason, "\r\n") || len(reason) > 200 {
		return b, errors.New("a reason is one line of at most 200 bytes")
	}
	if lasts < 0 {
		return b, errors.New("the duration of a ban cannot be negative")
	}
	b = store.Ban{Reason: reason, MadeBy: "admin", CreatedAt: a.Now()}
	if b.Kind, b.Subject, err = banned(host, username); err != nil {
		return b, err
	}
	if lasts > 0 {
		ends := b.CreatedAt.Add(lasts)
		b.EndsAt = &ends
	}
	err = a.write(ctx, "ban.add", string(b.Kind)+" "+b.Subject, func(tx store.Tx) (_ record, err error) {
		b.ID, err = tx.Bans.Add(ctx, b)
		return record{string(b.Kind) + " " + b.Subject, reason}, err
	})
	return b, err
}

// LiftBan ends all bans of a host or a user name, deletes its failures, and returns the number of bans.
func (a Admin) LiftBan(ctx context.Context, host, username string) (ended int, err error) {
	kind, subject, err := banned(host, username)
	if err != nil {
		return 0, err
	}
	err = a.write(ctx, "ban.lift", string(kind)+" "+subject, func(tx store.Tx) (rec record, err error) {
		ended = 0
		bans, err := tx.Bans.List(ctx, a.Now())
		if err != nil {
			return rec, err
		}
		for _, b := range bans {
			if b.Kind == kind && b.Subject == subject {
				ended++
				if err := tx.Bans.End(ctx, b.ID, a.Now()); err != nil {
					return rec, err
				}
			}
		}
		return record{string(kind) + " " + subject, fmt.Sprintf("bans: %d", ended)},
			tx.Attempts.ForgetFailures(ctx, kind, subject)
	})
	return ended, err
}

// Template is a mail template. Own reports whether the vendor wrote it.
type Template struct {
	Kind mail.Kind
	Own  bool
	mail.Text
}

// Templates lists the templates of all kinds of mails.
func (a Admin) Templates(ctx context.Context) ([]Template, error) {
	return read(ctx, a, func(tx store.Tx) (list []Template, err error) {
		stored, err := tx.Templates.List(ctx)
		if err != nil {
			return nil, err
		}
		for _, kind := range mail.Kinds() {
			t := Template{Kind: kind, Text: mail.BuiltIn(kind)}
			for _, s := range stored {
				if s.Name == string(kind) {
					t.Own, t.Text = true, mail.Text{Subject: s.Subject, Body: s.Body}
				}
			}
			list = append(list, t)
		}
		return list, nil
	})
}

// Template returns the template of one kind.
func (a Admin) Template(ctx context.Context, kind mail.Kind) (Template, error) {
	list, err := a.Templates(ctx)
	if err != nil {
		return Template{}, err
	}
	for _, t := range list {
		if t.Kind == kind {
			return t, nil
		}
	}
	return Template{}, fmt.Errorf("there is no mail %q; there are %v", kind, mail.Kinds())
}

// SetTemplate replaces a template. The text must render and contain what the kind of mail requires.
func (a Admin) SetTemplate(ctx context.Context, kind mail.Kind, text mail.Text) error {
	if err := text.Check(kind); err != nil {
		return err
	}
	return a.write(ctx, "template.set", "template "+string(kind), func(tx store.Tx) (record, error) {
		return record{"template " + string(kind), ""},
			tx.Templates.Set(ctx, store.Template{Name: string(kind), Subject: text.Subject, Body: text.Body})
	})
}

// ResetTemplate restores the built-in template.
func (a Admin) ResetTemplate(ctx context.Context, kind mail.Kind) error {
	return a.write(ctx, "template.reset", "template "+string(kind), func(tx store.Tx) (record, error) {
		err := tx.Templates.Reset(ctx, string(kind))
		if errors.Is(err, store.ErrNotFound) {
			err = fmt.Errorf("the template %q is already the built-in one", kind)
		}
		return record{"template " + string(kind), ""}, err
	})
}
