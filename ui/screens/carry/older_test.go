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

// A license file of a trial version is told as such, and not as one that somebody forged.
func TestTakenOfATrialVersion(t *testing.T) {
	d := &Screen{options: Options{Explain: explain.Error}}
	result := carry.Result{Outcome: carry.OutcomeLicense, Program: "Notepad", Signature: "NOTEPAD1"}
	tone, m := takenText(manager.Taken{Result: result, Err: license.ErrOlderVersion}, d)
	require.Equal(t, theme.Bad, tone)
	require.Equal(t, "Notepad: the license file was made by an older trial version.", m.What)
	_, forged := takenText(manager.Taken{Result: result, Err: license.ErrFileSignature}, d)
	require.Contains(t, forged.What, "was not accepted")
}
