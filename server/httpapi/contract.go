package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/acen-desktop/acen/api"
)

// none is an empty input or answer.
type none struct{}

// body is an input or an answer that consists of a body only.
type body[T any] struct{ Body T }

// answer is a body with its status.
type answer[T any] struct {
	Status int
	Body   T
}

// empty is an answer without a body.
type empty struct{ Status int }

// ListInput are the parameters of a page of a list. It is exported like other parts of inputs, because huma sets only
// exported embedded structs.
type ListInput struct {
	Cursor string `query:"cursor" maxLength:"100" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Rows of a page; 0 leaves it to the server"`
}

// OrderPath is the id of an order in a path.
type OrderPath struct {
	ID int64 `path:"id" minimum:"1" doc:"Order"`
}

// LicensePath is the id of a license in a path.
type LicensePath struct {
	ID int64 `path:"id" minimum:"1" doc:"License"`
}

// Idempotent is the idempotency key of a change.
type Idempotent struct {
	Key string `header:"Idempotency-Key" doc:"UUID that names one intended change; required"`
}

// contract is the description of the API to which operations are added.
type contract struct {
	api    huma.API
	server *Server
}

// call describes an operation that needs no session.
func (c contract) call(method, path, id, summary string, status int) huma.Operation {
	return huma.Operation{
		OperationID:     id,
		Method:          method,
		Path:            api.Base + path,
		Summary:         summary,
		DefaultStatus:   status,
		MaxBodyBytes:    maxBody,
		BodyReadTimeout: bodyTimeout,
		Errors:          []int{http.StatusUnprocessableEntity, http.StatusInternalServerError},
	}
}

// signedIn describes an operation that needs an access token.
func (c contract) signedIn(method, path, id, summary string, status int) huma.Operation {
	op := c.call(method, path, id, summary, status)
	op.Middlewares = huma.Middlewares{c.server.authenticate}
	op.Security = []map[string][]string{{"bearer": {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusNotFound)
	return op
}

// register adds an operation. It answers errors of handle as problems.
func register[I, O any](c contract, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	huma.Register(c.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			p := c.server.problem(ctx, err)
			if p.RetryAfter > 0 {
				return nil, huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(p.RetryAfter)}})
			}
			return nil, p
		}
		return out, nil
	})
}

// registerEmpty adds an operation whose answer has no body.
func registerEmpty[I any](c contract, op huma.Operation, handle func(context.Context, *I) error) {
	register(c, op, func(ctx context.Context, in *I) (*empty, error) {
		return &empty{op.DefaultStatus}, handle(ctx, in)
	})
}

// registerCalls registers every call of the contract.
func (s *Server) registerCalls(a huma.API) contract {
	c := contract{a, s}
	s.registerPrograms(c)
	s.registerSessions(c)
	s.registerOrders(c)
	s.registerLicenses(c)
	s.registerEmails(c)
	s.registerChecks(c)
	s.registerVerifications(c)
	s.registerAccounts(c)
	s.registerResets(c)
	c.describeHeaders()
	return c
}

// describeHeaders adds the headers that the middleware sets to the description of every answer.
func (c contract) describeHeaders() {
	text := func(what string) *huma.Param {
		return &huma.Param{Description: what, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	for _, item := range c.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			for status, response := range op.Responses {
				if response.Headers == nil {
					response.Headers = map[string]*huma.Header{}
				}
				response.Headers[api.Epoch] = text("Epoch of the server's data; it changes with a restore from a backup")
				if op.Method == http.MethodGet && status == "200" {
					response.Headers["ETag"] = text("Changes with content and epoch; If-None-Match with it is answered with 304")
				}
			}
		}
	}
}
