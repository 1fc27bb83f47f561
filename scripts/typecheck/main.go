// Command typecheck type-checks packages for other systems, with their tests and dependencies:
//
//	go run ./scripts/typecheck SYSTEM/ARCH[,SYSTEM/ARCH...] TAGS [PACKAGES]
//
// TAGS are build tags, separated by spaces or commas; "" means none. PACKAGES default to those of the module.
//
// Unlike go vet and go build, it needs no C compiler, headers or SDK of the system, so it also checks packages that use
// cgo. It does not check expressions whose type is from package C.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: typecheck SYSTEM/ARCH[,SYSTEM/ARCH...] TAGS [PACKAGES]")
		os.Exit(2)
	}
	targets, err := parseTargets(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "typecheck:", err)
		os.Exit(2)
	}
	problems, err := check(context.Background(), ".", targets, os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "typecheck:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// A target is a system and an architecture, as GOOS and GOARCH name them.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

// parseTargets reads a list such as darwin/arm64,darwin/amd64.
func parseTargets(list string) ([]target, error) {
	var targets []target
	for text := range strings.SplitSeq(list, ",") {
		system, arch, found := strings.Cut(text, "/")
		if !found || system == "" || arch == "" {
			return nil, fmt.Errorf("%q is not a SYSTEM/ARCH", text)
		}
		targets = append(targets, target{system, arch})
	}
	return targets, nil
}
