// Package store says what the server keeps and under which rules. Packages below it keep it: sqlite does, and
// storetest holds every implementation to the same rules.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// Errors that every implementation returns for the same causes.
var (
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
	// ErrExists: a row with this unique value exists (user name, Site code of an active license, idempotency key).
	ErrExists = errors.New("exists already")
	// ErrNoSeat: the order has no free license. The database decides it, whatever the caller saw before.
	ErrNoSeat = errors.New("no free license")
	// ErrUnavailable: the database cannot write or answer now, such as on a full disk. Nothing was changed.
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
	LicenseDays        int    // validity of new orders' licenses in days; 0 = for ever
	OrderLicenses      int    // licenses of an order that a serial number makes
	SubscriptionDays   int    // subscription of such an order in days; 0 = none
	FirstSerial        uint32 // serial ids that are accepted; 0 = none
	LastSerial         uint32
	Tasks              TaskRules
	PublicKey          license.PublicKey
	FormerKeys         []license.PublicKey // signing keys that the program had before; license files signed with them stay good
	SealedActivation   []byte              // activation key A
	SealedSerial       []byte              // serial seed Q
	SealedSigning      []byte              // Ed25519 seed
	SealedNext         []byte              // Ed25519 seed of the signing key that comes next; nil = none was prepared
	CreatedAt          time.Time
}

// TaskRules are the switches and limits of a program's tasks by [api.Task.Rule] (spec: api 7). A task without a rule is on
// and unlimited for orders without or with a valid subscription, and off for orders whose subscription has expired.
type TaskRules map[string]map[api.SubscriptionState]TaskRule

// TaskRule is the switch and the limits of one task.
type TaskRule struct {
	On       bool `json:"on"`
	PerDay   int  `json:"per_day"`   // 0 = no limit
	PerMonth int  `json:"per_month"` // 0 = no limit
}

// Limited reports whether the task has a limit.
func (r TaskRule) Limited() bool { return r.PerDay > 0 || r.PerMonth > 0 }

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
	PasswordHash     string // argon2id in PHC form; empty: cannot sign in
	RegistrationName string
	FirstName        string
	LastName         string
	Company          string
	Emails           []string // addresses on file, at most two
	Contact          Contact
	Active           bool
	CreatedAt        time.Time
}

