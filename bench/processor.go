package main

import (
	"os"
	"slices"

	"github.com/prometheus/procfs"
)

// spent is processor time in seconds.
type spent struct {
	clients  float64 // this program, which has the loops, too
	server   float64 // ours, the one by hand or keygen-relay
	database float64 // PostgreSQL; SQLite is a part of who uses it
}

func (s spent) minus(o spent) spent {
	return spent{s.clients - o.clients, s.server - o.server, s.database - o.database}
}

func (s spent) per(calls float64) spent {
	return spent{s.clients / calls, s.server / calls, s.database / calls}
}

func (s spent) whole() float64 { return s.clients + s.server + s.database }

// spentSoFar is what this program, the servers that it started and PostgreSQL have spent. Those that end meanwhile are not counted.
func spentSoFar() (s spent, err error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return s, err
	}
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil {
			continue // it has ended
		}
		args, err := p.CmdLine()
		if err != nil {
			continue
		}
		switch {
		case p.PID == os.Getpid():
			s.clients += stat.CPUTime()
		case stat.PPID == os.Getpid() && len(args) > 1 && slices.Contains([]string{"serve", "by-hand"}, args[1]):
			s.server += stat.CPUTime()
		case stat.Comm == "postgres":
			s.database += stat.CPUTime()
		}
	}
	return s, nil
}
