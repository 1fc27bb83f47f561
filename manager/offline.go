package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/thispc"
	"github.com/acen-desktop/acen/manager/vault"
)

// OfflineProgram is a program that this PC knows without asking a server: it has run on this PC, or an account of
// this PC has an order of it.
type OfflineProgram struct {
	Signature license.Signature
	Name      string // "" if unknown
	// TypedCodes is true if the program accepts typed activation codes.
	TypedCodes bool
	// Here is the verified license that the program runs under on this PC; nil if there is none.
	Here *license.File
	// Unproven is the unverified content of a license file on this PC; nil if Here is set. It cannot be verified because
	// the program has never run on this PC.
	Unproven *license.File
}

// OfflinePrograms lists the programs that this PC knows, by name. It needs no account and asks no server.
func (m *Manager) OfflinePrograms(ctx context.Context) (list []OfflineProgram, err error) {
	programs, err := m.knownPrograms(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		one := OfflineProgram{Signature: license.Signature(p.ApplicationSignature), Name: p.Name}
		if here, ok := m.pc.File(p.Program); ok {
			one.Here = &here.File
		} else if claimed, ok := m.pc.Claimed(one.Signature); ok {
			one.Unproven = &claimed
			if one.Name == "" {
				one.Name = carry.Clean(claimed.ProgramName, carry.MaxName)
			}
		}
		one.TypedCodes = p.typed
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b OfflineProgram) int {
		if a.Name != b.Name && (a.Name == "" || b.Name == "") {
			return len(b.Name) - len(a.Name) // programs without a name come last
		}
		return strings.Compare(a.Name+"\x00"+string(a.Signature), b.Name+"\x00"+string(b.Signature))
	})
	return list, nil
}

// knownProgram merges what a program and the accounts of this PC say about a program.
type knownProgram struct {
	api.Program
	typed bool
}

func (m *Manager) knownPrograms(ctx context.Context) (map[license.Signature]*knownProgram, error) {
	known := map[license.Signature]*knownProgram{}
	accounts, err := m.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		var programs []api.Program
		if _, ok, err := m.db.load(ctx, a.ID, programsName, &programs); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		for _, p := range programs {
			signature, err := license.ParseSignature(p.ApplicationSignature)
			if err != nil || !p.RequiresActivation {
				continue
			}
			if one, ok := known[signature]; ok {
				one.FormerKeys = append(one.FormerKeys, append([]string{p.PublicKey}, p.FormerKeys...)...)
				continue
			}
			known[signature] = &knownProgram{Program: p}
		}
	}
	states, err := m.options.Installed.States()
	if err != nil {
		return nil, installedError(err)
	}
	for _, s := range states {
		one, ok := known[s.Signature]
		if !ok {
			one = &knownProgram{Program: api.Program{ApplicationSignature: string(s.Signature),
				Name: carry.Clean(s.Program.Name, carry.MaxName)}}
			known[s.Signature] = one
		}
		one.typed = s.Program.TypedCodes
		one.FormerKeys = append(one.FormerKeys, s.Program.PublicKeys...)
	}
	return known, nil
}

// programBySignature returns a known program; an unknown one has only its signature.
func (m *Manager) programBySignature(ctx context.Context, signature license.Signature) (api.Program, error) {
	known, err := m.knownPrograms(ctx)
	if err != nil {
		return api.Program{}, err
	}
	if p, ok := known[signature]; ok {
		return p.Program, nil
	}
	return api.Program{ApplicationSignature: string(signature)}, nil
}

// Wish is one item that this PC asks a courier for.
type Wish struct {
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
	Kept KeptCode
}

