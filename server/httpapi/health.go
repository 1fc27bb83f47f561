package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/acen-desktop/acen/api"
)

// readyPath tells whether calls should be sent here.
const readyPath = "/readyz"

// pingTime is how long a database that is there may take to answer.
const pingTime = 3 * time.Second

// Healthy answers that the process lives.
func (s *Server) Healthy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// Ready answers whether calls should be sent to this server: not when it is stopping, nor when its database is away.
func (s *Server) Ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pingTime)
	defer cancel()
	switch {
	case s.stopping.Load():
		writeProblem(w, api.NewProblem(api.ErrUnavailable, "The server is stopping."))
	case s.Store.Ping(ctx) != nil:
		writeProblem(w, api.NewProblem(api.ErrUnavailable, "The database cannot be reached."))
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// Stopping makes the server say that it is not ready. It answers calls as before.
func (s *Server) Stopping() { s.stopping.Store(true) }
