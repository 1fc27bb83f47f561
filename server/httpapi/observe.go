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

// Answered describes an answered request for metrics. Its fields have few values, whatever clients send.
type Answered struct {
	// Operation is an operation id of the contract, the path of a page, TurnedAway or Nowhere.
	Operation string
	Status    int
	// Code is the code of a refusal, else "".
	Code     api.Code
	Duration time.Duration
}

// Operations of requests that reached no operation.
const (
	TurnedAway = "turned-away" // refused by the middleware
	Nowhere    = "nowhere"     // not found
)

// healthPath is the path of the health check, which succeeds while the process runs, with or without a database.
const healthPath = "/healthz"

// nameRoutes maps the patterns of routes to operation ids.
func (c contract) nameRoutes() map[string]string {
	names := map[string]string{"": TurnedAway, "/": Nowhere}
	for path, item := range c.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			names[op.Method+" "+path] = op.OperationID
		}
	}
	return names
}

// report logs a request and calls Answered.
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

// operation returns the operation of a request.
func (s *Server) operation(r *http.Request) string {
	if name, ok := s.names[r.Pattern]; ok {
		return name
	}
	if path := route(r); path != "" {
		return path
	}
	return Nowhere
}

// route returns the path of the request's route, such as "/api/v1/orders/{id}/licenses", or "" if there was none.
func route(r *http.Request) string {
	_, path, ok := strings.Cut(r.Pattern, " ")
	if !ok || r.Method == http.MethodConnect { // the pattern of CONNECT may be chosen by the client
		return ""
	}
	return path
}

// loggedPath returns the route of a request with the ids in its path. Other parts of a path are not logged, because
// they may be secrets in the wrong place; queries and bodies are not logged either.
func loggedPath(r *http.Request) string {
	parts := strings.Split(route(r), "/")
	for i, part := range parts {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		value := r.PathValue(strings.TrimRight(name, ".}"))
		if _, err := strconv.ParseInt(value, 10, 64); err == nil {
			parts[i] = value
		}
	}
	return strings.Join(parts, "/")
}

// method returns a method of HTTP, or "other" for all others, which clients may choose.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return name
	}
	return "other"
}

// code returns the code of a refusal from its body.
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
