//go:build window

package window

import (
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mailProgram installs a mail program that logs the address with which it is opened, and returns the log.
func (p person) mailProgram(t *testing.T) (log string) {
	t.Helper()
	log = filepath.Join(p.home, "mailto.log")
	for path, content := range map[string]string{
		"bin/mail-program": "#!/bin/sh\nprintf '%s' \"$1\" >'" + log + ".part' && mv '" + log + ".part' '" + log + "'\n",
		".local/share/applications/mail-program.desktop": "[Desktop Entry]\nType=Application\n" +
			"Name=Mail program\nExec=" + p.home + "/bin/mail-program %u\n" +
			"MimeType=x-scheme-handler/mailto;\nNoDisplay=true\n",
		".config/mimeapps.list": "[Default Applications]\n" +
			"x-scheme-handler/mailto=mail-program.desktop\n",
	} {
		file := filepath.Join(p.home, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o700))
	}
	return log
}

// TestOwnMailProgram opens the mail in the person's own mail program with a mailto: address (RFC 6068) that contains
// the whole mail.
func TestOwnMailProgram(t *testing.T) {
	screen := startDisplay(t)
	anna := newPerson(t)
	log := anna.mailProgram(t)
	d := startDemo(t, screen, anna, nil)
	checkMailProgram(t, d, log)
	screen.screenshot(t, "own-mail-program")
}

// checkMailProgram opens the mail of a license in the person's own mail program and checks the address.
func checkMailProgram(t *testing.T, d *demo, log string) {
	t.Helper()
	signIn(t, d)
	server := onServer(t, d)
	chooseStudio(t, d.window)
	d.click(t, "a license", exactly("Büro Süd"))
	d.find(t, "its details", containing("Expires"))
	d.click(t, "Email code", button("Email code…"))
	d.find(t, "the addresses on file", containing("anna.berg@lumen.example"))
	d.fill(t, "the message", entry("Add a few words"), "50% & more?")
	d.click(t, "Open in my mail program", button("Open in my mail program"))
	eventually(t, "the mail program", func() bool { _, err := os.Stat(log); return err == nil })
	data, err := os.ReadFile(log)
	require.NoError(t, err)
	require.NotContains(t, string(data), "+", "a plus sign does not mean a space in a mailto: address")
	address, err := url.Parse(string(data))
	require.NoError(t, err)
	require.Equal(t, "mailto", address.Scheme)
	to, err := url.PathUnescape(address.Opaque)
	require.NoError(t, err)
	_, err = netmail.ParseAddress(to)
	require.NoError(t, err)
	require.Equal(t, "anna.berg@lumen.example", to)
	fields := address.Query()
	require.Equal(t, "Activation code for Lumen Studio 7", fields.Get("subject"))
	require.Contains(t, fields.Get("body"), "50% & more?")
	require.NotContains(t, strings.ReplaceAll(fields.Get("body"), "\r\n", ""), "\n", "line breaks are CRLF")
	licenses, err := server.Licenses(t.Context(), studio, false)
	require.NoError(t, err)
	found := false
	for _, l := range licenses {
		found = found || l.Note == "Büro Süd" && strings.Contains(fields.Get("body"), l.ActivationCode)
	}
	require.True(t, found, "the body holds the activation code")
}

// TestNoMailProgram checks that without a mail program the app reports it and offers alternatives.
func TestNoMailProgram(t *testing.T) {
	screen := startDisplay(t)
	d := startDemo(t, screen, newPerson(t), []string{"XDG_DATA_DIRS=/nowhere", "BROWSER=/bin/false"})
	signIn(t, d)
	chooseStudio(t, d.window)
	d.click(t, "a license", exactly("Büro Süd"))
	d.click(t, "Email code", button("Email code…"))
	d.find(t, "the addresses on file", containing("anna.berg@lumen.example"))
	d.click(t, "Open in my mail program", button("Open in my mail program"))
	d.find(t, "that no mail program was found", containing("mail program"))
	eventually(t, "the refusal", func() bool {
		for _, w := range d.widgets() {
			if strings.Contains(strings.ToLower(w.Text), "no ") && strings.Contains(w.Text, "mail") {
				return true
			}
		}
		return false
	})
	screen.screenshot(t, "no-mail-program")
}
