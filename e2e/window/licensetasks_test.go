//go:build window

package window

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// pcOf returns the codes of a simulated PC for a program. The changed locks have another value.
func pcOf(p api.Program, name string, generation uint16, changed ...license.Lock) license.Codes {
	var raw license.RawLocks
	for i := range raw {
		raw[i] = fmt.Sprintf("%s lock %d", name, i)
	}
	for _, l := range changed {
		raw[l-1] = name + " new"
	}
	key := license.Signature(p.ApplicationSignature).Key()
	return key.Codes(generation, key.Block(raw))
}

// serverData opens the data of the running demo server, as acen-server does.
func serverData(t *testing.T, p person, fn func(ctx context.Context, d *service.Data) error) {
	t.Helper()
	d, err := service.OpenData(t.Context(),
		service.Location{Folder: filepath.Join(p.home, ".cache", "acen-demo", "server")})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Store.Close()) }()
	require.NoError(t, fn(t.Context(), d))
}

// removalCode returns the removal code of a license, as the program on its PC shows it.
func removalCode(t *testing.T, p person, id int64) (code string) {
	t.Helper()
	serverData(t, p, func(ctx context.Context, d *service.Data) error {
		return d.Store.Read(ctx, func(tx store.Tx) error {
			l, err := tx.Licenses.Get(ctx, id)
			if err != nil {
				return err
			}
			program, err := tx.Programs.Get(ctx, l.ProgramID)
			if err != nil {
				return err
			}
			key, err := d.Secrets.ActivationKey(program)
			code = key.RemovalSeed(l.Activation).RemovalCode(l.Codes).String()
			return err
		})
	})
	return code
}

// verificationNumber finds the number in the latest picture: it tries all numbers against the hash that the server
// stores.
func verificationNumber(t *testing.T, p person) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.home, ".cache", "acen-demo", "server", "acen.db")+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	var id string
	var hash []byte
	require.NoError(t, db.QueryRowContext(t.Context(),
		`SELECT id, number_hash FROM verifications ORDER BY expires_at DESC LIMIT 1`).Scan(&id, &hash))
	for n := range 1_000_000 {
		number := fmt.Sprintf("%06d", n)
		if sum := sha256.Sum256([]byte(id + " " + number)); bytes.Equal(sum[:], hash) {
			return number
		}
	}
	t.Fatal("no number matches the stored hash")
	return ""
}

