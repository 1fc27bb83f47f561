package admincli

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable is the environment variable that stands for a flag.
func variable(flag string) string {
	return "ACEN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// configured are the flags that describe an installation and not one task: only they come from the environment. Those that
// say where the data lie (true) do so for every command, the others for serve and demo.
var configured = map[string]bool{
	"data": true, "database": true, "master-key-command": true,
	"listen": false, "name": false, "tls-cert": false, "tls-key": false, "behind-proxy": false, "log-format": false, "metrics": false, "drain": false,
	"public-url": false, "contact": false, "smtp": false, "smtp-tls": false, "smtp-user": false, "smtp-password-file": false, "mail-from": false, "mail-dir": false,
}

// fromEnvironment sets flags that were not given from their variables. An empty variable counts as none.
func fromEnvironment(c *cobra.Command, getenv func(string) string) (err error) {
	if f := c.Flags().Lookup("database"); f != nil && f.Changed && holdsPassword(f.Value.String()) {
		return usageError{fmt.Errorf("a password must not stand in an argument, where others on this machine can read it: put the address of the database into %s, or the password into a file that PGPASSFILE names", variable(f.Name))}
	}
	// Only these commands have a --name that is the server's; elsewhere it is a program's.
	serves := c.Name() == "serve" || c.Name() == "demo"
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value := getenv(variable(f.Name))
		everywhere, known := configured[f.Name]
		if err != nil || f.Changed || value == "" || !known || !serves && !everywhere {
			return
		}
		if setErr := c.Flags().Set(f.Name, value); setErr != nil {
			err = usageError{fmt.Errorf("the variable %s cannot be used: %w", variable(f.Name), setErr)}
		}
	})
	return err
}

// holdsPassword reports whether the address of a database has a password in it, in one of the forms that PostgreSQL knows.
func holdsPassword(address string) bool {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		if _, ok := u.User.Password(); ok {
			return true
		}
	}
	return strings.Contains(address, "password")
}
