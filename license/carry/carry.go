// Package carry implements the documents that a PC without a network exchanges with a courier: a [Request] for
// licenses of several programs, the [Answer] to it, and single license files ([License]).
//
// All three travel as
//
//   - a file "*.acen" ([Encode], [Read]),
//   - one or several QR codes, whose texts are links as well ([Parts], [Picture], [ReadPicture], [Collector]),
//   - a text to print, copy or type ([Text]), whose codes license.Find parses.
//
// [Describe] lists the entire content of a document in words, to be shown beside its picture.
//
// Input is untrusted. Its size is limited, and it is checked before it is returned: codes are in their shown form and
// belong to each other and to their program; names and notes have no invisible characters. Reading has no effect, and
// a readable answer is not authentic yet: a license file must be verified with the program's own key.
//
// All functions may be called from any goroutine; a Collector must not be used concurrently.
package carry

import (
	"time"

	"github.com/acen-desktop/acen/license"
)

// Limits of documents.
const (
	// MaxSize is the maximum size of a document in bytes.
	MaxSize = 1 << 20
	// MaxItems is the maximum number of items in a request and of results in an answer.
	MaxItems = 200
	// MaxName is the maximum length of the name of a PC, a program or a server in code points.
	MaxName = 64
	// MaxNote is the maximum length of a note in code points.
	MaxNote = 30
	// MaxSentence is the maximum length of the sentence of a refusal in code points.
	MaxSentence = 500
	// MaxKeys is the maximum number of public keys in a result.
	MaxKeys = 8
	// MaxReceipt is the maximum length of a receipt in bytes.
	MaxReceipt = 2 << 10
	// Version is the latest document version that this package reads and writes. Version 2 added receipts; a document
	// without one is written as version 1, which older apps read.
	Version = 2
)

// Extension is the file name extension of documents.
const Extension = ".acen"

// Kind is the kind of a document.
type Kind string

// The kinds of documents.
const (
	KindRequest Kind = "request"
	KindAnswer  Kind = "answer"
	KindLicense Kind = "license"
)

// Document is a Request, an Answer or a License.
type Document interface {
	Kind() Kind
	// check fails with a *DocumentError for a document that Read refuses.
	check() error
	// wire returns the document in its form in a file.
	wire() any
	describe(d *description)
	text(t *printout)
}

// Task is what an item requests.
type Task string

// The tasks of a request.
const (
	// TaskActivate requests a license for this PC, new or reactivated. The courier's account decides which.
	TaskActivate Task = "activate"
	// TaskRemove hands in the removal code of a license that has left this PC.
	TaskRemove Task = "remove"
	// TaskTransfer requests the license that another PC has released, with that PC's removal code.
	TaskTransfer Task = "transfer"
)

// Request is what a PC without a network requests for one or several programs.
type Request struct {
	// ID identifies the request in its answer (NewID).
	ID string
	// Device is the person's name for this PC; it may be empty.
	Device string
	MadeAt time.Time
	Items  []Item
}

// Item is one program of a request.
type Item struct {
	Task      Task
	Signature license.Signature
	// Program is the name to show; it may be empty.
	Program string
	// Codes are this PC's. For TaskRemove they are those of the license.
	Codes license.Codes
	// Note is the note of the requested license; it may be empty, and is for TaskRemove.
	Note string
	// RemovalCode is set for TaskRemove (this PC's) and TaskTransfer (the other PC's).
	RemovalCode license.RemovalCode
	// License is the id of the license to remove or transfer; 0 if unknown.
	License int64
	// From are the codes of the other PC of TaskTransfer; zero if unknown.
	From license.Codes
}

// Answer has the results of the items of a request.
type Answer struct {
	// Request is the id of the request.
	Request string
	MadeAt  time.Time
	// Server is the name of the server; it may be empty.
	Server string
	// Results are in the order of the items. Items without a result are still open.
	Results []Result
}

// Outcome is the outcome of an item.
type Outcome string

// The outcomes of items.
const (
	// OutcomeLicense is a license file.
	OutcomeLicense Outcome = "license"
	// OutcomeDone means that the removal code was accepted.
	OutcomeDone Outcome = "done"
	// OutcomeRefused is a refusal with a sentence.
	OutcomeRefused Outcome = "refused"
)

// Result is the result of one item. Task, Signature, Program and Codes are those of the item.
type Result struct {
	// Item is the number of the item in the request, from 1.
	Item      int
	Task      Task
	Signature license.Signature
	Program   string
	Codes     license.Codes
	Outcome   Outcome
	// License is the license file of OutcomeLicense. It contains the activation code to type.
	License string
	// PublicKeys are the program's, of OutcomeLicense, for an app that does not know the program yet; one of them
	// verifies the license file. They prove that the file is undamaged, not that the vendor made it: only a program
	// knows its own key.
	PublicKeys []license.PublicKey
	// Receipt is the token of OutcomeDone that proves that the license server accepted the removal code; "" in answers
	// of version 1. This package checks its form only; verify it with the program's key.
	Receipt string
	// Code and Sentence are the refusal of OutcomeRefused: an error code of the server such as STATUS_LICENSES_IN_USE, and
	// one sentence for the person.
	Code     string
	Sentence string
}

// License is a license file: the text of a PASETO v4.public token.
type License string

// Kind returns KindRequest.
func (Request) Kind() Kind { return KindRequest }

// Kind returns KindAnswer.
func (Answer) Kind() Kind { return KindAnswer }

// Kind returns KindLicense.
func (License) Kind() Kind { return KindLicense }

// File returns the unverified content of the license file, for display only.
func (l License) File() (license.File, error) { return license.UnverifiedFile(string(l)) }

// File returns the unverified content of the license file of OutcomeLicense, for display only.
func (r Result) File() (license.File, error) { return License(r.License).File() }
