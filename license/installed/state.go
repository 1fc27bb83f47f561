package installed

import (
	"encoding/json"
	"time"

	"github.com/acen-desktop/acen/license"
)

// The state as it lies in the file. Codes stand in their shown form.
type (
	stateFile struct {
		Version    int         `json:"version"`
		Signature  string      `json:"signature"`
		Program    Program     `json:"program"`
		Generation *uint16     `json:"generation,omitempty"`
		Used       []uint16    `json:"used_generations,omitempty"`
		Spent      []spentFile `json:"spent,omitempty"`
		Typed      *typedFile  `json:"typed,omitempty"`
		Clock      Clock       `json:"clock,omitzero"`
	}
	spentFile struct {
		SiteCode    string    `json:"site_code"`
		MachineID   string    `json:"machine_id"`
		LicenseID   int64     `json:"license_id,omitempty"`
		RemovalCode string    `json:"removal_code,omitempty"`
		At          time.Time `json:"at"`
	}
	typedFile struct {
		SiteCode       string `json:"site_code"`
		MachineID      string `json:"machine_id"`
		ActivationCode string `json:"activation_code"`
	}
)

// stateVersion is the form's; a newer one is not touched.
const stateVersion = 1

func (s State) encode() ([]byte, error) {
	f := stateFile{Version: stateVersion, Signature: string(s.Signature), Program: s.Program, Used: s.Used, Clock: s.Clock}
	if s.HasGeneration {
		f.Generation = &s.Generation
	}
	for _, one := range s.Spent {
		e := spentFile{SiteCode: one.Codes.Site.String(), MachineID: one.Codes.Machine.String(), LicenseID: one.LicenseID, At: one.At}
		if one.RemovalCode != 0 {
			e.RemovalCode = one.RemovalCode.String()
		}
		f.Spent = append(f.Spent, e)
	}
	if s.Typed != nil {
		f.Typed = &typedFile{s.Typed.Codes.Site.String(), s.Typed.Codes.Machine.String(), s.Typed.Code.String()}
	}
	return json.MarshalIndent(f, "", "  ")
}

func readState(path string) (State, error) {
	content, err := readSome(path, maxState)
	if err != nil {
		return State{}, err
	}
	return decodeState(content)
}

// decodeState reads a state; everything that is not as encode writes it is damaged.
func decodeState(content string) (s State, err error) {
	f, quick := quickState(content)
	if !quick {
		f = stateFile{}
		if json.Unmarshal([]byte(content), &f) != nil {
			return s, ErrDamaged
		}
	}
	if f.Version != stateVersion {
		return s, ErrDamaged
	}
	if s.Signature, err = license.ParseSignature(f.Signature); err != nil {
		return State{}, ErrDamaged
	}
	s.Program, s.Used, s.Clock = f.Program, f.Used, f.Clock
	if f.Generation != nil {
		s.Generation, s.HasGeneration = *f.Generation, true
	}
	for _, g := range append([]uint16{s.Generation}, s.Used...) {
		if g > license.MaxGeneration {
			return State{}, ErrDamaged
		}
	}
	for _, e := range f.Spent {
		one := Spent{LicenseID: e.LicenseID, At: e.At}
		if one.Codes, err = license.ParseCodes(e.SiteCode, e.MachineID); err != nil {
			return State{}, ErrDamaged
		}
		if e.RemovalCode != "" {
			if one.RemovalCode, err = license.ParseRemovalCode(e.RemovalCode); err != nil {
				return State{}, ErrDamaged
			}
		}
		s.Spent = append(s.Spent, one)
	}
	if f.Typed != nil {
		s.Typed = &Typed{}
		if s.Typed.Codes, err = license.ParseCodes(f.Typed.SiteCode, f.Typed.MachineID); err != nil {
			return State{}, ErrDamaged
		}
		if s.Typed.Code, err = license.ParseActivationCode(f.Typed.ActivationCode); err != nil {
			return State{}, ErrDamaged
		}
	}
	return s, nil
}
