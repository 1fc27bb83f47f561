package server_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/servertest"
)

// scenario is one row of the table: a state, a call, its answer and the state after it, in words of World.Prepare,
// World.Do and World.Check. PCs are letters, as for servertest.CodesOf: "A+NET" is A with another network card, "A-NET"
// is A with an unreadable one, "A@7" is A with generation 7; T and U have the same Site code by chance. A license has
// the name of its PC. Calls are made by anna for order 1042, unless they say "as bruno" or "in 1037".
type scenario struct {
	name   string
	state  []string
	call   string
	answer string   // status, code of the refusal, and text of the body
	after  []string // in addition, a refusal must change nothing
}

var taskScenarios = []scenario{
	// A new license (spec: api 2).
	{"rule 2: a new license takes a seat", nil, "new A", "201", []string{"seats 4", "A Active", "history new-license ok"}},
	{"rule 2: the same pair again is free", []string{"new A"}, "new A", "201", []string{"seats 4", "A Active"}},
	{"rule 2: the last seat", []string{"total 4"}, "new A", "201", []string{"seats 4"}},
	{"rule 2: no seat", []string{"total 3"}, "new A", "409 STATUS_LICENSES_IN_USE",
		[]string{"seats 3", "history new-license STATUS_LICENSES_IN_USE"}},
	{"rule 2: a Site code has one license in a program", []string{"bruno new A in 1046"}, "new A",
		"409 STATUS_SITE_CODE_IN_USE", nil},
	{"rule 2: features and expiry come from the order", []string{"features 9", "licenses end 2027-05-01"}, "new A",
		"201 \"features\":9 2027-05-01T23:59:59Z", nil},

	// Site codes that another PC has by chance (spec: api 21).
	{"rule 21: a Site code that another PC has", []string{"new T"}, "new U", "409 STATUS_SITE_CODE_SPENT by chance",
		[]string{"seats 4", "T Active"}},
	{"rule 21: of another client's PC", []string{"bruno new T in 1046"}, "new U", "409 STATUS_SITE_CODE_SPENT by chance",
		[]string{"seats 3"}},
	{"rule 21: of another order that is not listed", []string{"new T", "inactive"}, "new U as bruno in 1046",
		"409 STATUS_SITE_CODE_SPENT by chance", nil},
	{"rule 21: the whole pair of another client", []string{"bruno new T in 1046"}, "new T",
		"409 STATUS_SITE_CODE_IN_USE", []string{"seats 3"}},
	{"rule 21: when no license is left", []string{"new T", "total 4"}, "new U", "409 STATUS_SITE_CODE_SPENT", nil},
	{"rule 21: that another PC has given up", []string{"new T", "remove T"}, "new U", "409 STATUS_SITE_CODE_SPENT", nil},
	{"rule 21: that another PC has lost", []string{"new T", "replace T B"}, "new U", "201",
		[]string{"T Replaced", "U Active"}},
	{"rule 21: reactivation with that of another PC", []string{"new A", "new T"}, "reactivate A U",
		"409 STATUS_SITE_CODE_SPENT by chance", []string{"A Active", "T Active"}},
	{"rule 21: reactivation with its own, and other locks", []string{"new T"}, "reactivate T U",
		"409 STATUS_SITE_CODE_SPENT by chance", []string{"T Active"}},
	{"rule 21: transfer to that of another PC", []string{"new A", "new T"}, "transfer A U",
		"409 STATUS_SITE_CODE_SPENT by chance", []string{"A Active", "T Active"}},
	{"rule 21: transfer to a PC with the same one", []string{"new T"}, "transfer T U",
		"409 STATUS_SITE_CODE_SPENT by chance", []string{"T Active"}},
	{"rule 21: pick-up by a PC with the same one", []string{"new T", "release T"}, "transfer T U code=none",
		"409 STATUS_SITE_CODE_SPENT", []string{"T released"}},

	// Reactivation (spec: api 3, codes "Comparing locks" 4, codes "Comparing locks" 5, codes "Which license is compared").
	{"rule 3: nothing but the generation changed", []string{"new A"}, "reactivate A A@9", "201",
		[]string{"seats 4", "A Reactivated", "A@9 Active", "history reactivation ok"}},
	{"rule 3: one hardware lock changed", []string{"new A"}, "reactivate A A+NET", "201",
		[]string{"seats 4", "A Reactivated", "A+NET Active"}},
	{"rule 3: one hardware lock cannot be read", []string{"new A"}, "reactivate A A-NET", "201", []string{"A-NET Active"}},
	{"rule 3: software locks never count", []string{"new A"}, "reactivate A A+HD+OS", "201", []string{"A+HD+OS Active"}},
	{"rule 3: two hardware locks changed", []string{"new A"}, "reactivate A A+NET+CPU",
		"409 STATUS_FLEXIBLE_LICENSING_ERROR \"hardware_changes\":2",
		[]string{"seats 4", "A Active", "history reactivation STATUS_FLEXIBLE_LICENSING_ERROR"}},
	{"rule 3: changed and unreadable count together", []string{"new A"}, "reactivate A A+NET-CPU",
		"409 STATUS_FLEXIBLE_LICENSING_ERROR", nil},
	{"rule 3: another PC", []string{"new A"}, "reactivate A B", "409 STATUS_FLEXIBLE_LICENSING_ERROR", nil},
	{"rule 3: neither network card nor disk, and a new system on a new volume", []string{"new A-NET-HDHW"},
		"reactivate A-NET-HDHW A-NET-HDHW+OS+HD", "409 STATUS_FLEXIBLE_LICENSING_ERROR Neither network card", nil},
	{"rule 3: neither network card nor disk, and a new volume", []string{"new A-NET-HDHW"},
		"reactivate A-NET-HDHW A-NET-HDHW+HD", "201", nil},
	{"rule 3: another PC of the model, whatever may change",
		[]string{"policy 7 HD_ID BIOS_ID OS_ID NET_ID CPU_ID HD_HW_ID CD_HW_ID", "new A"}, "reactivate A A+NET+HDHW",
		"409 STATUS_FLEXIBLE_LICENSING_ERROR another PC", []string{"A Active"}},
	{"rule 3: the network card of the newest license, and another disk",
		[]string{"policy 7 HD_ID BIOS_ID OS_ID NET_ID CPU_ID HD_HW_ID CD_HW_ID", "new A", "reactivate A A+NET"},
		"reactivate A+NET A+NET+HDHW", "201", nil},
	{"rule 3: an optical drive that is gone", []string{"policy 0", "new A"}, "reactivate A A-CD", "201", nil},
	{"rule 3: a lock that is new", []string{"policy 0", "new A-NET"}, "reactivate A-NET A@5", "201", nil},
	{"rule 3: a lock that must not change", []string{"policy 1 NET_ID", "new A"}, "reactivate A A+OS",
		"409 STATUS_FLEXIBLE_LICENSING_ERROR must not change", nil},
	{"rule 3: the policy of the license counts, not the program's of today", []string{"new A", "policy 0"},
		"reactivate A A+NET", "201", nil},
	{"rule 3: compared with the first license, a lock that came back is the same",
		[]string{"new A", "reactivate A A+NET"}, "reactivate A+NET A@5+CPU", "201", []string{"seats 4", "A@5+CPU Active"}},
	{"rule 3: compared with the first license, changes do not add up unseen", []string{"new A", "reactivate A A+NET"},
		"reactivate A+NET A+NET+CPU", "409 STATUS_FLEXIBLE_LICENSING_ERROR", []string{"A+NET Active"}},
	{"rule 3: the first license on the PC after a transfer is the new measure", []string{"new A", "transfer A B"},
		"reactivate B B+NET", "201", []string{"B+NET Active"}},
	{"rule 3: the codes of the license itself change nothing", []string{"new A"}, "reactivate A A", "201",
		[]string{"A Active", "seats 4"}},
	{"rule 3: the PC comes back with its old Site code", []string{"new A", "reactivate A A+NET"}, "reactivate A+NET A",
		"201", []string{"A+NET Reactivated", "seats 4"}},
	{"rule 3: the note stays", []string{"new A", "note A Büro"}, "reactivate A A+NET", "201 Büro", nil},
	{"rule 3: a new note", []string{"new A", "note A Büro"}, "reactivate A A+NET note=Süd", "201 Süd", nil},
	{"rule 3: a note of 31 characters", []string{"new A"}, "reactivate A A+NET note=0123456789012345678901234567890",
		"422 STATUS_VALIDATION_ERROR", nil},
	{"rule 3: a license that has ended names its successor", []string{"new A", "reactivate A A+NET"}, "reactivate A A@3",
		"409 STATUS_LICENSE_ENDED it was replaced by", nil},
	{"rule 3: codes of another program", []string{"new A"}, "reactivate A A program=LUMENRND",
		"422 STATUS_SITE_MID_MISMATCH", nil},
	{"rule 3: codes malformed", []string{"new A"}, "reactivate A malformed", "422 STATUS_CODE_MALFORMED", nil},
	{"rule 3: a Site code that another license has", []string{"new A", "bruno new B in 1046"}, "reactivate A B",
		"409 STATUS_SITE_CODE_IN_USE", nil},
	{"rule 3: a license whose end has come", []string{"licenses end 2026-11-25", "new A", "clock 48h"},
		"reactivate A A+NET", "403 STATUS_TASK_DISABLED ended on 25 November 2026", nil},
	{"rule 3: the last moment of a license", []string{"licenses end 2026-11-25", "new A", "clock 35h59m59s"},
		"reactivate A A+NET", "201 2026-11-25T23:59:59Z", nil},

	// Transfer (spec: api 4).
	{"rule 4: transfer", []string{"new A"}, "transfer A B", "201",
		[]string{"seats 4", "A Transferred", "B Active", "history transfer ok"}},
	{"rule 4: wrong removal code", []string{"new A"}, "transfer A B code=wrong", "422 STATUS_REMOVAL_CODE_INVALID",
		[]string{"A Active"}},
	{"rule 4: removal code of another license", []string{"new A", "new C"}, "transfer A B code=C",
		"422 STATUS_REMOVAL_CODE_INVALID", nil},
	{"rule 4: removal code malformed", []string{"new A"}, "transfer A B code=malformed", "422 STATUS_CODE_MALFORMED", nil},
	{"rule 4: the same PC", []string{"new A"}, "transfer A A", "409 STATUS_SITE_CODE_IN_USE", nil},
	{"rule 4: a PC that has a license", []string{"new A", "new B"}, "transfer A B", "409 STATUS_SITE_CODE_IN_USE",
		[]string{"A Active", "B Active"}},
	{"rule 4: back to a Site code that was left", []string{"new A", "transfer A B"}, "transfer B A",
		"409 STATUS_SITE_CODE_SPENT", nil},
	{"rule 4: back with a new Site code", []string{"new A", "transfer A B"}, "transfer B A@8", "201",
		[]string{"A@8 Active", "seats 4"}},
	{"rule 4: a removal code works once", []string{"new A", "transfer A B"}, "transfer A C", "409 STATUS_LICENSE_ENDED",
		nil},
	{"rule 4: also when all licenses are in use", []string{"total 4", "new A"}, "transfer A B", "201",
		[]string{"seats 4"}},

	// Release (spec: api 4, api 6).
	{"release: the license stays active and keeps its seat", []string{"new A"}, "release A",
		"200 \"status\":\"Active\" \"released_at\":\"2026-11-24T12:00:00Z\"",
		[]string{"seats 4", "A Active", "A released", "history release ok"}},
	{"release: nothing is released before", []string{"new A"}, "licenses", "200 !released_at", []string{"A !released"}},
	{"release: it is listed", []string{"new A", "release A"}, "licenses", "200 \"released_at\":\"2026-11-24T12:00:00Z\"",
		nil},
	{"release: once more keeps the first time", []string{"new A", "release A", "clock 1h"}, "release A",
		"200 \"released_at\":\"2026-11-24T12:00:00Z\"", []string{"A released", "events release 1"}},
	{"release: once more with a wrong removal code", []string{"new A", "release A"}, "release A code=wrong",
		"422 STATUS_REMOVAL_CODE_INVALID", nil},
	{"release: once more although a transfer is refused by now", []string{"new A", "release A", "read-only"},
		"release A", "200", []string{"A released"}},
	{"release: wrong removal code", []string{"new A"}, "release A code=wrong", "422 STATUS_REMOVAL_CODE_INVALID",
		[]string{"A !released", "history release STATUS_REMOVAL_CODE_INVALID"}},
	{"release: removal code of another license", []string{"new A", "new C"}, "release A code=C",
		"422 STATUS_REMOVAL_CODE_INVALID", nil},
	{"release: removal code malformed", []string{"new A"}, "release A code=malformed", "422 STATUS_CODE_MALFORMED", nil},
	{"release: removal code missing", []string{"new A"}, "release A code=none",
		"422 STATUS_VALIDATION_ERROR body.removal_code", nil},
	{"release: a removal code made before the vendor changed the license", []string{"new A", "remember A", "regrant A"},
		"release A code=remembered", "200", []string{"A released"}},
	{"release: a license that has ended names its successor", []string{"new A", "reactivate A A@9"}, "release A",
		"409 STATUS_LICENSE_ENDED it was replaced by", nil},
	{"release: ended comes before the removal code", []string{"new A", "remove A"}, "release A code=malformed",
		"409 STATUS_LICENSE_ENDED", nil},
	{"release: a read-only order", []string{"new A", "read-only"}, "release A", "403 STATUS_ORDER_READ_ONLY",
		[]string{"A !released"}},
	{"release: read-only comes before the removal code", []string{"new A", "read-only"}, "release A code=wrong",
		"403 STATUS_ORDER_READ_ONLY", nil},
	{"release: an invisible order", []string{"new A", "invisible"}, "release A", "404 STATUS_NOT_FOUND", nil},
	{"release: somebody else's", []string{"new A"}, "release A as bruno", "404 STATUS_NOT_FOUND", []string{"A !released"}},
	{"release: the vendor switched transfer off", []string{"new A", "rule transfer none,valid off"}, "release A",
		"403 STATUS_TASK_DISABLED", []string{"A !released"}},
	{"release: subscription expired", []string{"new A", "subscription 2026-11-23"}, "release A",
		"403 STATUS_SUBSCRIPTION_EXPIRED", nil},
	{"release: a license whose end has come", []string{"licenses end 2026-11-25", "new A", "clock 48h"}, "release A",
		"403 STATUS_TASK_DISABLED ended on 25 November 2026", nil},
	{"release: the transfer's limit is reached", []string{"rule transfer none,valid day=1", "new A", "transfer A B"},
		"release B", "429 STATUS_LIMIT_REACHED \"task\":\"transfer\"", []string{"B !released"}},
	{"release: counts for nothing", []string{"rule transfer none,valid day=1", "new A", "release A"},
		"transfer A B code=none", "201", []string{"B Active"}},
	{"release: the transfer after it counts",
		[]string{"rule transfer none,valid day=1", "new A", "release A", "transfer A B code=none"}, "release B",
		"429 STATUS_LIMIT_REACHED", nil},
	{"release: five wrong removal codes a day for a license",
		[]string{"new A", "2x refused release A code=wrong", "3x refused transfer A B code=wrong"}, "release A",
		"429 STATUS_LIMIT_REACHED removal-code", []string{"A !released"}},
	{"release: wrong removal codes count for the account",
		[]string{"new A", "new B", "5x refused release A code=wrong", "5x refused release B code=wrong"}, "release A",
		"429 STATUS_HOST_TEMPORARILY_BANNED \"retry_after\":900", nil},

	// What may be done with a released license (spec: api 2, api 3, api 4, api 5).
	{"rule 4: a released license needs no removal code", []string{"new A", "release A"}, "transfer A B code=none",
		"201 !released_at",
		[]string{"seats 4", "A Transferred", "A released", "B Active", "B !released", "history transfer ok"}},
	{"rule 4: a released license takes its removal code, too", []string{"new A", "release A"}, "transfer A B", "201",
		[]string{"A Transferred", "B Active"}},
	{"rule 4: a released license with a wrong removal code", []string{"new A", "release A"}, "transfer A B code=wrong",
		"422 STATUS_REMOVAL_CODE_INVALID", []string{"A Active", "A released"}},
	{"rule 4: removal code missing", []string{"new A"}, "transfer A B code=none",
		"422 STATUS_VALIDATION_ERROR body.removal_code", []string{"A Active"}},
	{"rule 4: a released license goes back to its PC with a new Site code", []string{"new A", "release A"},
		"transfer A A@8 code=none", "201", []string{"A Transferred", "A@8 Active", "A@8 !released", "seats 4"}},
	{"rule 4: never to the Site code that was released", []string{"new A", "release A"}, "transfer A A code=none",
		"409 STATUS_SITE_CODE_SPENT", []string{"A released"}},
	{"rule 4: the Site code that was released stays spent", []string{"new A", "release A", "transfer A B code=none"},
		"new A", "409 STATUS_SITE_CODE_SPENT", []string{"seats 4"}},
	{"rule 4: to the Site code of another released license", []string{"new A", "new B", "release B"}, "transfer A B",
		"409 STATUS_SITE_CODE_SPENT", []string{"A Active"}},
	{"rule 4: to a PC that has a license", []string{"new A", "new B", "release A"}, "transfer A B code=none",
		"409 STATUS_SITE_CODE_IN_USE", []string{"A released"}},
	{"rule 4: a released license is picked up once", []string{"new A", "release A", "transfer A B code=none"},
		"transfer A C code=none", "409 STATUS_LICENSE_ENDED it was replaced by", []string{"B Active"}},
	{"rule 4: a released license when the vendor switched transfer off",
		[]string{"new A", "release A", "rule transfer none,valid off"}, "transfer A B code=none",
		"403 STATUS_TASK_DISABLED", []string{"A released"}},
	{"rule 4: a released license, somebody else's", []string{"new A", "release A"}, "transfer A B code=none as bruno",
		"404 STATUS_NOT_FOUND", []string{"A released"}},
	{"rule 4: what needs no guessing goes on", []string{"new A", "release A", "5x refused transfer A B code=wrong"},
		"transfer A B code=none", "201", []string{"B Active"}},
	{"rule 2: the same pair again after its release", []string{"new A", "release A"}, "new A",
		"409 STATUS_SITE_CODE_SPENT", []string{"seats 4", "A released"}},
	{"rule 2: the pair of a license that somebody else released", []string{"bruno new A in 1046", "bruno release A"},
		"new A", "409 STATUS_SITE_CODE_SPENT", []string{"seats 3"}},
	{"rule 3: a released license", []string{"new A", "release A"}, "reactivate A A@9", "201 !released_at",
		[]string{"A Reactivated", "A@9 Active", "A@9 !released", "seats 4"}},
	{"rule 3: a released license on its own codes", []string{"new A", "release A"}, "reactivate A A",
		"409 STATUS_SITE_CODE_SPENT", []string{"A released"}},
	{"rule 3: back to a Site code that was released", []string{"new A", "release A", "reactivate A A@9"},
		"reactivate A@9 A", "409 STATUS_SITE_CODE_SPENT", []string{"A@9 Active"}},
	{"rule 5: a released license", []string{"new A", "release A"}, "remove A", "200",
		[]string{"seats 3", "A Removed", "A released"}},
	{"rule 5: a released license needs its removal code all the same", []string{"new A", "release A"},
		"remove A code=none", "422 STATUS_VALIDATION_ERROR", []string{"A released"}},
	{"rule 8: the note of a released license", []string{"new A", "release A"}, "note A x", "200 \"note\":\"x\"",
		[]string{"A released"}},
	{"history: a release and the transfer after it", []string{"new A", "release A", "transfer A B code=none"}, "history",
		"200 \"task\":\"release\"", []string{"events release 1", "events transfer 1"}},

	// Removal (spec: api 5).
	{"rule 5: removal gives a seat back", []string{"total 4", "new A", "remove A"}, "new B", "201",
		[]string{"seats 4", "A Removed", "B Active", "history removal ok"}},
	{"rule 5: removal", []string{"new A"}, "remove A", "200 \"licenses_activated\":3", []string{"seats 3", "A Removed"}},
	{"rule 5: wrong removal code", []string{"new A"}, "remove A code=wrong", "422 STATUS_REMOVAL_CODE_INVALID",
		[]string{"seats 4", "A Active"}},
	{"rule 5: a second time", []string{"new A", "remove A"}, "remove A", "409 STATUS_LICENSE_ENDED", []string{"seats 3"}},
	{"rule 5: the Site code is spent", []string{"new A", "remove A"}, "new A", "409 STATUS_SITE_CODE_SPENT", nil},
	{"rule 5: a new Site code of the same PC", []string{"new A", "remove A"}, "new A@4", "201", []string{"seats 4"}},
	{"rule 5: a license whose end has come", []string{"licenses end 2026-11-25", "new A", "clock 48h"}, "remove A",
		"200", []string{"seats 3"}},
	{"rule 5: a removal code made before the vendor changed the license", []string{"new A", "remember A", "regrant A"},
		"remove A code=remembered", "200", []string{"A Removed"}},

	// Statuses (spec: api 6).
	{"rule 6: ended licenses are listed on request", []string{"new A", "remove A"}, "licenses ended", "200 Removed", nil},
	{"rule 6: ended licenses are not listed otherwise", []string{"new A", "remove A"}, "licenses", "200 !Removed", nil},

	// Switches and limits (spec: api 7).
	{"rule 7: the vendor switched reactivation off", []string{"new A", "rule reactivate none,valid off"},
		"reactivate A A+NET", "403 STATUS_TASK_DISABLED", nil},
	{"rule 7: the vendor switched transfer off", []string{"new A", "rule transfer none,valid off"}, "transfer A B",
		"403 STATUS_TASK_DISABLED", []string{"A Active"}},
	{"rule 7: the vendor switched removal off", []string{"new A", "rule remove none,valid off"}, "remove A",
		"403 STATUS_TASK_DISABLED", nil},
	{"rule 7: the vendor switched new licenses off", []string{"rule add none,valid off"}, "new A",
		"403 STATUS_TASK_DISABLED", nil},
	{"rule 7: switched off for orders without a subscription only", []string{"new A", "rule remove none off"},
		"remove A", "200", nil},
	{"rule 7: subscription expired, reactivation", []string{"new A", "subscription 2026-11-23"}, "reactivate A A+NET",
		"403 STATUS_SUBSCRIPTION_EXPIRED", nil},
	{"rule 7: subscription expired, transfer", []string{"new A", "subscription 2026-11-23"}, "transfer A B",
		"403 STATUS_SUBSCRIPTION_EXPIRED", nil},
	{"rule 7: subscription expired, removal", []string{"new A", "subscription 2026-11-23"}, "remove A",
		"403 STATUS_SUBSCRIPTION_EXPIRED", nil},
	{"rule 7: subscription expired, new license", []string{"subscription 2026-11-23"}, "new A",
		"403 STATUS_SUBSCRIPTION_EXPIRED", nil},
	{"rule 7: subscription expired, but the vendor allows removal",
		[]string{"new A", "subscription 2026-11-23", "rule remove expired on"}, "remove A", "200", nil},
	{"rule 7: subscription valid to the moment", []string{"new A", "subscription 2026-11-24T12:00:00Z"}, "remove A",
		"200", nil},
	{"rule 7: subscription expired a moment ago", []string{"new A", "subscription 2026-11-24T12:00:00Z", "clock 1s"},
		"remove A", "403 STATUS_SUBSCRIPTION_EXPIRED", nil},
	{"rule 7: the last reactivation of the day",
		[]string{"new A", "rule reactivate none,valid day=2", "reactivate A A@1"}, "reactivate A@1 A@2", "201",
		[]string{"left reactivate day 0"}},
	{"rule 7: one more", []string{"new A", "rule reactivate none,valid day=2", "reactivate A A@1", "reactivate A@1 A@2"},
		"reactivate A@2 A@3", "429 STATUS_LIMIT_REACHED \"period\":\"day\" \"resets_at\":\"2026-11-25T00:00:00Z\"",
		[]string{"A@2 Active"}},
	{"rule 7: the last second of the day",
		[]string{"new A", "rule reactivate none,valid day=1", "reactivate A A@1", "clock 11h59m59s"}, "reactivate A@1 A@2",
		"429 STATUS_LIMIT_REACHED", nil},
	{"rule 7: the next day", []string{"new A", "rule reactivate none,valid day=1", "reactivate A A@1", "clock 12h"},
		"reactivate A@1 A@2", "201", nil},
	{"rule 7: the month's limit",
		[]string{"new A", "rule reactivate none,valid month=1", "reactivate A A@1", "clock 24h"}, "reactivate A@1 A@2",
		"429 STATUS_LIMIT_REACHED \"period\":\"month\" \"resets_at\":\"2026-12-01T00:00:00Z\"", nil},
	{"rule 7: the next month", []string{"new A", "rule reactivate none,valid month=1", "reactivate A A@1", "clock 156h"},
		"reactivate A@1 A@2", "201", nil},
	{"rule 7: reactivations count for each family",
		[]string{"rule reactivate none,valid day=1", "new A", "new B", "reactivate A A@1"}, "reactivate B B@1", "201", nil},
	{"rule 7: a family counts over a transfer",
		[]string{"rule reactivate none,valid day=1", "new A", "reactivate A A@1", "transfer A@1 B"}, "reactivate B B@1",
		"429 STATUS_LIMIT_REACHED", nil},
	{"rule 7: the transfer's limit", []string{"rule transfer none,valid month=1", "new A", "transfer A B"},
		"transfer B C", "429 STATUS_LIMIT_REACHED \"task\":\"transfer\"", []string{"B Active"}},
	{"rule 7: removals count for the order", []string{"rule remove none,valid day=1", "new A", "new B", "remove A"},
		"remove B", "429 STATUS_LIMIT_REACHED", []string{"B Active"}},
	{"rule 7: new licenses count for the order", []string{"rule add none,valid day=1", "new A"}, "new B",
		"429 STATUS_LIMIT_REACHED", []string{"seats 4"}},
	{"rule 7: a refused reactivation counts for nothing",
		[]string{"rule reactivate none,valid day=1", "new A", "refused reactivate A B"}, "reactivate A A@1", "201", nil},
	{"rule 7: what is left is on the license", []string{"rule reactivate none,valid day=2 month=3", "new A"}, "licenses",
		"200 \"remaining_today\":2,\"remaining_month\":3,\"resets_at\":\"2026-11-25T00:00:00Z\"", nil},

	// Orders (spec: api 1).
	{"rule 1: a read-only order, reactivation", []string{"new A", "read-only"}, "reactivate A A+NET",
		"403 STATUS_ORDER_READ_ONLY", nil},
	{"rule 1: a read-only order, transfer", []string{"new A", "read-only"}, "transfer A B", "403 STATUS_ORDER_READ_ONLY",
		nil},
	{"rule 1: a read-only order, removal", []string{"new A", "read-only"}, "remove A", "403 STATUS_ORDER_READ_ONLY", nil},
	{"rule 1: a read-only order, note", []string{"new A", "read-only"}, "note A x", "403 STATUS_ORDER_READ_ONLY", nil},
	{"rule 1: a read-only order is looked at and emailed", []string{"new A", "read-only"}, "email A", "202",
		[]string{"history email ok"}},
	{"rule 1: an invisible order", []string{"new A", "invisible"}, "remove A", "404 STATUS_NOT_FOUND", nil},
	{"rule 1: an invisible order, transfer", []string{"new A", "invisible"}, "transfer A B", "404 STATUS_NOT_FOUND",
		[]string{"A Active"}},
	{"rule 1: an inactive order, removal", []string{"new A", "inactive"}, "remove A", "404 STATUS_NOT_FOUND",
		[]string{"A Active"}},
	{"rule 1: an inactive order, release", []string{"new A", "inactive"}, "release A", "404 STATUS_NOT_FOUND",
		[]string{"A Active", "A !released"}},
	{"rule 1: an inactive order, transfer", []string{"new A", "inactive"}, "transfer A B", "404 STATUS_NOT_FOUND",
		[]string{"A Active"}},
	{"rule 1: an inactive order, pick-up of a released license", []string{"new A", "release A", "inactive"},
		"transfer A B code=none", "404 STATUS_NOT_FOUND", []string{"A Active", "A released"}},
	{"rule 1: an inactive order, licenses", []string{"new A", "remove A", "inactive"}, "licenses ended",
		"404 STATUS_NOT_FOUND", nil},
	{"rule 1: an invisible order, licenses", []string{"new A", "remove A", "invisible"}, "licenses ended",
		"404 STATUS_NOT_FOUND", nil},
	{"rule 1: an inactive order, what has ended", []string{"new A", "remove A", "inactive"}, "remove A",
		"404 STATUS_NOT_FOUND", nil},
	{"rule 1: an invisible order, what has ended", []string{"new A", "transfer A B", "invisible"}, "release A",
		"404 STATUS_NOT_FOUND", nil},
	{"rule 1: an inactive order, file", []string{"new A", "inactive"}, "file A", "404 STATUS_NOT_FOUND", nil},
	{"rule 1: an order that is listed again has ended nothing",
		[]string{"new A", "inactive", "refused remove A", "active"}, "remove A", "200", []string{"A Removed"}},
	{"rule 1: a read-only order names what has ended", []string{"new A", "remove A", "read-only"}, "licenses ended",
		"200 \"status\":\"Removed\",\"ended_at\":\"2026-11-24T12:00:00Z\"", nil},

	// The comparison before an attempt (spec: codes "Comparing locks").
	{"comparison: changes nothing and spends nothing",
		[]string{"rule reactivate none,valid day=1", "new A", "reactivate A A@1"}, "compare A@1 A+NET",
		"200 \"verdict\":\"accepted\" \"hardware_changes\":1", []string{"A@1 Active"}},
	{"comparison: refused", []string{"new A"}, "compare A B", "200 \"verdict\":\"refused\"", nil},
	{"comparison: codes of another program", []string{"new A"}, "compare A A program=LUMENRND",
		"422 STATUS_SITE_MID_MISMATCH", nil},

	// Abuse (spec: api 11).
	{"rule 11: five wrong removal codes a day for a license", []string{"new A", "5x refused remove A code=wrong"},
		"remove A", "429 STATUS_LIMIT_REACHED removal-code", []string{"A Active"}},
	{"rule 11: four are not five", []string{"new A", "4x refused remove A code=wrong"}, "remove A", "200", nil},
	{"rule 11: the next day", []string{"new A", "5x refused remove A code=wrong", "clock 12h"}, "remove A", "200", nil},
	{"rule 11: other licenses stay unaffected", []string{"new A", "new B", "5x refused remove A code=wrong"}, "remove B",
		"200", nil},
	{"rule 11: ten failures of an account ban",
		[]string{"new A", "new B", "5x refused remove A code=wrong", "5x refused remove B code=wrong"}, "transfer A C",
		"429 STATUS_HOST_TEMPORARILY_BANNED \"retry_after\":900", []string{"A Active"}},
	{"rule 11: the ban ends",
		[]string{
			"total 6", "new A", "new B", "new C", "5x refused remove A code=wrong", "5x refused remove B code=wrong",
			"clock 15m",
		},
		"remove C", "200", nil},
	{"rule 11: a second before it ends",
		[]string{
			"total 6", "new A", "new B", "new C", "5x refused remove A code=wrong", "5x refused remove B code=wrong",
			"clock 14m59s",
		},
		"remove C", "429 STATUS_HOST_TEMPORARILY_BANNED \"retry_after\":1", nil},
	{"rule 11: another account on the same host stays unaffected",
		[]string{"new A", "new B", "5x refused remove A code=wrong", "5x refused remove B code=wrong", "bruno new C in 1046"},
		"remove C as bruno", "200", nil},
	{"rule 11: what needs no guessing goes on",
		[]string{"new A", "new B", "5x refused remove A code=wrong", "5x refused remove B code=wrong"},
		"reactivate A A+NET", "201", nil},

	// Serial numbers (spec: api 9).
	{"rule 9: a serial number makes an order", nil, "order 500", "201 \"licenses_total\":3 \"state\":\"valid\"",
		[]string{"orders 1"}},
	{"rule 9: first and last serial id", []string{"order 1"}, "order 999", "201", []string{"orders 2"}},
	{"rule 9: out of range", nil, "order 1000", "422 STATUS_SERIAL_INVALID \"retry_after\":5", []string{"orders 0"}},
	{"rule 9: blocked", []string{"block 500"}, "order 500",
		"422 STATUS_SERIAL_INVALID This is not a serial number of Lumen Studio 7. \"retry_after\":5", []string{"orders 0"}},
	{"rule 9: blocked and used", []string{"block 42"}, "order 42", "422 STATUS_SERIAL_INVALID", []string{"orders 0"}},
	{"rule 9: unblocked", []string{"block 500", "unblock 500"}, "order 500", "201", nil},
	{"rule 9: others stay unaffected", []string{"block 500"}, "order 501", "201", nil},
	{"rule 9: used", nil, "order 42", "409 STATUS_SERIAL_IN_USE", []string{"orders 0"}},
	{"rule 9: used by another client", []string{"bruno order 500"}, "order 500", "409 STATUS_SERIAL_IN_USE", nil},
	{"rule 9: unknown", nil, "order unknown", "422 STATUS_SERIAL_INVALID", nil},
	{"rule 9: of another program", nil, "order survey", "422 STATUS_SERIAL_INVALID", nil},
	{"rule 9: mistyped", nil, "order mistyped", "422 STATUS_CODE_MALFORMED", nil},
	{"rule 9: a program that takes no serials", nil, "order node", "403 STATUS_TASK_DISABLED", nil},
	{"rule 9: too early after a failure", []string{"refused order 1000", "clock 4s"}, "order 500",
		"429 STATUS_HOST_TEMPORARILY_BANNED \"retry_after\":1", []string{"orders 0"}},
	{"rule 9: in time after a failure", []string{"refused order 1000", "clock 5s"}, "order 500", "201", nil},
	{"rule 9: every failure waits longer", []string{"refused order 1000", "clock 5s"}, "order 1000",
		"422 STATUS_SERIAL_INVALID \"retry_after\":10", nil},
	{"rule 9: after two failures 5 s are too early",
		[]string{"refused order 1000", "clock 5s", "refused order 1000", "clock 9s"}, "order 500",
		"429 STATUS_HOST_TEMPORARILY_BANNED", nil},
	{"rule 9: the wait is the host's, too", []string{"bruno refused order 1000"}, "order 500",
		"429 STATUS_HOST_TEMPORARILY_BANNED", nil},
	// Verification numbers (spec: api 10).
	{"rule 10: a wrong verification number", nil, "order 500 number=wrong", "422 STATUS_VERIFICATION_FAILED",
		[]string{"orders 0"}},
	{"rule 10: a number works once", []string{"order 500 number=kept"}, "order 501 number=kept",
		"422 STATUS_VERIFICATION_FAILED", []string{"orders 1"}},
	{"rule 10: a number tried wrongly is gone", []string{"refused order 500 number=spoiled"}, "order 500 number=kept",
		"422 STATUS_VERIFICATION_FAILED", nil},
	{"rule 10: the last second", []string{"picture", "clock 4m59s"}, "order 500 number=kept", "201", nil},
	{"rule 10: too old", []string{"picture", "clock 5m"}, "order 500 number=kept", "422 STATUS_VERIFICATION_FAILED", nil},
	{"rule 10: no number", nil, "order 500 number=none", "422 STATUS_VERIFICATION_FAILED missing", []string{"orders 0"}},
	{"rule 10: no number is no guess", []string{"9x refused order 500 number=none", "3x refused order 500 number=none"},
		"order 500", "201", nil},
	{"rule 10: left out for who is signed in", []string{"waive"}, "order 500 number=none", "201", []string{"orders 1"}},
	{"rule 10: what is not asked for is not judged", []string{"waive"}, "order 500 number=wrong", "201", nil},
	{"rule 10: left out, a serial number is judged all the same", []string{"waive"}, "order 1000 number=none",
		"422 STATUS_SERIAL_INVALID \"retry_after\":5", nil},
	{"rule 10: spaces do not matter", nil, "order 500 number=spaced", "201", nil},

	{"history: somebody else's", nil, "history as bruno", "404 STATUS_NOT_FOUND", nil},
	{"history: newest first", []string{"new A", "remove A"}, "history", "200 removal", nil},
}

