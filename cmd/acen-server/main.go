// Command acen-server is the license server and its administration. Package internal/admincli has its commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/acen-desktop/acen/internal/admincli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(admincli.Run(ctx, os.Args[1:], os.Getenv, os.Stderr))
}
