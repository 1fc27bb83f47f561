// Package signin implements the sign-in screen.
package signin

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/layouts"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Authenticator signs in to a license server; *manager.Manager implements it.
type Authenticator interface {
	// SignIn opens a session. warning is why the session cannot be remembered, or nil. Not on the UI thread.
	SignIn(ctx context.Context, s manager.SignIn) (account manager.Account, warning, err error)
}

// Options configures a Screen. Functions are called on the UI thread.
type Options struct {
	Canvas   fyne.Canvas // of the window the screen is in
	Icon     fyne.Resource
	Work     *background.Group
	Sessions Authenticator
	Explain  func(error) dialogs.Message
	// Server and Username are the initial values of their fields.
	Server, Username string
	// Hint is shown below the fields unless it is "", such as the password of a trial server.
	Hint    string
	Actions Actions
}

// Actions is what the screen needs of the window. Its methods are called on the UI thread.
type Actions interface {
	// ForgotPassword and NewAccount open their dialogs for the entered server, which may be "".
	ForgotPassword(server string)
	NewAccount(server string)
	// NoNetwork opens the dialogs for PCs without a network.
	NoNetwork()
	// ShowJobs lists the open jobs.
	ShowJobs()
	// Examine runs the connection doctor for a server.
	Examine(server string)
	// ShowAccount is called after a sign-in; warning is why the session cannot be remembered, or nil.
	ShowAccount(account manager.Account, warning error)
}

// width is the width of the form, in device-independent pixels.
const width float32 = 380

// Screen is the sign-in form. Its methods run on the UI thread.
type Screen struct {
	options                    Options
	slot                       *background.Slot
	server, username, password *dialogs.Entry
	remember                   *dialogs.Check
	submit, cancel             *dialogs.ContentButton
	progress                   *widget.Activity
	fault, actions, accountBox *fyne.Container
	accountLinks               []AccountLink
	jobsLink                   *dialogs.Hyperlink
	jobsBox                    *fyne.Container // with the link
	object                     fyne.CanvasObject
}

// New returns a screen. UI thread.
func New(o Options) *Screen {
	s := &Screen{
		options:    o,
		slot:       o.Work.NewSlot(),
		fault:      container.NewStack(),
		accountBox: container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap)),
		progress:   widget.NewActivity(),
	}
	s.server = s.field(dialogs.NewEntry(), o.Server, "licenses.example.com")
	s.username = s.field(dialogs.NewEntry(), o.Username, tr.T("Name the vendor gave you"))
	s.password = s.field(dialogs.NewPasswordEntry(), "", tr.T("Password"))
	s.remember = dialogs.NewCheck(tr.T("Remember me on this PC"), nil)
	s.remember.Checked = true
	s.submit = dialogs.NewButton(tr.T("Sign in"), nil, s.signIn)
	s.submit.Importance = widget.HighImportance
	s.cancel = dialogs.NewButton(tr.T("Cancel"), nil, s.stop)
	s.jobsLink = dialogs.NewHyperlink("", func() {
		if !s.slot.Busy() {
			s.options.Actions.ShowJobs()
		}
	})
	s.jobsBox = container.NewCenter(theme.Unpadded(s.jobsLink))
	s.fault.Hide()
	s.accountBox.Hide()
	s.jobsBox.Hide()

	s.actions = container.NewStack(s.submit)
	form := container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin),
		s.title(), s.fault,
		labeled(tr.T("License server"), s.server), labeled(tr.T("User name"), s.username),
		labeled(tr.T("Password"), s.password),
		container.New(layout.NewCustomPaddedVBoxLayout(0), s.remember,
			container.New(layout.NewCustomPaddedLayout(0, 0, 26, 0),
				theme.Unpadded(caption(tr.T("Kept in the keyring of this PC, never in a file."))))),
		s.actions, s.links(), s.noNetwork(), s.accountBox, s.jobsBox)
	if o.Hint != "" {
		form.Add(dialogs.Notice(theme.Accent, dialogs.Message{What: tr.T("Try it out"), Why: o.Hint}))
	}
	card := container.New(layout.NewCustomPaddedLayout(28, 28, 32, 32), container.New(fixedWidth(width), form))
	s.object = theme.NewSurface(theme.ColorNamePanel,
		container.NewVScroll(container.NewCenter(container.NewPadded(newCard(card)))))
	return s
}

// Object returns the content for the window.
func (s *Screen) Object() fyne.CanvasObject { return s.object }

