package admincli

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable returns the name of the environment variable of a flag.
func variable(flag string) string {
	return "ACEN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// configured lists the flags that describe an installation; only these have environment variables. Flags that locate
// the data (true) apply to every command, the others to serve and demo.
var configured = map[string]bool{
	"data":               true,
	"database":           true,
	"master-key-command": true,
	"listen":             false,
	"name":               false,
	"tls-cert":           false,
	"tls-key":            false,
	"behind-proxy":       false,
	"log-format":         false,
	"metrics":            false,
	"drain":              false,
	"public-url":         false,
	"contact":            false,
	"smtp":               false,
	"smtp-tls":           false,
	"smtp-user":          false,
	"smtp-password-file": false,
	"mail-from":          false,
	"mail-dir":           false,
}

// fromEnvironment sets flags that were not given from their variables. An empty variable counts as unset.
func fromEnvironment(c *cobra.Command, getenv func(string) string) (err error) {
	if f := c.Flags().Lookup("database"); f != nil && f.Changed && hasPassword(f.Value.String()) {
		return usageError{
			fmt.Errorf("a password must not be an argument, where others on this machine can read it: set the address of the "+
				"database in %s, or write the password to a file and set PGPASSFILE to its name", variable(f.Name)),
		}
	}
	// In other commands --name is the name of a program, not of the server.
	serves := c.Name() == "serve" || c.Name() == "demo"
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value := getenv(variable(f.Name))
		everywhere, known := configured[f.Name]
		if err != nil || f.Changed || value == "" || !known || !serves && !everywhere {
			return
		}
		if setErr := c.Flags().Set(f.Name, value); setErr != nil {
			err = usageError{fmt.Errorf("the variable %s is invalid: %w", variable(f.Name), setErr)}
		}
	})
	return err
}

// hasPassword reports whether a database address contains a password, in a URL or as key and value.
func hasPassword(address string) bool {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		if _, ok := u.User.Password(); ok {
			return true
		}
	}
	return strings.Contains(address, "password")
}
