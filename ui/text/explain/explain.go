// Package explain turns errors into messages for people: what happened, why, and what to do next. No other package of
// the window turns errors into sentences.
package explain

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// text is a message without an action.
type text struct{ what, why, next tr.Text }

func (t text) message() dialogs.Message {
	return dialogs.Message{What: tr.T(t.what), Why: tr.T(t.why), Next: tr.T(t.next)}
}

// refusals has a text for every code of the contract (spec: api "Error codes"). The sentence of the server, if shown,
// replaces why.
var refusals = map[api.Code]text{
	api.ErrAuthorization: {
		"You could not be signed in.",
		"The server does not accept this user name and password.",
		"Check both, including capital letters and the keyboard layout.",
	},
	api.ErrCredentialsMissing: {"You are not signed in.", "The session has ended.", "Sign in again; nothing is lost."},
	api.ErrLicensesInUse: {
		"There is no free license.",
		"All licenses of this order are in use.",
		"Use another order, or ask the vendor for more licenses.",
	},
	api.ErrFlexibleLicensing: {
		"This PC was not recognized.",
		"Too much of this PC has changed.",
		"Use a free license for it, or ask the vendor for help.",
	},
	api.ErrHostBanned: {
		"The server has blocked this PC for a while.",
		"There were too many failed attempts.",
		"Wait a while, then try again with the correct data.",
	},
	api.ErrSiteMIDMismatch: {
		"Site code and Machine ID do not match.",
		"They are mistyped, or they belong to another program.",
		"Copy both from the same window of the program and paste them here.",
	},
	api.ErrCodeMalformed: {
		"A code cannot be read.",
		"It has the wrong length or contains a wrong character.",
		"Compare it with the original, or copy and paste it.",
	},
	api.ErrSiteCodeSpent: {
		"This Site code is no longer valid.",
		"Its license was removed, transferred or released, or another PC has the same code by chance.",
		"Start the program on that PC: it shows a new Site code.",
	},
	api.ErrSiteCodeInUse: {
		"This PC is licensed already.",
		"A license of another order or account uses this Site code.",
		"Look for it in your other orders.",
	},
	api.ErrRemovalCodeInvalid: {
		"The removal code is incorrect.",
		"It does not belong to this license.",
		"Copy it from the window in which the program showed it.",
	},
	api.ErrLimitReached: {
		"The limit is reached.",
		"The vendor limits how often this may be done.",
		"Try again after the limit has been reset.",
	},
	api.ErrTaskDisabled: {
		"This is switched off.",
		"The vendor does not offer it for this order.",
		"Ask the vendor.",
	},
	api.ErrOrderReadOnly: {
		"This order cannot be changed.",
		"The vendor allows you to view it and email its codes, nothing else.",
		"Ask the vendor.",
	},
	api.ErrSubscriptionExpired: {
		"The subscription has ended.",
		"Without it the vendor allows no changes to this order.",
		"Renew the subscription with the vendor.",
	},
	api.ErrSerialInvalid: {
		"The serial number was not accepted.",
		"It is mistyped, or it belongs to another program.",
		"Compare it with the original, or copy and paste it.",
	},
	api.ErrSerialInUse: {
		"The serial number was used before.",
		"Each serial number adds one order.",
		"Look for that order in the table, or ask the vendor.",
	},
	api.ErrVerificationFailed: {
		"The verification number was incorrect.",
		"It can be used once, within five minutes.",
		"Read the new picture and try again.",
	},
	api.ErrValidation: {"The server did not accept what was entered.", "", "Change it and try again."},
	api.ErrConflict: {
		"This conflicts with an earlier request.",
		"The same request was sent with different data.",
		"Refresh the table and start again.",
	},
	api.ErrNotFound: {
		"The server cannot find it.",
		"It was removed, or it is not part of your account.",
		"Refresh the tables.",
	},
	api.ErrLicenseEnded: {
		"This license has ended.",
		"It was removed, transferred or replaced.",
		"Refresh the table and choose the license that replaced it.",
	},
	api.ErrUnavailable: {
		"The server cannot do this now.",
		"It is under maintenance or overloaded.",
		"Try again in a few minutes; nothing is lost.",
	},
	api.ErrInternal: {
		"Something went wrong on the server.",
		"It was not your fault, and nothing was changed.",
		"Try again. If it happens again, tell the vendor.",
	},
}

