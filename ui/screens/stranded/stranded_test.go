package stranded_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/stranded"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// opened is a dialog with two licenses. Its calls are recorded with what was done and whether the dialog was open.
type opened struct {
	*uitest.Stage
	calls []string
}

func open(t *testing.T) *opened {
	o := &opened{Stage: uitest.New(t)}
	do := func(what string) func() {
		return func() {
			if o.open() {
				what += ", under the dialog"
			}
			o.calls = append(o.calls, what)
		}
	}
	stranded.Open(o.Dialogs, []stranded.Row{
		{Title: "Lumen Studio 7, license 20001", Steps: []stranded.Step{
			{Text: "Bring one back", Do: do("one comes back")},
			{Text: "Hand in one…", Do: do("one is handed in")},
		}},
		{Title: "Lumen Render, license 20002", Steps: []stranded.Step{
			{Text: "Bring two back…", WhyNot: "it has another license", Do: do("two comes back")},
			{Text: "Offer two", WhyNot: "the order is read-only", Do: do("two is offered")},
			{Text: "Hand in two", Do: do("two is handed in")},
		}},
	}, do("a mail to the vendor"))
	return o
}

func (o *opened) open() bool { return o.Window.Canvas().Overlays().Top() != nil }

// Every license is listed with its steps. A step closes the dialog before it begins, because it may open another one.
func TestSteps(t *testing.T) {
	for label, want := range map[string]string{
		"Bring one back":            "one comes back",
		"Hand in one…":              "one is handed in",
		"Hand in two":               "two is handed in",
		tr.T("Contact the vendor…"): "a mail to the vendor",
	} {
		o := open(t)
		o.WaitFor("Lumen Studio 7, license 20001")
		o.WaitFor("Lumen Render, license 20002")
		o.Press(label)
		require.Equal(t, []string{want}, o.calls)
		require.False(t, o.open())
	}
}

// A step that is not possible is disabled, and the reasons stand below its license, by the names of the buttons.
func TestImpossibleSteps(t *testing.T) {
	o := open(t)
	for _, label := range []string{"Bring one back", "Hand in one…", "Hand in two"} {
		require.True(t, o.Enabled(label), label)
	}
	for label, reason := range map[string]string{
		"Bring two back…": tr.T("%s: %s", "Bring two back", "it has another license"),
		"Offer two":       tr.T("%s: %s", "Offer two", "the order is read-only"),
	} {
		require.False(t, o.Enabled(label), label)
		o.WaitFor(reason)
	}
	require.False(t, o.Shows("Hand in two:"), "what is possible needs no reason")
	require.Empty(t, o.calls)
}

// Closing the dialog does nothing.
func TestClose(t *testing.T) {
	for name, leave := range map[string]func(*opened){
		"button": func(o *opened) { o.Press(tr.T("Close")) },
		"Escape": func(o *opened) { o.Key(fyne.KeyEscape) },
	} {
		o := open(t)
		leave(o)
		require.False(t, o.open(), name)
		require.Empty(t, o.calls, name)
	}
}
