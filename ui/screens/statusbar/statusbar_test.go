package statusbar_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/statusbar"
)

// links is an Actions that records the followed links.
type links struct{ followed []string }

func (l *links) ShowJobs()             { l.followed = append(l.followed, "jobs") }
func (l *links) SwitchToJobs()         { l.followed = append(l.followed, "other jobs") }
func (l *links) ShowDismissedNotices() { l.followed = append(l.followed, "notices") }

func TestShow(t *testing.T) {
	s, l := uitest.New(t), &links{}
	b := statusbar.New(l)
	s.Window.SetContent(b.Object())
	for _, test := range []struct {
		facts statusbar.Facts
		shown []string
		not   string
	}{
		{statusbar.Facts{}, []string{"Connecting…"}, "Updated"},
		{statusbar.Facts{Server: "lumen.example"}, []string{"Connecting… lumen.example"}, "Connected to"},
		{statusbar.Facts{Server: "lumen.example", Connected: true, Age: "just now"},
			[]string{"Connected to lumen.example", "Updated just now"}, "No answer"},
		{statusbar.Facts{Server: "lumen.example", Connected: true, Failed: true}, []string{"No answer from lumen.example"},
			"Connected to"},
		{statusbar.Facts{Working: "Loading orders…"}, []string{"Loading orders…"}, "Copied."},
		{statusbar.Facts{Working: "Loading orders…", Remark: "Copied."}, []string{"Copied."}, "Loading orders…"},
		{statusbar.Facts{Jobs: "1 task waits", OtherJobs: "2 elsewhere", Notices: "1 notice"},
			[]string{"1 task waits", "2 elsewhere", "1 notice"}, "Copied."},
	} {
		b.Show(test.facts)
		for _, text := range test.shown {
			require.True(t, s.Shows(text), "%q of %v", text, test.facts)
		}
		require.False(t, s.Shows(test.not), test.facts)
	}
	s.Follow("1 task waits")
	s.Follow("2 elsewhere")
	s.Follow("1 notice")
	require.Equal(t, []string{"jobs", "other jobs", "notices"}, l.followed)
	b.Show(statusbar.Facts{})
	require.False(t, s.Shows("1 notice"))
}
