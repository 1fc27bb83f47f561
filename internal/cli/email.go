package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

func (cs *commandSet) emailCommand() *cobra.Command {
	var to []string
	var message string
	var preview bool
	c := cs.signedIn("email LICENSE", "Email the activation code to an address on file", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			p, err := m.EmailPreview(ctx, id(args))
			if err != nil {
				return err
			}
			if preview {
				return cs.print(p, []string{"To: " + strings.Join(p.To, ", ")}, []string{"Subject: " + p.Subject}, nil,
					[]string{p.Body})
			}
			if len(to) == 0 && len(p.To) > 0 {
				to = p.To[:1]
			}
			if len(to) == 0 {
				return api.NewProblem(api.ErrValidation, "No email address is on file: add one with \"acenctl account --email\".")
			}
			if err := m.SendEmail(ctx, manager.SendEmail{LicenseID: id(args), To: to, Message: message}); err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskEmail, id(args))
			}
			return cs.printSentence(struct {
				To []string `json:"to"`
			}{to}, "The server sends the code to "+strings.Join(to, ", "))
		})
	c.Flags().StringSliceVar(&to, "to", nil, "addresses on file (default: the first)")
	c.Flags().StringVar(&message, "message", "", "text to add to the mail, at most 500 characters")
	c.Flags().BoolVar(&preview, "preview", false, "print the mail and send nothing")
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}