// Focus focuses the first empty field, or else the password. The screen must be in the window.
func (s *Screen) Focus() {
	c := s.options.Canvas
	for _, e := range s.fields() {
		if e.Text == "" || e == s.password {
			c.Focus(e)
			e.TypedShortcut(&fyne.ShortcutSelectAll{})
			return
		}
	}
}

// Fill sets server and user name unless they are "", and clears the password.
func (s *Screen) Fill(server, username string) {
	if server != "" {
		s.server.SetText(server)
	}
	if username != "" {
		s.username.SetText(username)
	}
	s.password.SetText("")
}

// AccountLink is a link to an account that needs no password.
type AccountLink struct {
	Label string
	Go    func()
}

// SetAccountLinks shows links to other accounts below the form. Escape follows the first.
func (s *Screen) SetAccountLinks(links []AccountLink) {
	s.accountLinks = links
	s.accountBox.RemoveAll()
	for _, one := range links {
		s.accountBox.Add(container.NewCenter(theme.Unpadded(dialogs.NewHyperlink(one.Label, func() {
			if !s.slot.Busy() {
				one.Go()
			}
		}))))
	}
	s.accountBox.Hidden = len(links) == 0
	s.object.Refresh()
}

// SetJobs shows a link to the open jobs with this text; "" hides it.
func (s *Screen) SetJobs(text string) {
	if s.jobsLink.Text == text {
		return
	}
	s.jobsLink.SetText(text)
	s.jobsBox.Hidden = text == ""
	s.object.Refresh()
}

// Escape cancels the sign-in under way, or else follows the first account link. It reports whether it did either.
func (s *Screen) Escape() bool {
	switch {
	case s.slot.Busy():
		s.stop()
	case len(s.accountLinks) > 0:
		s.accountLinks[0].Go()
	default:
		return false
	}
	return true
}

// Reset clears the fields, for another account.
func (s *Screen) Reset() {
	for _, e := range s.fields() {
		e.SetText("")
	}
	s.ShowError(dialogs.Message{})
}

// ShowError shows an error; the zero message removes it.
func (s *Screen) ShowError(m dialogs.Message) {
	if m.What == "" {
		s.fault.RemoveAll()
		s.fault.Hide()
	} else {
		s.fault.Objects = []fyne.CanvasObject{dialogs.Notice(theme.Bad, m)}
		s.fault.Show()
	}
	s.object.Refresh()
}

// showFault shows why the sign-in failed. If the server was not reached, it offers the connection doctor.
func (s *Screen) showFault(err error, server string) {
	m := s.options.Explain(err)
	if errors.Is(err, manager.ErrUnreachable) {
		m.Action = &dialogs.Action{Label: tr.T("Find the cause…"), Do: func() { s.options.Actions.Examine(server) }}
	}
	s.ShowError(m)
}

func (s *Screen) fields() []*dialogs.Entry {
	return []*dialogs.Entry{s.server, s.username, s.password}
}

func (s *Screen) field(e *dialogs.Entry, text, placeholder string) *dialogs.Entry {
	e.Text, e.PlaceHolder = text, placeholder
	e.OnSubmitted = func(string) { s.signIn() }
	return e
}

// signIn validates the fields and signs in.
func (s *Screen) signIn() {
	if s.slot.Busy() {
		return
	}
	for _, missing := range []struct {
		field *dialogs.Entry
		what  string
	}{
		{s.server, tr.T("Enter the address of the license server. The vendor told you in the email with your account.")},
		{s.username, tr.T("Enter your user name.")},
		{s.password, tr.T("Enter your password.")},
	} {
		if strings.TrimSpace(missing.field.Text) == "" {
			s.ShowError(dialogs.Message{What: missing.what})
			s.options.Canvas.Focus(missing.field)
			return
		}
	}
	s.ShowError(dialogs.Message{})
	s.busy(true)
	request := manager.SignIn{
		Server:   strings.TrimSpace(s.server.Text),
		Username: strings.TrimSpace(s.username.Text),
		Password: s.password.Text,
		Remember: s.remember.Checked,
	}
	type outcome struct {
		account manager.Account
		warning error
	}
	background.Run(s.slot, func(ctx context.Context) (outcome, error) {
		account, warning, err := s.options.Sessions.SignIn(ctx, request)
		return outcome{account, warning}, err
	}, func(o outcome, err error) {
		s.busy(false)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				s.showFault(err, request.Server)
			}
			s.Focus()
			return
		}
		s.password.SetText("")
		s.options.Actions.ShowAccount(o.account, o.warning)
	})
}

