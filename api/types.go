// Package api defines the HTTP contract between a license server and its clients: paths, headers, wire types and
// error codes. Packages client and server use it. It has no behavior, and imports no other package of this module.
//
// Struct tags other than json describe the fields in the generated OpenAPI document. All times are RFC 3339 in UTC.
// Fields are additive: readers ignore unknown ones.
package api

import "time"

const (
	// Base is the path prefix of every call of this version.
	Base = "/api/v1"
	// IdempotencyKey is the header with the UUID of an intended change.
	IdempotencyKey = "Idempotency-Key"
	// Epoch is the header of every answer with the epoch of the server's data: 16 random bytes, base64url without
	// padding. It changes when the database is restored from a backup.
	Epoch = "ACEN-Epoch"
	// ProblemMediaType is the media type of a Problem (RFC 9457).
	ProblemMediaType = "application/problem+json"
	// LicenseFileMediaType is the media type of a license file (spec: codes "License file").
	LicenseFileMediaType = "application/vnd.acen.license"
	// LicenseFileExtension is the file name extension of a license file.
	LicenseFileExtension = ".acen"

	// MaxNote is the maximum length of a note in Unicode code points (spec: api 8).
	MaxNote = 30
	// MaxMessage is the maximum length of a personal message of an email in Unicode code points.
	MaxMessage = 500
	// MaxField is the maximum length of a contact field in Unicode code points.
	MaxField = 200
	// VerificationDigits is the length of a verification number (spec: api 10).
	VerificationDigits = 6
	// MaxPage is the maximum page size of a list in rows.
	MaxPage = 500
	// MinPassword is the minimum length of a password in bytes (spec: api 13).
	MinPassword = 10
	// MaxPassword is the maximum length of a password in bytes (spec: api 13).
	MaxPassword = 1024
)

// Server describes a license server. It is readable without a session.
type Server struct {
	Name            string           `json:"name" doc:"Name that the vendor gave the server"`
	Version         string           `json:"version" doc:"Version of the server program"`
	Time            time.Time        `json:"time" doc:"The server's clock, UTC"`
	Registration    bool             `json:"registration" doc:"Whether new accounts are taken"`
	Contact         string           `json:"contact,omitempty" doc:"Email address of the vendor's support"`
	KeyFingerprints []KeyFingerprint `json:"key_fingerprints" nullable:"false" doc:"Public keys of the programs"`
	SerialPrograms  []SerialProgram  `json:"serial_programs" nullable:"false" doc:"Programs whose serial numbers open a new account"`
}

// SerialProgram is a program that accepts serial numbers, readable without a session.
type SerialProgram struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// KeyFingerprint identifies the public key that verifies a program's license files.
type KeyFingerprint struct {
	ProgramID   int64  `json:"program_id"`
	KeyID       string `json:"key_id"`
	Fingerprint string `json:"fingerprint" doc:"SHA-256 of the public key, hex"`
}

// SessionRequest is the body of a sign-in.
type SessionRequest struct {
	Username   string `json:"username" minLength:"1" maxLength:"200"`
	Password   string `json:"password" minLength:"1" maxLength:"1024"`
	DeviceName string `json:"device_name,omitempty" maxLength:"100" doc:"What the person calls this PC"`
}

