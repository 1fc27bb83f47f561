package manager

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/acen-desktop/acen/client"
)

// Finding is what the connection doctor found at one step.
type Finding = client.Finding

// The verdicts of the doctor.
const (
	VerdictGood    = client.VerdictGood
	VerdictWarning = client.VerdictWarning
	VerdictBad     = client.VerdictBad
	VerdictSkipped = client.VerdictSkipped
)

// Examine goes along the way to a server, step by step, and tells found of each; "" means the server of the current
// account. It changes nothing and needs no session.
func (m *Manager) Examine(ctx context.Context, server string, found func(Finding)) []Finding {
	if server == "" {
		if a, ok := m.Current(); ok {
			server = a.Server
		}
	}
	return client.Doctor{Now: m.options.Now}.Examine(ctx, server, found)
}

// DoctorReport puts what the doctor found into a text to be sent to somebody who can help. It holds no secret.
func (m *Manager) DoctorReport(findings []Finding) string {
	var text strings.Builder
	fmt.Fprintf(&text, "ACEN Desktop %s on %s/%s, %s\n\n", m.options.Version, runtime.GOOS, runtime.GOARCH, m.options.Now().UTC().Format(time.RFC3339))
	for _, f := range findings {
		fmt.Fprintf(&text, "[%s] %s: %s\n", f.Verdict, f.Check, f.What)
		if !f.Next.IsZero() {
			fmt.Fprintf(&text, "    %s\n", f.Next)
		}
	}
	return text.String()
}
