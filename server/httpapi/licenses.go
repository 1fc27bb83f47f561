package httpapi

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// registerLicenses registers the calls about licenses.
func (s *Server) registerLicenses(c contract) {
	register(c, c.signedIn(http.MethodGet, "/orders/{id}/licenses", "list-licenses",
		"List the licenses of an order", 200),
		func(ctx context.Context, in *struct {
			OrderPath
			ListInput
			Include string `query:"include" enum:"ended" doc:"Also licenses that have ended"`
		},
		) (*body[api.LicenseList], error) {
			p, err := readPage(in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			out, err := s.licenses(ctx, in.ID, in.Include == "ended", p)
			return &body[api.LicenseList]{out}, err
		})
	s.registerNewLicense(c)
	registerLicenseTask(c, "/reactivation", "License reactivation", 201, task[api.Reactivation, api.License]{
		of: api.TaskReactivation, do: s.reactivate,
	})
	registerLicenseTask(c, "/release",
		"Release a license for another PC, which can pick it up without a removal code; answers a receipt", 200,
		task[api.Release, api.LicenseReceipt]{
			of: api.TaskRelease, do: s.release,
		})
	registerLicenseTask(c, "/transfer", "License transfer; answers a receipt of the license that left its PC", 201,
		task[api.Transfer, api.LicenseReceipt]{
			of: api.TaskTransfer, do: s.transfer,
		})
	registerLicenseTask(c, "/removal", "License removal; answers a receipt", 200, task[api.Removal, api.OrderReceipt]{
		of: api.TaskRemoval, do: s.remove,
	})
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/comparison", "compare-license",
		"Compare a PC with a license; changes nothing", 200),
		func(ctx context.Context, in *struct {
			LicensePath
			Body api.PCCodes
		},
		) (*body[api.Comparison], error) {
			out, err := s.comparison(ctx, in.ID, in.Body)
			return &body[api.Comparison]{out}, err
		})
	register(c, c.signedIn(http.MethodPatch, "/licenses/{id}", api.TaskNote.OperationID(),
		"Change the note of a license", 200),
		func(ctx context.Context, in *struct {
			LicensePath
			Body api.LicenseChange
		},
		) (*body[api.License], error) {
			out, err := s.changeNote(ctx, in.ID, in.Body)
			return &body[api.License]{out}, err
		})
	s.registerFile(c)
}

// registerNewLicense registers the one task that many PCs may do at the same time on the same order.
func (s *Server) registerNewLicense(c contract) {
	t := task[api.NewLicense, api.License]{
		of:   api.TaskNewLicense,
		do:   s.newLicense,
		lock: func(client, order int64) store.Lock { return store.Lock{ClientID: client, OrderID: order} },
		reads: func(order int64, in api.NewLicense) *store.LicenseReads {
			site, ok := rules.Site(in)
			if !ok {
				return nil
			}
			return &store.LicenseReads{OrderID: order, Site: site}
		},
	}
	register(c, c.signedIn(http.MethodPost, "/orders/{id}/licenses", t.of.OperationID(), "New license", 201),
		func(ctx context.Context, in *struct {
			OrderPath
			Idempotent
			Body api.NewLicense
		},
		) (*answer[api.License], error) {
			return applyTask(ctx, s, t, in.Key, "order", in.ID, in.Body)
		})
}

// registerLicenseTask registers a task on a license. path is appended to that of the license; status is that of a
// success.
func registerLicenseTask[I, O any](c contract, path, summary string, status int, t task[I, O]) {
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}"+path, t.of.OperationID(), summary, status),
		func(ctx context.Context, in *struct {
			LicensePath
			Idempotent
			Body I
		},
		) (*answer[O], error) {
			return applyTask(ctx, c.server, t, in.Key, "license", in.ID, in.Body)
		})
}

// registerFile registers the download of a license file.
func (s *Server) registerFile(c contract) {
	op := c.signedIn(http.MethodGet, "/licenses/{id}/file", "license-file", "Get the license file", 200)
	op.Responses = map[string]*huma.Response{"200": {
		Description: "License file",
		Content:     map[string]*huma.MediaType{api.LicenseFileMediaType: {}},
	}}
	register(c, op, func(ctx context.Context, in *LicensePath) (*huma.StreamResponse, error) {
		name, content, err := s.file(ctx, in.ID)
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			hctx.SetHeader("Content-Type", api.LicenseFileMediaType)
			hctx.SetHeader("Content-Disposition",
				mime.FormatMediaType("attachment", map[string]string{"filename": name}))
			_, _ = hctx.BodyWriter().Write([]byte(content)) // fails if the client is gone
		}}, err
	})
}

