package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

func (cs *commandSet) takeCommand() *cobra.Command {
	c := cs.local("take FILE...", "Install the answer of a courier, or a license file, on this PC", cobra.MinimumNArgs(1),
		func(ctx context.Context, m *manager.Manager, files []string) error {
			docs, err := cs.documents(ctx, files)
			if err != nil {
				return err
			}
			results := []resultJSON{}
			var failed error
			note := func(r resultJSON, err error) {
				if err != nil {
					r.Outcome, r.Reason = "not installed", sentence(err)
					if failed == nil {
						failed = err
					}
				}
				results = append(results, r)
			}
			for _, doc := range docs {
				switch doc := doc.(type) {
				case carry.Request:
					return usageError{errors.New("this is a request: run \"acenctl carry\" on a PC with a network")}
				case carry.Answer:
					taken, err := m.ReadAnswer(ctx, doc)
					for _, t := range taken {
						r := resultOf(t.Result)
						r.Unproven = t.Unproven
						note(r, t.Err)
						if t.Result.Outcome == carry.OutcomeRefused && failed == nil {
							failed = errSomeRefused
						}
					}
					if err != nil {
						return err
					}
				case carry.License:
					f, unproven, err := m.InstallLicense(ctx, string(doc))
					if errors.Is(err, manager.ErrStorage) || ctx.Err() != nil {
						return err
					}
					r := resultJSON{
						Signature: string(f.Signature),
						Program:   f.ProgramName,
						Outcome:   string(carry.OutcomeLicense),
						License:   f.ID,
						Unproven:  unproven,
					}
					if claimed, claimedErr := doc.File(); err != nil && claimedErr == nil {
						r.Signature, r.License = string(claimed.Signature), claimed.ID
						r.Program = carry.Clean(claimed.ProgramName, carry.MaxName)
					}
					note(r, err)
				}
			}
			lines := make([][]string, len(results))
			for i, r := range results {
				lines[i] = r.line()
			}
			return errors.Join(cs.print(struct {
				Results []resultJSON `json:"results"`
			}{results}, lines...), failed)
		})
	c.Long = `Install the answer of a courier, or a license file, on this PC: each license file is checked and stored
where its program finds it. FILE is a file, a text, or a picture with QR codes; several pictures may form
one answer. - is standard input.`
	return c
}
