package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
)

// intercepted is the way to a server whose connections somebody inspects.
var intercepted = []manager.Finding{
	{Check: "address", Verdict: manager.VerdictGood, What: manager.Say("The address is https://licenses.lumen.example.")},
	{Check: "proxy", Verdict: manager.VerdictWarning, What: manager.Say("A proxy is set up."), Next: manager.Say("Ask about it.")},
	{Check: "encryption", Verdict: manager.VerdictBad, What: manager.Say("The certificate was issued by \"Corp Inspection\"."), Next: manager.Say("Install its certificate.")},
	{Check: "server", Verdict: manager.VerdictSkipped, What: manager.Say("Not looked at.")},
	{Check: "clock", Verdict: manager.VerdictSkipped, What: manager.Say("Not looked at.")},
}

func TestTheDoctorShowsEachStepAsItComes(t *testing.T) {
	b := newBackend()
	b.findings = intercepted
	d := drive(t, b)
	d.signIn()
	b.change(func() { b.hold["Examine "] = make(chan struct{}) })
	d.press("Anna Berg · licenses.lumen.example")
	d.follow("Connection doctor…")
	d.sees("Looking at the connection…")
	d.sees("issued by \"Corp Inspection\"")
	require.False(t, d.shows("broken at this step"), "it has not ended")
	close(b.hold["Examine "])
	d.sees("The way to the license server is broken at this step: Encryption.")
	d.sees("Install its certificate.")
	d.sees("Server, clock")

	d.press("Copy")
	require.Equal(t, "report of 5 steps", d.app.Clipboard().Content())
	b.change(func() { b.findings = intercepted[:2] })
	d.key(fyne.KeyReturn)
	d.sees("Have a look at this: Proxy.")
	require.False(t, d.shows("Corp Inspection"), "the steps of the former attempt are gone")
	b.change(func() { b.findings = intercepted[:1] })
	d.press("Try again")
	d.sees("all is well")
	d.key(fyne.KeyEscape)
	require.False(t, d.shows("all is well"))
}

func TestTheDoctorCanBeStopped(t *testing.T) {
	b := newBackend()
	b.findings = intercepted
	b.hold["Examine licenses.lumen.example"] = make(chan struct{})
	b.offline = unreachable
	d := drive(t, b)
	d.sees("Sign in to look after")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.press("Sign in")
	d.sees("There is no connection to the license server.")
	d.press("Find the cause…")
	d.sees("Server")
	d.key(fyne.KeyEscape)
	d.sees("Stopped.")
	d.tick(0)
	d.settle()
	require.False(t, d.shows("clock"), "what comes late is not shown")
	d.press("Close")
	d.sees("Sign in to look after")
}

func TestTheOfflineBannerLeadsToTheDoctor(t *testing.T) {
	b := newBackend()
	b.remembered, b.offline, b.cached = true, unreachable, now
	b.findings = intercepted
	d := drive(t, b)
	d.sees("No connection to licenses.lumen.example")
	d.press("Find the cause…")
	d.sees("broken at this step")
}
