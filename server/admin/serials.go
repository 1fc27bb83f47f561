package admin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// MaxSerials is the largest number of serial numbers that one call makes, prints, blocks or unblocks.
const MaxSerials = 100_000

// SerialState is the state of a serial id.
type SerialState string

// States of a serial id.
const (
	SerialFree    SerialState = "free"    // can make an order
	SerialUsed    SerialState = "used"    // has made an order
	SerialBlocked SerialState = "blocked" // has made no order and cannot make one
	SerialInvalid SerialState = "invalid" // outside the program's valid ids
)

// Serial is a serial id of a program.
type Serial struct {
	Program  store.Program
	ID       uint32
	Number   license.SerialNumber
	Features uint16
	// Known reports whether the server knows the features, and so the number: from an order, or from a batch that the
	// server made.
	Known   bool
	State   SerialState
	Order   *store.Order         // the order that it has made, or nil
	Blocked *store.BlockedSerial // nil = not blocked; a used serial id may be blocked, too
}

// SerialRange is a range of serial ids that includes First and Last.
type SerialRange struct{ First, Last uint32 }

func (r SerialRange) String() string {
	if r.First == r.Last {
		return strconv.FormatUint(uint64(r.First), 10)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

func (r SerialRange) count() int { return int(r.Last) - int(r.First) + 1 }

// readSerialRange parses a serial id or a range of them, such as 7 or 100-199. ok is false for any other text.
func readSerialRange(text string) (r SerialRange, ok bool, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	for _, part := range []string{first, last} {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return r, false, nil
		}
	}
	if len(text) == serialLetters && !isRange {
		return r, false, nil // a serial number may consist of digits
	}
	for _, end := range []struct {
		text string
		to   *uint32
	}{{first, &r.First}, {last, &r.Last}} {
		n, err := strconv.ParseUint(end.text, 10, 32)
		if err != nil || n < 1 || n > license.MaxSerialID {
			return r, true, fmt.Errorf("%s: %w", text, license.ErrSerialID)
		}
		*end.to = uint32(n)
	}
	if r.First > r.Last {
		return r, true, fmt.Errorf("%s: the first serial ID is greater than the last one", text)
	}
	return r, true, nil
}

// serialLetters is the length of a serial number without dashes.
const serialLetters = 18

// readSerials parses serial ids, ranges of them and serial numbers of a program.
func (a Admin) readSerials(p store.Program, texts []string) (ranges []SerialRange, err error) {
	seed, err := a.Secrets.SerialSeed(p)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, text := range texts {
		r, ok, err := readSerialRange(text)
		if err != nil {
			return nil, err
		}
		if !ok {
			number, err := license.ParseSerialNumber(text)
			if err != nil {
				return nil, fmt.Errorf("%q is not a serial ID, a range such as 100-199 or a serial number: %w",
					text, err)
			}
			id, _, err := seed.Open(uint32(p.ID), number)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", number, err)
			}
			r = SerialRange{id, id}
		}
		if total += r.count(); total > MaxSerials {
			return nil, fmt.Errorf("these are more than %d serial IDs", MaxSerials)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

// validSerials is like readSerials, but refuses invalid serial ids.
func (a Admin) validSerials(p store.Program, texts []string) ([]SerialRange, error) {
	ranges, err := a.readSerials(p, texts)
	if err != nil {
		return nil, err
	}
	for _, r := range ranges {
		switch {
		case p.FirstSerial == 0:
			return nil, fmt.Errorf("%s has no serial numbers", object("program", p.ID))
		case r.First < p.FirstSerial || r.Last > p.LastSerial:
			return nil, fmt.Errorf("serial ID %s: the valid ones of %s are %d to %d",
				r, object("program", p.ID), p.FirstSerial, p.LastSerial)
		}
	}
	return ranges, nil
}

// serials returns the serial ids of a range. If the server does not know the features of a serial id, they are
// features.
func (a Admin) serials(
	ctx context.Context, tx store.Tx, p store.Program, r SerialRange, features uint16,
) ([]Serial, error) {
	seed, err := a.Secrets.SerialSeed(p)
	if err != nil {
		return nil, err
	}
	orders, err := tx.Serials.Orders(ctx, p.ID, r.First, r.Last)
	if err != nil {
		return nil, err
	}
	blocked, err := tx.Serials.ListBlocked(ctx, p.ID, r.First, r.Last)
	if err != nil {
		return nil, err
	}
	batches, err := tx.Serials.Batches(ctx, p.ID, r.First, r.Last)
	if err != nil {
		return nil, err
	}
	list := make([]Serial, 0, r.count())
	for id := r.First; id <= r.Last; id++ {
		s := Serial{
			Program:  p,
			ID:       id,
			Features: features,
			State:    SerialFree,
		}
		if id < p.FirstSerial || id > p.LastSerial {
			s.State = SerialInvalid
		}
		for len(batches) > 0 && batches[0].Last < id {
			batches = batches[1:]
		}
		if len(batches) > 0 && batches[0].First <= id {
			s.Features, s.Known = batches[0].Features, true
		}
		if len(blocked) > 0 && blocked[0].SerialID == id {
			s.Blocked, blocked = &blocked[0], blocked[1:]
			s.State = SerialBlocked
		}
		if len(orders) > 0 && orders[0].SerialID == id {
			s.Order, orders = &orders[0], orders[1:]
			s.Features, s.Known, s.State = s.Order.SerialFeatures, true, SerialUsed
		}
		if s.Number, err = seed.Serial(uint32(p.ID), id, s.Features); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// SerialFilter selects serial ids of a program.
type SerialFilter struct {
	// State is the state of the serial ids to list; "" means any.
	State SerialState
	// After is the serial id after which the list begins. Limit is the maximum length of the list, 0 means all.
	After uint32
	Limit int
}

// serialPage is the number of serial ids that Serials reads at a time.
const serialPage = 10_000

// Serials lists the valid serial ids of a program that f selects, and counts all of them.
func (a Admin) Serials(ctx context.Context, program int64, f SerialFilter) (
	list []Serial, stock rules.SerialStock, err error,
) {
	err = a.Store.Read(ctx, func(tx store.Tx) error {
		list = nil
		p, err := tx.Programs.Get(ctx, program)
		if err != nil {
			return notFound(err, "program", program)
		}
		if stock, err = rules.ReadSerialStock(ctx, tx, p); err != nil || p.FirstSerial == 0 {
			return err
		}
		full := func() bool { return f.Limit > 0 && len(list) >= f.Limit }
		for first := max(p.FirstSerial,
			min(f.After, license.MaxSerialID)+1); first <= p.LastSerial && !full(); first += serialPage {
			found, err := a.serials(ctx, tx, p, SerialRange{first, min(p.LastSerial, first+serialPage-1)}, 0)
			if err != nil {
				return err
			}
			for _, s := range found {
				if (f.State == "" || s.State == f.State) && !full() {
					list = append(list, s)
				}
			}
		}
		return nil
	})
	return list, stock, err
}

// FindSerials returns the serial id of a serial number, or a serial id in every program where it is valid or was used.
func (a Admin) FindSerials(ctx context.Context, text string) ([]Serial, error) {
	ids, isID, err := readSerialRange(text)
	if err != nil {
		return nil, err
	}
	if isID && ids.First != ids.Last {
		return nil, fmt.Errorf("%s is more than one serial ID", text)
	}
	var number license.SerialNumber
	if !isID {
		if number, err = license.ParseSerialNumber(text); err != nil {
			return nil, fmt.Errorf("%q is neither a serial ID nor a serial number: %w", text, err)
		}
	}
	return read(ctx, a, func(tx store.Tx) ([]Serial, error) {
		programs, err := tx.Programs.List(ctx)
		if err != nil {
			return nil, err
		}
		var list []Serial
		for _, p := range programs {
			r, features := ids, uint16(0)
			if !isID {
				seed, err := a.Secrets.SerialSeed(p)
				if err != nil {
					return nil, err
				}
				id, own, err := seed.Open(uint32(p.ID), number)
				if err != nil {
					continue // the number belongs to another program
				}
				r, features = SerialRange{id, id}, own
			}
			found, err := a.serials(ctx, tx, p, r, features)
			if err != nil {
				return nil, err
			}
			if s := found[0]; isID && s.State != SerialInvalid || !isID {
				if !isID {
					s.Number, s.Features, s.Known = number, features, true
				}
				list = append(list, s)
			}
		}
		if len(list) == 0 && isID {
			return nil, fmt.Errorf("no program has the serial ID %s", text)
		} else if len(list) == 0 {
			return nil, errors.New("this serial number belongs to no program of this server")
		}
		return list, nil
	})
}

// PrintSerials computes serial numbers of a program from serial ids, ranges of them, or serial numbers. If the server
// does not know the features of a serial id, because another program made its number, they are features.
func (a Admin) PrintSerials(ctx context.Context, program int64, texts []string, features uint16) ([]Serial, error) {
	return read(ctx, a, func(tx store.Tx) (list []Serial, err error) {
		p, err := tx.Programs.Get(ctx, program)
		if err != nil {
			return nil, notFound(err, "program", program)
		}
		ranges, err := a.validSerials(p, texts)
		if err != nil {
			return nil, err
		}
		for _, r := range ranges {
			found, err := a.serials(ctx, tx, p, r, features)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
		return list, nil
	})
}

// BlockSerials blocks serial ids of a program, so that they cannot make orders, and returns how many were not blocked.
// Existing orders do not change (spec: api 9).
func (a Admin) BlockSerials(
	ctx context.Context, program int64, texts []string, reason string,
) (blocked int, err error) {
	if strings.ContainsAny(reason, "\r\n") || len(reason) > 200 {
		return 0, errors.New("a reason is one line of at most 200 bytes")
	}
	now := a.Now()
	block := func(tx store.Tx, id uint32) error {
		return tx.Serials.Block(ctx, store.BlockedSerial{
			ProgramID: program,
			SerialID:  id,
			Reason:    reason,
			BlockedAt: now,
		})
	}
	return a.changeSerials(ctx, program, "serial.block", texts, reason, block)
}

// UnblockSerials unblocks serial ids of a program and returns how many were blocked.
func (a Admin) UnblockSerials(ctx context.Context, program int64, texts []string) (unblocked int, err error) {
	unblock := func(tx store.Tx, id uint32) error { return tx.Serials.Unblock(ctx, program, id) }
	return a.changeSerials(ctx, program, "serial.unblock", texts, "", unblock)
}

// changeSerials blocks or unblocks serial ids that are not in that state, and returns their number.
func (a Admin) changeSerials(
	ctx context.Context, program int64, action string, texts []string, reason string, change func(store.Tx, uint32) error,
) (changed int, err error) {
	err = a.write(ctx, action, object("program", program), func(tx store.Tx) (record, error) {
		changed = 0
		p, err := tx.Programs.Get(ctx, program)
		if err != nil {
			return record{}, notFound(err, "program", program)
		}
		ranges, err := a.validSerials(p, texts)
		if err != nil {
			return record{}, err
		}
		var names []string
		for _, r := range ranges {
			names = append(names, r.String())
			blocked := map[uint32]bool{}
			list, err := tx.Serials.ListBlocked(ctx, p.ID, r.First, r.Last)
			if err != nil {
				return record{}, err
			}
			for _, b := range list {
				blocked[b.SerialID] = true
			}
			for id := r.First; id <= r.Last; id++ {
				if blocked[id] == (action == "serial.block") {
					continue
				}
				if err := change(tx, id); err != nil {
					return record{}, err
				}
				changed++
			}
		}
		detail := "serial ids " + strings.Join(names, ", ")
		if reason != "" {
			detail += ": " + reason
		}
		return record{object("program", program), detail}, nil
	})
	return changed, err
}

// MakeSerials makes serial numbers with the ids after a program's last one, which it raises, and lets the program
// accept serial numbers. If features is 0, orders get the features of the program. The numbers are not logged.
// MakeSerials calls progress with the number of those made; a retry of the transaction begins with 1 again.
func (a Admin) MakeSerials(
	ctx context.Context, program int64, count int, features uint16, progress func(made int),
) (serials []license.SerialNumber, stock rules.SerialStock, err error) {
	if count < 1 || count > MaxSerials {
		return nil, stock, fmt.Errorf("the number of serial numbers must be from 1 to %d", MaxSerials)
	}
	err = a.write(ctx, "serial.make", object("program", program), func(tx store.Tx) (record, error) {
		serials = nil
		p, err := tx.Programs.Get(ctx, program)
		if err != nil {
			return record{}, notFound(err, "program", program)
		}
		if left := license.MaxSerialID - int(p.LastSerial); count > left {
			return record{}, fmt.Errorf("%s has %d serial IDs left", object("program", program), left)
		}
		seed, err := a.Secrets.SerialSeed(p)
		if err != nil {
			return record{}, err
		}
		made := store.SerialBatch{
			ProgramID: p.ID,
			First:     p.LastSerial + 1,
			Last:      p.LastSerial + uint32(count),
			Features:  features,
			MadeAt:    a.Now(),
		}
		before, err := tx.Serials.Batches(ctx, p.ID, made.First, license.MaxSerialID)
		if err != nil {
			return record{}, err
		}
		if len(before) > 0 { // older numbers of these ids, with other features, would become valid
			return record{}, fmt.Errorf("serial IDs above %d were made before: set --last-serial to %d again, and block "+
				"those that must not make orders", p.LastSerial, before[len(before)-1].Last)
		}
		for id := made.First; id <= made.Last; id++ {
			n, err := seed.Serial(uint32(p.ID), id, features)
			if err != nil {
				return record{}, err
			}
			serials = append(serials, n)
			progress(len(serials))
		}
		p.FirstSerial, p.LastSerial, p.AcceptsSerials = max(1, p.FirstSerial), made.Last, true
		if err := errors.Join(tx.Programs.Change(ctx, p), tx.Serials.AddBatch(ctx, made)); err != nil {
			return record{}, err
		}
		stock, err = rules.ReadSerialStock(ctx, tx, p)
		return record{object("program", program), "serial ids " + SerialRange{made.First, made.Last}.String()}, err
	})
	return serials, stock, err
}
