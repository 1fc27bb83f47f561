package vault

import (
	"context"
	"database/sql"
	"errors"

	"github.com/acen-desktop/acen/license"
)

// Database is the part of *sql.DB that a Vault uses. Its secrets are rows of the table vault.
type Database interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// The kinds of rows.
const (
	removalCode = "removal-code"
	licenseFile = "license-file"
)

// Item has the plain columns of a row: what the vault stores unencrypted beside a secret.
type Item struct {
	Signature license.Signature
	Codes     license.Codes
	Account   int64
	OrderID   int64
	LicenseID int64
	Program   string
	Note      string
	Purpose   string // task that a removal code was stored for
}

// Code is a stored removal code.
type Code struct {
	Item
	Code license.RemovalCode // 0 if it cannot be opened
}

// PutCode stores a removal code. If the Site code has one already, PutCode replaces the code and its purpose.
func (v *Vault) PutCode(ctx context.Context, c Code) error {
	return v.put(ctx, removalCode, c.Item, []byte(c.Code.String()),
		`content = excluded.content, purpose = excluded.purpose`)
}

// Codes lists the removal codes, oldest first.
func (v *Vault) Codes(ctx context.Context) (list []Code, err error) {
	rows, err := v.options.DB.QueryContext(ctx,
		`SELECT signature, site_code, machine_id, account, order_id, license_id, program, note, purpose, content
 FROM vault WHERE kind = ? ORDER BY kept_at, signature, site_code`, removalCode)
	if err != nil {
		return nil, v.options.Wrap(err)
	}
	defer rows.Close()
	var contents [][]byte
	for rows.Next() {
		var c Code
		var site, machine string
		var content []byte
		if err := rows.Scan(&c.Signature, &site, &machine, &c.Account, &c.OrderID, &c.LicenseID, &c.Program, &c.Note,
			&c.Purpose, &content); err != nil {
			return nil, v.options.Wrap(err)
		}
		if c.Codes, err = license.ParseCodes(site, machine); err != nil {
			continue
		}
		list, contents = append(list, c), append(contents, content)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, v.options.Wrap(err)
	}
	for i, content := range contents {
		if list[i].Code, err = v.openCode(ctx, content); err != nil && !Sealed(err) {
			return nil, err
		}
	}
	return list, nil
}

// Code returns the removal code of a Site code; false if there is none or it cannot be opened.
func (v *Vault) Code(
	ctx context.Context, signature license.Signature, site license.SiteCode,
) (license.RemovalCode, bool) {
	content, err := v.get(ctx, removalCode, signature, site)
	if err != nil {
		return 0, false
	}
	code, err := v.openCode(ctx, content)
	return code, err == nil
}

// openCode decrypts a removal code. It fails like Open, and with ErrLost if the plaintext is no code.
func (v *Vault) openCode(ctx context.Context, content []byte) (license.RemovalCode, error) {
	plain, err := v.Open(ctx, content)
	if err != nil {
		return 0, err
	}
	code, err := license.ParseRemovalCode(string(plain))
	if err != nil {
		return 0, ErrLost
	}
	return code, nil
}

// DeleteCode deletes the removal code of a Site code.
func (v *Vault) DeleteCode(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	return v.delete(ctx, removalCode, signature, site)
}

// PutFile stores a copy of a license file if the keyring has the key, because a copy that ends with the app is
// useless. It replaces an existing copy for the Site code.
func (v *Vault) PutFile(ctx context.Context, item Item, content string) error {
	if _, err := v.loadKey(ctx); err != nil || !v.Lasts() {
		return err
	}
	return v.put(ctx, licenseFile, item, []byte(content),
		`license_id = excluded.license_id, content = excluded.content, kept_at = excluded.kept_at`)
}

// File returns the copy of the license file of a Site code; false if there is none or it cannot be opened.
func (v *Vault) File(
	ctx context.Context, signature license.Signature, site license.SiteCode,
) (content string, ok bool) {
	sealed, err := v.get(ctx, licenseFile, signature, site)
	if err != nil {
		if !errors.Is(err, sql.ErrNoRows) && ctx.Err() == nil {
			v.options.Logger.Warn("the vault cannot be read", "error", err)
		}
		return "", false
	}
	plain, err := v.Open(ctx, sealed)
	return string(plain), err == nil
}

// DeleteFile deletes the copy of the license file of a Site code.
func (v *Vault) DeleteFile(ctx context.Context, signature license.Signature, site license.SiteCode) error {
	return v.delete(ctx, licenseFile, signature, site)
}

// put seals a secret and stores it. If the Site code has a row, put changes the columns in update instead.
func (v *Vault) put(ctx context.Context, kind string, item Item, plain []byte, update string) error {
	sealed, err := v.Seal(ctx, plain)
	if err != nil {
		return err
	}
	_, err = v.options.DB.ExecContext(ctx,
		`INSERT INTO vault
 (kind, signature, site_code, machine_id, account, order_id, license_id, program, note, purpose, content, kept_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET `+update,
		kind, string(item.Signature), item.Codes.Site.String(), item.Codes.Machine.String(), item.Account, item.OrderID,
		item.LicenseID, item.Program, item.Note, item.Purpose, sealed, v.options.Now().UnixMicro())
	return v.options.Wrap(err)
}

func (v *Vault) get(
	ctx context.Context, kind string, signature license.Signature, site license.SiteCode,
) (content []byte, err error) {
	err = v.options.DB.QueryRowContext(ctx, `SELECT content FROM vault WHERE kind = ? AND signature = ? AND site_code = ?`,
		kind, string(signature), site.String()).Scan(&content)
	return content, err
}

func (v *Vault) delete(ctx context.Context, kind string, signature license.Signature, site license.SiteCode) error {
	_, err := v.options.DB.ExecContext(ctx, `DELETE FROM vault WHERE kind = ? AND signature = ? AND site_code = ?`, kind,
		string(signature), site.String())
	return v.options.Wrap(err)
}
