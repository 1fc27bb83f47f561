package server

import (
	"context"
	"mime"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

type none struct{}

type body[T any] struct{ Body T }

// answer is a body with the status it is sent with.
type answer[T any] struct {
	Status int
	Body   T
}

type empty struct{ Status int }

// ListInput pages a list. Like the other parts of inputs it is exported because huma fills only exported embedded structs.
type ListInput struct {
	Cursor string `query:"cursor" maxLength:"100" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Rows of a page; 0 leaves it to the server"`
}

// OrderPath names an order.
type OrderPath struct {
	ID int64 `path:"id" minimum:"1" doc:"Order"`
}

// LicensePath names a license.
type LicensePath struct {
	ID int64 `path:"id" minimum:"1" doc:"License"`
}

// Idempotent carries the key of one intended change.
type Idempotent struct {
	Key string `header:"Idempotency-Key" doc:"UUID that names one intended change; required"`
}

type contract struct {
	api    huma.API
	server *Server
}

// call describes one operation.
func (c contract) call(method, path, id, summary string, status int) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: api.Base + path, Summary: summary, DefaultStatus: status, MaxBodyBytes: maxBody, BodyReadTimeout: bodyTime,
		Errors: []int{http.StatusUnprocessableEntity, http.StatusInternalServerError},
	}
}

