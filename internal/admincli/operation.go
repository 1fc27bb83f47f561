package admincli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// showMoment formats a time to the second in UTC.
func showMoment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

type banJSON struct {
	ID        int64      `json:"id,omitempty"`
	Kind      string     `json:"kind"`
	Subject   string     `json:"subject"`
	Reason    string     `json:"reason"`
	MadeBy    string     `json:"made_by"`
	Failures  int        `json:"failures,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
}

var banView = view[admin.Ban]{
	header: []string{"KIND", "SUBJECT", "REASON", "BY", "SINCE", "ENDS"},
	row: func(b admin.Ban) []string {
		ends := "never"
		if b.EndsAt != nil {
			ends = showMoment(*b.EndsAt)
		}
		return []string{string(b.Kind), b.Subject, b.Reason, b.MadeBy, showMoment(b.CreatedAt), ends}
	},
	detail: func(admin.Ban) [][2]string { return nil },
	wire: func(b admin.Ban) any {
		return banJSON{b.ID, string(b.Kind), b.Subject, b.Reason, b.MadeBy, b.Failures, b.CreatedAt.UTC(), store.UTC(b.EndsAt)}
	},
}

func banCommand() *cobra.Command {
	cs := &commandSet{}
	var host, username, reason string
	var lasts time.Duration
	subjectFlags := func(c *cobra.Command) {
		c.Flags().StringVar(&host, "host", "", "address of the host; an IPv6 address stands for its /64 network")
		c.Flags().StringVar(&username, "username", "", "user name")
		c.MarkFlagsOneRequired("host", "username")
		c.MarkFlagsMutuallyExclusive("host", "username")
	}
	list := cs.task("list", "List active bans, including those for failed attempts", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			return banView.many(a.Bans(c.Context()))
		})
	add := cs.task("add", "Ban a host or a user name; all servers apply the ban within seconds", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			b, err := a.AddBan(c.Context(), host, username, reason, lasts)
			return banView.one(admin.Ban{Ban: b}, err)
		})
	add.Flags().DurationVar(&lasts, "for", 24*time.Hour, "duration, such as 2h; 0: no end")
	add.Flags().StringVar(&reason, "reason", "", "reason, for the list and the audit trail")
	subjectFlags(add)
	lift := cs.task("lift", "Lift the bans of a host or a user name and delete its failed attempts", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			n, err := a.LiftBan(c.Context(), host, username)
			return message(fmt.Sprintf("%d bans lifted; failed attempts are deleted", n), map[string]int{"lifted": n}), err
		})
	subjectFlags(lift)
	return cs.group("ban", "Ban hosts and user names, or lift bans", add, lift, list)
}

// message returns an output of one sentence, or of values in JSON.
func message(sentence string, values any) printable {
	return printable{lines: [][]string{{sentence}}, values: values}
}

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

// readText reads a file of at most limit bytes, or standard input for "-".
func readText(c *cobra.Command, file string, limit int64) (string, error) {
	in := c.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", file, limit)
	}
	return string(data), err
}

type auditJSON struct {
	ID       int64     `json:"id"`
	Time     time.Time `json:"time"`
	Actor    string    `json:"actor"`
	ClientID int64     `json:"client_id,omitempty"`
	Host     string    `json:"host,omitempty"`
	Device   string    `json:"device,omitempty"`
	Action   string    `json:"action"`
	Object   string    `json:"object,omitempty"`
	Outcome  string    `json:"outcome"`
	Detail   string    `json:"detail,omitempty"`
}

var auditView = view[store.Audit]{
	header: []string{"ID", "TIME (UTC)", "ACTOR", "CLIENT", "HOST", "ACTION", "OBJECT", "OUTCOME", "DETAIL"},
	row: func(a store.Audit) []string {
		client := ""
		if a.ClientID != 0 {
			client = strconv.FormatInt(a.ClientID, 10)
		}
		return []string{
			strconv.FormatInt(a.ID, 10), showMoment(a.At), a.Actor, client, a.Host, a.Action, a.Object, a.Outcome, a.Detail,
		}
	},
	detail: func(store.Audit) [][2]string { return nil },
	wire: func(a store.Audit) any {
		return auditJSON{a.ID, a.At.UTC(), a.Actor, a.ClientID, a.Host, a.Device, a.Action, a.Object, a.Outcome, a.Detail}
	},
}

func auditCommand() *cobra.Command {
	cs := &commandSet{}
	var f store.AuditFilter
	var since, until string
	c := cs.task("search", "Search the audit trail, the newest lines first", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			for text, to := range map[*string]*time.Time{&since: &f.Since, &until: &f.Until} {
				var err error
				if *to, err = parseMoment(*text, a.Now()); err != nil {
					return printable{}, err
				}
			}
			return auditView.many(a.Audit(c.Context(), f))
		})
	flags := c.Flags()
	flags.StringVar(&since, "since", "",
		"since this time: 2026-11-24, 2026-11-24T15:04:05Z, or how long ago, such as 36h")
	flags.StringVar(&until, "until", "", "before this time")
	flags.StringVar(&f.Actor, "actor", "", "client, admin, server or anonymous")
	flags.Int64Var(&f.ClientID, "client", 0, "ID of a client")
	flags.StringVar(&f.Host, "host", "", "address")
	flags.StringVar(&f.Action, "action", "", "an action, or the beginning of one, such as license.")
	flags.StringVar(&f.Object, "object", "", "such as \"order 1042\"")
	flags.StringVar(&f.Outcome, "outcome", "", "ok, or the code of a refusal")
	flags.StringVar(&f.Text, "text", "", "part of object or detail, ignoring case")
	flags.Int64Var(&f.Before, "before", 0, "only lines before this ID, to continue a list")
	flags.IntVar(&f.Limit, "limit", 100, "maximum number of lines; 0: all")
	return cs.group("audit", "Search the audit trail", c)
}

// parseMoment parses a day, a time, or a duration before now. It returns the zero time for "".
func parseMoment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError{
		fmt.Errorf("%q is neither a day, nor a time such as 2026-11-24T15:04:05Z, nor how long ago, such as 36h", text),
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func keyCommand() *cobra.Command {
	cs := &commandSet{}
	rotate := cs.task("rotate",
		"Make a new master key and seal all secrets with it; the former one stays in the key file until forget",
		cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			rows, err := a.RotateMaster(c.Context())
			return message(fmt.Sprintf("%d rows are sealed with the master key %s; keep a copy of the key file", rows,
				a.Secrets.ID()), map[string]any{"rows": rows, "master_key": a.Secrets.ID()}), err
		})
	forget := cs.task("forget",
		"Delete former master keys from the key file; backups from before the rotation need them", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			const question = "Backups from before the rotation need the former key. Delete it?"
			if err := cs.confirm(c, question); err != nil {
				return printable{}, err
			}
			rows, err := a.ForgetFormer(c.Context(), pause)
			return message(fmt.Sprintf("the master key %s is the only one", a.Secrets.ID()),
				map[string]any{"rows": rows, "master_key": a.Secrets.ID()}), err
		})
	return cs.group("master-key", "Rotate the master key, which seals the secrets in the database", forget, rotate)
}

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

func endLicense(cs *commandSet) *cobra.Command {
	return cs.task("end ID", "End a license without a removal code; its order has one more free license", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if err := cs.confirm(c,
				fmt.Sprintf("License %d ends and cannot be brought back. The program on its PC may run until it asks the server. "+
					"End it?", id(args))); err != nil {
				return printable{}, err
			}
			return licenseView.one(a.EndLicense(c.Context(), id(args)))
		})
}

func replaceLicense(cs *commandSet) *cobra.Command {
	var request api.Reactivation
	c := cs.task("replace ID", "Give a license to another PC without a removal code, when the old PC is gone", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if err := cs.confirm(c, fmt.Sprintf("License %d ends on its present PC. Replace it?", id(args))); err != nil {
				return printable{}, err
			}
			return licenseView.one(a.ReplaceLicense(c.Context(), id(args), request))
		})
	pcFlags(c, &request.SiteCode, &request.MachineID, &request.SiteMID, &request.Note)
	return c
}

func extendLicense(cs *commandSet) *cobra.Command {
	var days int
	var ends string
	c := cs.task("extend ID", "Change the end of a license, and with it the activation code", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return licenseView.one(a.ChangeLicense(c.Context(), id(args), func(l *store.License) (err error) {
				if ends != "" {
					l.ExpiresAt, err = parseDay(ends)
					return err
				}
				if l.ExpiresAt == nil {
					return fmt.Errorf("license %d never ends", l.ID)
				}
				if days < 1 {
					return usageError{errors.New("the number of days must be at least 1")}
				}
				from := *l.ExpiresAt
				if now := a.Now(); from.Before(now) {
					from = now
				}
				later := from.UTC().AddDate(0, 0, days)
				l.ExpiresAt = &later
				return nil
			}))
		})
	c.Flags().IntVar(&days, "days", 0, "days after its end, or after today if it has expired")
	c.Flags().StringVar(&ends, "to", "", "last day, such as 2027-12-31, or \"never\"")
	c.MarkFlagsOneRequired("days", "to")
	c.MarkFlagsMutuallyExclusive("days", "to")
	return c
}

func backupCommand() *cobra.Command {
	cs := &commandSet{}
	return cs.withFlags(cs.task("backup FILE",
		"Write a copy of the SQLite database, also while a server is running", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if cs.dryRun {
				return printable{}, usageError{
					errors.New("--dry-run does not work with backup: it changes nothing in the database"),
				}
			}
			if err := a.Backup(c.Context(), args[0]); err != nil {
				return printable{}, err
			}
			return message("The backup is written. It needs this server's master key: store a copy of the key in another place.",
				map[string]string{"file": args[0], "master_key": a.Secrets.ID()}), nil
		}))
}

// gapFlag adds the flag for the number of ids to skip.
func gapFlag(c *cobra.Command, gap *int64) {
	c.Flags().Int64Var(gap, "gap", store.DefaultGap,
		"how many IDs of licenses, orders and clients to skip: more than were assigned since the backup")
}

func checkGap(gap int64) error {
	if err := store.CheckGap(gap); err != nil {
		return usageError{err}
	}
	return nil
}

type restoredJSON struct {
	Former      *string `json:"former,omitempty"`
	Epoch       string  `json:"epoch"`
	Gap         int64   `json:"gap"`
	NextLicense int64   `json:"next_license"`
	NextOrder   int64   `json:"next_order"`
	NextClient  int64   `json:"next_client"`
}

// showRestored returns sentence and the changes of a restore. former is the name of the former database, or nil.
func showRestored(sentence string, former *string, r store.Restored) printable {
	const next = "The next license has the ID %d, the next order %d, the next client %d; a new epoch has begun."
	return message(sentence+" "+fmt.Sprintf(next, r.Next.License, r.Next.Order, r.Next.Client), restoredJSON{
		Former:      former,
		Epoch:       r.Epoch,
		Gap:         r.Gap,
		NextLicense: r.Next.License,
		NextOrder:   r.Next.Order,
		NextClient:  r.Next.Client,
	})
}

func restoredCommand() *cobra.Command {
	cs := &commandSet{}
	var gap int64
	const short = "Finish a restore by another program, such as pg_restore: no ID is assigned twice, and the apps notice"
	c := cs.task("restored", short, cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			if err := checkGap(gap); err != nil {
				return printable{}, err
			}
			r, err := a.MarkRestored(c.Context(), gap)
			return showRestored("The restore is finished.", nil, r), err
		})
	gapFlag(c, &gap)
	return cs.withFlags(c)
}

func restoreCommand() *cobra.Command {
	cs := &commandSet{}
	var gap int64
	c := cs.withFlags(&cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the SQLite database with a backup; no server may be running on it",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkGap(gap); err != nil {
				return err
			}
			if cs.Exists() {
				if err := cs.confirm(c,
					"Changes since the backup are only in the former database, which is renamed. Restore?"); err != nil {
					return err
				}
			}
			if cs.dryRun {
				return usageError{
					errors.New("--dry-run does not work with restore: it checks the backup before it changes anything"),
				}
			}
			former, r, err := cs.Place.Restore(c.Context(), args[0], gap, time.Now())
			if err != nil {
				return err
			}
			text := "The backup is restored."
			if former != "" {
				text += " The former database was renamed to " + former + "."
			}
			return showRestored(text, &former, r).print(c.OutOrStdout(), cs.asJSON)
		},
	})
	gapFlag(c, &gap)
	return c
}

// confirm asks for confirmation, unless --yes or --dry-run was given. Without a terminal it returns a usage error.
func (cs *commandSet) confirm(c *cobra.Command, question string) error {
	if cs.yes || cs.dryRun {
		return nil
	}
	if !isTerminal(c.InOrStdin()) {
		return usageError{errors.New("nothing was changed: use --yes to confirm")}
	}
	if _, err := fmt.Fprint(c.ErrOrStderr(), question+" Type yes: "); err != nil {
		return err
	}
	answer, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if strings.TrimSpace(strings.ToLower(answer)) != "yes" {
		return errors.Join(errors.New("nothing was changed"), ignoreEOF(err))
	}
	return nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
