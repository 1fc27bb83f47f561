package manager

import (
	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

// Told is an error with a Text for the person. *NetworkError, *Refusal and *StorageError implement it.
type Told = client.Told

// Refusal is a refusal that the app foresees without asking the server. It wraps the corresponding *api.Problem.
type Refusal struct {
	*api.Problem
	text Text
}

// refuse returns a Refusal with one sentence for the person.
func refuse(code api.Code, format client.Format, args ...any) *Refusal {
	text := Say(format, args...)
	return &Refusal{api.NewProblem(code, text.String()), text}
}

// Unwrap returns the problem.
func (r *Refusal) Unwrap() error { return r.Problem }

// Text returns the sentence.
func (r *Refusal) Text() Text { return r.text }
