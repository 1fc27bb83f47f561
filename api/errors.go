package api

import (
	"fmt"
	"strings"
	"time"
)

// Code is the machine-readable name of a refusal: the "code" member of a problem document. It implements error, so
// that errors.Is(err, api.ErrLicensesInUse) works through every layer.
type Code string

// The codes of the contract (spec: api "Error codes").
const (
	ErrAuthorization       Code = "STATUS_AUTHORIZATION_ERROR"
	ErrCredentialsMissing  Code = "STATUS_CREDENTIALS_MISSING"
	ErrLicensesInUse       Code = "STATUS_LICENSES_IN_USE"
	ErrFlexibleLicensing   Code = "STATUS_FLEXIBLE_LICENSING_ERROR"
	ErrHostBanned          Code = "STATUS_HOST_TEMPORARILY_BANNED"
	ErrSiteMIDMismatch     Code = "STATUS_SITE_MID_MISMATCH"
	ErrCodeMalformed       Code = "STATUS_CODE_MALFORMED"
	ErrSiteCodeSpent       Code = "STATUS_SITE_CODE_SPENT"
	ErrSiteCodeInUse       Code = "STATUS_SITE_CODE_IN_USE"
	ErrRemovalCodeInvalid  Code = "STATUS_REMOVAL_CODE_INVALID"
	ErrLimitReached        Code = "STATUS_LIMIT_REACHED"
	ErrTaskDisabled        Code = "STATUS_TASK_DISABLED"
	ErrOrderReadOnly       Code = "STATUS_ORDER_READ_ONLY"
	ErrSubscriptionExpired Code = "STATUS_SUBSCRIPTION_EXPIRED"
	ErrSerialInvalid       Code = "STATUS_SERIAL_INVALID"
	ErrSerialInUse         Code = "STATUS_SERIAL_IN_USE"
	ErrVerificationFailed  Code = "STATUS_VERIFICATION_FAILED"
	ErrValidation          Code = "STATUS_VALIDATION_ERROR"
	ErrConflict            Code = "STATUS_CONFLICT"
	ErrNotFound            Code = "STATUS_NOT_FOUND"
	ErrLicenseEnded        Code = "STATUS_LICENSE_ENDED"
	ErrUnavailable         Code = "STATUS_UNAVAILABLE"
	ErrInternal            Code = "STATUS_INTERNAL_ERROR"
)

var statuses = map[Code]int{
	ErrAuthorization: 401, ErrCredentialsMissing: 401,
	ErrTaskDisabled: 403, ErrOrderReadOnly: 403, ErrSubscriptionExpired: 403,
	ErrNotFound:      404,
	ErrLicensesInUse: 409, ErrFlexibleLicensing: 409, ErrSiteCodeSpent: 409, ErrSiteCodeInUse: 409,
	ErrSerialInUse: 409, ErrConflict: 409, ErrLicenseEnded: 409,
	ErrSiteMIDMismatch: 422, ErrCodeMalformed: 422, ErrRemovalCodeInvalid: 422, ErrSerialInvalid: 422,
	ErrVerificationFailed: 422, ErrValidation: 422,
	ErrHostBanned: 429, ErrLimitReached: 429,
	ErrInternal: 500, ErrUnavailable: 503,
}

// Error returns the code.
func (c Code) Error() string { return string(c) }

// HTTPStatus returns the HTTP status of a code; 500 for an unknown one.
func (c Code) HTTPStatus() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return 500
}

// Codes returns all codes of the contract, in no particular order.
func Codes() []Code {
	all := make([]Code, 0, len(statuses))
	for c := range statuses {
		all = append(all, c)
	}
	return all
}

// Problem is an RFC 9457 problem document with the members of the contract (spec: api "Errors"). The client returns
// it as the error for every refusal; Unwrap returns its Code.
type Problem struct {
	Type       string        `json:"type" doc:"URI of the kind of problem" example:"about:blank"`
	Title      string        `json:"title" doc:"Short name of the kind of problem"`
	Status     int           `json:"status" doc:"HTTP status"`
	Detail     string        `json:"detail,omitempty" doc:"One plain sentence that a person can act on"`
	Instance   string        `json:"instance,omitempty" doc:"Id of the request, to quote to the vendor"`
	Code       Code          `json:"code" doc:"Machine-readable name of the refusal"`
	Errors     []FieldError  `json:"errors,omitempty" doc:"Faults field by field"`
	RetryAfter int           `json:"retry_after,omitempty" doc:"Seconds to wait before the next try"`
	Limit      *LimitReached `json:"limit,omitempty" doc:"The limit that refused"`
	Comparison *Comparison   `json:"comparison,omitempty" doc:"The lock comparison that refused"`
	// Receipt is set with ErrLicenseEnded if the request had the correct removal code of a license that was removed or
	// transferred: its task was carried out before.
	Receipt string `json:"receipt,omitempty" doc:"Receipt of a license that was removed or transferred before"`
}

// FieldError is a fault of a field.
type FieldError struct {
	Location string `json:"location" doc:"Path of the field" example:"body.note"`
	Message  string `json:"message" doc:"What is wrong with it"`
}

// LimitReached is the limit that refused a task.
type LimitReached struct {
	Task     string    `json:"task"`
	Period   string    `json:"period" enum:"hour,day,month"`
	Allowed  int       `json:"allowed"`
	Used     int       `json:"used"`
	ResetsAt time.Time `json:"resets_at"`
}

// Comparison is the outcome of comparing two lock blocks (spec: codes "Comparing locks").
type Comparison struct {
	Locks              []LockState `json:"locks"`
	HardwareChanges    int         `json:"hardware_changes"`
	MaxHardwareChanges int         `json:"max_hardware_changes"`
	Verdict            string      `json:"verdict" enum:"accepted,refused"`
	Reasons            []string    `json:"reasons,omitempty"`
}

// LockState is the state of one lock in a Comparison.
type LockState struct {
	Name       string `json:"name" example:"NET_ID"`
	Kind       string `json:"kind" enum:"hardware,software"`
	State      string `json:"state" enum:"same,absent,changed,gone,new"`
	Changeable bool   `json:"changeable"`
	Counts     bool   `json:"counts" doc:"Whether the difference counts towards the allowed hardware changes"`
}

// Error returns code, detail and field errors in one line. It contains no secret.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(string(p.Code))
	if p.Detail != "" {
		fmt.Fprintf(&b, ": %s", p.Detail)
	}
	for _, e := range p.Errors {
		fmt.Fprintf(&b, " (%s: %s)", e.Location, e.Message)
	}
	return b.String()
}

// Unwrap returns the code.
func (p *Problem) Unwrap() error { return p.Code }

// GetStatus returns the HTTP status of the problem.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of a problem document, whatever type was negotiated (RFC 9457 section 3).
func (p *Problem) ContentType(string) string { return ProblemMediaType }

// NewProblem returns the problem of a code with one sentence for the person.
func NewProblem(code Code, detail string) *Problem {
	return &Problem{
		Type:   "about:blank",
		Title:  title(code),
		Status: code.HTTPStatus(),
		Detail: detail,
		Code:   code,
	}
}

func title(c Code) string {
	words := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(string(c), "STATUS_"), "_", " "))
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}