// networkTexts has a text for each kind of network error. The sentence of the error replaces why.
var networkTexts = map[any]text{
	manager.NetworkConnect: {"There is no connection to the license server.", "", "Check the network, then try again."},
	manager.NetworkDNS: {
		"The license server was not found.",
		"",
		"Check the address for typing errors, and that this PC is online.",
	},
	manager.NetworkProxy: {
		"The connection to the license server is blocked.",
		"",
		"Ask whoever runs this network to allow the address.",
	},
	manager.NetworkTLS: {
		"The connection is not safe, so nothing was sent.",
		"",
		"Check the date and time of this PC. In a company network, ask whether it inspects connections.",
	},
	manager.NetworkTimeout: {"The license server took too long to answer.", "", "Try again in a moment."},
	manager.NetworkNotACEN: {
		"No license server answers at this address.",
		"",
		"Check the address: you find it in the vendor's email about your account. In a hotel or train, sign in to " +
			"its network first.",
	},
	manager.NetworkTooLarge: {
		"The license server sent an invalid answer.",
		"",
		"Try again. If it happens again, tell the vendor.",
	},
	manager.NetworkInsecure: {
		"The address is not safe, so nothing was sent.",
		"",
		"Enter the address with https:// in front.",
	},
}

// localErrors has texts for errors of this PC. The first one that matches wins.
var localErrors = []struct {
	err  error
	text text
}{
	{opener.ErrTooLong, text{
		"The email is too long to open in a mail program.",
		"This system limits its length.",
		"Shorten the message, or copy the text and paste it into an email of your own.",
	}},
	{opener.ErrNoHandler, text{
		"Your mail program could not be opened.",
		"No mail program is set up on this PC.",
		"Copy the text and paste it into an email of your own, or send it through the server.",
	}},
	{opener.ErrNoOpener, text{
		"Your mail program could not be opened.",
		"This system lacks the program xdg-open from the package xdg-utils.",
		"Install it, or copy the text and paste it into an email of your own.",
	}},
	{opener.ErrAddress, text{
		"The address cannot be opened.",
		"This app cannot open that kind of address.",
		"Copy the text instead.",
	}},
	{opener.ErrNoPicture, text{
		"There is no picture on the clipboard.",
		"",
		"Copy the picture or the screenshot first, or save it and choose the file.",
	}},
	{opener.ErrNoClipboard, text{
		"The picture on the clipboard cannot be read.",
		"This system lacks the program for it: xclip, or wl-clipboard under Wayland.",
		"Install one of them, or save the picture and choose the file.",
	}},
	{carry.ErrNewer, text{
		"This was made by a newer version of the app.",
		"",
		"Update ACEN Desktop on this PC, then open it again.",
	}},
	{carry.ErrTooLarge, text{
		"This is too large to be a request, an answer or a license file.",
		"",
		"Choose the file that the other PC made.",
	}},
	{carry.ErrTooManyPictures, text{"This is too large for QR codes.", "", "Save it as a file, or copy it as text."}},
	{carry.ErrTextTooLong, text{"This is too large for a QR code.", "", "Save it as a file, or copy it as text."}},
	{carry.ErrConflict, text{
		"The pictures do not belong together.",
		"Two with the same number differ.",
		"Show all of them again.",
	}},
	{carry.ErrNoCode, text{
		"This picture contains no readable QR code.",
		"",
		"Enlarge the code and capture all of it, including its white margin.",
	}},
	{carry.ErrPictureSize, text{"This picture is too large.", "", "Crop the picture to the QR codes."}},
	{carry.ErrPictureTime, text{"Reading this picture took too long.", "", "Crop the picture to the QR codes."}},
	{carry.ErrPicture, text{
		"This picture cannot be read.",
		"It is damaged, or the app does not support its format.",
		"Use a picture in PNG, JPEG, GIF, BMP or WebP format.",
	}},
	{carry.ErrLink, text{
		"This link cannot be used.",
		"It is damaged or incomplete.",
		"Copy the complete link, or use the file instead.",
	}},
	{carry.ErrServer, text{
		"This link cannot be used.",
		"The link has no server address that begins with https://.",
		"Enter the address that the vendor gave you.",
	}},
	{carry.ErrUnknown, text{
		"This contains nothing that the app can use.",
		"It is neither a request nor an answer nor a license file.",
		"Choose the file, the picture or the text that the other PC made.",
	}},
	{carry.ErrOtherRequest, text{
		"This answer belongs to another request.",
		"",
		"Open it on the PC that made the request.",
	}},
	{manager.ErrOtherPC, text{
		"The license is for another PC.",
		"Its license file was made for another PC, or for a Site code that this PC no longer has.",
		"Open it on that PC, or ask for a license with a new request.",
	}},
	{manager.ErrNoTypedCodes, text{
		"The program does not accept this code.",
		"It has not been started on this PC yet, or it accepts license files only.",
		"Start the program once and try again, or use the license file.",
	}},
	{manager.ErrOutcomeUnknown, text{
		"It is not known whether the server did this.",
		"",
		"Refresh the table and check before you try again.",
	}},
	{manager.ErrJobSent, text{
		"This cannot be undone.",
		"It was sent to the server already.",
		"Refresh to see the result.",
	}},
	{manager.ErrTooLate, text{
		"The license cannot be brought back.",
		"The server has already processed it, or the license has ended.",
		"Refresh the table: it shows where the license is now.",
	}},
	{manager.ErrNewerHere, text{
		"The license cannot be brought back.",
		"This PC has a newer license of the program, which stays. The removal code of the old one is stored.",
		"Hand it in under Removal codes, or offer the license to another PC.",
	}},
	{manager.ErrCodeShown, text{
		"The license cannot be brought back.",
		"The program has shown its removal code, and somebody may have used it.",
		"Hand it in under Removal codes, offer the license to another PC, or bring it back.",
	}},
	{manager.ErrTooEarly, text{
		"This cannot be given up yet.",
		"The answer may still come.",
		"You can give it up one day after it was requested.",
	}},
	{manager.ErrNoReceipt, text{
		"The answer does not prove that the license was given back.",
		"It contains no receipt from the license server, so the removal code stays on this PC.",
		"Ask the courier to carry the request again with the latest version of the app.",
	}},
	{manager.ErrNewer, text{
		"A newer version of the app manages the licenses of this PC.",
		"This version does not change their data, so that nothing is lost.",
		"Update ACEN Desktop on this PC, then try again.",
	}},
	{manager.ErrNotThisPC, text{
		"This can be done on the license's own PC only.",
		"The license is on another PC.",
		"Open ACEN Desktop there. Without it, the program there shows the removal code when the license is removed.",
	}},
	{manager.ErrLeftThisPC, text{
		"The license has left this PC.",
		"A waiting task has to reach the server first.",
		"Send it under Waiting tasks when the server can be reached, or cancel it there.",
	}},
	{manager.ErrReleased, text{
		"The license was released already.",
		"Another PC can pick it up.",
		"Open ACEN Desktop there, sign in to the same account and choose Pick up on this PC.",
	}},
	{manager.ErrNotReleased, text{
		"The license was not released.",
		"It is still on its PC.",
		"Move it there first: choose Move to another PC.",
	}},
	{manager.ErrAlreadyRunning, text{
		"ACEN Desktop is running already.",
		"Another window uses the same data folder.",
		"Continue in that window.",
	}},
	{manager.ErrAddress, text{
		"This is not the address of a server.",
		"",
		"Enter it as the vendor gave it to you, such as licenses.example.com.",
	}},
	{manager.ErrKeyringUnavailable, text{
		"You will be asked to sign in again next time.",
		"The keyring of this PC cannot be used, and the app stores passwords nowhere else.",
		"Unlock or install the keyring of your system, then sign in again.",
	}},
	{manager.ErrSignedOut, text{"You are not signed in.", "The session has ended.", "Sign in again; nothing is lost."}},
	{manager.ErrStorage, text{
		"The app cannot store its data on this PC.",
		"",
		"Free some disk space and check that you have permission to write to the folder, then try again.",
	}},
	{license.ErrOlderCodes, text{
		"Site code and Machine ID were made by an older trial version.",
		"Codes of trial versions are no longer valid.",
		"Update the program on that PC, and copy both from its window again.",
	}},
	{license.ErrMismatch, text{
		"Site code and Machine ID do not match.",
		"They are mistyped, or they belong to another program.",
		"Copy both from the same window of the program and paste them here.",
	}},
	{license.ErrOlderVersion, text{
		"The license file was made by an older trial version.",
		"Licenses of trial versions are no longer valid.",
		"Activate this PC again, or ask the vendor for a new license file.",
	}},
	{license.ErrFileSignature, text{
		"The license file was not accepted.",
		"It was not signed with this program's key.",
		"Tell the vendor; do not use the file.",
	}},
	{license.ErrFileDamaged, text{"The license file is damaged.", "", "Try again. If it happens again, tell the vendor."}},
	{os.ErrPermission, text{
		"The file could not be written.",
		"You do not have permission to write to this folder.",
		"Choose another folder.",
	}},
	{context.DeadlineExceeded, text{"It took too long.", "", "Try again in a moment."}},
	{context.Canceled, text{"Canceled.", "", ""}},
}

