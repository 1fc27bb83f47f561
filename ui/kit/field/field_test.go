package field

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
)

func TestFocusHooksAndDialogKeys(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	w := test.NewTempWindow(t, nil)
	w.Resize(fyne.NewSize(600, 500))
	var log []string
	do := func(what string) func() { return func() { log = append(log, what) } }
	entry, password := NewEntry(), NewPasswordEntry()
	choice, button := NewSelect([]string{"a", "b"}, nil), NewButton("Get", nil, do("get"))
	for name, hooks := range map[string]*Hooks{
		"entry": &entry.Hooks, "password": &password.Hooks, "choice": &choice.Hooks, "button": &button.Hooks,
	} {
		hooks.OnFocus, hooks.OnBlur = do("+"+name), do("-"+name)
	}
	dialogs.New(w).Show(dialogs.Spec{
		Content: container.NewVBox(entry, password, choice, button),
		Buttons: []dialogs.Button{
			{Text: "Cancel", Cancel: true, OnTapped: do("cancel")},
			{Text: "Send", Default: true, OnTapped: do("send")},
		},
	})
	for range 4 {
		for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeyEscape} {
			w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key})
		}
		w.Canvas().FocusNext()
	}
	require.Equal(t, []string{
		"+entry", "send", "send", "cancel", "-entry", "+password", "send", "send", "cancel", "-password",
		"+choice", "send", "send", "cancel", "-choice", "+button", "get", "get", "cancel", "-button",
	}, log)

	log = nil
	w.Canvas().Focus(choice)
	choice.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	require.Equal(t, "b", choice.Selected, "the control handles other keys")
	button.Disable()
	button.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	require.NotContains(t, log, "get")
	NewEntry().FocusGained() // without hooks
}

func TestNote(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	n := NewNote()
	require.False(t, n.Object().Visible())
	for tone, marked := range map[theme.Tone]bool{theme.Bad: true, theme.Warning: true, theme.Muted: false} {
		n.Set("Something.", tone)
		require.True(t, n.Object().Visible())
		require.Equal(t, marked, n.mark.Visible(), "%s: an icon besides the color", tone)
		require.Equal(t, "Something.", n.Text())
		require.Equal(t, tone, n.Tone())
	}
	n.Set("", theme.Bad)
	require.False(t, n.Object().Visible())
}

func TestText(t *testing.T) {
	require.Equal(t, "What. Next.", Text(dialogs.Message{What: "What.", Next: "Next."}))
	require.Empty(t, Text(dialogs.Message{}))
}
