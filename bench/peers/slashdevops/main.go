//go:build ignore

// Command slashdevops prints the ID of the machine, or of a recorded tree, for each line that it reads.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/slashdevops/machineid"
)

func main() {
	if len(os.Args) > 1 {
		if err := syscall.Chroot(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		id, err := machineid.New().WithCPU().WithSystemUUID().WithMotherboard().WithMAC().WithDisk().ID(context.Background())
		if err != nil {
			id = "none"
		}
		fmt.Println(id)
	}
}