func (w *window) clipboard(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xclip", "-o", "-selection", "clipboard")
	cmd.Env = append(os.Environ(), "DISPLAY="+w.display.name)
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

// codeField matches an empty field for a code.
func codeField(w widget) bool {
	return strings.Contains(w.Type, "ntry") && w.Enabled && w.Placeholder == "" && w.Text == ""
}

// TestTasks performs a reactivation, a transfer, a removal and a new order. It checks every step at the server.
func TestTasks(t *testing.T) {
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			screen := startDisplay(t)
			anna := newPerson(t)
			d := startDemo(t, screen, anna, []string{"FYNE_THEME=" + theme})
			picture := func(name string, widgets ...widget) {
				t.Helper()
				eventually(t, "a picture of "+name, func() bool {
					shot := screen.screenshot(t, theme+"-"+name)
					return !slices.ContainsFunc(widgets, func(w widget) bool { return !drawn(shot, w) })
				})
			}
			signIn(t, d)
			server := onServer(t, d)
			program := programOf(t, server)
			old, err := server.NewLicense(t.Context(), uuid.NewString(), studio, api.NewLicense{
				SiteMID: pcOf(program, "A", 1).Merged(),
				Note:    "Workshop",
			})
			require.NoError(t, err)
			d.key(t, "F5")
			chooseStudio(t, d.window)
			d.click(t, "the license", exactly("Workshop"))
			d.find(t, "what is left", exactly("2 left today"))

			// A PC that is not recognized: the reasons, and the text for the vendor.
			d.click(t, "Reactivate", button("Reactivate…"))
			d.click(t, "another PC", exactly("Another PC"))
			wrong := pcOf(program, "B", 1)
			d.paste(t, "the Site code field", codeField, fmt.Sprintf("Site code %s, Machine ID %s", wrong.Site, wrong.Machine))
			picture("task-1-not-recognized", d.find(t, "the verdict", containing("The server will refuse this")))
			d.click(t, "Contact the vendor", button("Contact the vendor…"))
			d.key(t, "Escape")
			picture("task-2-for-the-vendor", d.find(t, "the text for the vendor", exactly("The text for the vendor is copied")))
			require.Contains(t, d.clipboard(t), "Site code now: "+wrong.Site.String())
			d.key(t, "Escape")
			d.gone(t, "the dialog", exactly("The text for the vendor is copied"))

			// The same PC with another network card.
			d.click(t, "Reactivate", button("Reactivate…"))
			d.click(t, "another PC", exactly("Another PC"))
			changed := pcOf(program, "A", 2, license.NETID, license.OSID)
			d.paste(t, "the Site code field", codeField,
				fmt.Sprintf("Site code %s\nMachine ID %s", changed.Site, changed.Machine))
			picture("task-3-reactivation",
				d.find(t, "the verdict", containing("1 of 1 allowed hardware change. The server will accept this.")),
				d.find(t, "a lock", exactly("changed")))
			d.click(t, "Reactivate", button("Reactivate"))
			d.find(t, "the outcome", exactly("Reactivated"))
			licenses, err := server.Licenses(t.Context(), studio, false)
			require.NoError(t, err)
			now := licenses[len(licenses)-1]
			require.Equal(t, changed.Machine.String(), now.MachineID)
			require.Equal(t, old.ID, now.OriginalLicenseID)
			require.Equal(t, 4, order(t, server, studio).LicensesActivated)
			d.key(t, "Escape")
			d.find(t, "what is left", exactly("1 left today"))

			// To another PC: one paste of a mail fills every field.
			d.click(t, "Transfer", button("Transfer…"))
			other := pcOf(program, "C", 1)
			d.paste(t, "the removal code field", codeField,
				fmt.Sprintf("Removal code: %s\nnew PC: Site code %s, Machine ID %s\n",
					removalCode(t, anna, now.ID), other.Site, other.Machine))
			picture("task-4-transfer", d.find(t, "Transfer", button("Transfer")))
			d.click(t, "Transfer", button("Transfer"))
			d.find(t, "the outcome", exactly("Transferred"))
			licenses, err = server.Licenses(t.Context(), studio, false)
			require.NoError(t, err)
			there := licenses[len(licenses)-1]
			require.Equal(t, other.Machine.String(), there.MachineID)
			d.key(t, "Escape")

			// Removal: the code of the earlier license is refused, its own ends it.
			d.click(t, "Remove", button("Remove…"))
			d.paste(t, "the removal code field", codeField, removalCode(t, anna, now.ID))
			d.click(t, "Remove", button("Remove"))
			picture("task-5-wrong-removal-code", d.find(t, "the refusal", containing("The removal code is incorrect.")))
			require.Equal(t, 4, order(t, server, studio).LicensesActivated)
			d.key(t, "ctrl+a", "BackSpace")
			d.pasteHere(t, removalCode(t, anna, there.ID))
			d.gone(t, "the refusal", containing("The removal code is incorrect."))
			d.click(t, "Remove", button("Remove"))
			picture("task-6-removed", d.find(t, "the outcome", exactly("License removed")))
			require.Equal(t, 3, order(t, server, studio).LicensesActivated)
			d.key(t, "Escape")
			d.click(t, "Show ended", exactly("Show ended"))
			picture("task-7-ended", d.find(t, "the removed license", exactly("removed")),
				d.find(t, "the transferred license", exactly("transferred")))
			d.click(t, "a license", exactly("Büro Süd"))

			// A new order.
			var serial string
			serverData(t, anna, func(ctx context.Context, data *service.Data) error {
				list, err := sample.FreeSerials(ctx, data, sample.SerialProgram, 2)
				serial = list[1]
				return err
			})
			d.click(t, "New order", button("New order…"))
			d.find(t, "the number's field", entry("Six digits"))
			d.click(t, "the programs", func(w widget) bool { return strings.Contains(w.Type, "Select") })
			d.click(t, "the program", func(w widget) bool { return w.Text == sample.SerialProgram && w.Enabled })
			d.find(t, "the program, chosen", func(w widget) bool {
				return strings.Contains(w.Type, "Select") && w.Text == sample.SerialProgram
			})
			d.paste(t, "the serial number field", codeField, "Your serial number is "+serial+". Enjoy!")
			picture("task-8-new-order")
			d.fill(t, "the number", entry("Six digits"), verificationNumber(t, anna))
			d.click(t, "Add order", button("Add order"))
			picture("task-9-order-added", d.find(t, "the outcome", exactly("Order added")))
			orders, _, err := server.Orders(t.Context())
			require.NoError(t, err)
			require.Equal(t, serial, orders[0].SerialNumber)
			d.key(t, "Escape")
			d.find(t, "the order, selected", containing(fmt.Sprintf("Licenses of order %d", orders[0].ID)))
			d.key(t, "F1")
			picture("task-10-help", d.find(t, "the help", exactly("License transfer")))
		})
	}
}

// TestForgottenPassword requests a new password. The mail is sent, its link works, and the new password is accepted.
func TestForgottenPassword(t *testing.T) {
	post := startMailServer(t)
	screen := startDisplay(t)
	anna := newPerson(t)
	d := startDemo(t, screen, anna, nil, "--smtp", post.smtp)
	d.click(t, "Forgot password?", containing("Forgot password?"))
	d.find(t, "the picture's field", entry("Six digits"))
	d.find(t, "the login's field", func(w widget) bool { return strings.Contains(w.Type, "ntry") && w.Focused })
	d.display.run(t, "xdotool", "type", "--delay", "15", "it@lumen.example")
	d.fill(t, "the number", entry("Six digits"), verificationNumber(t, anna))
	screen.screenshot(t, "forgotten-password")
	d.click(t, "Send the link", button("Send the link"))
	d.find(t, "the outcome", exactly("Check your email"))
	eventually(t, "the mail", func() bool { return len(post.mails(t)) > 0 })
	link := regexp.MustCompile(`http://\S+`).FindString(post.open(t, post.mails(t)[0].ID).Text)
	require.True(t, strings.HasPrefix(link, d.URL+"/password?token="), link)

	response, err := http.Get(link)
	require.NoError(t, err)
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	form := url.Values{"password": {"a new password"}, "again": {"a new password"}}
	hidden := regexp.MustCompile(`name="(token|key)" value="([^"]*)"`)
	for _, field := range hidden.FindAllStringSubmatch(string(page), -1) {
		form.Set(field[1], field[2])
	}
	response, err = http.PostForm(d.URL+"/password", form)
	require.NoError(t, err)
	page, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Contains(t, string(page), "Your password is changed")

	d.key(t, "Escape")
	d.fill(t, "the password field", entry("Password"), "a new password")
	d.key(t, "Return")
	d.find(t, "the orders table", exactly(fmt.Sprint(studio)))
}
