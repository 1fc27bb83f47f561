package admincli

import (
	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/settings"
)

type optionJSON struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
}

func optionCommand() *cobra.Command {
	cs := &commandSet{}
	list := func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
		current, err := a.Settings(c.Context())
		if err != nil {
			return printable{}, err
		}
		out := printable{lines: [][]string{{"NAME", "VALUE", "DEFAULT", "DESCRIPTION"}}}
		values := []optionJSON{}
		for _, s := range settings.All() {
			value, standard := s.Value(current), s.Value(settings.Default())
			out.lines = append(out.lines, []string{s.Name, value, standard, s.What})
			values = append(values, optionJSON{s.Name, value, standard})
		}
		out.values = values
		return out, nil
	}
	set := cs.task("set NAME VALUE", "Change an option; all servers apply it within seconds", cobra.ExactArgs(2),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if err := a.SetOption(c.Context(), args[0], args[1]); err != nil {
				return printable{}, err
			}
			return list(c, args, a)
		})
	reset := cs.task("reset NAME", "Reset an option to its default", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if err := a.SetOption(c.Context(), args[0], ""); err != nil {
				return printable{}, err
			}
			return list(c, args, a)
		})
	return cs.group("option", "Limits that apply to all servers on the database",
		cs.task("list", "List the options", cobra.NoArgs, list), reset, set)
}
