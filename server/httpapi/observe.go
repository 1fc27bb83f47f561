package httpapi

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/request"
)

// Answered is a request that was answered: what is counted of it. Its values are few, whatever clients send.
type Answered struct {
	// Operation is an id of the contract, the path of a page, or TurnedAway or Nowhere.
	Operation string
	Status    int
	// Code is that of a refusal, "" of anything else.
	Code     api.Code
	Duration time.Duration
}

// The operations of requests that came to none.
const (
	TurnedAway = "turned-away" // refused before it was looked at
	Nowhere    = "nowhere"     // there is nothing at the address
)

// healthPath tells that the process lives, which holds whatever happens to the database.
const healthPath = "/healthz"

// nameRoutes names the operations of the contract by the patterns of their routes.
func (c contract) nameRoutes() map[string]string {
	names := map[string]string{"": TurnedAway, "/": Nowhere}
	for path, item := range c.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			names[op.Method+" "+path] = op.OperationID
		}
	}
	return names
}

// report logs a request and has it counted.
func (s *Server) report(r *http.Request, req request.Request, answer *recorder, started time.Time) {
	a := Answered{
		Operation: s.operation(r),
		Status:    answer.status,
		Code:      answer.code(),
		Duration:  s.Now().Sub(started),
	}
	level := slog.LevelInfo
	if (a.Operation == healthPath || a.Operation == readyPath) && a.Status < http.StatusBadRequest {
		level = slog.LevelDebug // probes come every few seconds
	}
	attributes := []slog.Attr{
		slog.String("request", req.ID),
		slog.String("method", method(r.Method)),
		slog.String("path", loggedPath(r)),
		slog.Int("status", a.Status),
		slog.String("operation", a.Operation),
		slog.String("host", req.Host),
		slog.Int64("duration_ms", a.Duration.Milliseconds()),
	}
	if a.Code != "" {
		attributes = append(attributes, slog.String("code", string(a.Code)))
	}
	s.Logger.LogAttrs(r.Context(), level, "request", attributes...)
	if s.Answered != nil {
		s.Answered(a)
	}
}

// operation names what was asked for.
func (s *Server) operation(r *http.Request) string {
	if name, ok := s.names[r.Pattern]; ok {
		return name
	}
	if path := route(r); path != "" {
		return path
	}
	return Nowhere
}

// route is the path of the route that answered, such as "/api/v1/orders/{id}/licenses"; "" when there was none.
func route(r *http.Request) string {
	_, path, ok := strings.Cut(r.Pattern, " ")
	if !ok || r.Method == http.MethodConnect { // whose pattern may be the client's
		return ""
	}
	return path
}

// place is what the log tells of a path: its route with the ids in it. Whatever else somebody puts into a path, such as
// a code in the wrong place, stays out of the log, as queries and bodies do.
func loggedPath(r *http.Request) string {
	parts := strings.Split(route(r), "/")
	for i, part := range parts {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		value := r.PathValue(strings.TrimRight(name, ".}"))
		if _, err := strconv.ParseInt(value, 10, 32); err == nil {
			parts[i] = value
		}
	}
	return strings.Join(parts, "/")
}

// method is a method that HTTP knows; others are as long and as odd as clients like.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return name
	}
	return "other"
}

// code is the code of a refusal, as the client reads it.
func (r *recorder) code() api.Code {
	if r.status < http.StatusBadRequest || r.Header().Get("Content-Type") != api.ProblemMediaType {
		return ""
	}
	var p struct{ Code api.Code }
	if json.Unmarshal(r.body.Bytes(), &p) != nil {
		return ""
	}
	return p.Code
}
