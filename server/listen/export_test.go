package listen

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"time"
)

// ServeWithTimeouts is Serve with other timeouts for a header, a whole request and the pause between two; zero is an
// hour.
func ServeWithTimeouts(ctx context.Context, listener net.Listener, handler http.Handler, header, read, idle time.Duration) error {
	t := timeouts{
		header: cmp.Or(header, time.Hour),
		read:   cmp.Or(read, time.Hour),
		write:  time.Hour,
		idle:   cmp.Or(idle, time.Hour),
	}
	return serve(ctx, listener, handler, t)
}

// Finish ends a server as Serve does, with another timeout.
var Finish = finish
