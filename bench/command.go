package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// command runs a program and returns its output.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, lastLine(fault.String()+out.String()))
	}
	return out.String(), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// top returns the top of a CPU profile, without the functions of the runtime and of the benchmark.
func top(ctx context.Context, path string) (string, error) {
	out, err := command(ctx, "", nil, "go", "tool", "pprof", "-top", "-cum", "-nodecount=400", path)
	if err != nil {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasSuffix(fields[1], "%") || strings.ContainsAny(line,
			"[(") && strings.Contains(line, "shape") {
			continue
		}
		name := strings.Join(fields[5:], " ")
		if strings.HasPrefix(name, "main.") || strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "testing.") {
			continue
		}
		lines = append(lines, fmt.Sprintf("%7s  %s", fields[4], name))
		if len(lines) == 16 {
			break
		}
	}
	return strings.Join(lines, "\n"), nil
}
