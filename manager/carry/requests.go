package carry

import (
	"context"
	"errors"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/thispc"
	"github.com/acen-desktop/acen/manager/vault"
)

type (
	// Request is a request that a courier carries.
	Request = carry.Request
	// Answer is the answer to a Request.
	Answer = carry.Answer
)

// RequestItem is one item that this PC asks a courier for.
type RequestItem struct {
	Task      carry.Task
	Signature license.Signature
	// Program is the name to show; "" means the known one.
	Program string
	Note    string
	// RemovalCode is the other PC's removal code, for a transfer.
	RemovalCode license.RemovalCode
	// From are the codes of the other PC of a transfer; zero if unknown.
	From license.Codes
	// Kept is the removal code to hand in, for a removal.
	Kept thispc.KeptCode
}

// MakeRequest makes a request for a courier with the codes of this PC, and stores it until its answer is taken in. It
// needs no account and no network. It fails with a *carry.DocumentError for a note or a name that cannot be sent.
func (o *Offline) MakeRequest(ctx context.Context, device string, items []RequestItem) (carry.Request, error) {
	request := carry.Request{Device: carry.Clean(device, carry.MaxName), MadeAt: o.options.Now()}
	var err error
	if request.ID, err = carry.NewID(o.options.Rand); err != nil {
		return request, err
	}
	for _, w := range items {
		item := carry.Item{
			Task:        w.Task,
			Signature:   w.Signature,
			Program:     w.Program,
			Note:        w.Note,
			RemovalCode: w.RemovalCode,
			From:        w.From,
		}
		p, err := o.options.Store.Program(ctx, w.Signature)
		if err != nil {
			return request, err
		}
		if item.Program == "" {
			item.Program = p.Name
		}
		if w.Task == carry.TaskRemove {
			item.Codes, item.RemovalCode, item.License, item.Note = w.Kept.Codes, w.Kept.Code, w.Kept.LicenseID, ""
		} else if item.Codes, err = o.options.PC.Codes(ctx, p); err != nil {
			return request, err
		}
		request.Items = append(request.Items, item)
	}
	content, err := carry.Encode(request)
	if err != nil {
		return request, err
	}
	sealed, err := o.options.Vault.Seal(ctx, content) // it may contain removal codes
	if err != nil {
		return request, err
	}
	_, err = o.options.DB.ExecContext(ctx, `INSERT INTO requests (id, content, made_at) VALUES (?, ?, ?)`,
		request.ID, sealed, request.MadeAt.UnixMicro())
	return request, storage.Wrap(err)
}

// Requests lists the requests that have no answer yet, newest first. It omits requests whose key is lost.
func (o *Offline) Requests(ctx context.Context) (list []carry.Request, err error) {
	rows, err := o.options.DB.QueryContext(ctx, `SELECT content FROM requests ORDER BY made_at DESC, id`)
	if err != nil {
		return nil, storage.Wrap(err)
	}
	defer rows.Close()
	var contents [][]byte
	for rows.Next() {
		var sealed []byte
		if err := rows.Scan(&sealed); err != nil {
			return nil, storage.Wrap(err)
		}
		contents = append(contents, sealed)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storage.Wrap(err)
	}
	for _, sealed := range contents {
		content, err := o.options.Vault.Open(ctx, sealed)
		if vault.Sealed(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if doc, err := carry.Read(content); err == nil {
			if request, ok := doc.(carry.Request); ok {
				list = append(list, request)
			}
		}
	}
	return list, nil
}

// ForgetRequest deletes a request. Its items may be requested again, and its removal codes remain stored.
func (o *Offline) ForgetRequest(ctx context.Context, id string) error {
	_, err := o.options.DB.ExecContext(ctx, `DELETE FROM requests WHERE id = ?`, id)
	return storage.Wrap(err)
}

// closeRequest deletes a request all of whose items are settled.
func (o *Offline) closeRequest(ctx context.Context, id string, settled map[int]bool) error {
	requests, err := o.Requests(ctx)
	if err != nil {
		return err
	}
	for _, r := range requests {
		if r.ID != id {
			continue
		}
		for i := range r.Items {
			if !settled[i+1] {
				return nil
			}
		}
		return o.ForgetRequest(ctx, id)
	}
	return nil
}
