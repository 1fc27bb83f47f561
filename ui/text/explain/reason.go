package explain

import (
	"errors"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// reasons are short texts below disabled buttons.
var reasons = map[api.Code]tr.Text{
	api.ErrLicensesInUse:       "all are in use",
	api.ErrOrderReadOnly:       "read-only order",
	api.ErrSubscriptionExpired: "subscription ended",
	api.ErrLimitReached:        "limit reached",
	api.ErrLicenseEnded:        "license has ended",
	api.ErrUnavailable:         "not available now",
	api.ErrFlexibleLicensing:   "too many changes",
	api.ErrRemovalCodeInvalid:  "wrong removal code",
	api.ErrSiteCodeInUse:       "the Site code is in use",
	api.ErrSiteCodeSpent:       "Site code no longer valid",
	api.ErrSiteMIDMismatch:     "codes do not match",
	api.ErrCodeMalformed:       "a code was malformed",
	api.ErrHostBanned:          "too many failed attempts",
	api.ErrValidation:          "invalid data",
}

// Reason returns a few words about why a button is disabled. Any goroutine.
func Reason(err error) string {
	var code api.Code
	if errors.As(err, &code) {
		if text, ok := reasons[code]; ok {
			return tr.T(text)
		}
	}
	var refused *manager.Refusal
	if errors.As(err, &refused) {
		return words.LowerFirst(words.Title(words.Translate(refused.Text())))
	}
	var problem *api.Problem
	if errors.As(err, &problem) && problem.Detail != "" {
		return words.LowerFirst(words.Title(serverSentence(problem.Detail)))
	}
	return tr.T("not available")
}
