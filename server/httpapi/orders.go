package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/guard"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// registerOrders registers the calls about orders and serial numbers.
func (s *Server) registerOrders(c contract) {
	register(c, c.signedIn(http.MethodGet, "/orders", "list-orders", "List active and visible orders", 200),
		func(ctx context.Context, in *ListInput) (*body[api.OrderList], error) {
			p, err := readPage(in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			out, err := s.orders(ctx, p)
			return &body[api.OrderList]{out}, err
		})
	register(c, c.signedIn(http.MethodPost, "/orders", api.TaskNewOrder.OperationID(), "New order with a serial number",
		201),
		func(ctx context.Context, in *struct {
			Idempotent
			Body api.NewOrder
		},
		) (*answer[api.Order], error) {
			status, out, err := apply(ctx, s, change[api.NewOrder, api.Order]{
				key:    in.Key,
				call:   api.TaskNewOrder.OperationID(),
				in:     in.Body,
				action: api.TaskNewOrder.AuditAction(),
				do: func(tx store.Tx, e *store.Event) (int, api.Order, error) {
					return s.newOrder(ctx, tx, e, in.Body)
				},
			})
			if err == nil {
				s.checkStock(ctx, in.Body.ProgramID)
			}
			return &answer[api.Order]{status, out}, err
		})
	register(c, c.signedIn(http.MethodGet, "/orders/{id}/history", "order-history",
		"List the history of an order, newest first", 200),
		func(ctx context.Context, in *struct {
			OrderPath
			ListInput
		},
		) (*body[api.HistoryList], error) {
			p, err := readPage(in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			out, err := s.history(ctx, in.ID, p)
			return &body[api.HistoryList]{out}, err
		})
}

// orders handles GET /orders. It lists active and visible orders of the caller, newest first (spec: api 1).
func (s *Server) orders(ctx context.Context, p page) (out api.OrderList, err error) {
	who := request.CallerFrom(ctx)
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		out = api.OrderList{Orders: []api.Order{}}
		programs, err := tx.Programs.List(ctx)
		if err != nil {
			return err
		}
		byID := map[int64]store.Program{}
		for _, program := range programs {
			byID[program.ID] = program
			out.CanAddOrder = out.CanAddOrder || program.AcceptsSerials
		}
		orders, err := tx.Orders.List(ctx, who.Client.ID, true, p.after, p.limit+1)
		if err != nil {
			return err
		}
		if len(orders) > p.limit {
			orders = orders[:p.limit]
			out.NextCursor = cursorAfter(orders[len(orders)-1].ID)
		}
		for _, o := range orders {
			w, err := s.wireOrder(ctx, tx, o, byID[o.ProgramID])
			if err != nil {
				return err
			}
			out.Orders = append(out.Orders, w)
		}
		return nil
	})
	return out, err
}

// history handles GET /orders/{id}/history. It lists the newest events first.
func (s *Server) history(ctx context.Context, orderID int64, p page) (out api.HistoryList, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		out = api.HistoryList{History: []api.HistoryEntry{}}
		if _, _, err := ownOrder(ctx, tx, orderID); err != nil {
			return err
		}
		events, err := tx.Events.List(ctx, orderID, p.after, p.limit+1)
		if err != nil {
			return err
		}
		if len(events) > p.limit {
			events = events[:p.limit]
			out.NextCursor = cursorAfter(events[len(events)-1].ID)
		}
		for _, e := range events {
			out.History = append(out.History, api.HistoryEntry{
				Time:       e.At.UTC(),
				Task:       e.Task.HistoryWord(),
				LicenseID:  e.LicenseID,
				Outcome:    e.Outcome,
				DeviceName: e.Device,
			})
		}
		return nil
	})
	return out, err
}

// newOrder handles POST /orders.
func (s *Server) newOrder(ctx context.Context, tx store.Tx, e *store.Event, r api.NewOrder) (int, api.Order, error) {
	who := request.CallerFrom(ctx)
	answer := &r.Verification
	if !s.Shared.Current().OrderVerification {
		answer = nil
	}
	o, p, err := s.redeem(ctx, tx, attemptBy(ctx, who.Client.Username), r.ProgramID, r.SerialNumber, answer)
	if err != nil {
		return 0, api.Order{}, err
	}
	if o, err = s.addOrder(ctx, tx, e, o, who.Client.ID); err != nil {
		return 0, api.Order{}, err
	}
	w, err := s.wireOrder(ctx, tx, o, p)
	return http.StatusCreated, w, err
}

