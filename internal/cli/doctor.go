package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/manager"
)

func (cs *commandSet) doctorCommand() *cobra.Command {
	var report string
	c := &cobra.Command{
		Use:   "doctor [SERVER]",
		Short: "Check the connection to the license server",
		Long: `Check the connection to a license server step by step: address, proxy, name, connection, encryption, server,
clock. Without SERVER, check that of the account used last. Nothing is changed, and no password is sent.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			m, err := cs.open(c.Context())
			if err != nil {
				return err
			}
			server := ""
			if len(args) > 0 {
				server = args[0]
			} else if err := m.Recall(c.Context()); errors.Is(err, manager.ErrSignedOut) {
				return usageError{errors.New("there is no account on this PC: give SERVER")}
			} else if err != nil {
				return err
			}
			findings := m.Examine(c.Context(), server, func(f manager.Finding) {
				if !cs.asJSON {
					fmt.Fprintf(cs.out, "%-10s %-8s %s\n", f.Check, f.Verdict, f.What)
					if !f.Next.IsZero() {
						fmt.Fprintf(cs.out, "%-10s %-8s %s\n", "", "", f.Next)
					}
				}
			})
			if err := c.Context().Err(); err != nil {
				return err
			}
			if cs.asJSON {
				err = cs.print(struct {
					Findings []manager.Finding `json:"findings"`
				}{findings})
			}
			if report != "" {
				err = errors.Join(err, writeText(report, m.DoctorReport(findings)))
			}
			for _, f := range findings {
				if f.Verdict == manager.VerdictBad {
					return errors.Join(err, manager.ErrUnreachable)
				}
			}
			return err
		},
	}
	c.Flags().StringVar(&report, "report", "", "also write the findings to this new file, which contains no secret")
	return c
}