// RefreshRequest exchanges a refresh token for a new pair of tokens.
type RefreshRequest struct {
	RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"200"`
}

// Session is a pair of tokens and their client.
type Session struct {
	AccessToken      string    `json:"access_token"`
	ExpiresAt        time.Time `json:"expires_at" doc:"When the access token ends"`
	RefreshToken     string    `json:"refresh_token"`
	RefreshExpiresAt time.Time `json:"refresh_expires_at" doc:"When the refresh token ends"`
	Client           Client    `json:"client"`
}

// Client is the person or company that a session belongs to.
type Client struct {
	ID          int64  `json:"id"`
	Username    string `json:"username"`
	DisplayName string `json:"display_name"`
}

// FlexibleLocking is a program's policy for recognizing a changed PC (spec: codes "Comparing locks").
type FlexibleLocking struct {
	Enabled            bool     `json:"enabled"`
	MaxHardwareChanges int      `json:"max_hardware_changes"`
	Changeable         []string `json:"changeable" nullable:"false" doc:"Names of the locks that may change"`
}

// Program is a licensed program.
type Program struct {
	ID                   int64           `json:"id"`
	Name                 string          `json:"name"`
	RequiresActivation   bool            `json:"requires_activation"`
	ApplicationSignature string          `json:"application_signature" doc:"6 to 10 ASCII characters that the lock values are keyed with"`
	MergedCodes          bool            `json:"merged_codes" doc:"Show Site code and Machine ID as one merged code"`
	PublicKey            string          `json:"public_key" doc:"Ed25519 public key of the license files, hex"`
	FormerKeys           []string        `json:"former_keys,omitempty" doc:"Public keys of license files that were signed before the key changed, hex"`
	KeyID                string          `json:"key_id"`
	AcceptsSerials       bool            `json:"accepts_serials"`
	VerificationWaived   bool            `json:"verification_waived,omitempty" doc:"A new order needs no verification number"`
	FlexibleLocking      FlexibleLocking `json:"flexible_locking"`
}

// ProgramList is the answer of GET /programs.
type ProgramList struct {
	Programs []Program `json:"programs" nullable:"false"`
}

// SubscriptionState is the state of an order's subscription.
type SubscriptionState string

// The states of a subscription.
const (
	SubscriptionNone    SubscriptionState = "none"
	SubscriptionValid   SubscriptionState = "valid"
	SubscriptionExpired SubscriptionState = "expired"
)

// Subscription is the subscription of an order.
type Subscription struct {
	State     SubscriptionState `json:"state" enum:"none,valid,expired"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty"`
}

// Allowance reports whether a task may be done now. Reason is the code that the server would refuse it with. A nil
// remaining count means that there is no limit.
type Allowance struct {
	OK             bool       `json:"ok"`
	Reason         Code       `json:"reason,omitempty"`
	RemainingToday *int       `json:"remaining_today,omitempty"`
	RemainingMonth *int       `json:"remaining_month,omitempty"`
	ResetsAt       *time.Time `json:"resets_at,omitempty"`
}

// Allowed has the allowances of an order's tasks. Tasks that the server does not offer are absent.
type Allowed struct {
	Add        *Allowance `json:"add,omitempty"`
	Reactivate *Allowance `json:"reactivate,omitempty"`
	Transfer   *Allowance `json:"transfer,omitempty"`
	Remove     *Allowance `json:"remove,omitempty"`
}

// Order is a purchase of one program with a number of licenses.
type Order struct {
	ID                 int64        `json:"id"`
	ProgramID          int64        `json:"program_id"`
	ProgramName        string       `json:"program_name"`
	OrderedAt          time.Time    `json:"ordered_at"`
	LicensesTotal      int          `json:"licenses_total"`
	LicensesActivated  int          `json:"licenses_activated"`
	SerialNumber       string       `json:"serial_number,omitempty"`
	RequiresActivation bool         `json:"requires_activation" doc:"Off: the order has no licenses to open"`
	CanManage          bool         `json:"can_manage" doc:"Off: the order can be looked at and its codes emailed, nothing else"`
	Subscription       Subscription `json:"subscription"`
	Allowed            Allowed      `json:"allowed"`
}

// OrderList is one page of orders.
type OrderList struct {
	Orders      []Order `json:"orders" nullable:"false"`
	CanAddOrder bool    `json:"can_add_order" doc:"Whether any program accepts serial numbers"`
	NextCursor  string  `json:"next_cursor,omitempty"`
}

// LicenseStatus is the status of a license (spec: api 6).
type LicenseStatus string

// The statuses of a license.
const (
	StatusActive      LicenseStatus = "Active"
	StatusRemoved     LicenseStatus = "Removed"
	StatusReactivated LicenseStatus = "Reactivated"
	StatusTransferred LicenseStatus = "Transferred"
	StatusReplaced    LicenseStatus = "Replaced"
	StatusUnknown     LicenseStatus = "Unknown"
)

// StateReleased is the state of an active license that was released for another PC, in lists and validations. It is
// not a status: the license stays Active and keeps its seat until the other PC picks it up.
const StateReleased LicenseStatus = "Released"

