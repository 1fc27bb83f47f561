// Package carry makes and reads what a PC without a network and a courier hand to each other: a [Request] for licenses
// of several programs, the [Answer] to it, and single license files ([License]).
//
// All three travel as
//
//   - a file "*.acen" ([Encode], [Read]),
//   - one or several QR codes, whose texts are links as well ([Pictures], [Picture], [ReadPicture], [Collector]),
//   - a text to print, to copy or to type from ([Text]), whose codes license.Find reads back.
//
// [Describe] says in plain words everything that a document holds, to be shown beside its picture.
//
// Whatever comes in may come from anyone. It is bounded and checked before it is returned: codes stand in their shown
// form and belong to each other and to their program, names and notes hold nothing invisible. Nothing is done by
// reading, and an answer that can be read is not yet true: a license file counts when the program's own key verifies
// it.
//
// All functions are free of side effects and safe for any goroutine; a Collector is used by one at a time.
package carry

import (
	"time"

	"github.com/acen-desktop/acen/license"
)

// The bounds of documents.
const (
	// MaxSize is the longest document that is looked at, in bytes.
	MaxSize = 1 << 20
	// MaxItems is the largest number of items in a request and of results in an answer.
	MaxItems = 200
	// MaxName is the longest name of a PC, a program or a server, in code points.
	MaxName = 64
	// MaxNote is the longest note, in code points.
	MaxNote = 30
	// MaxSentence is the longest sentence of a refusal, in code points.
	MaxSentence = 500
	// MaxKeys is the largest number of public keys beside one result.
	MaxKeys = 8
	// MaxReceipt is the maximum length of a receipt in bytes.
	MaxReceipt = 2 << 10
	// Version is the latest document version that this package reads and writes. Version 2 added receipts; a document
	// without one is written as version 1, which older apps read.
	Version = 2
)

// Extension ends the names of all files that Read reads.
const Extension = ".acen"

// Kind says what a document is.
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
	// check fails with a *Fault for a document that Read would refuse.
	check() error
	// wire returns the document as it stands in a file.
	wire() any
	describe(d *description)
	text(t *printout)
}

// Task is what an item asks for.
type Task string

// The tasks of a request.
const (
	// TaskActivate asks for a license for this PC: a new one, or one brought back. The courier's account decides which.
	TaskActivate Task = "activate"
	// TaskRemove hands in the removal code of a license that has left this PC.
	TaskRemove Task = "remove"
	// TaskTransfer asks for the license that another PC has given up, with that PC's removal code.
	TaskTransfer Task = "transfer"
)

// Request is what a PC without a network asks for: several programs in one.
type Request struct {
	// ID tells requests apart and stands in the answer (NewID).
	ID string
	// Device is the name that the person gave this PC; it may be empty.
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
	// Codes are this PC's. For TaskRemove they are the ones that the license had.
	Codes license.Codes
	// Note is for the license that is asked for; it may be empty, and is for TaskRemove.
	Note string
	// RemovalCode is set for TaskRemove (this PC's) and TaskTransfer (the other PC's).
	RemovalCode license.RemovalCode
	// License is the id of the license that is removed or transferred; 0 where this PC does not know it.
	License int64
	// From are the codes of the other PC of TaskTransfer; zero where this PC does not know them.
	From license.Codes
}

// Answer brings back what became of the items of a request.
type Answer struct {
	// Request is the id of the request.
	Request string
	MadeAt  time.Time
	// Server is the name of the server that decided; it may be empty.
	Server string
	// Results are in the order of the items. Items that are not among them are still open.
	Results []Result
}

// Outcome is what became of an item.
type Outcome string

// The outcomes of items.
const (
	// OutcomeLicense brings a license file.
	OutcomeLicense Outcome = "license"
	// OutcomeDone says that the removal code was accepted.
	OutcomeDone Outcome = "done"
	// OutcomeRefused says in a sentence why not.
	OutcomeRefused Outcome = "refused"
)

// Result is what became of one item. Task, Signature, Program and Codes are those of the item.
type Result struct {
	// Item is the number of the item in the request, from 1.
	Item      int
	Task      Task
	Signature license.Signature
	Program   string
	Codes     license.Codes
	Outcome   Outcome
	// License is the license file of OutcomeLicense; its typed activation code is in it (ActivationCode).
	License string
	// PublicKeys are the program's, of OutcomeLicense, for an app that does not know the program yet; one of them verifies
	// the license file. They show that the file is whole, not that the vendor made it: a program knows its own key.
	PublicKeys []license.PublicKey
	// Receipt is the token of OutcomeDone with which the license server proves that it accepted the removal code; "" in
	// answers of version 1. This package checks its form only; the program's key verifies it.
	Receipt string
	// Code and Sentence are the refusal of OutcomeRefused: an error code of the server such as STATUS_LICENSES_IN_USE, and
	// one sentence for the person.
	Code     string
	Sentence string
}

// License is a license file on its own, the text of a PASETO v4.public token.
type License string

// Kind returns KindRequest.
func (Request) Kind() Kind { return KindRequest }

// Kind returns KindAnswer.
func (Answer) Kind() Kind { return KindAnswer }

// Kind returns KindLicense.
func (License) Kind() Kind { return KindLicense }

// File returns what the license file claims, unverified: to be shown, not to be relied on.
func (l License) File() (license.File, error) { return license.UnverifiedFile(string(l)) }

// File returns what the license file of OutcomeLicense claims, unverified: to be shown, not to be relied on.
func (r Result) File() (license.File, error) { return License(r.License).File() }