// Contact is what is known of a client besides name, company and email.
type Contact struct {
	Address string `json:"address,omitempty"`
	City    string `json:"city,omitempty"`
	Zip     string `json:"zip,omitempty"`
	State   string `json:"state,omitempty"`
	Country string `json:"country,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Fax     string `json:"fax,omitempty"`
}

// DisplayName is how the client is greeted.
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
	LicensesActive        int    // kept by AddLicense and EndLicense, never set by hand
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
	ReleasedAt  *time.Time // when its PC gave the removal code for another PC to take it
	Older       bool       // its codes are of the scheme acen/v1, which programs no longer compute
}

// SpendsSite reports whether the license has spent its Site code: a removal code was given for it.
func (l License) SpendsSite() bool {
	return l.ReleasedAt != nil || l.Status == api.StatusRemoved || l.Status == api.StatusTransferred
}

// Use is how often something was done that a limit counts.
type Use struct{ Today, ThisMonth int }

// Ending is the end of one license, for counting against limits.
type Ending struct {
	OriginalID int64 // family
	Status     api.LicenseStatus
	At         time.Time
}

// Event is one line of an order's history.
type Event struct {
	ID        int64
	At        time.Time
	OrderID   int64
	LicenseID int64 // 0 when no license was made or changed
	Task      api.Task
	Outcome   string // api.OutcomeOK or the code of the refusal
	Device    string
}

// Verification is a verification number that was given out and not used yet. The number is kept as SHA-256.
type Verification struct {
	ID         string
	NumberHash []byte
	ExpiresAt  time.Time
}

// PasswordReset is a mailed link that was not used yet. The token is kept as SHA-256. ClientID 0 stands for a login that
// nobody has, so that asking costs the same.
type PasswordReset struct {
	TokenHash []byte
	ClientID  int64
	ExpiresAt time.Time
}

// FailureKind names what failed.
type FailureKind string

// The kinds of failures that are counted (spec: api 9, api 11).
const (
	FailureSignIn       FailureKind = "sign-in"
	FailurePassword     FailureKind = "password"
	FailureSerial       FailureKind = "serial"
	FailureVerification FailureKind = "verification"
	FailureRemovalCode  FailureKind = "removal-code"
	FailureReset        FailureKind = "reset"
)

// Failure is one failed attempt at something that could be guessed.
type Failure struct {
	At        time.Time
	Kind      FailureKind
	Host      string
	Account   string // what stands for the account; "" when none was named
	LicenseID int64  // of a removal code; else 0
}

// FailureFilter chooses failures: since a time, and of a host, an account, a license and a kind unless they are zero.
type FailureFilter struct {
	Since     time.Time
	Kind      FailureKind
	Host      string
	Account   string
	LicenseID int64
}

// Session is a family of tokens that began with one sign-in. Tokens are kept as SHA-256.
type Session struct {
	ID              int64
	ClientID        int64
	DeviceName      string
	AccessHash      []byte
	AccessExpiresAt time.Time
	CreatedAt       time.Time
	EndedAt         *time.Time
}

// RefreshToken belongs to a session; it works once.
type RefreshToken struct {
	Hash      []byte
	SessionID int64
	ExpiresAt time.Time
	UsedAt    *time.Time
}

// Answer is what was answered under an idempotency key.
type Answer struct {
	ClientID  int64
	Key       string
	Request   []byte // SHA-256 of method, path and body
	Status    int
	Body      []byte
	CreatedAt time.Time
}

// MailState is how far a mail is.
type MailState string

// The states of a mail.
const (
	MailQueued MailState = "queued" // to be sent at NextAt, or being sent until LeaseUntil
	MailSent   MailState = "sent"
	MailFailed MailState = "failed" // given up
)

// Mail is one mail in the queue. Body and attachment are erased when it is sent or given up.
type Mail struct {
	ID             int64
	ClientID       int64
	LicenseID      int64
	Host           string // who asked for it
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

// Audit is one line of the audit trail: who, what, when, from where, outcome. It holds no secret.
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

// AuditFilter chooses lines of the audit trail; what is zero chooses all. Times are a half-open range, Before is an id.
type AuditFilter struct {
	Since, Until time.Time
	Actor        string
	ClientID     int64
	Host         string
	Action       string // the beginning of an action, such as "license."
	Object       string
	Outcome      string
	Text         string // a part of object or detail
	Before       int64
	Limit        int
}

// BanKind is what a ban speaks of.
type BanKind string

// The kinds of bans.
const (
	BanHost    BanKind = "host"    // an address; of an IPv6 one its network of 64 bits
	BanAccount BanKind = "account" // what stands for a user name among failures
)

// Ban keeps a host or an account out until it ends.
type Ban struct {
	ID        int64
	Kind      BanKind
	Subject   string
	Reason    string
	MadeBy    string // "admin" or "server"
	CreatedAt time.Time
	EndsAt    *time.Time // nil = for good
}

// Failing is how often a host or an account failed at what could be guessed.
type Failing struct {
	Subject string
	Count   int
	Latest  time.Time
}

// Template is the text of a mail that the vendor has written instead of the built-in one.
type Template struct{ Name, Subject, Body string }

// BlockedSerial is a serial id whose serial number makes no order.
type BlockedSerial struct {
	ProgramID int64
	SerialID  uint32
	Reason    string
	BlockedAt time.Time
}

// SerialBatch is a range of serial ids whose serial numbers were made together. A serial number can be computed again
// from its id and its features.
type SerialBatch struct {
	ProgramID   int64
	First, Last uint32
	Features    uint16
	MadeAt      time.Time
}

// Legacy is an order that still has its serial number in clear, from a schema before 3.
type Legacy struct {
	OrderID, ProgramID int64
	SerialNumber       string
}

// Stock is what is there in numbers.
type Stock struct{ MailsQueued, MailsFailed, SeatsTotal, SeatsActive int }

// Store keeps the server's data. All methods may be called from any goroutine.
type Store interface {
	// Read runs fn on a consistent view. Nothing fn does through tx may write.
	Read(ctx context.Context, fn func(tx Tx) error) error
	// Write runs fn as one transaction that excludes other writers of the same rows; it is undone when fn fails.
	// fn may run again when the database asks for it, so it must have no effect besides tx.
	Write(ctx context.Context, fn func(tx Tx) error) error
	// WriteOnce is Write for a change that leaves an answer under a key (AddAnswer) and looks for it first: when it is not known
	// whether it was done, fn runs again and finds out.
	WriteOnce(ctx context.Context, fn func(tx Tx) error) error
	// WriteHolding is WriteOnce for a change that may not be thrown back by changes beside it. fn holds the order that it is about
	// (LockOrderOf) before it looks at anything of that order, and whatever else it finds free is decided by the database when it
	// is taken (AddLicense, AddAnswer): it fails with ErrExists then, and may be tried again. All else that fn reads may change
	// from one look to the next.
	WriteHolding(ctx context.Context, fn func(tx Tx) error) error
	// Glance runs fn for what it reads with a single method of tx: there is no view to be kept consistent.
	Glance(ctx context.Context, fn func(tx Tx) error) error
	// Ping fails when the database cannot be reached.
	Ping(ctx context.Context) error
	// Close ends the use of the database.
	Close() error
}

// maxRetries limits how often a change is tried that lost a race for a seat or a unique value.
const maxRetries = 5

// Retry runs a change again if it fails with ErrExists or ErrNoSeat: now it sees what the other change has taken.
func Retry(change func() error) (err error) {
	for range maxRetries {
		if err = change(); !errors.Is(err, ErrExists) && !errors.Is(err, ErrNoSeat) {
			break
		}
	}
	return err
}

// Tx is the inside of one transaction. Methods that look for one row fail with ErrNotFound.
type Tx interface {
	Programs(ctx context.Context) ([]Program, error)
	Program(ctx context.Context, id int64) (Program, error)
	AddProgram(ctx context.Context, p Program) (int64, error)
	ChangeProgram(ctx context.Context, p Program) error

	Clients(ctx context.Context) ([]Client, error)
	Client(ctx context.Context, id int64) (Client, error)
	ClientByUsername(ctx context.Context, username string) (Client, error)
	// ClientsByEmail lists the clients that have an address on file, compared without case.
	ClientsByEmail(ctx context.Context, address string) ([]Client, error)
	// AddClient fails with ErrExists for a user name that is taken.
	AddClient(ctx context.Context, c Client) (int64, error)
	ChangeClient(ctx context.Context, c Client) error

	// Orders lists orders, newest first: those of a client, or of all when clientID is 0; only active and visible
	// ones when listed is set. before is the id to go on from, 0 for the newest; limit ≤ 0 means all.
	Orders(ctx context.Context, clientID int64, listed bool, before int64, limit int) ([]Order, error)
	Order(ctx context.Context, id int64) (Order, error)
	// LockOrder is Order; the row is held until the transaction ends.
	LockOrder(ctx context.Context, id int64) (Order, error)
	// LockOrderOf is LockOrder for an order of a client, with its program as it is then.
	LockOrderOf(ctx context.Context, clientID, id int64) (Order, Program, error)
	// AddOrder fails with ErrExists when the program has an order with this serial id.
	AddOrder(ctx context.Context, o Order) (int64, error)
	// OrderBySerial finds the order that a serial number made.
	OrderBySerial(ctx context.Context, programID int64, serialID uint32) (Order, error)
	// OrdersBySerial lists the orders that serial ids from first to last made, in the order of these ids.
	OrdersBySerial(ctx context.Context, programID int64, first, last uint32) ([]Order, error)
	// CountSerials counts the serial ids from first to last that made an order, and those that are blocked and made none.
	CountSerials(ctx context.Context, programID int64, first, last uint32) (used, blocked int, err error)
	BlockedSerial(ctx context.Context, programID int64, serialID uint32) (BlockedSerial, error)
	// BlockedSerials lists the blocked serial ids from first to last.
	BlockedSerials(ctx context.Context, programID int64, first, last uint32) ([]BlockedSerial, error)
	// BlockSerial fails with ErrExists for a serial id that is blocked, UnblockSerial with ErrNotFound for one that is
	// not.
	BlockSerial(ctx context.Context, b BlockedSerial) error
	UnblockSerial(ctx context.Context, programID int64, serialID uint32) error
	AddSerialBatch(ctx context.Context, b SerialBatch) error
	// SerialBatches lists the batches that overlap the serial ids from first to last, in the order of their ids.
	SerialBatches(ctx context.Context, programID int64, first, last uint32) ([]SerialBatch, error)
	// LegacySerials lists the orders with a serial number in clear; EndLegacySerial erases it.
	LegacySerials(ctx context.Context) ([]Legacy, error)
	EndLegacySerial(ctx context.Context, orderID int64) error
	// ChangeOrder fails with ErrNoSeat when LicensesTotal would fall below the active licenses.
	ChangeOrder(ctx context.Context, o Order) error

	// Licenses lists an order's licenses, oldest first, after an id; ended ones only when asked for.
	Licenses(ctx context.Context, orderID int64, ended bool, after int64, limit int) ([]License, error)
	License(ctx context.Context, id int64) (License, error)
	// LicenseBySite finds the license that takes a Site code in the program of an order: the active one, or the one that has spent it
	// because it was removed, transferred or released. There is one at most.
	LicenseBySite(ctx context.Context, orderID int64, site license.SiteCode) (License, error)
	// ExpectLicense tells that Answer, LockOrderOf, LicenseBySite and NextLicenseID are called next, each for these, so that the
	// database may be asked for all of them at once. It changes nothing of what they return.
	ExpectLicense(clientID int64, key string, orderID int64, site license.SiteCode)
	// NextLicenseID returns the id for the license that this transaction adds next, so that the activation code can hold it. No other
	// license has it, then or later; an id that no license was added under may be returned again.
	NextLicenseID(ctx context.Context) (int64, error)
	// SkipIDs adds gap to the next ids of licenses, orders and clients, and returns the new ones. It fails with ErrIDs
	// if one would exceed MaxID, and is rolled back with the transaction (spec: api 20).
	SkipIDs(ctx context.Context, gap int64) (IDs, error)
	// AddLicense adds an active license with its id and takes one seat. It fails with ErrNoSeat when the order has none
	// left and with ErrExists when another license takes the Site code in the program; the transaction may fail so at its end.
	AddLicense(ctx context.Context, l License) error
	// ChangeLicense changes note, features, expiry and activation code; it remembers an activation code that it replaces.
	ChangeLicense(ctx context.Context, l License) error
	// ReleaseLicense remembers when an active license was released; it fails with ErrNotFound when it was before.
	ReleaseLicense(ctx context.Context, id int64, at time.Time) error
	// Touch remembers when a program with this license was alive.
	Touch(ctx context.Context, id int64, at time.Time) error
	// FormerActivations lists the activation codes that a license had before.
	FormerActivations(ctx context.Context, id int64) ([]license.ActivationCode, error)
	// Family lists the licenses of a family, oldest first.
	Family(ctx context.Context, originalID int64) ([]License, error)
	// Endings lists when licenses of an order ended since a time.
	Endings(ctx context.Context, orderID int64, since time.Time) ([]Ending, error)
	// Activations lists when families of an order began since a time.
	Activations(ctx context.Context, orderID int64, since time.Time) ([]time.Time, error)
	// OlderLicenses lists the active licenses with codes of an older scheme by id; limit ≤ 0 means all.
	OlderLicenses(ctx context.Context, limit int) ([]License, error)
	// EndLicense gives an active license a final status and frees its seat.
	EndLicense(ctx context.Context, id int64, status api.LicenseStatus, at time.Time) error

	AddSession(ctx context.Context, s Session) (int64, error)
	// ByAccess finds the session with an access token, and its client.
	ByAccess(ctx context.Context, hash []byte) (Session, Client, error)
	// RenewSession replaces the access token of a session.
	RenewSession(ctx context.Context, id int64, accessHash []byte, expires time.Time) error
	// EndSession ends a session with all its tokens; ending it again does nothing.
	EndSession(ctx context.Context, id int64, at time.Time) error
	// EndSessions ends every session of a client but one; 0 spares none.
	EndSessions(ctx context.Context, clientID, besides int64, at time.Time) error
	Session(ctx context.Context, id int64) (Session, error)
	AddRefreshToken(ctx context.Context, r RefreshToken) error
	RefreshToken(ctx context.Context, hash []byte) (RefreshToken, error)
	UseRefreshToken(ctx context.Context, hash []byte, at time.Time) error

	Answer(ctx context.Context, clientID int64, key string) (Answer, error)
	// AddAnswer fails with ErrExists when the key has an answer.
	AddAnswer(ctx context.Context, a Answer) error
	// Answers lists all answers, ReplaceAnswer changes the body of one: for sealing them with another key.
	Answers(ctx context.Context) ([]Answer, error)
	ReplaceAnswer(ctx context.Context, a Answer) error
	// PruneAnswers forgets answers from before a time.
	PruneAnswers(ctx context.Context, before time.Time) error

	// QueueMail puts a mail into the queue.
	QueueMail(ctx context.Context, m Mail) (int64, error)
	// ClaimMail returns the mail that is due longest and puts it off until lease, counting an attempt, so that no other
	// worker sends it and a crash brings it back. It fails with ErrNotFound when none is due.
	ClaimMail(ctx context.Context, now, lease time.Time) (Mail, error)
	// EndMail closes a mail as sent or failed and erases its body and attachment.
	EndMail(ctx context.Context, id int64, state MailState, lastError string, at time.Time) error
	// RetryMail puts a mail off after a failed attempt.
	RetryMail(ctx context.Context, id int64, lastError string, next time.Time) error
	// NextMailAt is when the next mail is due; zero when none is queued.
	NextMailAt(ctx context.Context) (time.Time, error)
	// CountMails counts mails asked for since a time by a client, from a host, and to one address.
	CountMails(ctx context.Context, since time.Time, clientID int64, host, address string) (byClient, byHost, byAddress int, err error)
	// Mails lists the newest mails first.
	Mails(ctx context.Context, limit int) ([]Mail, error)
	// QueuedMails lists the mails that are still to be sent, ReplaceMail changes body and attachment of one: for sealing them
	// with another key.
	QueuedMails(ctx context.Context) ([]Mail, error)
	ReplaceMail(ctx context.Context, m Mail) error

	AddEvent(ctx context.Context, e Event) error
	// History lists what happened to an order, newest first, before an id; 0 begins with the newest.
	History(ctx context.Context, orderID, before int64, limit int) ([]Event, error)

	AddVerification(ctx context.Context, v Verification) error
	// TakeVerification returns a verification and forgets it: it works once.
	TakeVerification(ctx context.Context, id string) (Verification, error)
	AddPasswordReset(ctx context.Context, r PasswordReset) error
	PasswordReset(ctx context.Context, tokenHash []byte) (PasswordReset, error)
	// EndPasswordResets forgets the links of a client.
	EndPasswordResets(ctx context.Context, clientID int64) error
	AddFailure(ctx context.Context, f Failure) error
	// Failures counts failures and tells when the latest was; zero when there is none.
	Failures(ctx context.Context, f FailureFilter) (count int, latest time.Time, err error)
	// PruneAttempts forgets verifications and links that ended before now, and failures from before a time.
	PruneAttempts(ctx context.Context, now, failuresBefore time.Time) error

	AddAudit(ctx context.Context, a Audit) error
	// AuditTrail lists lines, the newest first.
	AuditTrail(ctx context.Context, f AuditFilter) ([]Audit, error)

	AddBan(ctx context.Context, b Ban) (int64, error)
	Ban(ctx context.Context, id int64) (Ban, error)
	// Bans lists the bans that have not ended, oldest first.
	Bans(ctx context.Context, now time.Time) ([]Ban, error)
	// EndBan ends a ban that has not ended; ErrNotFound when there is none.
	EndBan(ctx context.Context, id int64, at time.Time) error
	// Failing lists the hosts or accounts with failures since a time, those with most first.
	Failing(ctx context.Context, kind BanKind, since time.Time) ([]Failing, error)
	// ForgetFailures forgets the failures of a host or an account.
	ForgetFailures(ctx context.Context, kind BanKind, subject string) error

	// Options are settings of the server by name.
	Options(ctx context.Context) (map[string]string, error)
	// SetOption changes a setting; "" forgets it.
	SetOption(ctx context.Context, name, value string) error
	Templates(ctx context.Context) ([]Template, error)
	SetTemplate(ctx context.Context, t Template) error
	// ResetTemplate forgets a template, so that the built-in text counts again; ErrNotFound when there is none.
	ResetTemplate(ctx context.Context, name string) error

	// Stock counts mails and seats.
	Stock(ctx context.Context) (Stock, error)
}
