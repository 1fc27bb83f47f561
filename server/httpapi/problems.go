package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/acen-desktop/acen/api"
)

func init() {
	// huma calls NewError for its own errors, such as those of validation. They become problems with a code.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return problemOf(status, message, errs...)
	}
}

// serverFailed is the detail of an error that is not a refusal.
const serverFailed = "The server failed. Try again later. If it happens again, send the request ID to the vendor."

// problemOf converts an error of huma to a problem.
func problemOf(status int, message string, errs ...error) *api.Problem {
	code, detail := api.ErrValidation, "The request does not have the form that the contract requires."
	switch {
	case status == http.StatusUnauthorized:
		code, detail = api.ErrCredentialsMissing, "Sign in first."
	case status == http.StatusNotFound:
		code, detail = api.ErrNotFound, "There is nothing at this address."
	case status == http.StatusServiceUnavailable || status == http.StatusRequestTimeout:
		code, detail = api.ErrUnavailable, "The request did not arrive in time. Try again."
	case status == http.StatusUnsupportedMediaType: // huma's message contains the header
		detail, message = "The body must be JSON, sent as application/json.", "the content type is not application/json"
		errs = nil
	case status == http.StatusRequestEntityTooLarge:
		detail, message, errs = "The request is too large.", fmt.Sprintf("the body has %d bytes or more", maxBody), nil
	case message == "cannot read request body": // huma's status is 500
		detail, errs = "The request is incomplete. Try again.", nil
	case status >= 500:
		code, detail = api.ErrInternal, serverFailed
	}
	p := api.NewProblem(code, detail)
	if code == api.ErrInternal {
		return p // without details
	}
	for _, err := range errs {
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			e := d.ErrorDetail()
			p.Errors = append(p.Errors, api.FieldError{Location: e.Location, Message: e.Message})
		}
	}
	if len(p.Errors) == 0 && code == api.ErrValidation {
		p.Errors = []api.FieldError{{Location: "body", Message: message}}
	}
	return p
}

func notFound() *api.Problem {
	return api.NewProblem(api.ErrNotFound, "There is no such order or license in this account.")
}

func writeProblem(w http.ResponseWriter, p *api.Problem) {
	w.Header().Set("Content-Type", api.ProblemMediaType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // fails if the client is gone
}
