package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable is the environment variable that stands for a flag.
func variable(flag string) string {
	return "ACEN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// configured are the flags that describe an installation and not one task: only they come from the environment.
var configured = map[string]bool{
	"listen": true, "data": true, "name": true, "tls-cert": true, "tls-key": true, "behind-proxy": true, "log-format": true,
	"public-url": true, "contact": true, "smtp": true, "smtp-tls": true, "smtp-user": true, "smtp-password-file": true, "mail-from": true, "mail-dir": true,
}

// fromEnvironment sets flags that were not given from their variables. An empty variable counts as none.
func fromEnvironment(c *cobra.Command) (err error) {
	// Only these commands have a --name that is the server's; elsewhere it is a program's.
	serves := c.Name() == "serve" || c.Name() == "demo"
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value := os.Getenv(variable(f.Name))
		if err != nil || f.Changed || value == "" || !configured[f.Name] || !serves && f.Name != "data" {
			return
		}
		if setErr := c.Flags().Set(f.Name, value); setErr != nil {
			err = usageError{fmt.Errorf("the variable %s cannot be used: %w", variable(f.Name), setErr)}
		}
	})
	return err
}
