package main

import (
	"os"
	"slices"

	"github.com/prometheus/procfs"
)

// cpuTime is processor time in seconds.
type cpuTime struct {
	clients  float64 // this program, including the loops
	server   float64 // our server, the raw server or keygen-relay
	database float64 // PostgreSQL; SQLite is part of its process
}

func (s cpuTime) minus(o cpuTime) cpuTime {
	return cpuTime{s.clients - o.clients, s.server - o.server, s.database - o.database}
}

func (s cpuTime) per(calls float64) cpuTime {
	return cpuTime{s.clients / calls, s.server / calls, s.database / calls}
}

func (s cpuTime) total() float64 { return s.clients + s.server + s.database }

// currentCPU returns the processor time so far of this program, the running servers that it started, and PostgreSQL.
func currentCPU() (s cpuTime, err error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return s, err
	}
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil {
			continue // the process has ended
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
