package installed

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
)

// The state in its stored form. Codes are in their shown form. Each object preserves the members that this version does
// not know, so that an older program loses nothing that a newer one wrote.
type (
	stateFile struct {
		Version    int         `json:"version"`
		Signature  string      `json:"signature"`
		Program    programFile `json:"program"`
		Generation *uint16     `json:"generation,omitempty"`
		Used       []uint16    `json:"used_generations,omitempty"`
		Spent      []spentFile `json:"spent,omitempty"`
		Typed      *typedFile  `json:"typed,omitempty"`
		Former     []typedFile `json:"former_typed,omitempty"`
		Given      []string    `json:"given_codes,omitempty"`
		Clock      clockFile   `json:"clock,omitzero"`
		unknown    members
	}
	programFile struct {
		Program
		unknown members
	}
	spentFile struct {
		SiteCode    string    `json:"site_code"`
		MachineID   string    `json:"machine_id"`
		LicenseID   int64     `json:"license_id,omitempty"`
		RemovalCode string    `json:"removal_code,omitempty"`
		Settled     bool      `json:"settled,omitempty"`
		Shown       bool      `json:"shown,omitempty"`
		At          time.Time `json:"at"`
		unknown     members
	}
	typedFile struct {
		SiteCode       string `json:"site_code"`
		MachineID      string `json:"machine_id"`
		ActivationCode string `json:"activation_code"`
		unknown        members
	}
	clockFile struct {
		Clock
		unknown members
	}
)

// stateVersion is the version of the format that this package reads and writes. Files of newer versions are left
// unchanged. Version 1 has the same form, but codes of the scheme acen/v1, which only trial versions used: it is not
// read, and a change moves it into the folder "old".
const stateVersion = 2

// members are the members of a JSON object, by name.
type members map[string]json.RawMessage

// unknown holds the members of a state file that this version does not know.
type unknown struct {
	state, program, typed, clock members
	typedFor                     Typed                        // the typed code that typed belongs to
	spent                        map[license.SiteCode]members // by the entry's Site code
}

func (f stateFile) MarshalJSON() ([]byte, error) {
	type known stateFile
	return encodeObject(known(f), f.unknown)
}

func (f *stateFile) UnmarshalJSON(data []byte) (err error) {
	type known stateFile
	f.unknown, err = decodeObject(data, (*known)(f), stateNames)
	return err
}

func (f programFile) MarshalJSON() ([]byte, error) { return encodeObject(f.Program, f.unknown) }

func (f *programFile) UnmarshalJSON(data []byte) (err error) {
	f.unknown, err = decodeObject(data, &f.Program, programNames)
	return err
}

func (f spentFile) MarshalJSON() ([]byte, error) {
	type known spentFile
	return encodeObject(known(f), f.unknown)
}

func (f *spentFile) UnmarshalJSON(data []byte) (err error) {
	type known spentFile
	f.unknown, err = decodeObject(data, (*known)(f), spentNames)
	return err
}

func (f typedFile) MarshalJSON() ([]byte, error) {
	type known typedFile
	return encodeObject(known(f), f.unknown)
}

func (f *typedFile) UnmarshalJSON(data []byte) (err error) {
	type known typedFile
	f.unknown, err = decodeObject(data, (*known)(f), typedNames)
	return err
}

func (f clockFile) MarshalJSON() ([]byte, error) { return encodeObject(f.Clock, f.unknown) }

func (f *clockFile) UnmarshalJSON(data []byte) (err error) {
	f.unknown, err = decodeObject(data, &f.Clock, clockNames)
	return err
}

// encodeObject encodes a struct as a JSON object and appends the unknown members.
func encodeObject(known any, unknown members) ([]byte, error) {
	object, err := json.Marshal(known)
	if err != nil || len(unknown) == 0 {
		return object, err
	}
	rest, err := json.Marshal(unknown)
	if err != nil || len(object) == len("{}") {
		return rest, err
	}
	return slices.Concat(object[:len(object)-1], []byte(","), rest[1:]), nil
}

// decodeObject decodes a JSON object into known and returns the members that are not in names; nil if there are none.
func decodeObject(data []byte, known any, names []string) (unknown members, err error) {
	if err := json.Unmarshal(data, known); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &unknown); err != nil {
		return nil, err
	}
	maps.DeleteFunc(unknown, func(name string, _ json.RawMessage) bool { // encoding/json ignores case
		return slices.ContainsFunc(names, func(known string) bool { return strings.EqualFold(known, name) })
	})
	if len(unknown) == 0 {
		return nil, nil
	}
	return unknown, nil
}

