package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/acen-desktop/acen/api"
)

// most is how many rows a page may have.
const most = 500

// pages reads a list of the server page by page; keep gets each page's bytes.
func pages(url, token string, limit int, keep func(page []byte)) error {
	next := ""
	for {
		var raw []byte
		address := fmt.Sprintf("%s?limit=%d&cursor=%s", url, limit, next)
		if err := call(http.MethodGet, address, token, "", nil, http.StatusOK, func(b io.Reader) (err error) { raw, err = io.ReadAll(b); return err }); err != nil {
			return err
		}
		if keep != nil {
			keep(raw)
		}
		var list struct {
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		if next = list.Next; next == "" {
			return nil
		}
	}
}

// listed measures a list, all of its pages, beside a server that sends the same bytes from files.
func listed(r *run, s *started, static, name, path, token string, limit int) ([]series, side, error) {
	var files []string
	var fault error
	err := pages(s.URL+api.Base+path, token, limit, func(page []byte) {
		file := fmt.Sprintf("%s-%d.json", name, len(files))
		files = append(files, file)
		if err := os.WriteFile(filepath.Join(static, file), page, 0o644); err != nil {
			fault = err
		}
	})
	if err != nil || fault != nil {
		return nil, side{}, fmt.Errorf("%s: %w, %w", name, err, fault)
	}
	ours := side{"ours", func() error { return pages(s.URL+api.Base+path, token, limit, nil) }}
	times, err := turns(r, 11, 300*time.Millisecond, ours, side{"static", func() error {
		for _, f := range files {
			err := call(http.MethodGet, s.Static+"/"+f, "", "", nil, http.StatusOK, func(b io.Reader) error {
				raw, err := io.ReadAll(b)
				if err != nil {
					return err
				}
				var list struct {
					Next string `json:"next_cursor"`
				}
				return json.Unmarshal(raw, &list)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}})
	return times, ours, err
}

func measureListing(r *run, s *section) error {
	static := filepath.Join(r.temp, "static")
	if err := os.MkdirAll(static, 0o755); err != nil {
		return err
	}
	// The first order is for new licenses; the others hold the licenses.
	small, err := startServer(r, "", static, needs{Clients: 1, Orders: 99, Licenses: 2})
	if err != nil {
		return err
	}
	defer func() { _ = small.stop() }()
	large, err := startServer(r, "", static, needs{Clients: 1, Orders: 1, Licenses: 10_000})
	if err != nil {
		return err
	}
	defer func() { _ = large.stop() }()
	for _, one := range []struct {
		what, name, path string
		server           *started
		limit            int
	}{
		{"listing 100 orders", "orders", "/orders", small, 100},
		{"listing 10,000 licenses in pages of 500", "licenses", fmt.Sprintf("/orders/%d/licenses", large.Orders[1]), large, most},
	} {
		token, err := one.server.signIn(0)
		if err != nil {
			return err
		}
		times, ours, err := listed(r, one.server, static, one.name, one.path, token, one.limit)
		if err != nil {
			return err
		}
		ratio := times[0].over(times[1])
		s.row(one.what, "a static file of the same bytes", ratio, goal{atMost: 3}, span(times[0].median())+" to "+span(times[1].median()))
		if ratio.median() > 3 {
			err := showProfile(r, s, one.server, one.what, func() error {
				for started := time.Now(); time.Since(started) < 3*time.Second; {
					if err := ours.do(); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	s.say("Over HTTP on loopback, SQLite; the client reads every page and parses it for the cursor of the next, on both sides. Static files come from Go's file server in the same process.")
	return nil
}
