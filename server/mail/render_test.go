package mail_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/mail"
)

var sampleActivation = mail.Activation{
	Name: "Anna Berg", Program: "Lumen Render Node", Order: 1037, SiteCode: "7183EC4D", MachineID: "83A9-3429-0090-B3F5",
	ActivationCode: "F3945D8C-B0D71FFA-02A956E3-8D6DB947", Note: "Studio PC", Server: "Lumen",
}

func TestRenderActivation(t *testing.T) {
	subject, body, err := sampleActivation.Render(nil)
	require.NoError(t, err)
	require.Equal(t, "Activation code for Lumen Render Node", subject)
	require.Equal(t, `Dear Anna Berg,

here is the activation code for Lumen Render Node on “Studio PC”:

Activation code: F3945D8C-B0D71FFA-02A956E3-8D6DB947
Site code: 7183EC4D
Machine ID: 83A9-3429-0090-B3F5
Order: 1037
Valid: without end

Enter the activation code in the program, or open the attached license file with it.
The code works on the PC with this Site code and Machine ID only.

Lumen
`, body)
}

func TestRenderActivationWithoutNoteAndWithExpiry(t *testing.T) {
	a := sampleActivation
	end := time.Date(2026, 12, 5, 23, 59, 59, 0, time.FixedZone("east", 14*3600))
	a.Note, a.ExpiresAt = "", &end
	_, body, err := a.Render(nil)
	require.NoError(t, err)
	require.Contains(t, body, "here is the activation code for Lumen Render Node:\n")
	require.Contains(t, body, "Valid: through 5 December 2026 (UTC)\n")
}

func TestRenderKeepsOtherLanguages(t *testing.T) {
	a := sampleActivation
	a.Name, a.Note, a.Program = "Ζωή Παπαδοπούλου", "自宅のパソコン", "Bürowelt – Größe"
	subject, body, err := a.Render(nil)
	require.NoError(t, err)
	require.Equal(t, "Activation code for Bürowelt – Größe", subject)
	require.Contains(t, body, "Dear Ζωή Παπαδοπούλου,")
	require.Contains(t, body, "“自宅のパソコン”")
}

func TestRenderPreventsInjection(t *testing.T) {
	a := sampleActivation
	evil := "X\r\nBcc: everyone@example.com\u2028\u0085\x00\xff\v"
	a.Name, a.Program, a.Note, a.Server = evil, evil, evil, evil
	subject, body, err := a.Render(nil)
	require.NoError(t, err)
	require.Equal(t, "Activation code for X Bcc: everyone@example.com", subject)
	require.True(t, utf8.ValidString(body))
	for line := range strings.SplitSeq(body, "\n") {
		require.False(t, strings.HasPrefix(line, "Bcc:"), line)
	}
	require.NotContains(t, body, "\r")
}

func TestWithMessage(t *testing.T) {
	rule := "\n\n" + strings.Repeat("-", 60) + "\n\n"
	for name, tt := range map[string]struct{ message, want string }{
		"none":          {"", "body"},
		"only blanks":   {" \r\n\t ", "body"},
		"plain":         {"Hello", "Hello" + rule + "body"},
		"line breaks":   {"a\r\nb\rc\nd", "a\nb\nc\nd" + rule + "body"},
		"control signs": {"a\x00\x1b[31mb\u0085", "a[31mb" + rule + "body"},
		"no UTF-8":      {"gr\xfcn", "grn" + rule + "body"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tt.want, mail.WithMessage("body", tt.message)) })
	}
}

func FuzzOneLine(f *testing.F) {
	f.Add("a\r\nBcc: b@example.com")
	f.Add("\xff\u2029\v\f x")
	f.Fuzz(func(t *testing.T, text string) {
		line := mail.OneLine(text)
		require.True(t, utf8.ValidString(line))
		require.False(t, strings.ContainsAny(line, "\r\n\v\f\x00\u0085\u2028\u2029"), "%q", line)
		require.Equal(t, line, mail.OneLine(line))
	})
}