// addOrder adds a redeemed order of a client.
func (s *Server) addOrder(
	ctx context.Context, tx store.Tx, e *store.Event, o store.Order, client int64,
) (store.Order, error) {
	o.ClientID = client
	id, err := tx.Orders.Add(ctx, o)
	if err != nil {
		return o, err
	}
	e.OrderID, e.Task = id, api.TaskNewOrder
	return tx.Orders.Get(ctx, id)
}

// redeem checks a verification number, unless v is nil, and a serial number, and returns the order that the serial
// number makes. It refuses, with an *api.Problem, in this order: banned or too early; serial number malformed;
// verification number wrong; serial number unknown, out of range, blocked or of another program; serial number used
// (spec: api 9, api 10, api 11).
func (s *Server) redeem(
	ctx context.Context, tx store.Tx, a guard.Attempt, programID int64, serial string, v *api.VerificationAnswer,
) (o store.Order, p store.Program, err error) {
	if err := s.Guard.CheckSerial(ctx, tx, a); err != nil {
		return o, p, err
	}
	number, err := license.ParseSerialNumber(serial)
	if err != nil {
		return o, p, rules.Malformed(err, "body.serial_number")
	}
	if v != nil {
		if err := s.Guard.Verify(ctx, tx, a, *v); err != nil {
			return o, p, err
		}
	}
	o, p, err = s.Rules.Redeem(ctx, tx, programID, number)
	var refusal *api.Problem
	if errors.As(err, &refusal) && (refusal.Code == api.ErrSerialInvalid || refusal.Code == api.ErrSerialInUse) {
		err = s.Guard.FailSerial(ctx, tx, a, refusal)
	}
	return o, p, err
}

// stockInterval is the minimum time between two counts of a program's serial numbers.
const stockInterval = time.Hour

// checkStock logs a warning if few serial numbers of a program are left, at most once within stockInterval.
func (s *Server) checkStock(ctx context.Context, program int64) {
	now := s.Now()
	if before, ok := s.counted.Load(program); ok && now.Sub(before.(time.Time)) < stockInterval {
		return
	}
	s.counted.Store(program, now)
	var stock rules.SerialStock
	err := s.Store.Read(ctx, func(tx store.Tx) error {
		p, err := tx.Programs.Get(ctx, program)
		if err != nil {
			return err
		}
		stock, err = rules.ReadSerialStock(ctx, tx, p)
		return err
	})
	if err != nil {
		s.counted.Delete(program) // the next order retries
		s.Logger.Warn("serial numbers could not be counted", "program", program, "error", err)
		return
	}
	for _, warning := range stock.Warnings() {
		s.Logger.Warn("few serial numbers are left",
			"program", program, "free", stock.Free(), "unmade", stock.Unmade, "warning", warning)
	}
}

// ownOrder returns an order that the caller may see, with its program, and in a Write locks it. Other orders are not
// found (spec: api "Who may call").
func ownOrder(ctx context.Context, tx store.Tx, id int64) (store.Order, store.Program, error) {
	o, p, err := tx.Orders.LockOf(ctx, request.CallerFrom(ctx).Client.ID, id)
	if err == nil && (!o.Active || !o.Visible) {
		err = store.ErrNotFound
	}
	return o, p, hideMissing(err)
}

// ownLicense returns a license of an order that the caller may see. It reads an order even if the license does not
// exist, so that both cases take equally long.
func ownLicense(ctx context.Context, tx store.Tx, id int64) (store.License, store.Order, store.Program, error) {
	l, err := tx.Licenses.Get(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return l, store.Order{}, store.Program{}, err
	}
	o, p, err := ownOrder(ctx, tx, l.OrderID)
	return l, o, p, err
}

// hideMissing answers a missing row like a row of another client.
func hideMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound()
	}
	return err
}
