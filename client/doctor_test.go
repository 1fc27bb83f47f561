package client

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// healthy returns the handler of a license server in good health.
func healthy(now time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case api.Base + "/server":
			answer(w, 200, api.Server{Name: "Lumen", Version: "1.2.3", Time: now})
		case "/readyz", "/healthz":
			w.WriteHeader(http.StatusNoContent)
		default:
			http.NotFound(w, r)
		}
	})
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

func TestDoctor(t *testing.T) {
	plain := httptest.NewServer(healthy(noon))
	defer plain.Close()
	secure := httptest.NewTLSServer(healthy(noon))
	defer secure.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>Welcome to the hotel"))
	}))
	defer page.Close()
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		healthy(noon).ServeHTTP(w, r)
	}))
	defer ill.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]string{"name": "Router", "version": "7"})
	}))
	defer other.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	proxy, err := url.Parse("http://anna:geheim@proxy.example:3128")
	require.NoError(t, err)
	at := func(now time.Time) func() time.Time { return func() time.Time { return now } }

	for name, c := range map[string]struct {
		server  string
		doctor  Doctor
		broken  Check // "" for none
		verdict Verdict
		says    string
		next    string
	}{
		"all well":      {plain.URL, Doctor{}, "", "", "", ""},
		"all well, TLS": {secure.URL, Doctor{Roots: trusted}, "", "", "", ""},
		"no address":    {"https://", Doctor{}, CheckAddress, VerdictBad, "not a server address", "vendor"},
		"not encrypted": {"http://licenses.example.com", Doctor{}, CheckAddress, VerdictBad, "without encryption", ""},
		"proxy unreadable": {plain.URL, Doctor{Proxy: func(*http.Request) (*url.URL, error) {
			return nil, errors.New("x")
		}}, CheckProxy, VerdictBad, "cannot be read", "HTTPS_PROXY"},
		"proxy away": {plain.URL,
			Doctor{
				Proxy:  http.ProxyURL(proxy),
				Lookup: func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil },
				Dial:   func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") },
			}, CheckConnect, VerdictBad, "Nobody answers at proxy.example, port 3128", "proxy"},
		"name unknown": {"licenses.example.com", Doctor{Lookup: func(context.Context, string) ([]string, error) {
			return nil, &net.DNSError{IsNotFound: true}
		}},
			CheckName, VerdictBad, "licenses.example.com is not known", "spelling"},
		"no name service": {"licenses.example.com", Doctor{Lookup: func(context.Context, string) ([]string, error) {
			return nil, &net.DNSError{IsTimeout: true}
		}},
			CheckName, VerdictBad, "could not be looked up", "no connection"},
		"nobody there":    {closed.URL, Doctor{}, CheckConnect, VerdictBad, "Nobody answers", "firewall"},
		"intercepted":     {secure.URL, Doctor{}, CheckTLS, VerdictBad, `issued by “Acme Co”`, "virus scanner"},
		"no TLS there":    {"https" + plain.URL[4:], Doctor{}, CheckTLS, VerdictBad, "does not speak TLS", "firewall"},
		"hotel page":      {page.URL, Doctor{}, CheckServer, VerdictBad, "not a license server", "sign-in page"},
		"another service": {other.URL, Doctor{}, CheckServer, VerdictBad, "not a license server", "sign-in page"},
		"clock ahead": {plain.URL, Doctor{Now: at(noon.Add(49 * time.Hour))}, CheckClock, VerdictWarning,
			"2 days ahead", "date and time"},
		"clock behind": {plain.URL, Doctor{Now: at(noon.Add(-time.Hour))}, CheckClock, VerdictWarning,
			"one hour behind", "date and time"},
		"server is ill": {ill.URL, Doctor{}, CheckHealth, VerdictBad, "cannot work at the moment", "later"},
		"certificate old": {secure.URL, Doctor{Roots: trusted, Now: at(noon.AddDate(100, 0, 0))}, CheckTLS, VerdictBad,
			"this PC's date is 24 November 2126", "date of this PC"},
		"small difference": {plain.URL, Doctor{Now: at(noon.Add(2 * time.Minute))}, "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.doctor.Now == nil {
				c.doctor.Now = at(noon)
			}
			if c.doctor.Proxy == nil {
				c.doctor.Proxy = noProxy
			}
			var told []Finding
			list := c.doctor.Examine(t.Context(), c.server, func(f Finding) { told = append(told, f) })
			require.Equal(t, list, told)
			require.Len(t, list, 8)
			seen := false
			for _, f := range list {
				require.NotEmpty(t, f.What.String())
				text, err := json.Marshal(f)
				require.NoError(t, err)
				require.NotContains(t, string(text), "geheim")
				switch {
				case f.Check == c.broken:
					seen = true
					require.Equal(t, c.verdict, f.Verdict, f.What)
					require.Contains(t, f.What.String(), c.says)
					require.Contains(t, f.Next.String(), c.next)
				case seen && c.verdict == VerdictBad:
					require.Equal(t, VerdictSkipped, f.Verdict)
				default:
					require.Equal(t, VerdictGood, f.Verdict, f.What)
				}
			}
			require.Equal(t, c.broken != "", seen)
		})
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Second: "less than a minute", time.Minute: "one minute", 90 * time.Minute: "one hour",
		3 * time.Hour: "3 hours", 24 * time.Hour: "one day", 400 * 24 * time.Hour: "400 days",
	} {
		require.Equal(t, want, approximately(d).String())
	}
}
