package thispc

import (
	"context"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// KeptCode is a removal code that this PC stores until the server has taken it.
type KeptCode struct {
	Signature license.Signature
	// Program is the name of the program, possibly its own name for itself; it may be "".
	Program string
	Codes   license.Codes
	// Code is zero while an open job hands it in. The license returns if the job is canceled or refused, so nobody may
	// see the code.
	Code      license.RemovalCode
	Note      string
	OrderID   int64 // 0 if unknown
	LicenseID int64 // 0 if unknown
	// Purpose is the task of the open job that hands the code in; "" if there is none.
	Purpose api.Task
}

// KeptCodes lists the removal codes of the vault and of the license folder, without the tasks of open jobs.
func (pc *PC) KeptCodes(ctx context.Context) (list []KeptCode, err error) {
	if list, err = pc.SealedCodes(ctx); err != nil {
		return nil, err
	}
	states, err := pc.options.Installed.States()
	if err != nil {
		return nil, pc.options.Wrap(err)
	}
	for _, s := range states {
		for _, spent := range s.Spent {
			i := slices.IndexFunc(list, func(k KeptCode) bool {
				return k.Signature == s.Signature && k.Codes.Site == spent.Codes.Site
			})
			switch {
			case i >= 0 && spent.Settled: // the app's data were restored from a backup
				list[i].Code = 0
			case spent.RemovalCode == 0:
			case i >= 0:
				list[i].Code = spent.RemovalCode
			default:
				list = append(list, KeptCode{
					Signature: s.Signature,
					Program:   s.Program.Name,
					Codes:     spent.Codes,
					Code:      spent.RemovalCode,
					LicenseID: spent.LicenseID,
				})
			}
		}
	}
	return slices.DeleteFunc(list, func(k KeptCode) bool { return k.Code == 0 }), nil
}

// SealedCodes lists the removal codes in the vault. The code of one that cannot be opened is zero.
func (pc *PC) SealedCodes(ctx context.Context) (list []KeptCode, err error) {
	codes, err := pc.options.Vault.Codes(ctx)
	for _, c := range codes {
		list = append(list, KeptCode{
			Signature: c.Signature,
			Program:   c.Program,
			Codes:     c.Codes,
			Code:      c.Code,
			Note:      c.Note,
			OrderID:   c.OrderID,
			LicenseID: c.LicenseID,
		})
	}
	return list, err
}
