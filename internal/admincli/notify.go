package admincli

import (
	"context"
	"errors"
	"net"
)

// notify reports to the service manager that the server is ready, and that it is stopping when ctx ends (sd_notify(3)).
// socket is the value of NOTIFY_SOCKET; if it is "", notify does nothing.
func notify(ctx context.Context, socket string) error {
	if socket == "" {
		return nil
	}
	send := func(state string) error {
		conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte(state))
		return errors.Join(err, conn.Close())
	}
	context.AfterFunc(ctx, func() { _ = send("STOPPING=1") }) // a failure does not prevent the stop
	return send("READY=1")
}
