package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin/sheet"
	"github.com/acen-desktop/acen/server/store"
)

// programColumns are the columns of programs. Keys are not among them: an import makes new ones.
var programColumns = append([]sheet.Column[store.Program]{
	{Name: "name", Required: true, What: "name", Cell: func(p *store.Program) sheet.Cell { return sheet.String(&p.Name) }},
	{
		Name:     "application_signature",
		Required: true,
		What:     "6 to 10 ASCII characters; identifies the program in files of orders",
		Cell:     func(p *store.Program) sheet.Cell { return sheet.String(&p.Signature) },
	},
	{
		Name: "requires_activation",
		What: "default: yes",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Bool(&p.RequiresActivation) },
	},
	{
		Name: "merged_codes",
		What: "Site code and Machine ID are shown as one code",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Bool(&p.MergedCodes) },
	},
	{
		Name: "accepts_serials",
		What: "orders can be made with serial numbers",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Bool(&p.AcceptsSerials) },
	},
	{
		Name: "features",
		What: "of new orders, 16 bits as a number",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Number(&p.Features, 0, math.MaxUint16) },
	},
	{
		Name: "license_days",
		What: "validity of licenses of new orders; 0: no end",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Number(&p.LicenseDays, 0, maxDays) },
	},
	{
		Name: "order_licenses",
		What: "licenses of a new order; default: 1",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Number(&p.OrderLicenses, 0, maxLicenses) },
	},
	{
		Name: "subscription_days",
		What: "subscription of new orders; 0: none",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Number(&p.SubscriptionDays, 0, maxDays) },
	},
	{
		Name: "first_serial",
		What: "first serial ID that is accepted",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Number(&p.FirstSerial, 0, license.MaxSerialID) },
	},
	{
		Name: "last_serial",
		What: "last serial ID that is accepted",
		Cell: func(p *store.Program) sheet.Cell { return sheet.Number(&p.LastSerial, 0, license.MaxSerialID) },
	},
	{
		Name: "tasks",
		What: "switches and limits, such as \"reactivate valid: on, 2 a day, 4 a month; remove none: off\"; in JSON as " +
			"program show --json prints them",
		Cell: func(p *store.Program) sheet.Cell { return rulesCell{&p.Tasks} },
	},
}, policyColumns(func(p *store.Program) *license.Policy { return &p.Policy })...)

// policyColumns are the columns of a policy for flexible locking.
func policyColumns[T any](of func(*T) *license.Policy) []sheet.Column[T] {
	return []sheet.Column[T]{
		{
			Name: "flexible_locking",
			What: "recognize a PC after changes",
			Cell: func(t *T) sheet.Cell { return sheet.Bool(&of(t).Enabled) },
		},
		{
			Name: "max_hardware_changes",
			What: "how many hardware locks may change",
			Cell: func(t *T) sheet.Cell { return sheet.Number(&of(t).MaxHardwareChanges, 0, license.LockCount) },
		},
		{
			Name: "changeable",
			What: "locks that may change, such as \"HD_ID NET_ID\", or none",
			Cell: func(t *T) sheet.Cell { return locksCell{&of(t).Changeable} },
		},
	}
}

// clientRow is a client with each email address in a column of its own.
type clientRow struct {
	store.Client
	email, email2 string
}

func rowOfClient(c store.Client) clientRow {
	row := clientRow{Client: c}
	for i, to := range []*string{&row.email, &row.email2} {
		if i < len(c.Emails) {
			*to = c.Emails[i]
		}
	}
	return row
}

func (r clientRow) client() store.Client {
	r.Emails = nil
	for _, address := range []string{r.email, r.email2} {
		if address != "" {
			r.Emails = append(r.Emails, address)
		}
	}
	return r.Client
}

func clientText(name, what string, of func(*clientRow) *string) sheet.Column[clientRow] {
	return sheet.Column[clientRow]{
		Name: name,
		What: what,
		Cell: func(r *clientRow) sheet.Cell { return sheet.String(of(r)) },
	}
}

