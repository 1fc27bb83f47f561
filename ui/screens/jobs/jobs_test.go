package jobs_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/jobs"
)

func TestList(t *testing.T) {
	s := uitest.New(t)
	s.Window.SetContent(container.NewStack())
	sent, ended, closed := 0, 0, 0
	l := jobs.Open(jobs.Options{
		Dialogs:  s.Dialogs,
		SignedIn: true,
		OnSend:   func() { sent++ },
		OnClosed: func() { closed++ },
	})
	require.True(t, s.Shows("in this order when the server answers"))
	l.Show(nil, true)
	require.True(t, s.Shows("Nothing waits"))
	require.False(t, s.Enabled("Send now"))

	l.Show([]jobs.Row{{What: "Email of “Studio PC”", Why: "Asked for today.", End: func() { ended++ }}}, true)
	require.False(t, s.Shows("Nothing waits"))
	require.True(t, s.Shows("Asked for today."))
	s.Press("Cancel")
	s.Press("Send now")
	require.Equal(t, [2]int{1, 1}, [2]int{ended, sent})

	l.Show([]jobs.Row{{What: "Removal", Account: "Anna Berg", GiveUp: true, End: func() {}}, {What: "Move"}}, false)
	require.True(t, s.Shows("Anna Berg"))
	require.True(t, s.Enabled("Give up…"))
	require.False(t, s.Enabled("Cancel"), "nothing ends it")
	require.False(t, s.Enabled("Send now"))
	require.True(t, s.Shows("Sign in first."))
	s.Key(fyne.KeyEscape)
	require.Equal(t, 1, closed)
}