// licenses handles GET /orders/{id}/licenses.
func (s *Server) licenses(ctx context.Context, orderID int64, ended bool, p page) (out api.LicenseList, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		out = api.LicenseList{Licenses: []api.License{}}
		order, program, err := ownOrder(ctx, tx, orderID)
		if err != nil {
			return err
		}
		if !program.RequiresActivation {
			return rules.NeedsNoActivation(program)
		}
		licenses, err := tx.Licenses.List(ctx, orderID, ended, p.after, p.limit+1)
		if err != nil {
			return err
		}
		if len(licenses) > p.limit {
			licenses = licenses[:p.limit]
			out.NextCursor = cursorAfter(licenses[len(licenses)-1].ID)
		}
		out.Licenses, err = s.wireLicenses(ctx, tx, order, program, licenses)
		return err
	})
	return out, err
}

// newLicense handles POST /orders/{id}/licenses.
func (s *Server) newLicense(
	ctx context.Context, tx store.Tx, e *store.Event, orderID int64, r api.NewLicense,
) (int, api.License, error) {
	order, program, err := ownOrder(ctx, tx, orderID)
	if err != nil {
		return 0, api.License{}, err
	}
	e.OrderID, e.Task = orderID, api.TaskNewLicense
	l, made, err := s.Rules.NewLicense(ctx, tx, order, program, r)
	if err != nil {
		return 0, api.License{}, err
	}
	out, err := s.licenseAnswer(ctx, tx, e, l, order, program, made)
	return http.StatusCreated, out, err
}

// reactivate handles POST /licenses/{id}/reactivation.
func (s *Server) reactivate(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Reactivation,
) (int, api.License, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.License{}, err
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskReactivation
	next, made, err := s.Rules.Reactivate(ctx, tx, l, order, program, r)
	if err != nil {
		return 0, api.License{}, err
	}
	out, err := s.licenseAnswer(ctx, tx, e, next, order, program, made)
	return http.StatusCreated, out, err
}

// release handles POST /licenses/{id}/release.
func (s *Server) release(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Release,
) (int, api.LicenseReceipt, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	if err := s.checkRemovalCode(ctx, tx, id); err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskRelease
	released, made, err := s.Rules.Release(ctx, tx, l, order, program, r)
	if err := s.countRemovalCode(ctx, tx, id, err); err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	out, err := s.licenseAnswer(ctx, tx, e, released, order, program, made)
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	receipt, err := s.Rules.Receipt(ctx, tx, l, program, license.ReceiptRelease)
	return http.StatusOK, api.LicenseReceipt{License: out, Receipt: receipt}, err
}

// transfer handles POST /licenses/{id}/transfer. Only a call with a removal code counts as an attempt to guess one. The
// receipt is for the PC that the license left.
func (s *Server) transfer(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Transfer,
) (int, api.LicenseReceipt, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	if r.RemovalCode != "" {
		if err := s.checkRemovalCode(ctx, tx, id); err != nil {
			return 0, api.LicenseReceipt{}, err
		}
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskTransfer
	next, err := s.Rules.Transfer(ctx, tx, l, order, program, r)
	if err := s.countRemovalCode(ctx, tx, id, err); err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	out, err := s.licenseAnswer(ctx, tx, e, next, order, program, true)
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	receipt, err := s.Rules.Receipt(ctx, tx, l, program, license.ReceiptTransfer)
	return http.StatusCreated, api.LicenseReceipt{License: out, Receipt: receipt}, err
}

// licenseAnswer returns the answer with a license. If made is false, the license was in the requested state already:
// the history gets no event, and the license may belong to another order of the client.
func (s *Server) licenseAnswer(
	ctx context.Context, tx store.Tx, e *store.Event, l store.License, order store.Order, program store.Program,
	made bool,
) (out api.License, err error) {
	if e.LicenseID = l.ID; !made {
		e.OrderID = 0
	}
	if l.OrderID != order.ID {
		if order, program, err = ownOrder(ctx, tx, l.OrderID); err != nil {
			return out, err
		}
	}
	w, err := s.wireLicenses(ctx, tx, order, program, []store.License{l})
	if err != nil {
		return out, err
	}
	return w[0], nil
}

// remove handles POST /licenses/{id}/removal.
func (s *Server) remove(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Removal,
) (int, api.OrderReceipt, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.OrderReceipt{}, err
	}
	if err := s.checkRemovalCode(ctx, tx, id); err != nil {
		return 0, api.OrderReceipt{}, err
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskRemoval
	if err := s.countRemovalCode(ctx, tx, id, s.Rules.Remove(ctx, tx, l, order, program, r)); err != nil {
		return 0, api.OrderReceipt{}, err
	}
	if order, err = tx.Orders.Get(ctx, order.ID); err != nil {
		return 0, api.OrderReceipt{}, err
	}
	w, err := s.wireOrder(ctx, tx, order, program)
	if err != nil {
		return 0, api.OrderReceipt{}, err
	}
	receipt, err := s.Rules.Receipt(ctx, tx, l, program, license.ReceiptRemoval)
	return http.StatusOK, api.OrderReceipt{Order: w, Receipt: receipt}, err
}

// comparison handles POST /licenses/{id}/comparison. It changes nothing and does not count against limits.
func (s *Server) comparison(ctx context.Context, id int64, r api.PCCodes) (out api.Comparison, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		l, _, p, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		out, err = s.Rules.Compare(ctx, tx, l, p, r)
		return err
	})
	return out, err
}

