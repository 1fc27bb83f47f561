package admincli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

// programJSON is a program as --json prints it.
type programJSON struct {
	ID                   int64           `json:"id"`
	Name                 string          `json:"name"`
	ApplicationSignature string          `json:"application_signature"`
	RequiresActivation   bool            `json:"requires_activation"`
	MergedCodes          bool            `json:"merged_codes"`
	AcceptsSerials       bool            `json:"accepts_serials"`
	Features             uint16          `json:"features"`
	LicenseDays          int             `json:"license_days"`
	PublicKey            string          `json:"public_key"`
	KeyID                string          `json:"key_id"`
	FormerKeyIDs         []string        `json:"former_key_ids"`
	FlexibleLocking      flexibleLocking `json:"flexible_locking"`
	FirstSerial          uint32          `json:"first_serial"`
	LastSerial           uint32          `json:"last_serial"`
	OrderLicenses        int             `json:"order_licenses"`
	SubscriptionDays     int             `json:"subscription_days"`
	Tasks                store.TaskRules `json:"tasks,omitempty"`
}

type flexibleLocking struct {
	Enabled            bool     `json:"enabled"`
	MaxHardwareChanges int      `json:"max_hardware_changes"`
	Changeable         []string `json:"changeable"`
}

var programView = view[store.Program]{
	header: []string{"ID", "NAME", "SIGNATURE", "ACTIVATION", "SERIALS", "FEATURES", "LICENSE DAYS"},
	row: func(p store.Program) []string {
		return []string{
			strconv.FormatInt(p.ID, 10), p.Name, string(p.Signature), yesNo(p.RequiresActivation), yesNo(p.AcceptsSerials),
			strconv.Itoa(int(p.Features)), strconv.Itoa(p.LicenseDays),
		}
	},
	detail: func(p store.Program) [][2]string {
		lines := [][2]string{
			{"SERIAL IDS", fmt.Sprintf("%d to %d", p.FirstSerial, p.LastSerial)},
			{"LICENSES OF AN ORDER", strconv.Itoa(p.OrderLicenses)},
			{"SUBSCRIPTION DAYS", strconv.Itoa(p.SubscriptionDays)},
			{"MERGED CODES", yesNo(p.MergedCodes)},
			{"FLEXIBLE LOCKING", yesNo(p.Policy.Enabled)},
			{"HARDWARE CHANGES", strconv.Itoa(p.Policy.MaxHardwareChanges)},
			{"CHANGEABLE", strings.Join(lockNames(p.Policy.Changeable), " ")},
			{"PUBLIC KEY", p.PublicKey.String()},
			{"KEY ID", p.PublicKey.KeyID()},
			{"FORMER KEY IDS", strings.Join(keyIDs(p.FormerKeys), " ")},
		}
		for _, task := range api.LimitedTasks() {
			for _, state := range admin.States() {
				r := p.Tasks.Rule(task, state)
				text := onOff(r.On)
				for _, l := range r.Limits() {
					text += fmt.Sprintf(", a %s: %s", l.Period, limit(*l.Times))
				}
				lines = append(lines, [2]string{
					strings.ToUpper(fmt.Sprintf("%s, subscription %s", task.Rule(), state)), text,
				})
			}
		}
		return lines
	},
	wire: func(p store.Program) any {
		return programJSON{
			ID:                   p.ID,
			Name:                 p.Name,
			ApplicationSignature: string(p.Signature),
			RequiresActivation:   p.RequiresActivation,
			MergedCodes:          p.MergedCodes,
			AcceptsSerials:       p.AcceptsSerials,
			Features:             p.Features,
			LicenseDays:          p.LicenseDays,
			PublicKey:            p.PublicKey.String(),
			KeyID:                p.PublicKey.KeyID(),
			FirstSerial:          p.FirstSerial,
			LastSerial:           p.LastSerial,
			OrderLicenses:        p.OrderLicenses,
			SubscriptionDays:     p.SubscriptionDays,
			Tasks:                p.Tasks,
			FormerKeyIDs:         keyIDs(p.FormerKeys),
			FlexibleLocking: flexibleLocking{
				p.Policy.Enabled, p.Policy.MaxHardwareChanges, lockNames(p.Policy.Changeable),
			},
		}
	},
}

func keyIDs(keys []license.PublicKey) []string {
	ids := []string{}
	for _, k := range keys {
		ids = append(ids, k.KeyID())
	}
	return ids
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func limit(n int) string {
	if n == 0 {
		return "no limit"
	}
	return strconv.Itoa(n)
}

func lockNames(locks []license.Lock) []string {
	names := []string{}
	for _, l := range locks {
		names = append(names, l.String())
	}
	return names
}

// programFlags are the flags that add and change share.
type programFlags struct {
	name                                  string
	activation, merged, serials, flexible bool
	features                              uint16
	days, hardwareChanges                 int
	licenses, subscription                int
	first, last                           uint32
	changeable                            []string
}

func (f *programFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.name, "name", "", "name of the program")
	flags.BoolVar(&f.activation, "activation", true, "the program needs activation")
	flags.BoolVar(&f.merged, "merged-codes", false, "show Site code and Machine ID as one merged code")
	flags.BoolVar(&f.serials, "serials", false, "the program accepts serial numbers")
	flags.Uint16Var(&f.features, "features", 0, "features of new orders (16 bits)")
	flags.IntVar(&f.days, "license-days", 0, "validity in days of licenses of new orders; 0: no end")
	flags.Uint32Var(&f.first, "first-serial", 0, "first serial ID that is accepted")
	flags.Uint32Var(&f.last, "last-serial", 0, "last serial ID that is accepted")
	flags.IntVar(&f.licenses, "order-licenses", 1, "licenses of an order that is made with a serial number")
	flags.IntVar(&f.subscription, "subscription-days", 0, "subscription of new orders in days; 0: none")
	flags.BoolVar(&f.flexible, "flexible-locking", true, "recognize a PC after changes")
	flags.IntVar(&f.hardwareChanges, "max-hardware-changes", license.DefaultPolicy().MaxHardwareChanges,
		"how many hardware locks may change; network card or disk must always stay the same")
	flags.StringSliceVar(&f.changeable, "changeable", lockNames(license.DefaultPolicy().Changeable),
		"locks that may change")
}

