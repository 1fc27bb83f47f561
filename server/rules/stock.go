package rules

import (
	"context"
	"fmt"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// SerialStock are the numbers of serial ids of a program.
type SerialStock struct {
	Program store.Program
	Valid   int // ids whose serial numbers are accepted
	Used    int // valid ids that have made an order
	Blocked int // valid ids that are blocked and have made no order
	Unmade  int // ids above the last valid one
}

// ReadSerialStock counts the serial ids of a program.
func ReadSerialStock(ctx context.Context, tx store.Tx, p store.Program) (SerialStock, error) {
	s := SerialStock{Program: p, Unmade: license.MaxSerialID - int(p.LastSerial)}
	if p.FirstSerial == 0 {
		return s, nil
	}
	var err error
	s.Valid = int(p.LastSerial) - int(p.FirstSerial) + 1
	s.Used, s.Blocked, err = tx.Serials.Count(ctx, p.ID, p.FirstSerial, p.LastSerial)
	return s, err
}

// Free returns the number of serial numbers that can still make an order.
func (s SerialStock) Free() int { return s.Valid - s.Used - s.Blocked }

const (
	// fewFree is the denominator of the fraction of free serial ids below which Warnings reports few: one in ten.
	fewFree = 10
	// fewUnmade is the number of serial ids above the last valid one below which Warnings reports few.
	fewUnmade = 100_000
)

// Warnings returns a sentence for each kind of serial id of which few are left.
func (s SerialStock) Warnings() (list []string) {
	if !s.Program.AcceptsSerials {
		return nil
	}
	if free := s.Free(); s.Valid > 0 && free*fewFree < s.Valid {
		list = append(list, fmt.Sprintf("%s (program %d) has %d of %d serial numbers left without an order.",
			s.Program.Name, s.Program.ID, free, s.Valid))
	}
	if s.Unmade < fewUnmade {
		list = append(list, fmt.Sprintf("%s (program %d) has %d of %d serial IDs left for new serial numbers.",
			s.Program.Name, s.Program.ID, s.Unmade, license.MaxSerialID))
	}
	return list
}