// Error returns the message for an error, without an action, which only the screen can offer. Any goroutine.
func Error(err error) dialogs.Message {
	var problem *api.Problem
	var code api.Code
	var network *manager.NetworkError
	var typed *license.CodeError
	var fault *carry.DocumentError
	var incomplete *carry.IncompleteError
	var refused *manager.Refusal
	var localized manager.Told
	var busy *installed.BusyError
	switch {
	case err == nil:
		return dialogs.Message{}
	case errors.As(err, &busy) && errors.As(err, &localized):
		return dialogs.Message{
			What: tr.T("The licenses of this PC cannot be changed now."),
			Why:  words.Translate(localized.Text()),
			Next: tr.T("Nothing was changed and nothing is lost."),
		}
	case errors.As(err, &refused):
		m := refusal(refused.Problem)
		m.Why = words.Translate(refused.Text())
		return m
	case errors.As(err, &problem):
		return refusal(problem)
	case errors.As(err, &code):
		return codeMessage(code)
	case errors.As(err, &network):
		t, ok := networkTexts[network.Kind]
		if !ok {
			t = networkTexts[manager.NetworkConnect]
		}
		m := t.message()
		m.Why = words.Translate(network.Text())
		return m
	case errors.As(err, &fault):
		return dialogs.Message{
			What: documentFault(fault),
			Next: tr.T("Nothing was changed. Get it again from the PC that made it."),
		}
	case errors.As(err, &incomplete):
		numbers := make([]string, len(incomplete.Missing))
		for i, n := range incomplete.Missing {
			numbers[i] = strconv.Itoa(n)
		}
		return dialogs.Message{
			What: tr.T("Of the %d links of the %s, number %s is missing.",
				incomplete.Count, words.Document(incomplete.Kind), words.List(numbers)),
			Next: tr.T("Copy all of the links."),
		}
	case errors.As(err, &typed):
		return dialogs.Message{
			What: tr.T("The %s cannot be read.", words.Code(typed.Kind)),
			Why:  words.CodeError(typed).Error(),
			Next: tr.T("Compare it with the original, or copy and paste it."),
		}
	}
	for _, o := range localErrors {
		if errors.Is(err, o.err) {
			m := o.text.message()
			switch {
			case m.Why != "" || err == o.err: //nolint:errorlint // a wrapped error contains a reason
			case errors.As(err, &localized):
				m.Why = words.Sentence(words.Translate(localized.Text()))
			case tr.Current() == tr.English:
				m.Why = words.Sentence(err.Error())
			}
			return m
		}
	}
	if errors.Is(err, manager.ErrUnreachable) {
		return networkTexts[manager.NetworkConnect].message()
	}
	return dialogs.Message{
		What: tr.T("Something went wrong."),
		Why:  words.Sentence(err.Error()),
		Next: tr.T("Try again. If it happens again, tell the vendor."),
	}
}