// signedIn is a call that needs an access token.
func (c contract) signedIn(method, path, id, summary string, status int) huma.Operation {
	op := c.call(method, path, id, summary, status)
	op.Middlewares = huma.Middlewares{c.server.authenticate}
	op.Security = []map[string][]string{{"bearer": {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusNotFound)
	return op
}

// register adds a call whose errors come out as problems.
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

// contract registers every call that this server offers (spec: api "Calls").
func (s *Server) contract(a huma.API) contract {
	c := contract{a, s}

	register(c, c.call(http.MethodGet, "/server", "describe-server", "Describe the server", 200), func(ctx context.Context, _ *none) (*body[api.Server], error) {
		out, err := s.describe(ctx)
		return &body[api.Server]{out}, err
	})
	register(c, c.call(http.MethodPost, "/sessions", "sign-in", "Sign in", 201), func(ctx context.Context, in *body[api.SessionRequest]) (*body[api.Session], error) {
		out, err := s.signIn(ctx, in.Body)
		return &body[api.Session]{out}, err
	})
	register(c, c.call(http.MethodPost, "/sessions/refresh", "refresh-session", "Exchange a refresh token", 201), func(ctx context.Context, in *body[api.RefreshRequest]) (*body[api.Session], error) {
		out, err := s.refresh(ctx, in.Body.RefreshToken)
		return &body[api.Session]{out}, err
	})
	register(c, c.signedIn(http.MethodDelete, "/sessions/current", "sign-out", "Sign out", 204), func(ctx context.Context, _ *none) (*none, error) {
		return &none{}, s.signOut(ctx)
	})
	register(c, c.signedIn(http.MethodGet, "/programs", "list-programs", "List programs", 200), func(ctx context.Context, in *struct {
		AcceptsSerials bool `query:"accepts_serials" doc:"Only programs that accept serial numbers"`
	},
	) (*body[api.ProgramList], error) {
		out, err := s.programs(ctx, in.AcceptsSerials)
		return &body[api.ProgramList]{out}, err
	})
	register(c, c.signedIn(http.MethodGet, "/orders", "list-orders", "List active and visible orders", 200), func(ctx context.Context, in *ListInput) (*body[api.OrderList], error) {
		p, err := readPage(in.Cursor, in.Limit)
		if err != nil {
			return nil, err
		}
		out, err := s.orders(ctx, p)
		return &body[api.OrderList]{out}, err
	})
	register(c, c.signedIn(http.MethodGet, "/orders/{id}/licenses", "list-licenses", "List the licenses of an order", 200), func(ctx context.Context, in *struct {
		OrderPath
		ListInput
		Include string `query:"include" enum:"ended" doc:"Also licenses that have ended"`
	},
	) (*body[api.LicenseList], error) {
		p, err := readPage(in.Cursor, in.Limit)
		if err != nil {
			return nil, err
		}
		out, err := s.licenses(ctx, in.ID, in.Include == "ended", p)
		return &body[api.LicenseList]{out}, err
	})
	register(c, c.signedIn(http.MethodPost, "/orders/{id}/licenses", "new-license", "New license", 201), func(ctx context.Context, in *struct {
		OrderPath
		Idempotent
		Body api.NewLicense
	},
	) (*answer[api.License], error) {
		return changed(ctx, s, in.Key, "new-license", "license.create", "order", in.ID, in.Body, s.newLicense, func(c *change[api.NewLicense]) {
			c.holding = true
			if codes, err := parseCodes(pcCodes(in.Body)); err == nil {
				c.expect = func(tx store.Tx, client int64, key string) { tx.ExpectLicense(client, key, in.ID, codes.Site) }
			}
		})
	})
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/reactivation", "reactivate-license", "License reactivation", 201), func(ctx context.Context, in *struct {
		LicensePath
		Idempotent
		Body api.Reactivation
	},
	) (*answer[api.License], error) {
		return changed(ctx, s, in.Key, "reactivate-license", "license.reactivate", "license", in.ID, in.Body, s.reactivate)
	})
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/release", "release-license", "Release a license for another PC, which may then take it without the removal code; answers a receipt", 200), func(ctx context.Context, in *struct {
		LicensePath
		Idempotent
		Body api.Release
	},
	) (*answer[api.LicenseReceipt], error) {
		return changed(ctx, s, in.Key, "release-license", "license.release", "license", in.ID, in.Body, s.release)
	})
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/transfer", "transfer-license", "License transfer; answers a receipt of the license that left its PC", 201), func(ctx context.Context, in *struct {
		LicensePath
		Idempotent
		Body api.Transfer
	},
	) (*answer[api.LicenseReceipt], error) {
		return changed(ctx, s, in.Key, "transfer-license", "license.transfer", "license", in.ID, in.Body, s.transfer)
	})
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/removal", "remove-license", "License removal; answers a receipt", 200), func(ctx context.Context, in *struct {
		LicensePath
		Idempotent
		Body api.Removal
	},
	) (*answer[api.OrderReceipt], error) {
		return changed(ctx, s, in.Key, "remove-license", "license.remove", "license", in.ID, in.Body, s.remove)
	})
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/comparison", "compare-license", "Compare a PC with a license; changes nothing", 200), func(ctx context.Context, in *struct {
		LicensePath
		Body api.PCCodes
	},
	) (*body[api.Comparison], error) {
		out, err := s.comparison(ctx, in.ID, in.Body)
		return &body[api.Comparison]{out}, err
	})
	register(c, c.signedIn(http.MethodPatch, "/licenses/{id}", "change-license", "Change the note of a license", 200), func(ctx context.Context, in *struct {
		LicensePath
		Body api.LicenseChange
	},
	) (*body[api.License], error) {
		out, err := s.changeNote(ctx, in.ID, in.Body)
		return &body[api.License]{out}, err
	})
	file := c.signedIn(http.MethodGet, "/licenses/{id}/file", "license-file", "Get the license file", 200)
	file.Responses = map[string]*huma.Response{"200": {Description: "License file", Content: map[string]*huma.MediaType{api.LicenseFileMediaType: {}}}}
	register(c, file, func(ctx context.Context, in *LicensePath) (*huma.StreamResponse, error) {
		name, content, err := s.file(ctx, in.ID)
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			hctx.SetHeader("Content-Type", api.LicenseFileMediaType)
			hctx.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
			_, _ = hctx.BodyWriter().Write([]byte(content)) // the client is gone when this fails
		}}, err
	})
	register(c, c.signedIn(http.MethodGet, "/licenses/{id}/email", "preview-email", "Preview the mail with the activation code", 200), func(ctx context.Context, in *LicensePath) (*body[api.EmailPreview], error) {
		out, err := s.emailPreview(ctx, in.ID)
		return &body[api.EmailPreview]{out}, err
	})
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/email", "send-email", "Email the activation code", 202), func(ctx context.Context, in *struct {
		LicensePath
		Idempotent
		Body api.EmailRequest
	},
	) (*empty, error) {
		out, err := changed(ctx, s, in.Key, "send-email", "license.email", "license", in.ID, in.Body, s.sendEmail)
		if err != nil {
			return nil, err
		}
		s.queuedMail()
		return &empty{out.Status}, nil
	})
	register(c, c.signedIn(http.MethodPost, "/orders", "new-order", "New order with a serial number", 201), func(ctx context.Context, in *struct {
		Idempotent
		Body api.NewOrder
	},
	) (*answer[api.Order], error) {
		change := change[api.NewOrder]{key: in.Key, call: "new-order", in: in.Body, action: "order.create"}
		status, out, err := once(ctx, s, change, func(tx store.Tx, e *store.Event) (int, api.Order, error) { return s.newOrder(ctx, tx, e, in.Body) })
		if err == nil {
			s.checkStock(ctx, in.Body.ProgramID)
		}
		return &answer[api.Order]{status, out}, err
	})
	register(c, c.signedIn(http.MethodGet, "/orders/{id}/history", "order-history", "List what happened to an order, newest first", 200), func(ctx context.Context, in *struct {
		OrderPath
		ListInput
	},
	) (*body[api.HistoryList], error) {
		p, err := readPage(in.Cursor, in.Limit)
		if err != nil {
			return nil, err
		}
		out, err := s.history(ctx, in.ID, p)
		return &body[api.HistoryList]{out}, err
	})
	register(c, c.call(http.MethodPost, "/licenses/{id}/alive", "license-alive", "A program tells that it is in use; the answer says nothing about the license", 204), func(ctx context.Context, in *struct {
		LicensePath
		Body api.LicenseCheck
	},
	) (*empty, error) {
		return &empty{http.StatusNoContent}, s.alive(ctx, in.ID, in.Body)
	})
	register(c, c.call(http.MethodPost, "/licenses/{id}/validation", "validate-license", "A program asks for the state of its license; the answer is signed", 200), func(ctx context.Context, in *struct {
		LicensePath
		Body api.ValidationRequest
	},
	) (*body[api.Validation], error) {
		out, err := s.validation(ctx, in.ID, in.Body)
		return &body[api.Validation]{out}, err
	})
	s.accountCalls(c)
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
				response.Headers[api.Epoch] = text("Epoch of the server's data; another one after a restore from a backup")
				if op.Method == http.MethodGet && status == "200" {
					response.Headers["ETag"] = text("Of the content and the epoch; If-None-Match with it answers 304")
				}
			}
		}
	}
}