// stop cancels the sign-in.
func (s *Screen) stop() {
	s.slot.Cancel()
	s.busy(false)
	s.Focus()
}

func (s *Screen) busy(on bool) {
	for _, e := range s.fields() {
		setEnabled(e, !on)
	}
	setEnabled(s.remember, !on)
	setEnabled(s.submit, !on)
	if on {
		s.submit.SetText(tr.T("Signing in…"))
		s.progress.Start()
		s.actions.Objects = []fyne.CanvasObject{container.NewBorder(nil, nil, nil, container.NewHBox(s.progress, s.cancel),
			s.submit)}
		return
	}
	s.submit.SetText(tr.T("Sign in"))
	s.progress.Stop()
	s.actions.Objects = []fyne.CanvasObject{s.submit}
	s.actions.Refresh()
}

func setEnabled(o fyne.Disableable, on bool) {
	if on {
		o.Enable()
	} else {
		o.Disable()
	}
}

func (s *Screen) title() fyne.CanvasObject {
	icon := canvas.NewImageFromResource(s.options.Icon)
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(56))
	name := widget.NewLabelWithStyle("ACEN Desktop", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	name.SizeName = fynetheme.SizeNameHeadingText
	about := widget.NewLabel(tr.T("Sign in to look after your licenses."))
	about.Alignment, about.Importance, about.Wrapping = fyne.TextAlignCenter, widget.LowImportance, fyne.TextWrapWord
	return container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), icon, theme.Unpadded(name), theme.Unpadded(about))
}

// links returns the links for a person without a password or account. They do nothing during a sign-in.
func (s *Screen) links() fyne.CanvasObject {
	link := func(text string, open func(server string)) []fyne.CanvasObject {
		return []fyne.CanvasObject{theme.Unpadded(dialogs.NewHyperlink(text, func() {
			if !s.slot.Busy() {
				open(strings.TrimSpace(s.server.Text))
			}
		}))}
	}
	actions := s.options.Actions
	return layouts.Flow(theme.Gap, link(tr.T("Forgot password?"), actions.ForgotPassword),
		link(tr.T("New account…"), actions.NewAccount))
}

// noNetwork returns the link for a PC without a network.
func (s *Screen) noNetwork() fyne.CanvasObject {
	return container.NewCenter(theme.Unpadded(dialogs.NewHyperlink(tr.T("This PC has no network…"), func() {
		if !s.slot.Busy() {
			s.options.Actions.NoNetwork()
		}
	})))
}

func labeled(name string, field fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedVBoxLayout(3), theme.Unpadded(widget.NewLabel(name)), field)
}

func caption(text string) fyne.CanvasObject {
	c := theme.NewCaption(text)
	c.Wrapping = fyne.TextWrapWord
	return c
}

// fixedWidth is a layout that gives one object a fixed width, so that its wrapped texts have a minimum height.
type fixedWidth float32

func (w fixedWidth) MinSize(objects []fyne.CanvasObject) fyne.Size {
	o := objects[0]
	if o.Size().Width != float32(w) {
		o.Resize(fyne.NewSize(float32(w), o.MinSize().Height))
	}
	return fyne.NewSize(float32(w), o.MinSize().Height)
}

func (w fixedWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(float32(w), size.Height))
}

// card is content on a raised surface.
type card struct {
	widget.BaseWidget
	content fyne.CanvasObject
}

func newCard(content fyne.CanvasObject) *card {
	c := &card{content: content}
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *card) CreateRenderer() fyne.WidgetRenderer {
	face := canvas.NewRectangle(nil)
	r := &cardRenderer{WidgetRenderer: widget.NewSimpleRenderer(container.NewStack(face, c.content)), face: face}
	r.style()
	return r
}

type cardRenderer struct {
	fyne.WidgetRenderer
	face *canvas.Rectangle
}

func (r *cardRenderer) style() {
	r.face.FillColor = theme.Color(fynetheme.ColorNameBackground)
	r.face.StrokeColor = theme.Color(fynetheme.ColorNameSeparator)
	r.face.StrokeWidth = 1
	r.face.CornerRadius = theme.Size(fynetheme.SizeNameDialogRadius)
}

func (r *cardRenderer) Refresh() {
	r.style()
	r.WidgetRenderer.Refresh()
}
