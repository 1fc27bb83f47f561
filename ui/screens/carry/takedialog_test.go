package carry

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
)

// The message for a license file of a trial version says so, and differs from that for an invalid signature.
func TestTakenTextOfTrialVersion(t *testing.T) {
	d := &Screen{options: Options{Explain: explain.Error}}
	result := carry.Result{Outcome: carry.OutcomeLicense, Program: "Notepad", Signature: "NOTEPAD1"}
	tone, m := takenText(manager.TakenResult{Result: result, Err: license.ErrOlderVersion}, d)
	require.Equal(t, theme.Bad, tone)
	require.Equal(t, "Notepad: the license file was made by an older trial version.", m.What)
	_, forged := takenText(manager.TakenResult{Result: result, Err: license.ErrFileSignature}, d)
	require.Contains(t, forged.What, "was not accepted")
}
