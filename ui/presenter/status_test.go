package presenter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/screens/statusbar"
)

func TestRemark(t *testing.T) {
	s := newStage(t)
	s.facts = statusbar.Facts{Server: "licenses.lumen.example", Connected: true}
	s.shell.Status.SetWorking("Loading orders…")
	require.True(t, s.Shows("Loading orders…"))
	s.shell.Copy("code")
	require.Equal(t, "code", s.App.Clipboard().Content())
	require.True(t, s.Shows("Copied."))
	require.False(t, s.Shows("Loading orders…"), "the remark comes first")
	s.now = s.now.Add(remarkTime)
	s.shell.Status.Refresh()
	require.True(t, s.Shows("Copied."))
	s.now = s.now.Add(1)
	s.shell.Status.Refresh()
	require.False(t, s.Shows("Copied."))
	require.True(t, s.Shows("Loading orders…"))
	s.shell.Status.SetWorking("")
	require.False(t, s.Shows("Loading orders…"))
	require.True(t, s.Shows("Connected to licenses.lumen.example"))
}
