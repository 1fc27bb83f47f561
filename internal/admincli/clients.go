package admincli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

// clientJSON is a client as --json prints it.
type clientJSON struct {
	ID               int64    `json:"id"`
	Username         string   `json:"username"`
	RegistrationName string   `json:"registration_name"`
	FirstName        string   `json:"first_name"`
	LastName         string   `json:"last_name"`
	Company          string   `json:"company"`
	Emails           []string `json:"emails"`
	Active           bool     `json:"active"`
	CanSignIn        bool     `json:"can_sign_in"`
}

func canSignIn(c store.Client) bool { return c.Active && c.PasswordHash != "" }

var clientView = view[store.Client]{
	header: []string{"ID", "USER NAME", "NAME", "EMAILS", "ACTIVE", "CAN SIGN IN"},
	row: func(c store.Client) []string {
		return []string{
			strconv.FormatInt(c.ID, 10), c.Username, c.DisplayName(), strings.Join(c.Emails, " "), yesNo(c.Active),
			yesNo(canSignIn(c)),
		}
	},
	detail: func(c store.Client) [][2]string {
		return [][2]string{
			{"REGISTRATION NAME", c.RegistrationName},
			{"FIRST NAME", c.FirstName},
			{"LAST NAME", c.LastName},
			{"COMPANY", c.Company},
		}
	},
	wire: func(c store.Client) any {
		return clientJSON{
			ID:               c.ID,
			Username:         c.Username,
			RegistrationName: c.RegistrationName,
			FirstName:        c.FirstName,
			LastName:         c.LastName,
			Company:          c.Company,
			Emails:           append([]string{}, c.Emails...),
			Active:           c.Active,
			CanSignIn:        canSignIn(c),
		}
	},
}

type clientFlags struct {
	registration, first, last, company string
	emails                             []string
	active, prompt, fromStdin          bool
}

func (f *clientFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.registration, "registration-name", "", "name that licenses are registered to")
	flags.StringVar(&f.first, "first-name", "", "first name")
	flags.StringVar(&f.last, "last-name", "", "last name")
	flags.StringVar(&f.company, "company", "", "company")
	flags.StringSliceVar(&f.emails, "email", nil, "address on file, at most two")
	flags.BoolVar(&f.active, "active", true, "the client may sign in")
	flags.BoolVar(&f.prompt, "password", false, "ask for a password")
	flags.BoolVar(&f.fromStdin, "password-stdin", false, "read the password from standard input")
	c.MarkFlagsMutuallyExclusive("password", "password-stdin")
}

// apply sets the fields whose flags were given, or all fields for a new client.
func (f *clientFlags) apply(c *cobra.Command, client *store.Client, everything bool) {
	for name, set := range map[string]func(){
		"registration-name": func() { client.RegistrationName = f.registration },
		"first-name":        func() { client.FirstName = f.first },
		"last-name":         func() { client.LastName = f.last },
		"company":           func() { client.Company = f.company },
		"email":             func() { client.Emails = f.emails },
		"active":            func() { client.Active = f.active },
	} {
		if everything || c.Flags().Changed(name) {
			set()
		}
	}
}

// password reads the new password. It returns "" if no flag asks for one.
func (f *clientFlags) password(c *cobra.Command) (password string, err error) {
	switch {
	case f.fromStdin:
		password, err = readPassword(c.InOrStdin())
	case f.prompt:
		password, err = askPassword()
	default:
		return "", nil
	}
	if err == nil && password == "" {
		err = errors.New("the password is empty")
	}
	return password, err
}

// readPassword reads a password of one line.
func readPassword(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 2*api.MaxPassword)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the password cannot be read: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// askPassword reads a password twice on the terminal.
func askPassword() (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", usageError{errors.New("there is no terminal to ask for the password: use --password-stdin")}
	}
	var answers [2]string
	for i, question := range []string{"Password: ", "Repeat the password: "} {
		fmt.Fprint(os.Stderr, question)
		answer, err := term.ReadPassword(fd)
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return "", fmt.Errorf("the password cannot be read: %w", err)
		}
		answers[i] = string(answer)
	}
	if answers[0] != answers[1] {
		return "", errors.New("the two passwords differ")
	}
	return answers[0], nil
}

func clientCommand() *cobra.Command {
	cs := &commandSet{}
	list := cs.task("list", "List clients", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			return clientView.many(a.Clients(c.Context()))
		})
	return cs.group("client", "Administer clients", addClient(cs), list,
		show(cs, "a client", clientView, admin.Admin.Client), changeClient(cs),
		importRows(cs, admin.ClientSheet(), true), exportRows(cs, admin.ClientSheet()))
}

func addClient(cs *commandSet) *cobra.Command {
	var f clientFlags
	c := cs.setupTask("add USERNAME", "Add a client; without a password it cannot sign in", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			password, err := f.password(c)
			if err != nil {
				return printable{}, err
			}
			client := store.Client{Username: args[0]}
			f.apply(c, &client, true)
			return clientView.one(a.AddClient(c.Context(), client, password))
		})
	f.register(c)
	return c
}

func changeClient(cs *commandSet) *cobra.Command {
	var f clientFlags
	c := cs.task("change ID", "Change a client", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			password, err := f.password(c)
			if err != nil {
				return printable{}, err
			}
			return clientView.one(a.ChangeClient(c.Context(), id(args), password, func(client *store.Client) error {
				f.apply(c, client, false)
				return nil
			}))
		})
	f.register(c)
	return c
}
