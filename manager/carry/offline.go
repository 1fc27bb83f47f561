// Package carry is the exchange with PCs without a network: the requests of this PC and what it takes from answers, and
// the plans of a courier, who carries out the requests of other PCs.
package carry

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/thispc"
	"github.com/acen-desktop/acen/manager/vault"
)

// Options configure Offline. All of them are required.
type Options struct {
	DB        *sql.DB // requests are rows of its table requests
	Store     *catalog.Store
	PC        *thispc.PC
	Vault     *vault.Vault
	Installed *installed.Store
	// CheckReceipt verifies that a receipt proves that the server took a license that left this PC.
	CheckReceipt func(ctx context.Context, leaves thispc.Departure, token string) error
	Now          func() time.Time
	Rand         io.Reader
	Logger       *slog.Logger
}

// Offline is what this PC does with its programs without a server. Its methods may be called from any goroutine.
type Offline struct{ options Options }

// New returns Offline.
func New(o Options) *Offline { return &Offline{o} }

// Program is a program that this PC knows without asking a server: it has run on this PC, or an account of
// this PC has an order of it.
type Program struct {
	Signature license.Signature
	Name      string // "" if unknown
	// TypedCodes is true if the program accepts typed activation codes.
	TypedCodes bool
	// File is the verified license that the program runs under on this PC; nil if there is none.
	File *license.File
	// Unproven is the unverified content of a license file on this PC; nil if File is set. It cannot be verified because
	// the program has never run on this PC.
	Unproven *license.File
}

// Programs lists the programs that this PC knows, by name. It needs no account and asks no server.
func (o *Offline) Programs(ctx context.Context) (list []Program, err error) {
	programs, err := o.options.Store.Programs(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		one := Program{Signature: license.Signature(p.ApplicationSignature), Name: p.Name}
		if here, ok := o.options.PC.File(p.Program); ok {
			one.File = &here.File
		} else if claimed, ok := o.options.PC.Claimed(one.Signature); ok {
			one.Unproven = &claimed
			if one.Name == "" {
				one.Name = carry.Clean(claimed.ProgramName, carry.MaxName)
			}
		}
		one.TypedCodes = p.TypedCodes
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Program) int {
		if a.Name != b.Name && (a.Name == "" || b.Name == "") {
			return len(b.Name) - len(a.Name) // programs without a name come last
		}
		return strings.Compare(a.Name+"\x00"+string(a.Signature), b.Name+"\x00"+string(b.Signature))
	})
	return list, nil
}

// Leave removes the license of a program from this PC without a server. The program stops running, and the removal
// code is stored until it is handed in, by a courier or over a network. Leave fails with catalog.ErrNotThisPC if this
// PC has no license of the program.
func (o *Offline) Leave(ctx context.Context, signature license.Signature) (thispc.KeptCode, error) {
	p, err := o.options.Store.Program(ctx, signature)
	if err != nil {
		return thispc.KeptCode{}, err
	}
	here, ok := o.options.PC.File(p)
	if !ok {
		return thispc.KeptCode{}, catalog.ErrNotThisPC
	}
	l := api.License{ID: here.ID, OrderID: here.Order, Note: here.Note}
	code := here.Seed.RemovalCode(here.Codes)
	if err := o.options.PC.Leave(ctx, 0, thispc.NewDeparture(p, l, here.Codes, code), ""); err != nil {
		return thispc.KeptCode{}, err
	}
	return thispc.KeptCode{
		Signature: signature,
		Program:   p.Name,
		Codes:     here.Codes,
		Code:      code,
		Note:      here.Note,
		OrderID:   here.Order,
		LicenseID: here.ID,
	}, nil
}

// EnterCode stores a typed activation code for a program of this PC that accepts such codes. The program checks it at
// its next start. EnterCode fails with a *license.CodeError or ErrNoTypedCodes.
func (o *Offline) EnterCode(ctx context.Context, signature license.Signature, text string) error {
	code, err := license.ParseActivationCode(text)
	if err != nil {
		return err
	}
	p, err := o.options.Store.Program(ctx, signature)
	if err != nil {
		return err
	}
	codes, err := o.options.PC.Codes(ctx, p)
	if err != nil {
		return err
	}
	_, err = o.options.Installed.Update(ctx, signature, func(s *installed.State) error {
		if !s.Program.TypedCodes {
			return ErrNoTypedCodes
		}
		s.AddTyped(installed.Typed{Codes: codes, Code: code})
		return nil
	})
	if errors.Is(err, ErrNoTypedCodes) {
		return err
	}
	return storage.WrapInstalled(err)
}

// ErrNoTypedCodes is returned for a program that has not declared that it accepts typed activation codes.
var ErrNoTypedCodes = errors.New("this program has not been started here yet, or accepts license files " +
	"only; take the license file")
