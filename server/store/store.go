// Package store defines what the server stores, and the rules that every implementation follows. Packages sqlite and
// postgres implement it; package storetest tests both.
package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// Errors that every implementation returns for the same causes.
var (
	// ErrNotFound means that no such row exists.
	ErrNotFound = errors.New("not found")
	// ErrExists means that a row with this unique value exists (user name, Site code of an active license,
	// idempotency key).
	ErrExists = errors.New("already exists")
	// ErrNoSeat means that the order has no free seat. The database decides this, whatever the caller read before.
	ErrNoSeat = errors.New("no free license")
	// ErrUnavailable means that the database cannot write or answer now, for example because the disk is full. Nothing
	// was changed.
	ErrUnavailable = errors.New("the database is not available")
)

// Program is a licensed program. The secret keys are sealed.
type Program struct {
	ID                 int64
	Name               string
	Signature          license.Signature
	RequiresActivation bool
	MergedCodes        bool
	AcceptsSerials     bool
	Policy             license.Policy
	Features           uint16 // features of new orders
	LicenseDays        int    // validity of new orders' licenses in days; 0 = perpetual
	OrderLicenses      int    // licenses of an order that a serial number makes
	SubscriptionDays   int    // subscription of such an order in days; 0 = none
	FirstSerial        uint32 // serial ids that are accepted; 0 = none
	LastSerial         uint32
	Tasks              TaskRules
	PublicKey          license.PublicKey
	FormerKeys         []license.PublicKey // former signing keys; license files signed with them stay valid
	SealedActivation   []byte              // activation key A
	SealedSerial       []byte              // serial seed Q
	SealedSigning      []byte              // Ed25519 seed
	SealedNext         []byte              // Ed25519 seed of the next signing key; nil = none is prepared
	CreatedAt          time.Time
}

// TaskRules are the switches and limits of a program's tasks by [api.Task.Rule] (spec: api 7). A task without a rule is
// on and unlimited for orders without or with a valid subscription, and off for orders whose subscription has expired.
type TaskRules map[string]map[api.SubscriptionState]TaskRule

// TaskRule is the switch and the limits of one task.
type TaskRule struct {
	On       bool `json:"on"`
	PerDay   int  `json:"per_day"`   // 0 = no limit
	PerMonth int  `json:"per_month"` // 0 = no limit
}

// Limit is how often a task may be done in a period of the calendar; 0 = no limit.
type Limit struct {
	Period string // "day" or "month"
	Times  *int   // in the rule
}

// Limits returns the limits of the rule, that of the shortest period first.
func (r *TaskRule) Limits() []Limit { return []Limit{{"day", &r.PerDay}, {"month", &r.PerMonth}} }

// Limited reports whether the task has a limit.
func (r TaskRule) Limited() bool {
	return slices.ContainsFunc(r.Limits(), func(l Limit) bool { return *l.Times > 0 })
}

// Rule returns the rule that applies to an order with a subscription in this state.
func (t TaskRules) Rule(task api.Task, state api.SubscriptionState) TaskRule {
	if rule, ok := t[task.Rule()][state]; ok {
		return rule
	}
	return TaskRule{On: state != api.SubscriptionExpired}
}

// Client is a person or company that owns orders.
type Client struct {
	ID               int64
	Username         string // unique, compared without case
	PasswordHash     string // argon2id in PHC format; "" = cannot sign in
	RegistrationName string
	FirstName        string
	LastName         string
	Company          string
	Emails           []string // addresses on file, at most two
	Contact          Contact
	Active           bool
	CreatedAt        time.Time
}

