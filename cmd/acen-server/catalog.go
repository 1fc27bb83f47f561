package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

var programView = view[store.Program]{
	header: []string{"ID", "NAME", "SIGNATURE", "ACTIVATION", "SERIALS", "FEATURES", "DAYS", "KEY"},
	row: func(p store.Program) []string {
		return []string{fmt.Sprint(p.ID), p.Name, string(p.Signature), yesNo(p.RequiresActivation), yesNo(p.AcceptsSerials), fmt.Sprint(p.Features), fmt.Sprint(p.LicenseDays), p.PublicKey.KeyID()}
	},
	wire: func(p store.Program) any {
		changeable := []string{}
		for _, l := range p.Policy.Changeable {
			changeable = append(changeable, l.String())
		}
		return map[string]any{
			"id": p.ID, "name": p.Name, "application_signature": p.Signature, "requires_activation": p.RequiresActivation, "merged_codes": p.MergedCodes,
			"accepts_serials": p.AcceptsSerials, "features": p.Features, "license_days": p.LicenseDays, "public_key": p.PublicKey.String(), "key_id": p.PublicKey.KeyID(),
			"flexible_locking": map[string]any{"enabled": p.Policy.Enabled, "max_hardware_changes": p.Policy.MaxHardwareChanges, "changeable": changeable},
		}
	},
}

// programFlags are what add and change have in common.
type programFlags struct {
	name                        string
	activation, merged, serials bool
	features                    uint16
	days, maxChanges            int
	flexible                    bool
	changeable                  []string
}

func (f *programFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.name, "name", "", "name of the program")
	flags.BoolVar(&f.activation, "activation", true, "the program needs activation")
	flags.BoolVar(&f.merged, "merged-codes", false, "show Site code and Machine ID as one merged code")
	flags.BoolVar(&f.serials, "serials", false, "the program accepts serial numbers")
	flags.Uint16Var(&f.features, "features", 0, "features of new orders (16 bits)")
	flags.IntVar(&f.days, "license-days", 0, "validity of new orders' licenses in days; 0 = for ever")
	flags.BoolVar(&f.flexible, "flexible-locking", true, "recognise a PC of which something changed")
	flags.IntVar(&f.maxChanges, "max-hardware-changes", 1, "how many hardware locks may change")
	flags.StringSliceVar(&f.changeable, "changeable", nil, "locks that may change (default: all)")
}

// apply sets what was given on the command line, or everything for a new program.
func (f *programFlags) apply(c *cobra.Command, p *store.Program, all bool) error {
	given := func(name string) bool { return all || c.Flags().Changed(name) }
	set := func(name string, do func()) {
		if given(name) {
			do()
		}
	}
	set("name", func() { p.Name = strings.TrimSpace(f.name) })
	set("activation", func() { p.RequiresActivation = f.activation })
	set("merged-codes", func() { p.MergedCodes = f.merged })
	set("serials", func() { p.AcceptsSerials = f.serials })
	set("features", func() { p.Features = f.features })
	set("license-days", func() { p.LicenseDays = f.days })
	set("flexible-locking", func() { p.Policy.Enabled = f.flexible })
	set("max-hardware-changes", func() { p.Policy.MaxHardwareChanges = f.maxChanges })
	if !given("changeable") {
		return nil
	}
	p.Policy.Changeable = license.Locks()
	if len(f.changeable) > 0 {
		p.Policy.Changeable = nil
		for _, name := range f.changeable {
			l, err := license.ParseLock(strings.ToUpper(strings.TrimSpace(name)))
			if err != nil {
				return usageError{err}
			}
			p.Policy.Changeable = append(p.Policy.Changeable, l)
		}
	}
	return nil
}