// MakeRequest makes a request for a courier with the codes of this PC, and stores it until its answer is taken in. It
// needs no account and no network. It fails with a *carry.DocumentError for a note or a name that cannot be sent.
func (m *Manager) MakeRequest(ctx context.Context, device string, wishes []Wish) (carry.Request, error) {
	request := carry.Request{Device: carry.Clean(device, carry.MaxName), MadeAt: m.options.Now()}
	var err error
	if request.ID, err = carry.NewID(m.options.Rand); err != nil {
		return request, err
	}
	for _, w := range wishes {
		item := carry.Item{
			Task:        w.Task,
			Signature:   w.Signature,
			Program:     w.Program,
			Note:        w.Note,
			RemovalCode: w.RemovalCode,
			From:        w.From,
		}
		p, err := m.programBySignature(ctx, w.Signature)
		if err != nil {
			return request, err
		}
		if item.Program == "" {
			item.Program = p.Name
		}
		if w.Task == carry.TaskRemove {
			item.Codes, item.RemovalCode, item.License, item.Note = w.Kept.Codes, w.Kept.Code, w.Kept.LicenseID, ""
		} else if item.Codes, err = m.pc.Codes(ctx, p); err != nil {
			return request, err
		}
		request.Items = append(request.Items, item)
	}
	content, err := carry.Encode(request)
	if err != nil {
		return request, err
	}
	sealed, err := m.vault.Seal(ctx, content) // it may contain removal codes
	if err != nil {
		return request, err
	}
	_, err = m.db.change(ctx, `INSERT INTO requests (id, content, made_at) VALUES (?, ?, ?)`, request.ID, sealed,
		request.MadeAt.UnixMicro())
	return request, err
}