// License is one activation of a program on one PC. Codes are in their shown form.
type License struct {
	ID                int64         `json:"id"`
	OrderID           int64         `json:"order_id"`
	OriginalLicenseID int64         `json:"original_license_id" doc:"First license of the family; its own id for a new license"`
	SiteCode          string        `json:"site_code" example:"7183EC4D"`
	MachineID         string        `json:"machine_id" example:"83A9-3429-0090-B3F5"`
	ActivationCode    string        `json:"activation_code" example:"F3945D8C-B0D71FFA-02A956E3-8D6DB947"`
	Note              string        `json:"note"`
	Features          uint16        `json:"features"`
	ActivatedAt       time.Time     `json:"activated_at"`
	ExpiresAt         *time.Time    `json:"expires_at,omitempty" doc:"Last moment of validity; absent: never ends"`
	LastAliveAt       *time.Time    `json:"last_alive_at,omitempty"`
	Status            LicenseStatus `json:"status" enum:"Active,Removed,Reactivated,Transferred,Replaced,Unknown"`
	EndedAt           *time.Time    `json:"ended_at,omitempty"`
	// ReleasedAt is when the PC handed in its removal code, so that another PC may take the license without one. From
	// then on the license is on no PC, and its Site code is spent.
	ReleasedAt *time.Time `json:"released_at,omitempty" doc:"When the license was released for another PC; absent: it was not"`
	// Allowed has the allowances of an active license; absent for one that has ended.
	Allowed *LicenseAllowed `json:"allowed,omitempty"`
	// Recognition is what a reactivation is compared with; absent if that is the license's own codes under the program's
	// policy.
	Recognition *Recognition `json:"recognition,omitempty"`
}

// State returns the status of the license, or the state that an active one is in besides.
func (l License) State() LicenseStatus {
	if l.Status == StatusActive && l.ReleasedAt != nil {
		return StateReleased
	}
	return l.Status
}

// LicenseAllowed has the allowances of one license: reactivations and transfers count for its family, removals for
// its order (spec: api 7). Tasks that the server does not offer are absent.
type LicenseAllowed struct {
	Reactivate *Allowance `json:"reactivate,omitempty"`
	Transfer   *Allowance `json:"transfer,omitempty"`
	Remove     *Allowance `json:"remove,omitempty"`
}

// Recognition is a PC at the time when a license was activated there, and the policy for recognizing it.
type Recognition struct {
	SiteCode        string          `json:"site_code"`
	MachineID       string          `json:"machine_id"`
	FlexibleLocking FlexibleLocking `json:"flexible_locking"`
}

// LicenseList is one page of licenses.
type LicenseList struct {
	Licenses   []License `json:"licenses" nullable:"false"`
	NextCursor string    `json:"next_cursor,omitempty"`
}

// NewLicense requests a license for one PC. Either SiteCode and MachineID or SiteMID is set.
type NewLicense struct {
	SiteCode  string `json:"site_code,omitempty" maxLength:"64"`
	MachineID string `json:"machine_id,omitempty" maxLength:"64"`
	SiteMID   string `json:"site_mid,omitempty" maxLength:"128" doc:"Merged form of both"`
	Note      string `json:"note,omitempty" maxLength:"30" doc:"At most 30 Unicode code points, no control characters"`
}

// Reactivation gives a license to the new codes of its PC. Either SiteCode and MachineID or SiteMID is set; without a
// note the old one remains.
type Reactivation struct {
	SiteCode  string `json:"site_code,omitempty" maxLength:"64"`
	MachineID string `json:"machine_id,omitempty" maxLength:"64"`
	SiteMID   string `json:"site_mid,omitempty" maxLength:"128" doc:"Merged form of both"`
	Note      string `json:"note,omitempty" maxLength:"30" doc:"At most 30 Unicode code points, no control characters; empty keeps the old one"`
}

// Release releases a license for another PC, which picks it up with a Transfer without a removal code. Until then it
// stays Active and keeps its seat.
type Release struct {
	RemovalCode string `json:"removal_code" minLength:"1" maxLength:"64"`
}

// Transfer gives a license to another PC. Either SiteCode and MachineID or SiteMID is set; without a note the old one
// remains. The removal code of a released license may be omitted.
type Transfer struct {
	SiteCode    string `json:"site_code,omitempty" maxLength:"64"`
	MachineID   string `json:"machine_id,omitempty" maxLength:"64"`
	SiteMID     string `json:"site_mid,omitempty" maxLength:"128" doc:"Merged form of both"`
	RemovalCode string `json:"removal_code,omitempty" maxLength:"64" doc:"May be left out when the license is released"`
	Note        string `json:"note,omitempty" maxLength:"30" doc:"At most 30 Unicode code points, no control characters; empty keeps the old one"`
}

// Removal ends a license and frees its seat.
type Removal struct {
	RemovalCode string `json:"removal_code" minLength:"1" maxLength:"64"`
}