// clientColumns are the columns of clients. Passwords and their hashes are not among them.
var clientColumns = []sheet.Column[clientRow]{
	{
		Name:     "username",
		Required: true,
		What:     "compared without case; identifies the client in files of orders",
		Cell:     func(r *clientRow) sheet.Cell { return sheet.String(&r.Username) },
	},
	clientText("registration_name", "name that licenses are registered to", func(r *clientRow) *string {
		return &r.RegistrationName
	}),
	clientText("first_name", "", func(r *clientRow) *string { return &r.FirstName }),
	clientText("last_name", "", func(r *clientRow) *string { return &r.LastName }),
	clientText("company", "", func(r *clientRow) *string { return &r.Company }),
	clientText("address", "", func(r *clientRow) *string { return &r.Contact.Address }),
	clientText("city", "", func(r *clientRow) *string { return &r.Contact.City }),
	clientText("zip", "", func(r *clientRow) *string { return &r.Contact.Zip }),
	clientText("state", "", func(r *clientRow) *string { return &r.Contact.State }),
	clientText("country", "", func(r *clientRow) *string { return &r.Contact.Country }),
	clientText("phone", "", func(r *clientRow) *string { return &r.Contact.Phone }),
	clientText("fax", "", func(r *clientRow) *string { return &r.Contact.Fax }),
	clientText("email", "address on file, to which the link for a password is sent", func(r *clientRow) *string {
		return &r.email
	}),
	clientText("email2", "another address on file", func(r *clientRow) *string { return &r.email2 }),
	{
		Name: "active",
		What: "the client may sign in; default: yes",
		Cell: func(r *clientRow) sheet.Cell { return sheet.Bool(&r.Active) },
	},
}

// orderRow is an order with the names of its client and program.
type orderRow struct {
	store.Order
	username  string
	signature license.Signature
}

// orderColumns are the columns of orders. Serial numbers and licenses are not among them, because they are only valid
// with the program's keys.
var orderColumns = append([]sheet.Column[orderRow]{
	{
		Name: "id",
		What: "ID of the order; default: a new one",
		Cell: func(o *orderRow) sheet.Cell { return sheet.Number(&o.ID, 1, math.MaxInt32) },
	},
	{
		Name:     "client",
		Required: true,
		What:     "user name",
		Cell:     func(o *orderRow) sheet.Cell { return sheet.String(&o.username) },
	},
	{
		Name:     "program",
		Required: true,
		What:     "application signature",
		Cell:     func(o *orderRow) sheet.Cell { return sheet.String(&o.signature) },
	},
	{
		Name: "ordered_at",
		What: "day or time of the order; default for a row with an id: now",
		Cell: func(o *orderRow) sheet.Cell { return sheet.InText(timeCell{&o.OrderedAt}) },
	},
	{
		Name: "licenses_total",
		What: "number of licenses",
		Cell: func(o *orderRow) sheet.Cell { return sheet.Number(&o.LicensesTotal, 0, maxLicenses) },
	},
	{
		Name: "active",
		What: "the order is in use; default: yes",
		Cell: func(o *orderRow) sheet.Cell { return sheet.Bool(&o.Active) },
	},
	{
		Name: "visible",
		What: "the order is listed in the app; default: yes",
		Cell: func(o *orderRow) sheet.Cell { return sheet.Bool(&o.Visible) },
	},
	{
		Name: "can_manage",
		What: "the client may change its licenses; default: yes",
		Cell: func(o *orderRow) sheet.Cell { return sheet.Bool(&o.CanManage) },
	},
	{
		Name: "features",
		What: "of new licenses, 16 bits as a number",
		Cell: func(o *orderRow) sheet.Cell { return sheet.Number(&o.Features, 0, math.MaxUint16) },
	},
	{
		Name: "licenses_expire_at",
		What: "last day of new licenses, or never",
		Cell: func(o *orderRow) sheet.Cell { return sheet.InText(expiryCell{&o.LicensesExpireAt}) },
	},
	{
		Name: "subscription_expires_at",
		What: "last day of the subscription; never: no end; none: no subscription",
		Cell: func(o *orderRow) sheet.Cell { return sheet.InText(subscriptionCell{&o.Order}) },
	},
}, policyColumns(func(o *orderRow) *license.Policy { return &o.Policy })...)

// locksCell is a list of locks.
type locksCell struct{ p *[]license.Lock }

func (l locksCell) names() []string {
	names := []string{}
	for _, lock := range *l.p {
		names = append(names, lock.String())
	}
	return names
}

func (l locksCell) Text() string {
	if len(*l.p) == 0 {
		return "none"
	}
	return strings.Join(l.names(), " ")
}

func (l locksCell) SetText(t string) error {
	if strings.EqualFold(t, "none") {
		return l.set(nil)
	}
	return l.set(strings.Fields(t))
}

func (l locksCell) set(names []string) error {
	var locks []license.Lock
	for _, name := range names {
		lock, err := license.ParseLock(strings.ToUpper(name))
		if err != nil {
			return fmt.Errorf("there is no lock %s", sheet.Quote(name))
		}
		if slices.Contains(locks, lock) {
			return fmt.Errorf("the lock %s is given twice", lock)
		}
		locks = append(locks, lock)
	}
	*l.p = locks
	return nil
}

func (l locksCell) Value() any { return l.names() }

func (l locksCell) SetValue(raw json.RawMessage) error {
	var names []string
	if err := sheet.Decode(raw, &names, "list of locks"); err != nil {
		return err
	}
	return l.set(names)
}

