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

// maxPage is the maximum number of rows in a page.
const maxPage = 500

// pages reads a list of the server page by page and passes the bytes of each page to keep, unless it is nil.
func pages(url, token string, limit int, keep func(page []byte)) error {
	next := ""
	for {
		var raw []byte
		address := fmt.Sprintf("%s?limit=%d&cursor=%s", url, limit, next)
		if err := call(http.MethodGet, address, token, "", nil, http.StatusOK, func(b io.Reader) (err error) {
			raw, err = io.ReadAll(b)
			return err
		}); err != nil {
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

// compareList measures a list with all of its pages next to a server that sends the same bytes from files.
func compareList(r *run, s *started, static, name, path, token string, limit int) ([]series, candidate, error) {
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
		return nil, candidate{}, fmt.Errorf("%s: %w, %w", name, err, fault)
	}
	ours := candidate{"ours", func() error { return pages(s.URL+api.Base+path, token, limit, nil) }}
	times, err := alternate(r, 11, 300*time.Millisecond, ours, candidate{"static", func() error {
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
	// The first order is for new licenses; the others have the licenses.
	small, err := startServer(r, "", static, fixture{Clients: 1, Orders: 99, Licenses: 2})
	if err != nil {
		return err
	}
	defer func() { _ = small.stop() }()
	large, err := startServer(r, "", static, fixture{Clients: 1, Orders: 1, Licenses: 10_000})
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
		{
			"listing 10,000 licenses in pages of 500",
			"licenses",
			fmt.Sprintf("/orders/%d/licenses", large.Orders[1]),
			large,
			maxPage,
		},
	} {
		token, err := one.server.signIn(0)
		if err != nil {
			return err
		}
		times, ours, err := compareList(r, one.server, static, one.name, one.path, token, one.limit)
		if err != nil {
			return err
		}
		ratio := times[0].over(times[1])
		s.row(one.what, "a static file of the same bytes", ratio, goal{atMost: 3},
			span(times[0].median())+" to "+span(times[1].median()))
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
	s.say("Over HTTP on loopback, SQLite; the client reads every page and parses it for the cursor of the next, on " +
		"both sides. Static files come from Go's file server in the same process.")
	return nil
}