// Job returns the message for the error because of which a task waits. Any goroutine.
func Job(err error) dialogs.Message {
	if errors.Is(err, manager.ErrKeyringUnavailable) {
		return text{
			"The keyring of this PC cannot be used.",
			"It contains the key for the removal code of this task.",
			"Unlock the keyring, then send the task.",
		}.message()
	}
	return Error(err)
}

// documentFault returns the sentence for a damaged document. The details exist in English only.
func documentFault(f *carry.DocumentError) string {
	if tr.Current() == tr.English {
		return words.Sentence(f.Error())
	}
	return tr.T("The %s cannot be used.", words.Document(f.Kind))
}

// refusal returns the message for a problem document. The server's sentence is the most precise reason, but in English.
// In other languages it is shown only for codes without a text of their own.
func refusal(p *api.Problem) dialogs.Message {
	m := codeMessage(p.Code)
	if _, own := refusals[p.Code]; p.Detail != "" && (!own || tr.Current() == tr.English) {
		m.Why = serverSentence(words.Sentence(p.Detail))
	}
	if len(p.Errors) > 0 {
		faults := make([]string, 0, len(p.Errors))
		for _, e := range p.Errors {
			faults = append(faults, words.Sentence(e.Message))
		}
		m.Why = serverSentence(strings.Join(faults, " "))
	}
	switch {
	case p.RetryAfter > 0:
		m.Next = tr.T("Try again in %s.", words.Duration(time.Duration(p.RetryAfter)*time.Second))
	case p.Limit != nil && p.Limit.Allowed == 0 && !p.Limit.ResetsAt.IsZero():
		m.Next = tr.T("The count is reset on %s.", words.LongMoment(p.Limit.ResetsAt, time.Now()))
	case p.Limit != nil && !p.Limit.ResetsAt.IsZero():
		m.Next = tr.T("%d of %d were used; the count is reset on %s.",
			p.Limit.Used, p.Limit.Allowed, words.LongMoment(p.Limit.ResetsAt, time.Now()))
	}
	if p.Instance != "" && p.Code == api.ErrInternal {
		m.Next = tr.T("Try again. If it happens again, tell the vendor this number: %s.", p.Instance)
	}
	return m
}

// serverSentence returns an English sentence of the server. In other languages it is marked as a quotation.
func serverSentence(sentence string) string {
	if tr.Current() == tr.English {
		return sentence
	}
	return tr.T("The server says: “%s”", sentence)
}

// codeMessage returns the message for a code. A newer server may send codes that are not in refusals.
func codeMessage(c api.Code) dialogs.Message {
	if t, ok := refusals[c]; ok {
		return t.message()
	}
	return dialogs.Message{
		What: tr.T("The server refused."),
		Why:  tr.T("The reason is %s.", c),
		Next: tr.T("Ask the vendor, or look for a newer version of this app."),
	}
}
