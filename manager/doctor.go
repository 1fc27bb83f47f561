package manager

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/acen-desktop/acen/client"
)

// Finding is what the connection doctor found in one step.
type Finding = client.Finding

// The verdicts of the doctor.
const (
	VerdictGood    = client.VerdictGood
	VerdictWarning = client.VerdictWarning
	VerdictBad     = client.VerdictBad
	VerdictSkipped = client.VerdictSkipped
)

// Examine tests the connection to a server step by step and calls found for each step; "" means the server of the
// current account. It changes nothing and needs no session.
func (m *Manager) Examine(ctx context.Context, server string, found func(Finding)) []Finding {
	if server == "" {
		if a, ok := m.Current(); ok {
			server = a.Server
		}
	}
	return client.Doctor{Now: m.options.Now}.Examine(ctx, server, found)
}

// DoctorReport returns the findings as text for somebody who can help. It contains no secret.
func (m *Manager) DoctorReport(findings []Finding) string {
	var text strings.Builder
	fmt.Fprintf(&text, "ACEN Desktop %s on %s/%s, %s\n\n", m.options.Version, runtime.GOOS, runtime.GOARCH,
		m.options.Now().UTC().Format(time.RFC3339))
	for _, f := range findings {
		fmt.Fprintf(&text, "[%s] %s: %s\n", f.Verdict, f.Check, f.What)
		if !f.Next.IsZero() {
			fmt.Fprintf(&text, "    %s\n", f.Next)
		}
	}
	return text.String()
}