// accountCalls registers the calls about accounts, most of which need no session.
func (s *Server) accountCalls(c contract) {
	register(c, c.call(http.MethodPost, "/verifications", "new-verification", "Get a verification number as a picture", 201), func(ctx context.Context, in *struct {
		Sound bool `query:"sound" doc:"Also as a sound"`
	},
	) (*body[api.Verification], error) {
		out, err := s.verification(ctx, in.Sound)
		return &body[api.Verification]{out}, err
	})
	register(c, c.call(http.MethodPost, "/accounts", "new-account", "Open an account with a serial number", 201), func(ctx context.Context, in *struct {
		Idempotent
		Body api.NewAccount
	},
	) (*answer[api.Client], error) {
		status, out, err := s.newAccount(ctx, in.Key, in.Body)
		if err == nil {
			s.queuedMail()
			s.checkStock(ctx, in.Body.ProgramID)
		}
		return &answer[api.Client]{status, out}, err
	})
	register(c, c.call(http.MethodPost, "/password-resets", "request-password-reset", "Ask for a mail with a link that sets a new password", 202), func(ctx context.Context, in *struct {
		Idempotent
		Body api.PasswordReset
	},
	) (*empty, error) {
		return &empty{http.StatusAccepted}, s.requestReset(ctx, in.Key, in.Body)
	})
	register(c, c.call(http.MethodPost, "/password-resets/confirm", "confirm-password-reset", "Set a new password with the token of a mailed link", 204), func(ctx context.Context, in *struct {
		Idempotent
		Body api.NewPassword
	},
	) (*empty, error) {
		return &empty{http.StatusNoContent}, s.confirmReset(ctx, in.Key, in.Body)
	})
	register(c, c.signedIn(http.MethodGet, "/account", "get-account", "Get the account's contact data", 200), func(ctx context.Context, _ *none) (*body[api.Account], error) {
		return &body[api.Account]{s.account(ctx)}, nil
	})
	register(c, c.signedIn(http.MethodPatch, "/account", "change-account", "Change the account's contact data", 200), func(ctx context.Context, in *body[api.AccountChange]) (*body[api.Account], error) {
		out, err := s.changeAccount(ctx, in.Body)
		if err == nil {
			s.queuedMail()
		}
		return &body[api.Account]{out}, err
	})
	register(c, c.signedIn(http.MethodPut, "/account/password", "change-password", "Change the password; other sessions end", 204), func(ctx context.Context, in *body[api.PasswordChange]) (*empty, error) {
		return &empty{http.StatusNoContent}, s.changePassword(ctx, in.Body)
	})
}

// changed carries out a change of one order or license under its idempotency key; how may say how.
func changed[I, O any](ctx context.Context, s *Server, key, call, action, kind string, id int64, in I,
	do func(context.Context, store.Tx, *store.Event, int64, I) (int, O, error), how ...func(*change[I]),
) (*answer[O], error) {
	of := object(kind, id)
	c := change[I]{key: key, call: call + " " + of, in: in, action: action, object: of}
	for _, say := range how {
		say(&c)
	}
	status, out, err := once(ctx, s, c, func(tx store.Tx, e *store.Event) (int, O, error) {
		return do(ctx, tx, e, id, in)
	})
	return &answer[O]{status, out}, err
}

// queuedMail wakes the mail service, if there is one: a mail of an earlier run may be answered again without.
func (s *Server) queuedMail() {
	if s.QueuedMail != nil {
		s.QueuedMail()
	}
}