// Requests lists the requests that have no answer yet, newest first. It omits requests whose key is lost.
func (m *Manager) Requests(ctx context.Context) (list []carry.Request, err error) {
	rows, err := m.db.QueryContext(ctx, `SELECT content FROM requests ORDER BY made_at DESC, id`)
	if err != nil {
		return nil, storageError(err)
	}
	defer rows.Close()
	var contents [][]byte
	for rows.Next() {
		var sealed []byte
		if err := rows.Scan(&sealed); err != nil {
			return nil, storageError(err)
		}
		contents = append(contents, sealed)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storageError(err)
	}
	for _, sealed := range contents {
		content, err := m.vault.Open(ctx, sealed)
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
func (m *Manager) ForgetRequest(ctx context.Context, id string) error {
	_, err := m.db.change(ctx, `DELETE FROM requests WHERE id = ?`, id)
	return err
}

// LetGo removes the license of a program from this PC without a server. The program stops running, and the removal
// code is stored until it is handed in, by a courier or over a network. LetGo fails with ErrNotThisPC if this PC has
// no license of the program.
func (m *Manager) LetGo(ctx context.Context, signature license.Signature) (KeptCode, error) {
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return KeptCode{}, err
	}
	here, ok := m.pc.File(p)
	if !ok {
		return KeptCode{}, ErrNotThisPC
	}
	l := License{License: api.License{ID: here.ID, OrderID: here.Order, Note: here.Note}}
	code := here.Seed.RemovalCode(here.Codes)
	if err := m.pc.Leave(ctx, 0, thispc.NewDeparture(p, l.License, here.Codes, code), ""); err != nil {
		return KeptCode{}, err
	}
	return KeptCode{
		Signature: signature,
		Program:   p.Name,
		Codes:     here.Codes,
		Code:      code,
		Note:      here.Note,
		OrderID:   here.Order,
		LicenseID: here.ID,
	}, nil
}

// ErrOtherPC is returned for a license file of another PC, or for a Site code that this PC no longer has.
var ErrOtherPC = errors.New("this license file was made for another PC, or for a Site code that this PC no longer has")

// Taken is the outcome of one result of an answer.
type Taken struct {
	Result carry.Result
	// License is the content of the license file; nil for other results.
	License *license.File
	// Unproven is true if this PC did not know the program, so that only the program can verify that the license is the
	// vendor's.
	Unproven bool
	// Err is the reason why the result could not be taken in. A refusal by the server is not an error.
	Err error
}

// TakeAnswer takes in a courier's answer: it installs the license files, and deletes the removal codes that the
// server accepted. If the server refused this PC's Site code as spent, the next request has a new one. TakeAnswer is
// idempotent. It returns errors of this PC's disk; errors of a single result are in Taken.
func (m *Manager) TakeAnswer(ctx context.Context, a carry.Answer) ([]Taken, error) {
	list := make([]Taken, len(a.Results))
	settled := map[int]bool{}
	for i, r := range a.Results {
		t := Taken{Result: r}
		switch r.Outcome {
		case carry.OutcomeLicense:
			var f license.File
			if f, t.Unproven, t.Err = m.take(ctx, r.License, r.PublicKeys); t.Err == nil {
				t.License = &f
			}
		case carry.OutcomeDone:
			if r.Task == carry.TaskRemove {
				t.Err = m.takeReceipt(ctx, r)
			}
		case carry.OutcomeRefused:
			t.Err = m.takeRefusal(ctx, a.Request, r)
		}
		if errors.Is(t.Err, ErrStorage) || ctx.Err() != nil {
			return list[:i], errors.Join(t.Err, ctx.Err())
		}
		settled[r.Item] = t.Err == nil
		list[i] = t
	}
	return list, m.closeRequest(ctx, a.Request, settled)
}

// ErrNoReceipt is returned for a courier's answer that reports a removal without a valid receipt.
var ErrNoReceipt = errors.New("the answer does not prove that the server took the license; its removal code stays here")

// takeReceipt deletes the removal code of a license that a courier handed in. It fails with ErrNoReceipt unless the
// receipt proves that the server took the license.
func (m *Manager) takeReceipt(ctx context.Context, r carry.Result) error {
	leaves := departure{
		Signature: string(r.Signature),
		SiteCode:  r.Codes.Site.String(),
		MachineID: r.Codes.Machine.String(),
	}
	state, err := m.options.Installed.State(r.Signature)
	if err != nil {
		return installedError(err)
	}
	if spent, ok := state.FindSpent(r.Codes.Site); ok {
		leaves.LicenseID = spent.LicenseID
	}
	s, _ := m.acting() // s is nil if nobody is signed in
	if err := m.checkReceipt(ctx, s, leaves, r.Receipt); err != nil {
		m.options.Logger.Warn("a courier's answer has no valid receipt", "error", err)
		return ErrNoReceipt
	}
	return m.pc.Confirm(ctx, leaves)
}

// takeRefusal takes a new Site code for this PC if the server refused the Site code of a request of this PC as spent
// (spec: api 21).
func (m *Manager) takeRefusal(ctx context.Context, id string, r carry.Result) error {
	if api.Code(r.Code) != api.ErrSiteCodeSpent || r.Task == carry.TaskRemove {
		return nil
	}
	requests, err := m.Requests(ctx)
	if err != nil {
		return err
	}
	asked := slices.ContainsFunc(requests, func(request carry.Request) bool {
		return request.ID == id && r.Item >= 1 && r.Item <= len(request.Items) &&
			request.Items[r.Item-1].Signature == r.Signature && request.Items[r.Item-1].Codes == r.Codes
	})
	if !asked {
		return nil // an answer is not signed
	}
	return m.pc.RenewSite(ctx, r.Signature, r.Program, r.Codes.Site)
}

// closeRequest deletes a request all of whose items are settled.
func (m *Manager) closeRequest(ctx context.Context, id string, settled map[int]bool) error {
	requests, err := m.Requests(ctx)
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
		return m.ForgetRequest(ctx, id)
	}
	return nil
}

// TakeLicense installs a license file that was received in another way, such as by mail. It fails with ErrOtherPC,
// license.ErrFileSignature, license.ErrOlderVersion or license.ErrFileDamaged.
func (m *Manager) TakeLicense(ctx context.Context, content string) (f license.File, unproven bool, err error) {
	return m.take(ctx, content, nil)
}

