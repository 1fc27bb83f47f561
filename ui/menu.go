package ui

import (
	"runtime"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/screens/help"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// accountMenu returns the menu of the account button.
func (w *Window) accountMenu() *fyne.Menu {
	separator := fyne.NewMenuItemSeparator
	signOut := fyne.NewMenuItem(tr.T("Sign out…"), w.session.SignOut)
	signOut.Disabled = !w.session.SignedIn()
	items := []*fyne.MenuItem{
		fyne.NewMenuItem(tr.T("PCs without a network…"), w.carry.Home),
		fyne.NewMenuItem(tr.T("Open a file…"), w.carry.Open),
		separator(),
		fyne.NewMenuItem(tr.T(doctor.Title)+"…", func() { w.connection.Examine("") }),
		fyne.NewMenuItem(tr.T("Help…"), w.showHelp),
		fyne.NewMenuItem(tr.T("Data sent about this PC…"), w.showPrivacy),
		fyne.NewMenuItem(tr.T("Keyboard shortcuts…"), func() { help.OpenShortcuts(w.shell.Dialogs, w.keys()) }),
		fyne.NewMenuItem(tr.T("About ACEN Desktop…"), w.showAbout),
		w.languageMenu(),
		separator(),
		signOut,
		fyne.NewMenuItem(tr.T("Quit"), w.Close),
	}
	if w.session.SignedIn() {
		items = slices.Concat(w.signedInItems(), items)
	}
	return fyne.NewMenu("", items...)
}

// signedInItems returns the menu items for the current account.
func (w *Window) signedInItems() []*fyne.MenuItem {
	separator := fyne.NewMenuItemSeparator
	who := fyne.NewMenuItem(tr.T("Signed in as %s", w.session.Account().Username), nil)
	who.Disabled = true
	return slices.Concat([]*fyne.MenuItem{who}, w.session.MenuItems(), []*fyne.MenuItem{
		separator(),
		fyne.NewMenuItem(tr.T("Contact data…"), w.accounts.Profile),
		fyne.NewMenuItem(tr.T("Change password…"), w.accounts.ChangePassword),
		separator(),
		fyne.NewMenuItem(tr.T("Removal codes…"), w.thisPC.ShowRemovalCodes),
		fyne.NewMenuItem(tr.T("Waiting tasks…"), w.jobs.Show),
		separator(),
	})
}

func (w *Window) showPrivacy() { w.thisPC.ShowPrivacy(w.orders.List(), w.licenses.Content().Order) }

func (w *Window) showAbout() {
	text := tr.T("Version %s on %s.\n\nManage your licenses: on this PC, on your other PCs, and for a PC that has no "+
		"network.",
		w.options.Version, runtime.GOOS)
	if w.session.SignedIn() {
		a := w.session.Account()
		text += "\n\n" + tr.T("Server: %s (%s)", a.ServerName, a.Server)
	}
	w.shell.Dialogs.Info(tr.T("About ACEN Desktop"), text)
}
