package admincli

import (
	"context"
	"errors"
	"net"
)

// notify tells the service manager, if one started this program and wants to know, that the server is ready, and that it is
// stopping as soon as ctx ends (sd_notify(3)). socket is NOTIFY_SOCKET; "" when none listens.
func notify(ctx context.Context, socket string) error {
	if socket == "" {
		return nil
	}
	say := func(state string) error {
		conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte(state))
		return errors.Join(err, conn.Close())
	}
	context.AfterFunc(ctx, func() { _ = say("STOPPING=1") }) // the stop goes on when nobody hears of it
	return say("READY=1")
}
