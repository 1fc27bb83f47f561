package listen

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"time"
)

// ServeWithTimeouts is Serve with other timeouts; zero means an hour.
func ServeWithTimeouts(
	ctx context.Context, listener net.Listener, handler http.Handler, header, read, idle time.Duration,
) error {
	t := timeouts{
		header: cmp.Or(header, time.Hour),
		read:   cmp.Or(read, time.Hour),
		write:  time.Hour,
		idle:   cmp.Or(idle, time.Hour),
	}
	return serve(ctx, listener, handler, t)
}

// Finish shuts a server down like Serve, with another timeout.
var Finish = finish