// apply sets the fields whose flags were given, or all fields for a new program.
func (f *programFlags) apply(c *cobra.Command, p *store.Program, everything bool) error {
	given := func(name string) bool { return everything || c.Flags().Changed(name) }
	for name, set := range map[string]func(){
		"name":                 func() { p.Name = strings.TrimSpace(f.name) },
		"activation":           func() { p.RequiresActivation = f.activation },
		"merged-codes":         func() { p.MergedCodes = f.merged },
		"serials":              func() { p.AcceptsSerials = f.serials },
		"features":             func() { p.Features = f.features },
		"license-days":         func() { p.LicenseDays = f.days },
		"first-serial":         func() { p.FirstSerial = f.first },
		"last-serial":          func() { p.LastSerial = f.last },
		"order-licenses":       func() { p.OrderLicenses = f.licenses },
		"subscription-days":    func() { p.SubscriptionDays = f.subscription },
		"flexible-locking":     func() { p.Policy.Enabled = f.flexible },
		"max-hardware-changes": func() { p.Policy.MaxHardwareChanges = f.hardwareChanges },
	} {
		if given(name) {
			set()
		}
	}
	if !given("changeable") {
		return nil
	}
	p.Policy.Changeable = nil
	for _, name := range f.changeable {
		l, err := license.ParseLock(strings.ToUpper(strings.TrimSpace(name)))
		if err != nil {
			return usageError{err}
		}
		p.Policy.Changeable = append(p.Policy.Changeable, l)
	}
	return nil
}

func programCommand() *cobra.Command {
	cs := &commandSet{}
	list := cs.task("list", "List programs", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			return programView.many(a.Programs(c.Context()))
		})
	return cs.group("program", "Administer programs", addProgram(cs), list,
		show(cs, "a program with its public key", programView, admin.Admin.Program), changeProgram(cs), programRule(cs),
		prepareKey(cs), useKey(cs), importRows(cs, admin.ProgramSheet(), true), exportRows(cs, admin.ProgramSheet()))
}

func addProgram(cs *commandSet) *cobra.Command {
	var f programFlags
	var signature string
	c := cs.setupTask("add", "Add a program and make its keys", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			p := store.Program{Signature: license.Signature(signature)}
			if err := f.apply(c, &p, true); err != nil {
				return printable{}, err
			}
			return programView.one(a.AddProgram(c.Context(), p))
		})
	f.register(c)
	c.Flags().StringVar(&signature, "signature", "",
		"application signature, 6 to 10 ASCII characters; it cannot be changed later")
	require(c, "name", "signature")
	return c
}

func changeProgram(cs *commandSet) *cobra.Command {
	var f programFlags
	c := cs.task("change ID", "Change a program; its existing orders and licenses do not change", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return programView.one(a.ChangeProgram(c.Context(), id(args),
				func(p *store.Program) error { return f.apply(c, p, false) }))
		})
	f.register(c)
	return c
}

// programRule returns the command that sets switch and limits of a task (spec: api 7).
func programRule(cs *commandSet) *cobra.Command {
	var states []string
	var r store.TaskRule
	c := cs.task("rule ID TASK", "Switch a task on or off and set its limits: "+taskNames(), ruleArgs,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return programView.one(a.ChangeProgram(c.Context(), id(args), func(p *store.Program) error {
				task := args[1]
				changed := store.TaskRules{}
				for t, rules := range p.Tasks {
					changed[t] = maps.Clone(rules)
				}
				if changed[task] == nil {
					changed[task] = map[api.SubscriptionState]store.TaskRule{}
				}
				for _, state := range states {
					if !slices.Contains(admin.States(), api.SubscriptionState(state)) {
						return usageError{fmt.Errorf("%q is not a state of a subscription: none, valid or expired", state)}
					}
					changed[task][api.SubscriptionState(state)] = r
				}
				p.Tasks = changed
				return nil
			}))
		})
	flags := c.Flags()
	flags.StringSliceVar(&states, "subscription", []string{"none", "valid"},
		"subscriptions of the orders to which this applies: none, valid, expired")
	flags.BoolVar(&r.On, "on", true, "the task is offered")
	for _, l := range r.Limits() {
		flags.IntVar(l.Times, "per-"+l.Period, 0, "limit per calendar "+l.Period+"; 0: none")
	}
	return c
}

func taskNames() string {
	var names []string
	for _, t := range api.LimitedTasks() {
		names = append(names, t.Rule())
	}
	return strings.Join(names, ", ")
}

func ruleArgs(c *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(2)(c, args); err != nil {
		return err
	}
	if _, ok := api.TaskOfRule(args[1]); !ok {
		return fmt.Errorf("%q is not a task; the tasks are %s", args[1], taskNames())
	}
	return idArg(c, args[:1])
}
