package servertest

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/listen"
)

// Listen listens on a free port of this machine.
func Listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := listen.Config{Address: "127.0.0.1:0"}.Listen()
	require.NoError(t, err)
	return l
}

// Serve runs a server until the end of the test, which fails if serve does.
func Serve(t *testing.T, serve func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- serve(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
}

// Dial returns a connection to a server, which is closed at the end of the test.
func Dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