func programCommand() *cobra.Command {
	d := &desk{}
	var adding, changing programFlags
	var signature string
	add := &cobra.Command{Use: "add --name NAME --signature SIGNATURE", Short: "Add a program; its keys are made here", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p := store.Program{Signature: license.Signature(signature)}
			if err := adding.apply(c, &p, true); err != nil {
				return err
			}
			return d.with(c.Context(), func(a admin.Admin) error {
				p, err := a.AddProgram(c.Context(), p)
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), programView.one(p))
			})
		}}
	adding.register(add)
	add.Flags().StringVar(&signature, "signature", "", "application signature, 6 to 10 ASCII characters")
	change := &cobra.Command{Use: "change ID", Short: "Change a program", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := idArgument(args)
			if err != nil {
				return err
			}
			return d.with(c.Context(), func(a admin.Admin) error {
				var flagErr error
				p, err := a.ChangeProgram(c.Context(), id, func(p *store.Program) { flagErr = changing.apply(c, p, false) })
				if err = errors.Join(flagErr, err); err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), programView.one(p))
			})
		}}
	changing.register(change)
	list := &cobra.Command{Use: "list", Short: "List programs", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return d.with(c.Context(), func(a admin.Admin) error {
				list, err := a.Programs(c.Context())
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), programView.many(list))
			})
		}}
	show := showCommand(d, "a program", programView, admin.Admin.Program)
	return d.group("program", "Administer programs", add, list, show, change)
}

var clientView = view[store.Client]{
	header: []string{"ID", "USER NAME", "NAME", "EMAILS", "ACTIVE"},
	row: func(c store.Client) []string {
		return []string{fmt.Sprint(c.ID), c.Username, c.DisplayName(), strings.Join(c.Emails, " "), yesNo(c.Active)}
	},
	wire: func(c store.Client) any {
		return map[string]any{"id": c.ID, "username": c.Username, "registration_name": c.RegistrationName, "first_name": c.FirstName, "last_name": c.LastName,
			"company": c.Company, "emails": append([]string{}, c.Emails...), "active": c.Active, "can_sign_in": c.Active && c.PasswordHash != ""}
	},
}

type clientFlags struct {
	registration, first, last, company string
	emails                             []string
	active, askPassword, fromStdin     bool
}

func (f *clientFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.registration, "registration-name", "", "name that licenses are registered to")
	flags.StringVar(&f.first, "first-name", "", "first name")
	flags.StringVar(&f.last, "last-name", "", "last name")
	flags.StringVar(&f.company, "company", "", "company")
	flags.StringSliceVar(&f.emails, "email", nil, "address on file; at most two")
	flags.BoolVar(&f.active, "active", true, "the client may sign in")
	flags.BoolVar(&f.askPassword, "password", false, "ask for a password")
	flags.BoolVar(&f.fromStdin, "password-stdin", false, "read the password from standard input")
}

func (f *clientFlags) apply(c *cobra.Command, client *store.Client, all bool) {
	for name, do := range map[string]func(){
		"registration-name": func() { client.RegistrationName = f.registration },
		"first-name":        func() { client.FirstName = f.first },
		"last-name":         func() { client.LastName = f.last },
		"company":           func() { client.Company = f.company },
		"email":             func() { client.Emails = f.emails },
		"active":            func() { client.Active = f.active },
	} {
		if all || c.Flags().Changed(name) {
			do()
		}
	}
}

func (f *clientFlags) password(c *cobra.Command) (string, error) {
	if !f.askPassword && !f.fromStdin {
		return "", nil
	}
	return readPassword(c, f.fromStdin)
}

func clientCommand() *cobra.Command {
	d := &desk{}
	var adding, changing clientFlags
	add := &cobra.Command{Use: "add USERNAME", Short: "Add a client", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			password, err := adding.password(c)
			if err != nil {
				return err
			}
			client := store.Client{Username: args[0]}
			adding.apply(c, &client, true)
			return d.with(c.Context(), func(a admin.Admin) error {
				client, err := a.AddClient(c.Context(), client, password)
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), clientView.one(client))
			})
		}}
	adding.register(add)
	change := &cobra.Command{Use: "change ID", Short: "Change a client", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := idArgument(args)
			if err != nil {
				return err
			}
			password, err := changing.password(c)
			if err != nil {
				return err
			}
			return d.with(c.Context(), func(a admin.Admin) error {
				client, err := a.ChangeClient(c.Context(), id, password, func(client *store.Client) { changing.apply(c, client, false) })
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), clientView.one(client))
			})
		}}
	changing.register(change)
	list := &cobra.Command{Use: "list", Short: "List clients", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return d.with(c.Context(), func(a admin.Admin) error {
				list, err := a.Clients(c.Context())
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), clientView.many(list))
			})
		}}
	return d.group("client", "Administer clients", add, list, showCommand(d, "a client", clientView, admin.Admin.Client), change)
}
