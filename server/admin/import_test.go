package admin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// importFile imports a file and returns its report, a row a line.
func importFile(t *testing.T, a admin.Admin, s admin.Sheet, file string) (lines []string) {
	t.Helper()
	report, err := a.Import(t.Context(), s, []byte(file), func(row, rows int) { require.Less(t, row, rows) })
	require.NoError(t, err)
	for _, l := range report.Lines {
		lines = append(lines,
			strings.TrimSuffix(fmt.Sprintf("%d %s: %s %d, %s", l.Number, l.What, l.Result, l.ID, l.Why), ", "))
	}
	return lines
}

// exportFile returns an exported file.
func exportFile(t *testing.T, a admin.Admin, s admin.Sheet, asJSON bool) string {
	t.Helper()
	data, _, err := a.Export(t.Context(), s, asJSON)
	require.NoError(t, err)
	return string(data)
}

func sheets() []admin.Sheet {
	return []admin.Sheet{admin.ProgramSheet(), admin.ClientSheet(), admin.OrderSheet()}
}

// An export imported into an empty server makes the same rows. A second import changes nothing.
func TestExportRoundTrip(t *testing.T) {
	data, err := service.OpenData(t.Context(), service.Place{Folder: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, data.Store.Close()) })
	var login sample.Login
	require.NoError(t, sample.Prepare(t.TempDir(), now, &login)(t.Context(), data))
	from := admin.Admin{Data: data, Now: func() time.Time { return now }}
	_, err = from.AddClient(t.Context(), store.Client{
		Username:  "=cmd|'/C calc'!A0",
		FirstName: `"; DROP`,
		Company:   "-1,5;\t+",
		Active:    true,
	}, "")
	require.Error(t, err, "no spaces in user names, no tabs")
	_, err = from.AddClient(t.Context(), store.Client{
		Username:         "=cmd|calc!A0",
		RegistrationName: "'=x",
		FirstName:        `"; DROP`,
		Company:          "-1,5;+",
		LastName:         "'",
		Emails:           []string{"x@example.com"},
	}, "")
	require.NoError(t, err)
	for _, asJSON := range []bool{false, true} {
		to := open(t)
		for _, s := range sheets() {
			file := exportFile(t, from, s, asJSON)
			for _, line := range importFile(t, to, s, file) {
				require.Regexp(t, `: added \d+$`, line)
			}
			require.Equal(t, file, exportFile(t, to, s, asJSON))
			for _, line := range importFile(t, to, s, file) {
				require.Regexp(t, `: exists \d+$`, line)
			}
			for _, line := range importFile(t, from, s, file) {
				require.Regexp(t, `: exists \d+$`, line)
			}
			require.Equal(t, file, exportFile(t, to, s, asJSON))
		}
		// The next order gets a new id.
		o, err := to.AddOrder(t.Context(), 1, 1, func(*store.Order) error { return nil })
		require.NoError(t, err)
		require.Equal(t, sample.OfSomebody+1, o.ID)
	}
}

func TestExportContainsNoSecret(t *testing.T) {
	s := newShop(t)
	_, err := s.ChangeClient(t.Context(), s.client.ID, "correct horse battery", func(*store.Client) error { return nil })
	require.NoError(t, err)
	l, err := s.AddLicense(t.Context(), s.order.ID, pc("LUMENST7", 1))
	require.NoError(t, err)
	for _, kind := range sheets() {
		for _, asJSON := range []bool{false, true} {
			text := exportFile(t, s.Admin, kind, asJSON)
			for _, secret := range []string{
				"argon2", "correct horse", "password", "sealed", "key", l.Activation.String(), l.Codes.Machine.String(),
			} {
				require.NotContains(t, text, secret)
			}
		}
	}
	empty := open(t)
	for _, kind := range sheets() {
		require.Equal(t, "[]\n", exportFile(t, empty, kind, true))
		require.Equal(t, 1, strings.Count(exportFile(t, empty, kind, false), "\n"), "the header alone")
	}
}

