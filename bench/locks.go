package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/denisbrodbeck/machineid"
	"github.com/jaypipes/ghw"

	"github.com/acen-desktop/acen/bench/peers"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
)

const (
	slashdevopsModule  = "github.com/slashdevops/machineid"
	slashdevopsMissing = "not measured: give SLASHDEVOPS_MACHINEID=… (a checkout)"
)

func measureLocks(r *run, s *section) error {
	key, reader := license.Signature("LUMENST7").Key(), fingerprint.System()
	candidates := []candidate{
		{"ours", func() error {
			reading, err := reader.Read(r)
			key.Codes(1, reading.Block(key))
			return err
		}},
		{"machineid", func() error { _, _ = machineid.ID(); return nil }}, // some machines have no ID
		{"ghw", func() error { _, err := ghwIdentity(""); return err }},
	}
	if r.slashdevops != "" {
		program, err := buildPeer(r, "slashdevops", slashdevopsModule, r.slashdevops, peers.Slashdevops)
		if err != nil {
			return err
		}
		ask, stop, err := lineServer(exec.CommandContext(r, program))
		if err != nil {
			return err
		}
		defer stop()
		candidates = append(candidates, candidate{"slashdevops", func() error { _, err := ask(); return err }})
	}
	times, err := alternate(r, 15, 60*time.Millisecond, candidates...)
	if err != nil {
		return err
	}
	const what = "seven locks, Site code and Machine ID"
	note := func(i int) string { return span(times[0].median()) + " to " + span(times[i].median()) }
	s.row(what, "`jaypipes/ghw`: BIOS, product, board, processor, disks, adapters", times[0].over(times[2]),
		goal{below: 1}, note(2))
	if len(times) > 3 {
		s.row(what, "`slashdevops/machineid`, all parts", times[0].over(times[3]), goal{below: 1}, note(3))
	} else {
		s.miss(what, "`slashdevops/machineid`, all parts", "< 1", slashdevopsMissing)
	}
	s.row(what, "`denisbrodbeck/machineid`, which reads one of the seven", times[0].over(times[1]), goal{}, note(1))
	reading, err := reader.Read(r)
	if err != nil {
		return err
	}
	readable := 0
	for _, l := range license.Locks() {
		if reading.Readable(l) {
			readable++
		}
	}
	s.say("%d of seven locks can be read on this machine. What is not there is looked for all the same, by all of them.",
		readable)
	return nil
}

// ghwIdentity returns what a fingerprint can be made of with ghw, on this machine or in a recorded tree.
func ghwIdentity(tree string) (string, error) {
	options := []any{ghw.WithDisableWarnings(), ghw.WithDisableTools()}
	if tree != "" {
		options = append(options, ghw.WithChroot(tree))
	}
	bios, err1 := ghw.BIOS(options...)
	product, err2 := ghw.Product(options...)
	board, err3 := ghw.Baseboard(options...)
	cpu, err4 := ghw.CPU(options...)
	block, err5 := ghw.Block(options...)
	network, err6 := ghw.Network(options...)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return "", err
	}
	identity := fmt.Sprint(bios.Vendor, bios.Version, bios.Date, product.UUID, product.SerialNumber, board.SerialNumber)
	for _, p := range cpu.Processors {
		identity += fmt.Sprint(" ", p.Vendor, p.Model)
	}
	for _, d := range block.Disks {
		if !d.IsRemovable {
			identity += fmt.Sprint(" ", d.SerialNumber)
		}
	}
	for _, n := range network.NICs {
		if !n.IsVirtual {
			identity += fmt.Sprint(" ", n.MACAddress)
		}
	}
	return identity, nil
}

// lineServer starts a program that answers each line with a line.
func lineServer(cmd *exec.Cmd) (ask func() (string, error), stop func(), err error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	lines := bufio.NewReader(out)
	ask = func() (string, error) {
		if _, err := io.WriteString(in, "\n"); err != nil {
			return "", err
		}
		return lines.ReadString('\n')
	}
	return ask, func() { _ = in.Close(); _ = cmd.Wait() }, nil
}