// rulesCell are the rules of tasks.
type rulesCell struct{ p *store.TaskRules }

func (r rulesCell) Text() string { return rulesText(*r.p) }

// rulePattern matches one rule in the form of rulesText.
var rulePattern = func() *regexp.Regexp {
	pattern := `^(\w+) (\w+): (on|off)`
	for _, l := range new(store.TaskRule).Limits() {
		pattern += `(?:, (\d{1,7}) a ` + l.Period + `)?`
	}
	return regexp.MustCompile(pattern + `$`)
}()

func (r rulesCell) SetText(t string) error {
	rules := store.TaskRules{}
	for text := range strings.SplitSeq(t, ";") {
		m := rulePattern.FindStringSubmatch(strings.TrimSpace(text))
		if m == nil {
			return fmt.Errorf("%s is not a rule such as \"reactivate valid: on, 2 a day, 4 a month\"", sheet.Quote(text))
		}
		task, state, rule := m[1], api.SubscriptionState(m[2]), store.TaskRule{On: m[3] == "on"}
		for i, l := range rule.Limits() {
			*l.Times, _ = strconv.Atoi(m[4+i]) // digits or ""
		}
		if _, twice := rules[task][state]; twice {
			return fmt.Errorf("the rule of %s, subscription %s, is given twice", task, state)
		}
		if rules[task] == nil {
			rules[task] = map[api.SubscriptionState]store.TaskRule{}
		}
		rules[task][state] = rule
	}
	return r.set(rules)
}

func (r rulesCell) set(rules store.TaskRules) error {
	for task, states := range rules {
		if _, ok := api.TaskOfRule(task); !ok {
			return fmt.Errorf("%s is not a task", sheet.Quote(task))
		}
		for state := range states {
			if !slices.Contains(States(), state) {
				return fmt.Errorf("%s is not a state of a subscription: none, valid or expired", sheet.Quote(string(state)))
			}
		}
	}
	*r.p = rules
	return nil
}

func (r rulesCell) Value() any { return *r.p }

func (r rulesCell) SetValue(raw json.RawMessage) error {
	var rules store.TaskRules
	if err := sheet.Decode(raw, &rules,
		"set of rules such as {\"reactivate\": {\"valid\": {\"on\": true, \"per_day\": 2, \"per_month\": 4}}}"); err != nil {
		return err
	}
	return r.set(rules)
}

// Range of years of times in a file.
const firstYear, lastYear = 1970, 2199

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// parseTime parses a day or a time. ofDay converts a day to a time.
func parseTime(text string, ofDay func(time.Time) time.Time) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err == nil {
		t = ofDay(t)
	} else {
		t, err = time.Parse(time.RFC3339, text)
	}
	if t = t.UTC(); err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return t, fmt.Errorf("%s is neither a day such as 2027-12-31 nor a time such as 2027-12-31T23:59:59Z, in the "+
			"years %d to %d", sheet.Quote(text), firstYear, lastYear)
	}
	return t.Truncate(time.Microsecond), nil // precision of the store
}

func midnight(day time.Time) time.Time { return day }

// endOfDay returns the last second of a day.
func endOfDay(day time.Time) time.Time { return day.Add(24*time.Hour - time.Second) }

// timeCell is a time.
type timeCell struct{ p *time.Time }

func (m timeCell) Text() string { return formatTime(*m.p) }

func (m timeCell) SetText(text string) (err error) {
	*m.p, err = parseTime(text, midnight)
	return err
}

// expiryCell is a day or "never".
type expiryCell struct{ p **time.Time }

func (e expiryCell) Text() string {
	if *e.p == nil {
		return "never"
	}
	return formatTime(**e.p)
}

func (e expiryCell) SetText(text string) error { return e.set(text, midnight) }

func (e expiryCell) set(text string, ofDay func(time.Time) time.Time) error {
	*e.p = nil
	if strings.EqualFold(text, "never") {
		return nil
	}
	t, err := parseTime(text, ofDay)
	*e.p = &t
	return err
}

// subscriptionCell is "none", a day or "never".
type subscriptionCell struct{ o *store.Order }

func (s subscriptionCell) Text() string {
	if !s.o.HasSubscription {
		return "none"
	}
	return expiryCell{&s.o.SubscriptionExpiresAt}.Text()
}

func (s subscriptionCell) SetText(text string) error {
	s.o.HasSubscription, s.o.SubscriptionExpiresAt = !strings.EqualFold(text, "none"), nil
	if !s.o.HasSubscription {
		return nil
	}
	return expiryCell{&s.o.SubscriptionExpiresAt}.set(text, endOfDay)
}

// errNoIdentity refuses an order that a second import of the same file could not recognize.
var errNoIdentity = errors.New("give its id or ordered_at, so that the same file imported twice does not make it twice")