func TestImportPrograms(t *testing.T) {
	s := newShop(t)
	sheet := admin.ProgramSheet()
	require.Equal(t, []string{
		`2 program "TIDESRV2": added 2`, `3 program "LUMENST7": exists 1`, `4 program "LUMENFNT": added 3`,
	}, importFile(t, s.Admin, sheet,
		"name;application_signature;features;license_days;tasks;changeable;requires_activation\r\n"+
			"Tide Survey;TIDESRV2;7;;\"reactivate valid: on, 2 a day, 4 a month; remove none: off\";none;\r\n"+
			"Lumen Studio;LUMENST7;3;30;;;yes\r\nLumen Fonts;LUMENFNT;;;;net_id hd_id;no\r\n"))
	tide, err := s.Program(t.Context(), 2)
	require.NoError(t, err)
	require.True(t, tide.RequiresActivation && tide.Policy.Enabled)
	require.Equal(t, 1, tide.OrderLicenses)
	require.Empty(t, tide.Policy.Changeable)
	require.Equal(t, store.TaskRules{
		"reactivate": {"valid": {On: true, PerDay: 2, PerMonth: 4}},
		"remove":     {"none": {}},
	}, tide.Tasks)
	fonts, err := s.Program(t.Context(), 3)
	require.NoError(t, err)
	require.False(t, fonts.RequiresActivation)
	require.Equal(t, []license.Lock{license.NETID, license.HDID}, fonts.Policy.Changeable)
	_, err = s.Secrets.SigningKey(fonts)
	require.NoError(t, err, "it has keys")
	require.NotEqual(t, tide.PublicKey, fonts.PublicKey)

	require.Equal(t, []string{`1 program "TIDESRV2": differs 2, not changed; differs in name, tasks`},
		importFile(t, s.Admin, sheet,
			`[{"application_signature": "TIDESRV2", "name": "Tide", "tasks": {"remove": {"none": {"on": true}}}, `+
				`"changeable": []}]`))

	for name, tt := range map[string]struct{ row, why string }{
		"name that is taken": {
			`"name": "Lumen Studio", "application_signature": "OTHER123"`,
			`program "OTHER123": refused 0, there is a program named "Lumen Studio" already`,
		},
		"no signature": {`"name": "Other"`, "program: refused 0, application_signature is missing"},
		"short signature": {
			`"name": "Other", "application_signature": "X"`, `program "X": refused 0, ` + license.ErrSignature.Error(),
		},
		"name of two lines": {
			`"name": "a\nb", "application_signature": "OTHER123"`,
			`program "OTHER123": refused 0, a program needs a name of one line`,
		},
		"features": {
			`"name": "a", "application_signature": "OTHER123", "features": 65536`,
			`program: refused 0, features: "65536" is not an integer from 0 to 65535`,
		},
		"days": {
			`"name": "a", "application_signature": "OTHER123", "license_days": 36501`,
			`program: refused 0, license_days: "36501" is not an integer from 0 to 36500`,
		},
		"serial ids": {
			`"name": "a", "application_signature": "OTHER123", "first_serial": 2`,
			`program "OTHER123": refused 0, the first serial ID is greater than the last one`,
		},
		"lock": {
			`"name": "a", "application_signature": "OTHER123", "changeable": ["RAM"]`,
			`program: refused 0, changeable: there is no lock "RAM"`,
		},
		"lock twice": {
			`"name": "a", "application_signature": "OTHER123", "changeable": ["HD_ID", "hd_id"]`,
			`program: refused 0, changeable: the lock HD_ID is given twice`,
		},
		"locks that are none": {
			`"name": "a", "application_signature": "OTHER123", "changeable": "HD_ID"`,
			`program: refused 0, changeable: not a list of locks`,
		},
		"task": {
			`"name": "a", "application_signature": "OTHER123", "tasks": {"dance": {}}`,
			`program: refused 0, tasks: "dance" is not a task`,
		},
		"state": {
			`"name": "a", "application_signature": "OTHER123", "tasks": {"add": {"new": {}}}`,
			`program: refused 0, tasks: "new" is not a state of a subscription: none, valid or expired`,
		},
		"negative limit": {
			`"name": "a", "application_signature": "OTHER123", "tasks": {"add": {"none": {"per_day": -1}}}`,
			`program "OTHER123": refused 0, the limits of add cannot be negative`,
		},
		"huge limit": {
			`"name": "a", "application_signature": "OTHER123", "tasks": {"add": {"none": {"per_day": 1000001}}}`,
			`program "OTHER123": refused 0, the limits of add are at most 1000000; 0 means no limit`,
		},
		"rule that is none": {`"name": "a", "application_signature": "OTHER123", "tasks": {"add": {"none": {"forever": ` +
			`true}}}`,
			`program: refused 0, tasks: not a set of rules such as {"reactivate": {"valid": {"on": true, "per_day": 2, ` +
				`"per_month": 4}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{"1 " + tt.why}, importFile(t, s.Admin, sheet, "[{"+tt.row+"}]"))
		})
	}
	for text, why := range map[string]string{
		"add":                         `"add" is not a rule such as "reactivate valid: on, 2 a day, 4 a month"`,
		"add none: on; add none: off": "the rule of add, subscription none, is given twice",
		"add none: on, 99999999 a day": `"add none: on, 99999999 a day" is not a rule such as "reactivate valid: on, 2 a ` +
			`day, 4 a month"`,
	} {
		require.Equal(t, []string{"2 program: refused 0, tasks: " + why},
			importFile(t, s.Admin, sheet, "name,application_signature,tasks\na,OTHER123,"+`"`+text+`"`))
	}
	list, err := s.Programs(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 3, "refused programs are not added")
}

func TestImportClients(t *testing.T) {
	s := newShop(t)
	sheet := admin.ClientSheet()
	require.Equal(t, []string{
		`2 client "bruno": added 2`, `3 client "ANNA": exists 1`,
		`4 client "=calc": added 3, no address on file, so no link for a password can be mailed`,
	},
		importFile(t, s.Admin, sheet,
			"username,email,email2,phone,active\nbruno,b@example.com,c@example.com,+41 44 555,no\nANNA,,,,\n'=calc,,,,\n"))
	bruno, err := s.Client(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, store.Client{
		ID:        2,
		Username:  "bruno",
		Emails:    []string{"b@example.com", "c@example.com"},
		Contact:   store.Contact{Phone: "+41 44 555"},
		CreatedAt: now,
	}, bruno)
	require.Equal(t, []string{"2 client \"Anna\": differs 1, not changed; differs in email, active"},
		importFile(t, s.Admin, sheet, "username,email,active,phone\nAnna,a@example.com,no,\n"))

	require.Equal(t, []string{
		"2 client \"new\": fine 0, no address on file, so no link for a password can be mailed",
		"3 client \"anna\": exists 1",
		"4 client \"NEW\": refused 0, duplicate of line 2",
		"5 client \"a b\": refused 0, a user name has 1 to 200 characters and no spaces",
		"6 client \"x\": refused 0, \"nobody\" is not an email address",
		"7 client \"y\": refused 0, the address A@example.com is given twice", "8 client: refused 0, username is missing",
		"9 client \"z\\u202e\": refused 0, a user name has 1 to 200 characters and no spaces",
	}, importFile(t, s.Admin, sheet, "username,email,email2\nnew,,\nanna,,\nNEW,,\na "+
		"b,,\nx,nobody,\ny,a@example.com,A@example.com\n,n@example.com,\nz\u202e,,\n"))
	list, err := s.Clients(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 3, "a refused file adds nothing")
	_, err = s.Import(t.Context(), sheet, []byte("username,password\nx,correct horse\n"), nil)
	require.ErrorContains(t, err, "passwords do not belong in a file")
}

func TestImportOrders(t *testing.T) {
	s := newShop(t)
	sheet := admin.OrderSheet()
	_, err := s.ChangeProgram(t.Context(), s.program.ID, func(p *store.Program) error {
		p.OrderLicenses, p.SubscriptionDays = 3, 365
		return nil
	})
	require.NoError(t, err)
	file := "id,client,program,ordered_at,licenses_total,licenses_expire_at,subscription_expires_at,visible\n" +
		"1042,anna,LUMENST7,2025-03-01,,,,\n" +
		",Anna,LUMENST7,2025-03-02T10:00:00+01:00,8,never,none,no\n" +
		"77,anna,LUMENST7,,2,2027-12-31,2027-06-30,\n" +
		",anna,LUMENST7,2025-03-01T00:00:01Z,,,never,\n"
	require.Equal(t, []string{
		"2 order 1042: added 1042", `3 order of "Anna": added 1043`, "4 order 77: added 77",
		`5 order of "anna": added 1044`,
	}, importFile(t, s.Admin, sheet, file))
	day := func(y int, m time.Month, d, hour, minute, second int) *time.Time {
		at := time.Date(y, m, d, hour, minute, second, 0, time.UTC)
		return &at
	}
	for _, want := range []store.Order{
		{
			ID:                    1042,
			OrderedAt:             *day(2025, 3, 1, 0, 0, 0),
			LicensesTotal:         3,
			Visible:               true,
			LicensesExpireAt:      day(2025, 3, 31, 0, 0, 0),
			HasSubscription:       true,
			SubscriptionExpiresAt: day(2026, 3, 1, 0, 0, 0),
		},
		{ID: 1043, OrderedAt: *day(2025, 3, 2, 9, 0, 0), LicensesTotal: 8},
		{
			ID:                    77,
			OrderedAt:             now,
			LicensesTotal:         2,
			Visible:               true,
			LicensesExpireAt:      day(2027, 12, 31, 0, 0, 0),
			HasSubscription:       true,
			SubscriptionExpiresAt: day(2027, 6, 30, 23, 59, 59),
		},
		{
			ID:               1044,
			OrderedAt:        *day(2025, 3, 1, 0, 0, 1),
			LicensesTotal:    3,
			Visible:          true,
			LicensesExpireAt: day(2025, 3, 31, 0, 0, 1),
			HasSubscription:  true,
		},
	} {
		want.ClientID, want.ProgramID, want.Active, want.CanManage = 1, 1, true, true
		want.Features, want.Policy = 3, license.DefaultPolicy()
		o, err := s.Order(t.Context(), want.ID)
		require.NoError(t, err)
		require.Equal(t, want, o.Order)
	}
	require.Equal(t, []string{
		"2 order 1042: exists 1042", `3 order of "Anna": exists 1043`, "4 order 77: exists 77",
		`5 order of "anna": exists 1044`,
	}, importFile(t, s.Admin, sheet, file))
	require.Equal(t, []string{"2 order 77: differs 77, not changed; differs in ordered_at, licenses_total"},
		importFile(t, s.Admin, sheet, "id,client,program,ordered_at,licenses_total\n77,anna,LUMENST7,2020-01-01,9\n"))
	_, err = s.AddClient(t.Context(), store.Client{Username: "bruno"}, "")
	require.NoError(t, err)
	before := s.trail(t)

	rows := []struct{ row, want string }{
		{"5,anna,LUMENST7,2025-01-01,,", "order 5: fine 0"},
		{",anna,LUMENST7,2025-01-01,,", `order of "anna": refused 0, duplicate of line 2`},
		{"5,anna,LUMENST7,2026-01-01,,", "order 5: refused 0, duplicate of line 2"},
		{
			",anna,LUMENST7,,,",
			`order of "anna": refused 0, give its id or ordered_at, so that the same file imported twice does not make it twice`,
		},
		{"77,bruno,LUMENST7,,,", "order 77: refused 0, the order with this id is of another client or program"},
		{"6,nobody,LUMENST7,,,", `order 6: refused 0, there is no client "nobody"`},
		{"7,nobody,LUMENST7,,,", `order 7: refused 0, there is no client "nobody"`},
		{"8,anna,LUMENST8,,,", `order 8: refused 0, there is no program with the application signature "LUMENST8"`},
		{"0,anna,LUMENST7,,,", `order: refused 0, id: "0" is not an integer from 1 to 2147483647`},
		{
			"9223372036854775807,anna,LUMENST7,,,",
			`order: refused 0, id: "9223372036854775807" is not an integer from 1 to 2147483647`,
		},
		{
			"9,anna,LUMENST7,01.03.2025,,",
			`order: refused 0, ordered_at: "01.03.2025" is neither a day such as 2027-12-31 nor a time such as ` +
				`2027-12-31T23:59:59Z, in the years 1970 to 2199`,
		},
		{
			"9,anna,LUMENST7,9999-12-31,,",
			`order: refused 0, ordered_at: "9999-12-31" is neither a day such as 2027-12-31 nor a time such as ` +
				`2027-12-31T23:59:59Z, in the years 1970 to 2199`,
		},
		{
			"9,anna,LUMENST7,,2147483648,",
			`order: refused 0, licenses_total: "2147483648" is not an integer from 0 to 1000000`,
		},
		{
			"9,anna,LUMENST7,,,2199-12-31",
			"order 9: refused 0, an activation code cannot end on 2199-12-31: only from 2020-01-02 to 2199-06-06",
		},
	}
	bad, want := "id,client,program,ordered_at,licenses_total,licenses_expire_at\n", []string{}
	for i, r := range rows {
		bad += r.row + "\n"
		want = append(want, fmt.Sprintf("%d %s", i+2, r.want))
	}
	require.Equal(t, want, importFile(t, s.Admin, sheet, bad))
	require.Equal(t, before, s.trail(t), "a refused file is not in the trail")
	_, err = s.Order(t.Context(), 5)
	require.EqualError(t, err, "there is no order 5")
}

func TestImportIsInTheTrailAndCanBeTried(t *testing.T) {
	s := newShop(t)
	before := len(s.trail(t))
	tried := s.Admin
	tried.DryRun = true
	file := "username\nbruno\nanna\n"
	require.Equal(t, importFile(t, tried, admin.ClientSheet(), file)[1:], []string{`3 client "anna": exists 1`})
	require.Len(t, s.trail(t), before)
	list, err := s.Clients(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	importFile(t, s.Admin, admin.ClientSheet(), file)
	importFile(t, s.Admin, admin.OrderSheet(), "client,program,ordered_at,licenses_total\nbruno,LUMENST7,2025-01-01,3\n")
	trail := s.trail(t)
	require.Equal(t, []string{
		"order.import |  | ok | added: 1; existing: 0", "order.add | order 2 | ok | client 2, program 1, licenses: 3",
		"client.import |  | ok | added: 1; existing: 1", "client.add | client 2 | ok |",
	}, trail[:len(trail)-before])
}