// take verifies a license file and installs it. If this PC does not know the program, take verifies the file with
// keys.
func (m *Manager) take(
	ctx context.Context, content string, keys []license.PublicKey,
) (f license.File, unproven bool, err error) {
	claimed, err := license.UnverifiedFile(content)
	if err != nil {
		return f, false, err
	}
	p, err := m.programBySignature(ctx, claimed.Signature)
	if err != nil {
		return f, false, err
	}
	f, err = thispc.Verify(p, content)
	if errors.Is(err, license.ErrFileSignature) && !errors.Is(err, license.ErrOlderVersion) &&
		len(keys) > 0 && !m.hasProgramKeys(claimed.Signature) {
		// This PC does not know the program's key, or only a former one.
		unproven = true
		for _, k := range keys {
			p.FormerKeys = append(p.FormerKeys, k.String())
		}
		f, err = thispc.Verify(p, content)
	}
	if errors.Is(err, license.ErrFileSignature) && (installed.File{Content: content}).OfTrialVersion() {
		err = license.ErrOlderVersion // its key was deleted with the data of the trial version
	}
	if err != nil {
		return f, unproven, err
	}
	if err := m.checkFits(ctx, p, f); err != nil {
		return f, unproven, err
	}
	if here, ok := m.pc.FileOf(p, f.Order); ok && here.IssuedAt.After(f.IssuedAt) {
		return here.File, unproven, nil // an older file does not replace a newer one
	}
	if p.Name == "" {
		p.Name = carry.Clean(f.ProgramName, carry.MaxName)
	}
	return f, unproven, m.pc.Install(ctx, p, api.License{ID: f.ID, OrderID: f.Order, Note: f.Note}, content)
}

// hasProgramKeys reports whether a program has stored the keys that it accepts on this PC.
func (m *Manager) hasProgramKeys(signature license.Signature) bool {
	state, err := m.options.Installed.State(signature)
	return err == nil && len(state.Program.PublicKeys) > 0
}

// checkFits fails with ErrOtherPC for a license file that the programs of this PC would not run under.
func (m *Manager) checkFits(ctx context.Context, p api.Program, f license.File) error {
	state, err := m.options.Installed.State(f.Signature)
	if err != nil {
		return installedError(err)
	}
	if _, left := state.FindSpent(f.Codes.Site); left {
		return fmt.Errorf("%w: its license has left this PC", ErrOtherPC)
	}
	key, err := thispc.KeyOf(p)
	if err != nil {
		return err
	}
	then, err := key.Open(f.Codes)
	if err != nil {
		return license.ErrFileDamaged
	}
	reading, err := m.pc.Locks(ctx)
	if err != nil {
		return err
	}
	if !license.Compare(then, reading.BlockFor(key, then), f.Policy).Accepted {
		return ErrOtherPC
	}
	// The PC is the same, so a state that was lost, such as with a reinstalled system, gets the Site code of the file.
	_, err = m.options.Installed.Update(ctx, f.Signature, func(s *installed.State) error {
		if g := f.Codes.Site.Generation(); !s.HasGeneration {
			s.Generation, s.HasGeneration = g, true
			s.Used = append(s.Used, g)
		}
		return nil
	})
	return installedError(err)
}

// EnterCode stores a typed activation code for a program of this PC that accepts such codes. The program checks it at
// its next start. EnterCode fails with a *license.CodeError or ErrNoTypedCodes.
func (m *Manager) EnterCode(ctx context.Context, signature license.Signature, text string) error {
	code, err := license.ParseActivationCode(text)
	if err != nil {
		return err
	}
	p, err := m.programBySignature(ctx, signature)
	if err != nil {
		return err
	}
	codes, err := m.pc.Codes(ctx, p)
	if err != nil {
		return err
	}
	_, err = m.options.Installed.Update(ctx, signature, func(s *installed.State) error {
		if !s.Program.TypedCodes {
			return ErrNoTypedCodes
		}
		s.AddTyped(installed.Typed{Codes: codes, Code: code})
		return nil
	})
	if errors.Is(err, ErrNoTypedCodes) {
		return err
	}
	return installedError(err)
}

// ErrNoTypedCodes is returned for a program that has not declared that it accepts typed activation codes.
var ErrNoTypedCodes = errors.New("this program has not been started here yet, or accepts license files " +
	"only; take the license file")
