//go:build ignore

// Command flicense verifies a license in base64 from each line, and prints the numbers of licenses, panics and accepted
// licenses.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"

	"github.com/furkansenharputlu/f-license/client"
)

func main() {
	tried, panics, accepted := 0, 0, 0
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		tried++
		func() {
			defer func() {
				if recover() != nil {
					panics++
				}
			}()
			if ok, _ := client.VerifyLocally(os.Args[1], string(text)); ok {
				accepted++
			}
		}()
	}
	fmt.Println(tried, panics, accepted)
}
