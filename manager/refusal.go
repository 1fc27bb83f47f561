package manager

import (
	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

// Told is an error that says in a Text what the person has to know. *NetworkError, *Refusal and *StorageError are some.
type Told = client.Told

// Refusal is a refusal that the app foresees by itself; it stands for the *api.Problem of the contract.
type Refusal struct {
	*api.Problem
	text Text
}

// refuse makes a Refusal with one plain sentence for the person.
func refuse(code api.Code, format client.Format, args ...any) *Refusal {
	text := Say(format, args...)
	return &Refusal{api.NewProblem(code, text.String()), text}
}

// Unwrap returns the problem.
func (r *Refusal) Unwrap() error { return r.Problem }

// Text is the sentence.
func (r *Refusal) Text() Text { return r.text }