// LicenseReceipt is the answer of a transfer or a release: the license, and the receipt for the PC that it left.
type LicenseReceipt struct {
	License
	Receipt string `json:"receipt" doc:"PASETO v4.public token of the program's key that proves what was done"`
}

// OrderReceipt is the answer of a removal: the order, and the receipt for the PC that the license left.
type OrderReceipt struct {
	Order
	Receipt string `json:"receipt" doc:"PASETO v4.public token of the program's key that proves what was done"`
}

// PCCodes are the codes of a PC. Either SiteCode and MachineID or SiteMID is set.
type PCCodes struct {
	SiteCode  string `json:"site_code,omitempty" maxLength:"64"`
	MachineID string `json:"machine_id,omitempty" maxLength:"64"`
	SiteMID   string `json:"site_mid,omitempty" maxLength:"128" doc:"Merged form of both"`
}

// LicenseCheck is what a program knows of its license from its license file; it needs no session. SiteCode and
// MachineID are those that the license was made for, not the present ones of the PC. ActivationCode is the present
// one or any that the license had before the vendor changed its features or expiry. A mismatch is answered with
// ErrNotFound, in the same bytes as for a license that does not exist.
type LicenseCheck struct {
	SiteCode       string `json:"site_code" minLength:"1" maxLength:"64"`
	MachineID      string `json:"machine_id" minLength:"1" maxLength:"64"`
	ActivationCode string `json:"activation_code" minLength:"1" maxLength:"64"`
}

// ValidationRequest is the question of a program about its license. The nonce ties the answer to it.
type ValidationRequest struct {
	LicenseCheck
	Nonce string `json:"nonce" minLength:"22" maxLength:"22" doc:"16 random bytes, base64url without padding, new for each question" example:"zBMwJXmKSbV8pTjmIWxOwQ"`
}

// Validation is what the server answers to a program about its license: a PASETO v4.public token, signed with the
// program's key, with the assertion "acen/v2 validation". It is the only response that a program trusts, because a
// proxy with a trusted certificate can forge everything else. license.VerifyValidation reads it, and package protect
// follows these rules:
//
//   - The state is Active: the license is this PC's. If the vendor has changed what it grants since the activation code
//     of the question, the token contains the license file that replaces the program's after it was verified itself.
//   - The state is another word, even an unknown one: the license is no longer this PC's, and the program must not run
//     under it. Reactivated means that the PC has a new license, whose file has another Site code.
//
// A refusal says nothing about the license. ErrNotFound: no license with this id has these codes, which for a license
// file with a good signature means another server or one restored from an older backup; the program goes on as without
// an answer. ErrHostBanned: asked too often, not again before RetryAfter.
//
// POST /licenses/{id}/alive takes a LicenseCheck and answers 204 if it fits, whatever the state of the license.
type Validation struct {
	Token string `json:"token" doc:"Signed answer: PASETO v4.public, assertion \"acen/v2 validation\", claims jti, site, nonce, iat, state, features, ends, file" example:"v4.public.…"`
}

// LicenseChange changes a license; a nil field does not change.
type LicenseChange struct {
	Note *string `json:"note,omitempty" maxLength:"30"`
}

// EmailPreview is the mail that the server would send for a license.
type EmailPreview struct {
	To          []string `json:"to" nullable:"false" doc:"Addresses on file"`
	Subject     string   `json:"subject"`
	Body        string   `json:"body" doc:"Plain text, without the personal message"`
	Attachments []string `json:"attachments" nullable:"false" doc:"File names"`
}

// EmailRequest asks to mail the activation code of a license to addresses on file.
type EmailRequest struct {
	To      []string `json:"to" minItems:"1" maxItems:"10" doc:"Subset of the addresses on file"`
	Message string   `json:"message,omitempty" maxLength:"500" doc:"Plain text to add"`
}

// OutcomeOK is the outcome of a successful task; other outcomes are the Code of a refusal.
const OutcomeOK = "ok"

// HistoryEntry is an event of an order.
type HistoryEntry struct {
	Time       time.Time `json:"time"`
	Task       string    `json:"task"`
	LicenseID  int64     `json:"license_id,omitempty" doc:"License that was made or changed; absent where none was"`
	Outcome    string    `json:"outcome" doc:"ok, or the code of the refusal"`
	DeviceName string    `json:"device_name,omitempty" doc:"What the person who did it calls that PC"`
}

