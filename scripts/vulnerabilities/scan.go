package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Scan levels of govulncheck. levelPackage finds vulnerable packages that are imported, in a second; levelSymbol finds
// vulnerable functions that are called, in half a minute.
const (
	levelPackage = "package"
	levelSymbol  = "symbol"
)

// A vulnerability is a known vulnerability that programs reach.
type vulnerability struct {
	id      string
	summary string
	found   string // module@version
	fixed   string // version, or ""
	builds  []string
	call    string // position of the call in our code that leads to the vulnerable function
}

// message is a message in govulncheck's JSON stream, protocol version 1, with the fields in use.
type message struct {
	Config *struct {
		ProtocolVersion string `json:"protocol_version"`
		ScanLevel       string `json:"scan_level"`
	} `json:"config"`
	OSV *struct {
		ID      string `json:"id"`
		Summary string `json:"summary"`
	} `json:"osv"`
	Finding *finding `json:"finding"`
}

type finding struct {
	OSV          string  `json:"osv"`
	FixedVersion string  `json:"fixed_version"`
	Trace        []frame `json:"trace"` // from the vulnerable function to the entry point
}

type frame struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Package  string `json:"package"`
	Function string `json:"function"`
	Receiver string `json:"receiver"`
	Position struct {
		Filename string `json:"filename"`
		Line     int    `json:"line"`
	} `json:"position"`
}

// reachable returns the vulnerabilities that builds reach, by ID. scan returns what govulncheck prints for a build.
func reachable(builds []build, scan func(b build, level string) ([]byte, error)) (map[string]*vulnerability, error) {
	reached := map[string]*vulnerability{}
	for _, b := range builds {
		found, err := findings(b, levelPackage, scan)
		if err == nil && len(found) > 0 {
			found, err = findings(b, levelSymbol, scan)
		}
		if err != nil {
			return nil, fmt.Errorf("scan for %s: %w", b.name, err)
		}
		for _, v := range found {
			if reached[v.id] == nil {
				reached[v.id] = v
			}
			reached[v.id].builds = append(reached[v.id].builds, b.name)
		}
	}
	return reached, nil
}

// findings returns the vulnerabilities that govulncheck finds at a level, without duplicates.
func findings(b build, level string, scan func(b build, level string) ([]byte, error)) ([]*vulnerability, error) {
	out, err := scan(b, level)
	if err != nil {
		return nil, err
	}
	var (
		complete  bool // the stream confirms the protocol and the level
		summaries = map[string]string{}
		shortest  = map[string]finding{}
		order     []string
	)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m message
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("decode govulncheck's output: %w", err)
		}
		switch {
		case m.Config != nil:
			complete = strings.HasPrefix(m.Config.ProtocolVersion, "v1.") && m.Config.ScanLevel == level
		case m.OSV != nil:
			summaries[m.OSV.ID] = m.OSV.Summary
		case m.Finding != nil && m.Finding.at(level):
			f := *m.Finding
			old, seen := shortest[f.OSV]
			if !seen {
				order = append(order, f.OSV)
			}
			if !seen || len(f.Trace) < len(old.Trace) {
				shortest[f.OSV] = f
			}
		}
	}
	if !complete {
		return nil, fmt.Errorf("govulncheck's output is not protocol version 1 at level %s", level)
	}
	// The stream lists every known vulnerability of each dependency, whatever its version. The standard library always
	// has some.
	if len(summaries) == 0 {
		return nil, errors.New("the database is empty or has another format")
	}
	var found []*vulnerability
	for _, id := range order {
		f := shortest[id]
		found = append(found, &vulnerability{
			id:      id,
			summary: summaries[id],
			found:   f.Trace[0].Module + "@" + f.Trace[0].Version,
			fixed:   f.FixedVersion,
			call:    f.call(),
		})
	}
	return found, nil
}

// at reports whether f is a finding of a level. A finding of a lower level has no function, or no package.
func (f finding) at(level string) bool {
	if len(f.Trace) == 0 {
		return false
	}
	if level == levelSymbol {
		return f.Trace[0].Function != ""
	}
	return f.Trace[0].Package != ""
}

// call returns the last position in our code on the call path to the vulnerable function.
func (f finding) call() string {
	ours := f.Trace[len(f.Trace)-1].Module
	for _, fr := range f.Trace {
		if fr.Module == ours {
			return fmt.Sprintf("%s:%d: %s reaches %s", fr.Position.Filename, fr.Position.Line, fr.name(), f.Trace[0].name())
		}
	}
	return ""
}

func (fr frame) name() string {
	if receiver := strings.TrimPrefix(fr.Receiver, "*"); receiver != "" {
		return fr.Package + "." + receiver + "." + fr.Function
	}
	return fr.Package + "." + fr.Function
}
