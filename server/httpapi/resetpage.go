package httpapi

import (
	_ "embed"
	"html/template"
	"net/http"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// resetPath is the path of the page that a mailed link opens.
const resetPath = "/password"

//go:embed password.html
var passwordHTML string

var passwordPage = template.Must(template.New("password").Parse(passwordHTML))

// passwordView is the data of the page.
type passwordView struct {
	Server, Token, Key, Fault, Title string
	Done, Dead                       bool
}

// pagePolicy allows the page its style and its form, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; " +
	"base-uri 'none'"

// passwordForm handles the page that a mailed link opens. GET shows the form, POST sets the password.
func (s *Server) passwordForm(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	v := passwordView{Server: s.Name, Title: "New password"}
	status := http.StatusOK
	switch {
	case r.ParseForm() != nil:
		v.Dead, v.Fault, status = true, "The form is incomplete. Open the link again.", http.StatusBadRequest
	case r.Method == http.MethodPost:
		v.Token, v.Key = r.PostForm.Get("token"), r.PostForm.Get("key")
		if r.PostForm.Get("password") != r.PostForm.Get("again") {
			v.Fault, status = "The two passwords differ.", http.StatusUnprocessableEntity
			break
		}
		err := s.confirmReset(ctx, v.Key, api.NewPassword{Token: v.Token, NewPassword: r.PostForm.Get("password")})
		if err == nil {
			v.Done, v.Token = true, ""
			break
		}
		p := s.problem(ctx, err)
		v.Fault, v.Dead, status = p.Detail, p.Code != api.ErrValidation, p.Status
	default:
		v.Token = r.Form.Get("token")
		err := s.Store.Read(ctx, func(tx store.Tx) error {
			_, err := s.reset(ctx, tx, v.Token)
			return err
		})
		if err != nil {
			p := s.problem(ctx, err)
			v.Fault, v.Dead, status = p.Detail, true, p.Status
		}
	}
	if !v.Done && !v.Dead {
		v.Key = newKey(s.Random)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(status)
	_ = passwordPage.Execute(w, v) // fails if the client is gone
}