// changeNote handles PATCH /licenses/{id}.
func (s *Server) changeNote(ctx context.Context, id int64, r api.LicenseChange) (out api.License, err error) {
	who, action, name := request.CallerFrom(ctx), api.TaskNote.AuditAction(), object("license", id)
	err = s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		l, o, p, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		if !o.CanManage {
			return rules.ReadOnly()
		}
		if l.Status != api.StatusActive {
			return rules.Ended(ctx, tx, l)
		}
		if r.Note != nil {
			if l.Note, err = rules.ReadNote(*r.Note); err != nil {
				return err
			}
			if err := tx.Licenses.Change(ctx, l); err != nil {
				return err
			}
			e := store.Event{
				At:        s.Now(),
				OrderID:   o.ID,
				LicenseID: id,
				Task:      api.TaskNote,
				Outcome:   api.OutcomeOK,
				Device:    who.Session.DeviceName,
			}
			if err := tx.Events.Add(ctx, e); err != nil {
				return err
			}
		}
		w, err := s.wireLicenses(ctx, tx, o, p, []store.License{l})
		if err != nil {
			return err
		}
		out = w[0]
		return s.audit(ctx, tx, who, action, name, api.OutcomeOK)
	})
	return out, s.auditRefusal(ctx, who, action, name, err)
}

// file handles GET /licenses/{id}/file.
func (s *Server) file(ctx context.Context, id int64) (name, content string, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		l, o, p, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		if l.Status != api.StatusActive {
			return rules.Ended(ctx, tx, l)
		}
		name, content, err = s.licenseFile(l, o, p)
		return err
	})
	return name, content, err
}

// licenseFile signs the license file of a license. Its issue time is the current time, not that of the license: of two
// files the later one counts, and it resets the clock of a program whose PC had a wrong time.
func (s *Server) licenseFile(l store.License, o store.Order, p store.Program) (name, content string, err error) {
	signing, err := s.Secrets.SigningKey(p)
	if err != nil {
		return "", "", err
	}
	activation, err := s.Secrets.ActivationKey(p)
	if err != nil {
		return "", "", err
	}
	f := license.File{
		Issuer:         s.Name,
		ID:             l.ID,
		IssuedAt:       s.Now(),
		ProgramID:      p.ID,
		ProgramName:    p.Name,
		Signature:      p.Signature,
		Order:          o.ID,
		Codes:          l.Codes,
		ActivationCode: l.Activation,
		Features:       l.Features,
		Policy:         l.Policy,
		Seed:           activation.RemovalSeed(l.Activation),
		Note:           l.Note,
	}
	if l.ExpiresAt != nil {
		f.Expires = *l.ExpiresAt
	}
	content, err = signing.Sign(f)
	return license.FileName(p.Name, l.ID), content, err
}

// checkRemovalCode refuses an attempt with a removal code while the host, the account or the license must wait.
func (s *Server) checkRemovalCode(ctx context.Context, tx store.Tx, id int64) error {
	return s.Guard.CheckRemovalCode(ctx, tx, callerAttempt(ctx), id, s.Rules.Today())
}

// countRemovalCode returns err, the result of a task on a license, and counts a failure if it refuses a removal code.
func (s *Server) countRemovalCode(ctx context.Context, tx store.Tx, id int64, err error) error {
	return s.Guard.CountRemovalCode(ctx, tx, callerAttempt(ctx), id, err)
}