func TestTaskScenarios(t *testing.T) {
	for _, s := range taskScenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := servertest.NewWorld(t)
			for _, step := range s.state {
				w.Prepare(step)
			}
			before := w.Tables()
			status, body := w.Do(s.call)
			words := strings.Fields(s.answer)
			require.Equal(t, words[0], strconv.Itoa(status), "%s: %s", s.call, body)
			rest := strings.TrimSpace(strings.TrimPrefix(s.answer, words[0]))
			if len(words) > 1 && strings.HasPrefix(words[1], "STATUS_") {
				rest = strings.TrimSpace(strings.TrimPrefix(rest, words[1]))
				var p api.Problem
				require.NoError(t, json.Unmarshal(body, &p))
				require.Equal(t, words[1], string(p.Code))
				require.Equal(t, status, p.Code.HTTPStatus())
				require.NotEmpty(t, p.Detail)
				require.Equal(t, before, w.Tables(), "a refusal changes no order and no license")
			}
			requireText(t, string(body), rest)
			for _, check := range s.after {
				w.Check(check)
			}
		})
	}
}

// requireText requires that body contains rest or, if not, each word of it. A word after "!" must not occur.
func requireText(t *testing.T, body, rest string) {
	t.Helper()
	if strings.Contains(body, rest) {
		return
	}
	for _, word := range strings.Fields(rest) {
		if forbidden, ok := strings.CutPrefix(word, "!"); ok {
			require.NotContains(t, body, forbidden)
			continue
		}
		require.Contains(t, body, word)
	}
}