// Contact is a client's contact data except name, company and email addresses.
type Contact struct {
	Address string `json:"address,omitempty"`
	City    string `json:"city,omitempty"`
	Zip     string `json:"zip,omitempty"`
	State   string `json:"state,omitempty"`
	Country string `json:"country,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Fax     string `json:"fax,omitempty"`
}

// DisplayName returns first and last name, else the registration name, else the user name.
func (c Client) DisplayName() string {
	switch {
	case c.FirstName != "" && c.LastName != "":
		return c.FirstName + " " + c.LastName
	case c.RegistrationName != "":
		return c.RegistrationName
	default:
		return c.Username
	}
}

// Order is a purchase of one program.
type Order struct {
	ID                    int64
	ClientID              int64
	ProgramID             int64
	OrderedAt             time.Time
	LicensesTotal         int
	LicensesActive        int    // maintained by Licenses.Add and Licenses.End only
	SerialID              uint32 // id of the serial number that made the order; 0 = none
	SerialFeatures        uint16 // features in that serial number
	Active                bool
	Visible               bool // "visible in client interface"
	CanManage             bool
	Features              uint16
	Policy                license.Policy
	LicensesExpireAt      *time.Time // expiry of the order's licenses
	HasSubscription       bool
	SubscriptionExpiresAt *time.Time
}

// License is one activation.
type License struct {
	ID          int64
	OrderID     int64
	ProgramID   int64
	OriginalID  int64 // first license of the family
	Codes       license.Codes
	Activation  license.ActivationCode
	Note        string
	Features    uint16
	Policy      license.Policy
	ActivatedAt time.Time
	ExpiresAt   *time.Time
	LastAliveAt *time.Time
	Status      api.LicenseStatus
	EndedAt     *time.Time
	ReleasedAt  *time.Time // when the license was released; nil = not released
	Older       bool       // the codes are of scheme acen/v1, which programs no longer compute
}

// SpendsSite reports whether the license has spent its Site code, which a removal code does.
func (l License) SpendsSite() bool {
	return l.ReleasedAt != nil || l.Status == api.StatusRemoved || l.Status == api.StatusTransferred
}

// Wire returns the license as it is sent, without allowances and recognition.
func (l License) Wire() api.License {
	return api.License{
		ID:                l.ID,
		OrderID:           l.OrderID,
		OriginalLicenseID: l.OriginalID,
		SiteCode:          l.Codes.Site.String(),
		MachineID:         l.Codes.Machine.String(),
		ActivationCode:    l.Activation.String(),
		Note:              l.Note,
		Features:          l.Features,
		ActivatedAt:       l.ActivatedAt.UTC(),
		ExpiresAt:         UTC(l.ExpiresAt),
		LastAliveAt:       UTC(l.LastAliveAt),
		Status:            l.Status,
		EndedAt:           UTC(l.EndedAt),
		ReleasedAt:        UTC(l.ReleasedAt),
	}
}

// UTC returns a time in UTC; nil for nil.
func UTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// Use is how often a limited task was done.
type Use struct{ Today, ThisMonth int }

// Ending is the end of one license, for counting against limits.
type Ending struct {
	OriginalID int64 // family
	Status     api.LicenseStatus
	At         time.Time
}

// Event is one entry of an order's history.
type Event struct {
	ID        int64
	At        time.Time
	OrderID   int64
	LicenseID int64 // 0 = no license was made or changed
	Task      api.Task
	Outcome   string // api.OutcomeOK or the code of the refusal
	Device    string
}

// Verification is an unused verification number. NumberHash is its SHA-256.
type Verification struct {
	ID         string
	NumberHash []byte
	ExpiresAt  time.Time
}

// PasswordReset is an unused link that was mailed. TokenHash is the SHA-256 of its token. ClientID 0 means a login that
// does not exist: it is stored all the same, so that both requests take equally long.
type PasswordReset struct {
	TokenHash []byte
	ClientID  int64
	ExpiresAt time.Time
}

// FailureKind is the kind of a failure.
type FailureKind string

// Kinds of failures that are counted (spec: api 9, api 11).
const (
	FailureSignIn       FailureKind = "sign-in"
	FailurePassword     FailureKind = "password"
	FailureSerial       FailureKind = "serial"
	FailureVerification FailureKind = "verification"
	FailureRemovalCode  FailureKind = "removal-code"
	FailureReset        FailureKind = "reset"
)

// Failure is an attempt with a wrong secret.
type Failure struct {
	At        time.Time
	Kind      FailureKind
	Host      string
	Account   string // key of the account; "" = none was named
	LicenseID int64  // for a removal code; else 0
}

// FailureFilter selects failures. A zero field selects all.
type FailureFilter struct {
	Since     time.Time
	Kind      FailureKind
	Host      string
	Account   string
	LicenseID int64
}

// Session is a family of tokens that began with one sign-in. Hashes of tokens are SHA-256.
type Session struct {
	ID              int64
	ClientID        int64
	DeviceName      string
	AccessHash      []byte
	AccessExpiresAt time.Time
	CreatedAt       time.Time
	EndedAt         *time.Time
}

// RefreshToken is a token of a session that can be used one time.
type RefreshToken struct {
	Hash      []byte
	SessionID int64
	ExpiresAt time.Time
	UsedAt    *time.Time
}

// Answer is the answer stored under an idempotency key.
type Answer struct {
	ClientID  int64
	Key       string
	Request   []byte // SHA-256 of method, path and body
	Status    int
	Body      []byte
	CreatedAt time.Time
}

// MailState is the state of a mail.
type MailState string

// States of a mail.
const (
	MailQueued MailState = "queued" // to be sent at NextAt, or being sent until LeaseUntil
	MailSent   MailState = "sent"
	MailFailed MailState = "failed" // given up
)

// Mail is one mail in the queue. Body and attachment are erased after it was sent or given up.
type Mail struct {
	ID             int64
	ClientID       int64
	LicenseID      int64
	Host           string // host that requested it
	MessageID      string
	To             []string
	Subject        string
	Body           string
	AttachmentName string
	Attachment     []byte
	State          MailState
	Attempts       int
	NextAt         time.Time
	LastError      string
	CreatedAt      time.Time
	EndedAt        *time.Time
}

// Audit is one entry of the audit trail: who, what, when, from where, outcome. It contains no secret.
type Audit struct {
	ID       int64
	At       time.Time
	Actor    string // "client", "admin", "server" or "anonymous"
	ClientID int64
	Host     string
	Device   string
	Action   string // such as "session.create", "license.create"
	Object   string // such as "order 1042"
	Outcome  string // "ok" or the code of the refusal
	Detail   string
}

// AuditFilter selects entries of the audit trail; a zero field selects all. Since and Until are a half-open range.
type AuditFilter struct {
	Since, Until time.Time
	Actor        string
	ClientID     int64
	Host         string
	Action       string // prefix of the action, such as "license."
	Object       string
	Outcome      string
	Text         string // substring of object or detail
	Before       int64  // id
	Limit        int
}

// BanKind is the kind of a ban's subject.
type BanKind string

// Kinds of bans.
const (
	BanHost    BanKind = "host"    // an address, or the /64 prefix of an IPv6 address
	BanAccount BanKind = "account" // the key of an account among failures
)

// Ban refuses a host or an account until it ends.
type Ban struct {
	ID        int64
	Kind      BanKind
	Subject   string
	Reason    string
	MadeBy    string // "admin" or "server"
	CreatedAt time.Time
	EndsAt    *time.Time // nil = permanent
}

// Failing is the number of failures of a host or an account.
type Failing struct {
	Subject string
	Count   int
	Latest  time.Time
}

// Template is a mail text of the vendor, used instead of the built-in one.
type Template struct{ Name, Subject, Body string }

// BlockedSerial is a serial id whose serial number cannot make an order.
type BlockedSerial struct {
	ProgramID int64
	SerialID  uint32
	Reason    string
	BlockedAt time.Time
}

// SerialBatch is a range of serial ids whose serial numbers were made in one run. Serial numbers are not stored: they
// are computed from id and features.
type SerialBatch struct {
	ProgramID   int64
	First, Last uint32
	Features    uint16
	MadeAt      time.Time
}

// Legacy is an order whose serial number is stored in clear text, as before schema 3.
type Legacy struct {
	OrderID, ProgramID int64
	SerialNumber       string
}

// Stock are the numbers of mails and seats.
type Stock struct{ MailsQueued, MailsFailed, SeatsTotal, SeatsActive int }

// Store is the server's database. Its methods may be called from any goroutine.
type Store interface {
	// Read runs fn on a snapshot. fn must not write, and may run more than once, because the database can request a
	// retry.
	Read(ctx context.Context, fn func(tx Tx) error, hints ...Hint) error
	// Write runs fn in one transaction and rolls it back if fn fails. fn may run more than once, because the database
	// can request a retry, so it must have no effect except through tx.
	//
	// Without a lock, transactions are serializable. With a lock, only the row of its order is locked: other rows that
	// fn reads may change until the transaction ends. The database then decides at the commit whether a seat, a Site
	// code or a key is free. It may fail with ErrNoSeat or ErrExists, after which the caller may retry (see Retry).
	//
	// If the connection is lost during the commit, Write finds out whether the transaction was committed. If fn has
	// added a stored answer, Write runs fn again instead, so such an fn must first check for that answer.
	Write(ctx context.Context, lock Lock, fn func(tx Tx) error, hints ...Hint) error
	// Ping returns an error if the database cannot be reached.
	Ping(ctx context.Context) error
	// Close closes the database.
	Close() error
}

// Lock is the order of a client that a transaction locks first. fn reads it with Orders.LockOf.
type Lock struct{ ClientID, OrderID int64 }

// NoLock is the lock of a serializable transaction.
var NoLock Lock

// Hint announces what a transaction is going to do, so that it can be faster. It does not change the outcome.
type Hint func(*Hints)

// Hints are the hints for one transaction.
type Hints struct {
	// SingleQuery means that fn calls only one method of tx, so that no snapshot is needed.
	SingleQuery bool
	// License, if not nil, is what fn is going to read after it has locked its order.
	License *LicenseReads
}

// LicenseReads are the arguments of the calls that a new license makes, in this order: Answers.Get, Licenses.BySite
// and Licenses.NextID.
type LicenseReads struct {
	ClientID int64
	Key      string
	OrderID  int64
	Site     license.SiteCode
}

// SingleQuery is the hint that fn calls only one method of tx.
func SingleQuery(h *Hints) { h.SingleQuery = true }

// Prefetch announces the rows that fn is going to read, so that PostgreSQL can fetch them in one round trip. If fn
// reads other rows, the hint only costs time.
func Prefetch(r LicenseReads) Hint { return func(h *Hints) { h.License = &r } }

// Collect applies hints to a zero Hints.
func Collect(list []Hint) (h Hints) {
	for _, hint := range list {
		hint(&h)
	}
	return h
}

// maxRetries limits how often Retry runs a change that loses races for a seat or a unique value.
const maxRetries = 5

// Retry runs change up to maxRetries times while it fails with ErrExists or ErrNoSeat: the next run sees what the
// other transaction has committed.
func Retry(change func() error) (err error) {
	for range maxRetries {
		if err = change(); !errors.Is(err, ErrExists) && !errors.Is(err, ErrNoSeat) {
			break
		}
	}
	return err
}

// Tx contains the stores of one transaction. Methods that return or change one row fail with ErrNotFound if it does not
// exist.
type Tx struct {
	Programs    Programs
	Clients     Clients
	Orders      Orders
	Serials     Serials
	Licenses    Licenses
	Uses        Uses
	Sessions    Sessions
	Answers     Answers
	Mails       Mails
	Events      Events
	Audits      Audits
	Attempts    Attempts
	Bans        Bans
	Options     Options
	Templates   Templates
	Maintenance Maintenance
}

// Programs stores licensed programs.
type Programs interface {
	List(ctx context.Context) ([]Program, error)
	Get(ctx context.Context, id int64) (Program, error)
	Add(ctx context.Context, p Program) (int64, error)
	Change(ctx context.Context, p Program) error
}

// Clients stores the clients.
type Clients interface {
	List(ctx context.Context) ([]Client, error)
	Get(ctx context.Context, id int64) (Client, error)
	ByUsername(ctx context.Context, username string) (Client, error)
	// ByEmail lists the clients with this address on file, compared without case.
	ByEmail(ctx context.Context, address string) ([]Client, error)
	// Add fails with ErrExists if the user name is taken.
	Add(ctx context.Context, c Client) (int64, error)
	Change(ctx context.Context, c Client) error
}

// Orders stores orders.
type Orders interface {
	// List lists the orders of a client, or of all clients if clientID is 0, newest first. If listed is set, it lists
	// active and visible orders only. before is an exclusive upper bound of the ids, 0 = none; limit ≤ 0 means all.
	List(ctx context.Context, clientID int64, listed bool, before int64, limit int) ([]Order, error)
	Get(ctx context.Context, id int64) (Order, error)
	// Lock is like Get, but locks the row until the transaction ends.
	Lock(ctx context.Context, id int64) (Order, error)
	// LockOf is like Lock for an order of a client, and also returns its program.
	LockOf(ctx context.Context, clientID, id int64) (Order, Program, error)
	// Add fails with ErrExists if the program has an order with this serial id.
	Add(ctx context.Context, o Order) (int64, error)
	// Change fails with ErrNoSeat if LicensesTotal would be less than the number of active licenses.
	Change(ctx context.Context, o Order) error
}

// Serials stores which serial ids of a program were made, blocked and used. Ranges of ids include first and last.
type Serials interface {
	// Order returns the order that a serial number made.
	Order(ctx context.Context, programID int64, serialID uint32) (Order, error)
	// Orders lists the orders that serial numbers with ids in a range made, by serial id.
	Orders(ctx context.Context, programID int64, first, last uint32) ([]Order, error)
	// Count counts the serial ids in a range that made an order, and the blocked ones that made none.
	Count(ctx context.Context, programID int64, first, last uint32) (used, blocked int, err error)
	Blocked(ctx context.Context, programID int64, serialID uint32) (BlockedSerial, error)
	// ListBlocked lists the blocked serial ids in a range.
	ListBlocked(ctx context.Context, programID int64, first, last uint32) ([]BlockedSerial, error)
	// Block fails with ErrExists if the serial id is blocked.
	Block(ctx context.Context, b BlockedSerial) error
	Unblock(ctx context.Context, programID int64, serialID uint32) error
	AddBatch(ctx context.Context, b SerialBatch) error
	// Batches lists the batches that overlap a range, by their first id.
	Batches(ctx context.Context, programID int64, first, last uint32) ([]SerialBatch, error)
}

// Licenses stores licenses. Add takes a seat of the order, End frees it.
type Licenses interface {
	// List lists the licenses of an order with ids greater than after, oldest first; ended ones only if ended is set.
	List(ctx context.Context, orderID int64, ended bool, after int64, limit int) ([]License, error)
	Get(ctx context.Context, id int64) (License, error)
	// BySite returns the license that occupies a Site code in the program of an order: the active one, or the one
	// that has spent it because it was removed, transferred or released. There is at most one.
	BySite(ctx context.Context, orderID int64, site license.SiteCode) (License, error)
	// NextID returns the id of the license that this transaction adds next, which its activation code contains. No
	// other license ever gets this id; an id under which no license was added may be returned a second time.
	NextID(ctx context.Context) (int64, error)
	// Add adds an active license under its id and takes one seat. It fails with ErrNoSeat if the order has no free
	// seat, and with ErrExists if another license occupies the Site code in the program. Both errors may come from the
	// commit instead.
	Add(ctx context.Context, l License) error
	// Change changes note, features, expiry and activation code. It stores the former activation code.
	Change(ctx context.Context, l License) error
	// Release sets when an active license was released. It fails with ErrNotFound if it is released already.
	Release(ctx context.Context, id int64, at time.Time) error
	// Touch sets when a program with this license was last alive.
	Touch(ctx context.Context, id int64, at time.Time) error
	// FormerActivations lists the former activation codes of a license.
	FormerActivations(ctx context.Context, id int64) ([]license.ActivationCode, error)
	// Family lists the licenses of a family, oldest first.
	Family(ctx context.Context, originalID int64) ([]License, error)
	// End gives an active license a final status and frees its seat.
	End(ctx context.Context, id int64, status api.LicenseStatus, at time.Time) error
}

// Uses returns when tasks were done on an order, to count them against limits.
type Uses interface {
	// Endings lists the ends of licenses of an order since a time.
	Endings(ctx context.Context, orderID int64, since time.Time) ([]Ending, error)
	// Activations lists the times at which families of an order began, since a time.
	Activations(ctx context.Context, orderID int64, since time.Time) ([]time.Time, error)
}

// Sessions stores sessions and their tokens.
type Sessions interface {
	Add(ctx context.Context, s Session) (int64, error)
	// ByAccess returns the session with an access token, and its client.
	ByAccess(ctx context.Context, hash []byte) (Session, Client, error)
	// Renew replaces the access token of a session.
	Renew(ctx context.Context, id int64, accessHash []byte, expires time.Time) error
	// End ends a session with all its tokens. It does nothing if the session has ended.
	End(ctx context.Context, id int64, at time.Time) error
	// EndAll ends every session of a client except one; 0 = no exception.
	EndAll(ctx context.Context, clientID, except int64, at time.Time) error
	Get(ctx context.Context, id int64) (Session, error)
	AddRefreshToken(ctx context.Context, r RefreshToken) error
	RefreshToken(ctx context.Context, hash []byte) (RefreshToken, error)
	UseRefreshToken(ctx context.Context, hash []byte, at time.Time) error
}

// Answers stores the answers under idempotency keys.
type Answers interface {
	Get(ctx context.Context, clientID int64, key string) (Answer, error)
	// Add fails with ErrExists if the key has an answer.
	Add(ctx context.Context, a Answer) error
	// List lists all answers, to seal them with another key.
	List(ctx context.Context) ([]Answer, error)
	// Replace replaces the body of an answer.
	Replace(ctx context.Context, a Answer) error
	// Prune deletes the answers from before a time.
	Prune(ctx context.Context, before time.Time) error
}

// Mails stores the queue of mails.
type Mails interface {
	// Queue adds a mail to the queue.
	Queue(ctx context.Context, m Mail) (int64, error)
	// Claim returns the mail that has been due longest, counts an attempt and leases the mail to the caller: no other
	// worker gets it before lease, and after a crash it is due again then. It fails with ErrNotFound if none is due.
	Claim(ctx context.Context, now, lease time.Time) (Mail, error)
	// End marks a mail as sent or failed and erases its body and attachment.
	End(ctx context.Context, id int64, state MailState, lastError string, at time.Time) error
	// Retry schedules the next attempt after a failed one.
	Retry(ctx context.Context, id int64, lastError string, next time.Time) error
	// NextAt returns when the next mail is due; the zero time if none is queued.
	NextAt(ctx context.Context) (time.Time, error)
	// Count counts the mails since a time that a client requested, that a host requested, and to an address.
	Count(
		ctx context.Context, since time.Time, clientID int64, host, address string,
	) (byClient, byHost, byAddress int, err error)
	// List lists the newest mails first.
	List(ctx context.Context, limit int) ([]Mail, error)
	// Queued lists the queued mails, to seal them with another key.
	Queued(ctx context.Context) ([]Mail, error)
	// Replace replaces body and attachment of a mail.
	Replace(ctx context.Context, m Mail) error
}

// Events stores the history of orders.
type Events interface {
	Add(ctx context.Context, e Event) error
	// List lists the events of an order with ids less than before, newest first; 0 = all.
	List(ctx context.Context, orderID, before int64, limit int) ([]Event, error)
}

// Audits stores the audit trail.
type Audits interface {
	Add(ctx context.Context, a Audit) error
	// List lists entries, newest first.
	List(ctx context.Context, f AuditFilter) ([]Audit, error)
}

// Attempts stores failures, unused verification numbers and unused links of mails.
type Attempts interface {
	AddVerification(ctx context.Context, v Verification) error
	// TakeVerification returns a verification and deletes it, so that it can be used one time.
	TakeVerification(ctx context.Context, id string) (Verification, error)
	AddPasswordReset(ctx context.Context, r PasswordReset) error
	PasswordReset(ctx context.Context, tokenHash []byte) (PasswordReset, error)
	// EndPasswordResets deletes the links of a client.
	EndPasswordResets(ctx context.Context, clientID int64) error
	AddFailure(ctx context.Context, f Failure) error
	// CountFailures counts failures and returns the time of the latest; the zero time if there is none.
	CountFailures(ctx context.Context, f FailureFilter) (count int, latest time.Time, err error)
	// Prune deletes verifications and links that expired before now, and failures from before a time.
	Prune(ctx context.Context, now, failuresBefore time.Time) error
	// Failing lists the hosts or accounts with failures since a time, by number of failures, descending.
	Failing(ctx context.Context, kind BanKind, since time.Time) ([]Failing, error)
	// ForgetFailures deletes the failures of a host or an account.
	ForgetFailures(ctx context.Context, kind BanKind, subject string) error
}

// Bans stores the bans of hosts and accounts.
type Bans interface {
	Add(ctx context.Context, b Ban) (int64, error)
	Get(ctx context.Context, id int64) (Ban, error)
	// List lists the bans that have not ended, oldest first.
	List(ctx context.Context, now time.Time) ([]Ban, error)
	// End ends a ban. It fails with ErrNotFound if the ban has ended or does not exist.
	End(ctx context.Context, id int64, at time.Time) error
}

// Options stores the options of the server by name.
type Options interface {
	// All returns the options by name.
	All(ctx context.Context) (map[string]string, error)
	// Set sets an option; "" deletes it.
	Set(ctx context.Context, name, value string) error
}

// Templates stores the vendor's mail texts.
type Templates interface {
	List(ctx context.Context) ([]Template, error)
	Set(ctx context.Context, t Template) error
	// Reset deletes a template, so that the built-in text is used. It fails with ErrNotFound if there is none.
	Reset(ctx context.Context, name string) error
}

// Maintenance is for upgrades, restores and metrics.
type Maintenance interface {
	// LegacySerials lists the orders with a serial number in clear text.
	LegacySerials(ctx context.Context) ([]Legacy, error)
	// EndLegacySerial erases the serial number in clear text of an order.
	EndLegacySerial(ctx context.Context, orderID int64) error
	// SkipIDs adds gap to the next ids of licenses, orders and clients, and returns the new ones. It fails with ErrIDs
	// if one would exceed MaxID, and is rolled back with the transaction (spec: api 20).
	SkipIDs(ctx context.Context, gap int64) (IDs, error)
	// OlderLicenses lists the active licenses with codes of an older scheme, by id; limit ≤ 0 means all.
	OlderLicenses(ctx context.Context, limit int) ([]License, error)
	// Stock counts mails and seats.
	Stock(ctx context.Context) (Stock, error)
}
