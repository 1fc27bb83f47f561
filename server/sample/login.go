package sample

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// Login are user name and password of the sample client.
type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// loginFile contains the login, next to the data, so that it stays the same after a restart.
const loginFile = "sample-login.json"

// Prepare returns a function for service.Start that adds the sample data to an empty data folder, with a new password
// that it stores next to the data (mode 0600). The function refuses a folder with other data.
func Prepare(folder string, now time.Time, login *Login) func(context.Context, *service.Data) error {
	return func(ctx context.Context, d *service.Data) error {
		empty, err := isEmpty(ctx, d)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, loginFile)
		*login, err = readLogin(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !empty:
			return fmt.Errorf("the folder %s contains data of another server; use another folder for the trial", folder)
		case errors.Is(err, fs.ErrNotExist):
			*login = Login{Username: "anna", Password: newPassword()}
			err = writeLogin(path, *login)
		}
		if err != nil || !empty {
			return err
		}
		hash, err := password.DefaultCost.Hash(login.Password)
		if err != nil {
			return err
		}
		return Fill(ctx, d, now, login.Username, hash)
	}
}

// Start calls service.Start with Prepare. It replaces sample data of a trial version: it moves the database to a folder
// "old", because an operator may have added to it, calls cleared if not nil, and starts a new database with the same
// login and master key.
func Start(
	ctx context.Context, o service.Options, now time.Time, login *Login, cleared func() error,
) (*service.Service, error) {
	prepare := Prepare(o.Folder, now, login)
	running, err := service.Start(ctx, o, prepare)
	if !errors.Is(err, service.ErrOlderCodes) || o.Database != "" {
		return running, err
	}
	if _, loginErr := readLogin(filepath.Join(o.Folder, loginFile)); loginErr != nil {
		return nil, err // the folder contains other data
	}
	old, err := o.SetAside()
	if err != nil {
		return nil, err
	}
	if o.Logger != nil {
		o.Logger.Warn("the sample data were from an older trial version and have been replaced", "former", old)
	}
	if cleared != nil {
		if err := cleared(); err != nil {
			return nil, err
		}
	}
	return service.Start(ctx, o, prepare)
}

func isEmpty(ctx context.Context, d *service.Data) (empty bool, err error) {
	err = d.Store.Read(ctx, func(tx store.Tx) error {
		programs, err := tx.Programs.List(ctx)
		if err != nil {
			return err
		}
		clients, err := tx.Clients.List(ctx)
		empty = len(programs) == 0 && len(clients) == 0
		return err
	})
	return empty, err
}

func readLogin(path string) (login Login, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return login, err
	}
	if err := json.Unmarshal(data, &login); err != nil || login.Username == "" || login.Password == "" {
		return login, fmt.Errorf("the file %s is damaged: remove its folder to start again", path)
	}
	return login, nil
}

// writeLogin atomically writes the login.
func writeLogin(path string, login Login) error {
	data, err := json.Marshal(login)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".login-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// newPassword returns a password with 60 random bits that is easy to read and type.
func newPassword() string {
	text := strings.ToLower(rand.Text()) // letters and 2 to 7
	return text[:4] + "-" + text[4:8] + "-" + text[8:12]
}

// Announce prints address and login as one line of JSON, for scripts.
func Announce(w io.Writer, url string, login Login) error {
	line, err := json.Marshal(struct {
		URL string `json:"url"`
		Login
	}{url, login})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}