func (s State) encode() ([]byte, error) {
	more := s.unknown
	if more == nil {
		more = &unknown{}
	}
	f := stateFile{
		Version:   stateVersion,
		Signature: string(s.Signature),
		Program:   programFile{s.Program, more.program},
		Used:      s.Used,
		Given:     s.Given,
		Clock:     clockFile{s.Clock, more.clock},
		unknown:   more.state,
	}
	if s.HasGeneration {
		f.Generation = &s.Generation
	}
	for _, one := range s.Spent {
		e := spentFile{
			SiteCode:  one.Codes.Site.String(),
			MachineID: one.Codes.Machine.String(),
			LicenseID: one.LicenseID,
			Settled:   one.Settled,
			Shown:     one.Shown,
			At:        one.At,
			unknown:   more.spent[one.Codes.Site],
		}
		if one.RemovalCode != 0 {
			e.RemovalCode = one.RemovalCode.String()
		}
		f.Spent = append(f.Spent, e)
	}
	if s.Typed != nil {
		f.Typed = &typedFile{
			SiteCode:       s.Typed.Codes.Site.String(),
			MachineID:      s.Typed.Codes.Machine.String(),
			ActivationCode: s.Typed.Code.String(),
		}
		if *s.Typed == more.typedFor {
			f.Typed.unknown = more.typed
		}
	}
	for _, t := range s.Former {
		f.Former = append(f.Former, typedFile{
			SiteCode:       t.Codes.Site.String(),
			MachineID:      t.Codes.Machine.String(),
			ActivationCode: t.Code.String(),
		})
	}
	if s.unknown != nil {
		return json.Marshal(f) // not indented: nothing limits how deep unknown members nest
	}
	return json.MarshalIndent(f, "", "  ")
}

func readState(path string) (State, error) {
	content, err := readSome(path, maxState)
	if err != nil {
		return State{}, stateError(err)
	}
	return decodeState(content)
}

// decodeState decodes a state file. It fails with ErrNewer for a file of a newer version, with errOlder for one of a
// trial version, and with ErrDamaged for any other file that encode does not write.
func decodeState(content string) (s State, err error) {
	f, quick := quickState(content)
	if !quick {
		f = stateFile{}
		if json.Unmarshal([]byte(content), &f) != nil {
			var other struct {
				Version int64 `json:"version"`
			}
			if json.Unmarshal([]byte(content), &other) != nil {
				return s, ErrDamaged
			}
			return s, cmp.Or(checkVersion(other.Version), ErrDamaged)
		}
	}
	if err := checkVersion(int64(f.Version)); err != nil {
		return s, err
	}
	if s.Signature, err = license.ParseSignature(f.Signature); err != nil {
		return State{}, ErrDamaged
	}
	s.Program, s.Used, s.Clock = f.Program.Program, f.Used, f.Clock.Clock
	if f.Generation != nil {
		s.Generation, s.HasGeneration = *f.Generation, true
	}
	for _, g := range append([]uint16{s.Generation}, s.Used...) {
		if g > license.MaxGeneration {
			return State{}, ErrDamaged
		}
	}
	for _, e := range f.Spent {
		one := Spent{LicenseID: e.LicenseID, Settled: e.Settled, Shown: e.Shown, At: e.At}
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
		t, err := f.Typed.typed()
		if err != nil {
			return State{}, ErrDamaged
		}
		s.Typed = &t
	}
	for _, former := range f.Former {
		t, err := former.typed()
		if err != nil {
			return State{}, ErrDamaged
		}
		s.Former = append(s.Former, t)
	}
	s.Given = f.Given
	if !quick {
		s.unknown = unknownOf(f, s)
	}
	return s, nil
}

// typed reads a typed activation code.
func (f typedFile) typed() (t Typed, err error) {
	if t.Codes, err = license.ParseCodes(f.SiteCode, f.MachineID); err != nil {
		return t, err
	}
	t.Code, err = license.ParseActivationCode(f.ActivationCode)
	return t, err
}

// checkVersion returns an error for every version but stateVersion.
func checkVersion(version int64) error {
	switch {
	case version > stateVersion:
		return ErrNewer
	case version == stateVersion:
		return nil
	case version == 1:
		return errOlder
	}
	return ErrDamaged
}

// unknownOf returns the members of a file that this version does not know; nil if there are none.
func unknownOf(f stateFile, s State) *unknown {
	u := unknown{state: f.unknown, program: f.Program.unknown, clock: f.Clock.unknown}
	some := len(u.state) + len(u.program) + len(u.clock)
	if f.Typed != nil {
		u.typed, u.typedFor = f.Typed.unknown, *s.Typed
		some += len(u.typed)
	}
	for i, e := range f.Spent {
		if len(e.unknown) == 0 {
			continue
		}
		if u.spent == nil {
			u.spent = map[license.SiteCode]members{}
		}
		u.spent[s.Spent[i].Codes.Site] = e.unknown
		some++
	}
	if some == 0 {
		return nil
	}
	return &u
}