// HistoryList is one page of a history, newest first.
type HistoryList struct {
	History    []HistoryEntry `json:"history" nullable:"false"`
	NextCursor string         `json:"next_cursor,omitempty"`
}

// Verification is a picture with a number that a person types to show that no program asks (spec: api 10).
type Verification struct {
	ID        string    `json:"id"`
	Image     []byte    `json:"image" doc:"PNG, base64"`
	Sound     []byte    `json:"sound,omitempty" doc:"WAV that says the number, base64; on request only"`
	ExpiresAt time.Time `json:"expires_at"`
}

// VerificationAnswer is the number that a person read in the picture.
type VerificationAnswer struct {
	ID     string `json:"id" minLength:"1" maxLength:"100"`
	Number string `json:"number" minLength:"1" maxLength:"20"`
}

// NewOrder creates an order from a serial number.
type NewOrder struct {
	ProgramID    int64              `json:"program_id" minimum:"1"`
	SerialNumber string             `json:"serial_number" minLength:"1" maxLength:"64"`
	Verification VerificationAnswer `json:"verification,omitzero" required:"false" doc:"Not needed where the program has verification_waived"`
}

// Contact is the contact data of a client. Every field has one line and at most 200 characters.
type Contact struct {
	FirstName string `json:"first_name" maxLength:"200"`
	LastName  string `json:"last_name" maxLength:"200"`
	Company   string `json:"company,omitempty" maxLength:"200"`
	Address   string `json:"address" maxLength:"200"`
	City      string `json:"city" maxLength:"200"`
	Zip       string `json:"zip" maxLength:"200"`
	State     string `json:"state,omitempty" maxLength:"200"`
	Country   string `json:"country" maxLength:"200"`
	Phone     string `json:"phone" maxLength:"200"`
	Fax       string `json:"fax,omitempty" maxLength:"200"`
	Email     string `json:"email" maxLength:"200"`
	Email2    string `json:"email2,omitempty" maxLength:"200"`
}

// Account is a client's account.
type Account struct {
	Username         string `json:"username"`
	RegistrationName string `json:"registration_name" doc:"Name that licenses are made out to; it cannot change"`
	Contact
}

// AccountChange changes the contact data of an account; an absent field does not change.
type AccountChange struct {
	FirstName *string `json:"first_name,omitempty" maxLength:"200"`
	LastName  *string `json:"last_name,omitempty" maxLength:"200"`
	Company   *string `json:"company,omitempty" maxLength:"200"`
	Address   *string `json:"address,omitempty" maxLength:"200"`
	City      *string `json:"city,omitempty" maxLength:"200"`
	Zip       *string `json:"zip,omitempty" maxLength:"200"`
	State     *string `json:"state,omitempty" maxLength:"200"`
	Country   *string `json:"country,omitempty" maxLength:"200"`
	Phone     *string `json:"phone,omitempty" maxLength:"200"`
	Fax       *string `json:"fax,omitempty" maxLength:"200"`
	Email     *string `json:"email,omitempty" maxLength:"200"`
	Email2    *string `json:"email2,omitempty" maxLength:"200"`
}

// NewAccount creates an account with a serial number, which becomes its first order.
type NewAccount struct {
	ProgramID        int64              `json:"program_id" minimum:"1"`
	SerialNumber     string             `json:"serial_number" minLength:"1" maxLength:"64"`
	Verification     VerificationAnswer `json:"verification"`
	Username         string             `json:"username" minLength:"1" maxLength:"200"`
	Password         string             `json:"password" minLength:"1" maxLength:"1024"`
	RegistrationName string             `json:"registration_name" minLength:"1" maxLength:"200"`
	Contact
}

// PasswordReset requests a mail with a link that sets a new password.
type PasswordReset struct {
	Login        string             `json:"login" minLength:"1" maxLength:"200" doc:"User name or email address"`
	Verification VerificationAnswer `json:"verification"`
}

// NewPassword sets a new password with the token of the mailed link.
type NewPassword struct {
	Token       string `json:"token" minLength:"1" maxLength:"200"`
	NewPassword string `json:"new_password" minLength:"1" maxLength:"1024"`
}

// PasswordChange sets a new password, given the current one.
type PasswordChange struct {
	CurrentPassword string `json:"current_password" minLength:"1" maxLength:"1024"`
	NewPassword     string `json:"new_password" minLength:"1" maxLength:"1024"`
}
