package ui_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
)

// intercepted are the findings for a server whose connections are inspected.
var intercepted = []manager.Finding{
	{
		Check:   "address",
		Verdict: manager.VerdictGood,
		What:    manager.Textf("The address is https://licenses.lumen.example."),
	},
	{
		Check:   "proxy",
		Verdict: manager.VerdictWarning,
		What:    manager.Textf("A proxy is set up."),
		Next:    manager.Textf("Ask about it."),
	},
	{
		Check:   "encryption",
		Verdict: manager.VerdictBad,
		What:    manager.Textf("The certificate was issued by \"Corp Inspection\"."),
		Next:    manager.Textf("Install its certificate."),
	},
	{Check: "server", Verdict: manager.VerdictSkipped, What: manager.Textf("Not looked at.")},
	{Check: "clock", Verdict: manager.VerdictSkipped, What: manager.Textf("Not looked at.")},
}

func TestDoctorFromMenu(t *testing.T) {
	b := newBackend()
	b.findings = intercepted
	d := drive(t, b)
	d.signIn()
	d.follows("Connection doctor…")
	d.sees("The connection to the license server fails at this step: Encryption.")
	d.press("Copy")
	require.Equal(t, "report of 5 steps", d.app.Clipboard().Content())
}

func TestDoctorFromSignIn(t *testing.T) {
	b := newBackend()
	b.findings = intercepted
	b.offline = unreachable
	d := drive(t, b)
	d.sees("Sign in to manage")
	d.write("licenses.example.com", "licenses.lumen.example")
	d.write("Name the vendor", "anna")
	d.write("Password", password)
	d.press("Sign in")
	d.sees("There is no connection to the license server.")
	d.press("Find the cause…")
	d.sees("fails at this step")
	require.Equal(t, 1, b.called("Examine licenses.lumen.example"), "the server as it was entered")
}

func TestDoctorFromOfflineBanner(t *testing.T) {
	b := newBackend()
	b.remembered, b.offline, b.cached = true, unreachable, now
	b.findings = intercepted
	d := drive(t, b)
	d.sees("No connection to licenses.lumen.example")
	d.press("Find the cause…")
	d.sees("fails at this step")
}
