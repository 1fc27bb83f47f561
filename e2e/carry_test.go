package e2e_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/servertest"
)

// activateStudio is the content of a request for one license.
var activateStudio = []manager.RequestItem{{Task: carry.TaskActivate, Signature: studioSignature}}

// newOfflinePC returns a PC without a network on which nobody has signed in. The sample program, which contains the
// keys, has run on it.
func newOfflinePC(t *testing.T, s *servertest.Server, keys ...string) *pc {
	t.Helper()
	p := &pc{network: &faultyNetwork{}}
	p.network.set(func(*http.Request) bool { return true }, nil)
	p.options = manager.Options{
		DataDir:       t.TempDir(),
		Keyring:       keyringtest.Memory(),
		Fingerprint:   fingerprint.System(),
		DeviceName:    "test",
		Now:           s.Clock.Now,
		HTTPTransport: p.network,
	}
	p.options.Installed = installed.Open(t.TempDir(), installed.Options{})
	_, err := p.options.Installed.Update(t.Context(), studioSignature, func(state *installed.State) error {
		state.Program = installed.Program{Name: "Lumen Studio 7", PublicKeys: keys}
		return nil
	})
	require.NoError(t, err)
	p.start(t)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// viaFile encodes a document and reads it back, as when it travels as a file.
func viaFile[T carry.Document](t *testing.T, doc T) T {
	t.Helper()
	content, err := carry.Encode(doc)
	require.NoError(t, err)
	read, err := carry.Read(content)
	require.NoError(t, err)
	out, ok := read.(T)
	require.True(t, ok)
	return out
}

// carryOut carries a request out with the first option of each item.
func carryOut(t *testing.T, by *pc, r carry.Request) (carry.Answer, []manager.CarryItem) {
	t.Helper()
	plan, err := by.PlanCarry(t.Context(), r)
	require.NoError(t, err)
	a, err := by.CarryOut(t.Context(), r, plan, make([]int, len(plan)), func(int) {})
	require.NoError(t, err)
	return viaFile(t, a), plan
}

func studioKey(t *testing.T, p *pc) string {
	t.Helper()
	program, err := p.Program(t.Context(), studioProgram(t, p))
	require.NoError(t, err)
	return program.PublicKey
}

// TestCourierRoundTrip activates a PC without a network through a courier, gives the license back and activates the PC
// again.
func TestCourierRoundTrip(t *testing.T) {
	s := servertest.Start(t)
	online := newPC(t, s)
	online.signIn(t, s)
	ctx := t.Context()
	offline := newOfflinePC(t, s, studioKey(t, online))

	programs, err := offline.OfflinePrograms(ctx)
	require.NoError(t, err)
	require.Len(t, programs, 1)
	require.Equal(t, "Lumen Studio 7", programs[0].Name)
	require.Nil(t, programs[0].File)

	request, err := offline.MakeRequest(ctx, "Cutting room", []manager.RequestItem{
		{Task: carry.TaskActivate, Signature: studioSignature, Note: "Cutting room"},
		{Task: carry.TaskActivate, Signature: "UNKNOWN7", Program: "Nobody's"},
	})
	require.NoError(t, err)
	for range 2 { // carried twice, the task takes effect once
		answer, plan := carryOut(t, online, viaFile(t, request))
		require.Equal(t, carry.OutcomeRefused, answer.Results[1].Outcome)
		require.Contains(t, answer.Results[1].Sentence, "no order of Nobody's")
		require.Contains(t, []manager.CarryAction{manager.CarryNew, manager.CarryHave}, plan[0].Options[0].Action)
		require.Equal(t, 4, activeLicenses(t, s, studioOrder))

		taken, err := offline.ReadAnswer(ctx, answer)
		require.NoError(t, err)
		require.NoError(t, taken[0].Err)
		require.False(t, taken[0].Unproven)
		require.Equal(t, "Cutting room", taken[0].License.Note)
	}
	files, err := offline.options.Installed.Files(studioSignature)
	require.NoError(t, err)
	require.Len(t, files, 1)
	requests, err := offline.Requests(ctx)
	require.NoError(t, err)
	require.Empty(t, requests, "every request has an answer")
	programs, err = offline.OfflinePrograms(ctx)
	require.NoError(t, err)
	require.NotNil(t, programs[0].File)
	require.Equal(t, request.Items[0].Codes, programs[0].File.Codes)

	kept, err := offline.LeaveOffline(ctx, studioSignature)
	require.NoError(t, err)
	_, err = offline.LeaveOffline(ctx, studioSignature)
	require.ErrorIs(t, err, manager.ErrNotThisPC)
	removal, err := offline.MakeRequest(ctx, "", []manager.RequestItem{
		{Task: carry.TaskRemove, Signature: studioSignature, Kept: kept},
	})
	require.NoError(t, err)
	for range 2 {
		answer, _ := carryOut(t, online, viaFile(t, removal))
		require.Equal(t, carry.OutcomeDone, answer.Results[0].Outcome)
		require.Equal(t, 3, activeLicenses(t, s, studioOrder))
		_, err = offline.ReadAnswer(ctx, answer)
		require.NoError(t, err)
		codes, err := offline.KeptCodes(ctx)
		require.NoError(t, err)
		require.Empty(t, codes)
	}
	second, err := offline.MakeRequest(ctx, "", activateStudio)
	require.NoError(t, err)
	require.NotEqual(t, request.Items[0].Codes.Site, second.Items[0].Codes.Site, "the old Site code is spent")
	taken, err := offline.ReadAnswer(ctx, first(carryOut(t, online, viaFile(t, second))))
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
}

// TestCourierRemovalAndActivation gives a license back and requests one in the same request. The PC gets a new license
// with new codes instead of a reactivation, even if the order has no other seat.
func TestCourierRemovalAndActivation(t *testing.T) {
	s := servertest.Start(t)
	online := newPC(t, s)
	online.signIn(t, s)
	ctx := t.Context()
	offline := newOfflinePC(t, s, studioKey(t, online))
	request, err := offline.MakeRequest(ctx, "", activateStudio)
	require.NoError(t, err)
	taken, err := offline.ReadAnswer(ctx, first(carryOut(t, online, viaFile(t, request))))
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
	for n := byte(1); activeLicenses(t, s, studioOrder) < 5; n++ {
		activated(t, s, online, otherPC(string('A'+n), 1))
	}

	kept, err := offline.LeaveOffline(ctx, studioSignature)
	require.NoError(t, err)
	both, err := offline.MakeRequest(ctx, "", []manager.RequestItem{
		{Task: carry.TaskRemove, Signature: studioSignature, Kept: kept},
		{Task: carry.TaskActivate, Signature: studioSignature},
		{Task: carry.TaskActivate, Signature: "UNKNOWN7"},
	})
	require.NoError(t, err)
	answer, plan := carryOut(t, online, viaFile(t, both))
	require.Equal(t, manager.CarryNew, plan[1].Options[0].Action)
	require.NoError(t, plan[1].Refusal)
	require.Equal(t, carry.OutcomeDone, answer.Results[0].Outcome)
	require.Equal(t, carry.OutcomeLicense, answer.Results[1].Outcome)
	require.Equal(t, 5, activeLicenses(t, s, studioOrder))
	_, err = offline.ReadAnswer(ctx, answer)
	require.NoError(t, err)
	codes, err := offline.KeptCodes(ctx)
	require.NoError(t, err)
	require.Empty(t, codes)
}

func first[A, B any](a A, _ B) A { return a }

// TestCourierPlans checks the planned task: a PC that lost its data gets its license back instead of a second one, and
// a removal code leads to a transfer.
func TestCourierPlans(t *testing.T) {
	s := servertest.Start(t)
	online := newPC(t, s)
	online.signIn(t, s)
	ctx := t.Context()
	lost := newOfflinePC(t, s)
	request, err := lost.MakeRequest(ctx, "", activateStudio)
	require.NoError(t, err)
	carryOut(t, online, request)

	reinstalled := newOfflinePC(t, s)
	request, err = reinstalled.MakeRequest(ctx, "", activateStudio)
	require.NoError(t, err)
	answer, plan := carryOut(t, online, request)
	require.Equal(t, manager.CarryReactivate, plan[0].Options[0].Action)
	require.Equal(t, manager.CarryNew, plan[0].Options[len(plan[0].Options)-1].Action)
	require.Equal(t, 4, activeLicenses(t, s, studioOrder))
	taken, err := reinstalled.ReadAnswer(ctx, answer)
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
	require.True(t, taken[0].Unproven, "the program has never run on that PC")
	programs, err := reinstalled.OfflinePrograms(ctx)
	require.NoError(t, err)
	require.Nil(t, programs[0].File)
	require.Equal(t, request.Items[0].Codes, programs[0].Unproven.Codes)

	// An answer is valid on one PC only.
	wrong := newOfflinePC(t, s)
	_, err = wrong.MakeRequest(ctx, "", activateStudio)
	require.NoError(t, err)
	other, code := activated(t, s, online, otherPC("A", 1))
	content := fileContent(online.LicenseFile(ctx, other.ID))
	_, _, err = wrong.InstallLicense(ctx, content)
	require.ErrorIs(t, err, license.ErrFileSignature, "no program on that PC has the key")
	known := newOfflinePC(t, s, studioKey(t, online))
	_, _, err = known.InstallLicense(ctx, content)
	require.ErrorIs(t, err, manager.ErrOtherPC)
	files, err := known.options.Installed.Files(studioSignature)
	require.NoError(t, err)
	require.Empty(t, files)

	transfer, err := wrong.MakeRequest(ctx, "", []manager.RequestItem{
		{Task: carry.TaskTransfer, Signature: studioSignature, RemovalCode: code, From: otherPC("A", 1)},
	})
	require.NoError(t, err)
	answer, plan = carryOut(t, online, viaFile(t, transfer))
	require.Equal(t, manager.CarryTransfer, plan[0].Options[0].Action)
	require.Equal(t, carry.OutcomeLicense, answer.Results[0].Outcome)
	taken, err = wrong.ReadAnswer(ctx, answer)
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
}

func fileContent(_ string, content string, err error) string {
	if err != nil {
		panic(err)
	}
	return content
}

// TestCourierInterrupted loses the network while a request is carried out. The answer has the results so far, and the
// same request brings the rest.
func TestCourierInterrupted(t *testing.T) {
	s := servertest.Start(t)
	online := newPC(t, s)
	online.signIn(t, s)
	ctx := t.Context()
	offline := newOfflinePC(t, s)
	request, err := offline.MakeRequest(ctx, "", activateStudio)
	require.NoError(t, err)
	plan, err := online.PlanCarry(ctx, request)
	require.NoError(t, err)
	online.network.set(nil, isChange)
	answer, err := online.CarryOut(ctx, request, plan, []int{0}, func(int) {})
	require.ErrorIs(t, err, manager.ErrUnreachable)
	require.Empty(t, answer.Results)
	online.network.set(nil, nil)
	online.crash(t)
	answer, plan = carryOut(t, online, request)
	require.Equal(t, manager.CarryHave, plan[0].Options[0].Action)
	require.Len(t, answer.Results, 1)
	require.Equal(t, 4, activeLicenses(t, s, studioOrder))
	answer, err = online.CarryOut(ctx, request, plan, []int{-1}, func(int) {})
	require.NoError(t, err)
	require.Empty(t, answer.Results, "no option was chosen")

	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = online.PlanCarry(canceled, request)
	require.ErrorIs(t, err, context.Canceled)
}

// TestTypedCodeOffline checks that a typed activation code is stored only for a program that accepts such codes.
func TestTypedCodeOffline(t *testing.T) {
	s := servertest.Start(t)
	p := newOfflinePC(t, s)
	ctx := t.Context()
	const code = "F3945D8C-B0D71FFA-02A956E3-8D6DB947"
	require.ErrorIs(t, p.EnterCode(ctx, studioSignature, code), manager.ErrNoTypedCodes)
	_, err := p.options.Installed.Update(ctx, studioSignature, func(state *installed.State) error {
		state.Program.TypedCodes = true
		return nil
	})
	require.NoError(t, err)
	require.ErrorIs(t, p.EnterCode(ctx, studioSignature, "F3945D8C"), license.ErrMalformed)
	require.NoError(t, p.EnterCode(ctx, studioSignature, code))
	state, err := p.options.Installed.State(studioSignature)
	require.NoError(t, err)
	require.Equal(t, code, state.Typed.Code.String())
}
