package service_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/service"
)

// get requests a URL without keeping the connection alive.
func get(url string) (status int, body string, err error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, string(data), err
}

// A draining server reports that it is not ready, and answers until the drain period ends.
func TestDrain(t *testing.T) {
	asked, over := make(chan time.Duration, 1), make(chan time.Time)
	o := service.Options{
		Location:  service.Location{Folder: t.TempDir()},
		Listening: listen.Config{Address: "127.0.0.1:0"},
		Name:      "test",
		Version:   "1.2.3",
		Logger:    slog.New(slog.DiscardHandler),
		Metrics:   "127.0.0.1:0",
		Drain:     10 * time.Second,
		After:     func(d time.Duration) <-chan time.Time { asked <- d; return over },
	}
	ctx, stop := context.WithCancel(t.Context())
	s, err := service.Start(ctx, o, nil)
	require.NoError(t, err)
	require.NotEqual(t, s.URL+"/metrics", s.MetricsURL)
	status := func(url string) int {
		t.Helper()
		status, _, err := get(url)
		require.NoError(t, err)
		return status
	}
	second := strings.TrimSuffix(s.MetricsURL, "/metrics")
	for _, base := range []string{s.URL, second} {
		require.Equal(t, 204, status(base+"/readyz"))
		require.Equal(t, 204, status(base+"/healthz"))
	}
	require.Equal(t, 404, status(second+"/api/v1/server"), "the second address serves no licenses")
	require.Equal(t, 404, status(s.URL+"/metrics"))
	_, text, err := get(s.MetricsURL)
	require.NoError(t, err)
	require.Contains(t, text, `version="1.2.3"`)
	require.Contains(t, text, `operation="nowhere"`, "requests of the first address are counted")
	require.NotContains(t, text, `operation="/metrics"`)

	stop()
	require.Equal(t, 10*time.Second, <-asked)
	for _, base := range []string{s.URL, second} {
		require.Equal(t, 503, status(base+"/readyz"))
		require.Equal(t, 204, status(base+"/healthz"))
	}
	require.Equal(t, 200, status(s.URL+"/api/v1/server"))
	over <- time.Time{}
	require.NoError(t, s.Wait())
	for _, base := range []string{s.URL, second} {
		_, _, err := get(base + "/healthz")
		require.Error(t, err)
	}
}

// Start fails if the address for metrics is in use, and releases everything.
func TestMetricsAddressInUse(t *testing.T) {
	port, err := listen.Plain("127.0.0.1:0")
	require.NoError(t, err)
	defer port.Close()
	o := service.Options{
		Location:  service.Location{Folder: t.TempDir()},
		Listening: listen.Config{Address: "127.0.0.1:0"},
		Name:      "test",
		Logger:    slog.New(slog.DiscardHandler),
		Metrics:   port.Addr().String(),
	}
	_, err = service.Start(t.Context(), o, nil)
	require.ErrorContains(t, err, "metrics: the server cannot listen on "+port.Addr().String())
	o.Metrics = ""
	s, err := service.Start(t.Context(), o, nil)
	require.NoError(t, err, "the data folder is unlocked")
	require.Empty(t, s.MetricsURL)
	require.NoError(t, s.Stop())
}
