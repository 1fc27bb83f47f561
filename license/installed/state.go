package installed

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
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

// unknown are the members of a state file that this version does not know.
type unknown struct {
	state, program, clock members
	typed                 map[Typed]members
	spent                 map[license.SiteCode]members // by the entry's Site code
}

func (f stateFile) MarshalJSON() ([]byte, error) {
	type known stateFile
	return encodeObject(known(f), f.unknown)
}

func (f programFile) MarshalJSON() ([]byte, error) { return encodeObject(f.Program, f.unknown) }

func (f spentFile) MarshalJSON() ([]byte, error) {
	type known spentFile
	return encodeObject(known(f), f.unknown)
}

func (f typedFile) MarshalJSON() ([]byte, error) {
	type known typedFile
	return encodeObject(known(f), f.unknown)
}

func (f clockFile) MarshalJSON() ([]byte, error) { return encodeObject(f.Clock, f.unknown) }

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

// encode returns the state file, with the unknown members of the file that the state was decoded from.
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
		Given:     s.EnteredHashes,
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
		typed := more.typedFile(*s.Typed)
		f.Typed = &typed
	}
	for _, t := range s.Former {
		f.Former = append(f.Former, more.typedFile(t))
	}
	if s.unknown != nil {
		return json.Marshal(f) // not indented: nothing limits how deep unknown members nest
	}
	return json.MarshalIndent(f, "", "  ")
}

func (u *unknown) typedFile(t Typed) typedFile {
	return typedFile{
		SiteCode:       t.Codes.Site.String(),
		MachineID:      t.Codes.Machine.String(),
		ActivationCode: t.Code.String(),
		unknown:        u.typed[t],
	}
}

func readState(path string) (State, error) {
	content, err := readShared(path, maxState)
	if err != nil {
		return State{}, stateError(err)
	}
	return decodeState(content)
}

// decodeState decodes a state file without the members that this version does not know. It fails with ErrNewer for a
// file of a newer version, with errTrialVersion for one of a trial version, and with ErrDamaged for any other file that
// encode does not write.
func decodeState(content string) (s State, err error) {
	var f stateFile
	if json.Unmarshal([]byte(content), &f) != nil {
		var other struct {
			Version int64 `json:"version"`
		}
		if json.Unmarshal([]byte(content), &other) != nil {
			return s, ErrDamaged
		}
		return s, cmp.Or(checkVersion(other.Version), ErrDamaged)
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
		one := Spent{
			LicenseID: e.LicenseID,
			Settled:   e.Settled,
			Shown:     e.Shown,
			At:        e.At,
		}
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
	s.EnteredHashes = f.Given
	return s, nil
}

// typed parses a typed activation code.
func (f typedFile) typed() (t Typed, err error) {
	if t.Codes, err = license.ParseCodes(f.SiteCode, f.MachineID); err != nil {
		return t, err
	}
	t.Code, err = license.ParseActivationCode(f.ActivationCode)
	return t, err
}

// checkVersion returns an error for any version except stateVersion.
func checkVersion(version int64) error {
	switch {
	case version > stateVersion:
		return ErrNewer
	case version == stateVersion:
		return nil
	case version == 1:
		return errTrialVersion
	}
	return ErrDamaged
}

// decodeForChange is decodeState for a state that will be encoded again: it also decodes the unknown members.
func decodeForChange(content string) (State, error) {
	s, err := decodeState(content)
	if err == nil {
		s.unknown, err = s.decodeUnknown(content)
	}
	return s, err
}

// decodeUnknown decodes the unknown members of a state file, which s was decoded from; nil if there are none.
func (s State) decodeUnknown(content string) (*unknown, error) {
	var object members
	var f struct {
		Program members   `json:"program"`
		Spent   []members `json:"spent"`
		Typed   members   `json:"typed"`
		Former  []members `json:"former_typed"`
		Clock   members   `json:"clock"`
	}
	if json.Unmarshal([]byte(content), &object) != nil || json.Unmarshal([]byte(content), &f) != nil {
		return nil, ErrDamaged
	}
	u := &unknown{
		state:   object.without(stateFile{}),
		program: f.Program.without(Program{}),
		clock:   f.Clock.without(Clock{}),
		typed:   map[Typed]members{},
		spent:   map[license.SiteCode]members{},
	}
	count := len(u.state) + len(u.program) + len(u.clock)
	for i, one := range s.Spent {
		u.spent[one.Codes.Site] = f.Spent[i].without(spentFile{})
		count += len(u.spent[one.Codes.Site])
	}
	for i, t := range s.Former {
		u.typed[t] = f.Former[i].without(typedFile{})
		count += len(u.typed[t])
	}
	if s.Typed != nil {
		u.typed[*s.Typed] = f.Typed.without(typedFile{})
		count += len(u.typed[*s.Typed])
	}
	if count == 0 {
		return nil, nil
	}
	return u, nil
}

// without returns the members that are not fields of known, a struct. It ignores case, as encoding/json does.
func (m members) without(known any) members {
	fields := reflect.VisibleFields(reflect.TypeOf(known))
	maps.DeleteFunc(m, func(member string, _ json.RawMessage) bool {
		return slices.ContainsFunc(fields, func(f reflect.StructField) bool {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return name != "" && strings.EqualFold(name, member)
		})
	})
	return m
}
