package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/acen-desktop/acen/api"
)

// readyPath is the path of the readiness check.
const readyPath = "/readyz"

// pingTimeout limits the check of the database.
const pingTimeout = 3 * time.Second

// Healthy handles the health check. It always succeeds.
func (s *Server) Healthy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// Ready handles the readiness check. It fails if the server is stopping or the database cannot be reached.
func (s *Server) Ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
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

// Stopping makes Ready fail. The server continues to answer requests.
func (s *Server) Stopping() { s.stopping.Store(true) }
