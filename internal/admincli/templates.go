package admincli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/mail"
)

type templateJSON struct {
	Name    string `json:"name"`
	Own     bool   `json:"own"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

func showTemplate(t admin.Template) printable {
	lines := [][]string{{"Subject: " + t.Subject}, {""}}
	for line := range strings.SplitSeq(strings.TrimSuffix(t.Body, "\n"), "\n") {
		lines = append(lines, []string{line})
	}
	return printable{lines: lines, values: templateJSON{string(t.Kind), t.Own, t.Subject, t.Body}}
}

func templateCommand() *cobra.Command {
	cs := &commandSet{}
	list := cs.task("list", "List the mail templates", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			templates, err := a.Templates(c.Context())
			out := printable{lines: [][]string{{"NAME", "CUSTOM", "SUBJECT"}}}
			values := []templateJSON{}
			for _, t := range templates {
				out.lines = append(out.lines, []string{string(t.Kind), yesNo(t.Own), t.Subject})
				values = append(values, templateJSON{string(t.Kind), t.Own, t.Subject, t.Body})
			}
			out.values = values
			return out, err
		})
	show := cs.task("show NAME", "Print a template with its macros", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			t, err := a.Template(c.Context(), mail.Kind(args[0]))
			return showTemplate(t), err
		})
	var subject, file string
	read := func(c *cobra.Command, a admin.Admin, kind mail.Kind) (mail.Text, error) {
		t, err := a.Template(c.Context(), kind)
		if err != nil {
			return t.Text, err
		}
		if c.Flags().Changed("subject") {
			t.Subject = subject
		}
		if file != "" {
			body, err := readText(c, file, maxTemplate)
			if err != nil {
				return t.Text, err
			}
			t.Body = body
		}
		return t.Text, t.Text.Check(kind)
	}
	write := func(c *cobra.Command) *cobra.Command {
		c.Flags().StringVar(&subject, "subject", "", "subject with macros")
		c.Flags().StringVar(&file, "body", "", "file with the body; - for standard input")
		return c
	}
	preview := write(cs.task("preview NAME",
		"Print the mail with made-up values; --subject and --body try a text before it is set", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			kind := mail.Kind(args[0])
			text, err := read(c, a, kind)
			if err != nil {
				return printable{}, err
			}
			subject, body, err := mail.Texts{kind: text}.Sample(kind)
			return showTemplate(admin.Template{Kind: kind, Own: true, Text: mail.Text{Subject: subject, Body: body}}), err
		}))
	set := write(cs.task("set NAME", "Replace a template, after a check that it renders and contains what the mail is for",
		cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			kind := mail.Kind(args[0])
			text, err := read(c, a, kind)
			if err != nil {
				return printable{}, err
			}
			if err := a.SetTemplate(c.Context(), kind, text); err != nil {
				return printable{}, err
			}
			return showTemplate(admin.Template{Kind: kind, Own: true, Text: text}), nil
		}))
	set.MarkFlagsOneRequired("subject", "body")
	reset := cs.task("reset NAME", "Reset a template to the built-in one", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if t, err := a.Template(c.Context(), mail.Kind(args[0])); err != nil {
				return printable{}, err
			} else if t.Own {
				if err := cs.confirm(c, "This deletes your own text of the mail. Reset it to the built-in one?"); err != nil {
					return printable{}, err
				}
			}
			if err := a.ResetTemplate(c.Context(), mail.Kind(args[0])); err != nil {
				return printable{}, err
			}
			t, err := a.Template(c.Context(), mail.Kind(args[0]))
			return showTemplate(t), err
		})
	return cs.group("template", "Texts of the mails", list, preview, reset, set, show)
}

// maxTemplate limits the size of a template, in bytes.
const maxTemplate = 1 << 20
