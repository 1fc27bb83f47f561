package admincli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
)

func prepareKey(cs *commandSet) *cobra.Command {
	prepare := cs.task("prepare-key ID",
		"Make the next signing key and print its public key, for the next version of the program", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if cs.dryRun {
				return printable{}, usageError{errors.New("--dry-run does not work with prepare-key: a key is always stored")}
			}
			_, next, err := a.PrepareKey(c.Context(), id(args))
			return printable{lines: [][]string{{"NEXT PUBLIC KEY", next.String()}, {"KEY ID", next.KeyID()}},
				values: map[string]string{"next_public_key": next.String(), "key_id": next.KeyID()}}, err
		})
	return prepare
}

func useKey(cs *commandSet) *cobra.Command {
	return cs.task("use-key ID", "Sign license files with the prepared key from now on; existing license files stay valid",
		idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			const question = "Programs without the prepared key will refuse new license files. Use it?"
			if err := cs.confirm(c, question); err != nil {
				return printable{}, err
			}
			return programView.one(a.UseKey(c.Context(), id(args)))
		})
}
