package admincli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	must "github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// slowMail is a mail server that closes begun when a mail arrives and accepts it after finish is closed.
type slowMail struct{ begun, finish chan struct{} }

func (m slowMail) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }

func (slowMail) Reset() {}

func (slowMail) Logout() error { return nil }

func (slowMail) Mail(string, *smtp.MailOptions) error { return nil }

func (slowMail) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (m slowMail) Data(r io.Reader) error {
	close(m.begun)
	<-m.finish
	_, err := io.Copy(io.Discard, r)
	return err
}

// lines collects the log lines of a process.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	next chan string
}

func (l *lines) read(r io.Reader) {
	defer close(l.next)
	for scan := bufio.NewScanner(r); scan.Scan(); {
		l.mu.Lock()
		l.text.WriteString(scan.Text() + "\n")
		l.mu.Unlock()
		l.next <- scan.Text()
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await returns the next line with a message.
func (l *lines) await(t *testing.T, message string) (line string) {
	t.Helper()
	end := time.After(timeout)
	for {
		select {
		case line, open := <-l.next:
			must.True(t, open, "the log ends without %q: %s", message, l)
			if strings.Contains(line, `"msg":"`+message+`"`) {
				return line
			}
		case <-end:
			must.Fail(t, "the log does not tell "+message)
		}
	}
}

// A server process that gets SIGTERM during a call and while it sends a mail finishes both, accepts no new connection
// and exits with status 0 (spec: api "Storage and running").
func TestStopFinishesCallsAndMails(t *testing.T) {
	folder := t.TempDir()
	var login sample.Login
	data, err := service.OpenData(t.Context(), service.Location{Folder: folder})
	must.NoError(t, err)
	must.NoError(t, sample.Prepare(folder, time.Now(), &login)(t.Context(), data))
	must.NoError(t, data.Store.Close())

	post := slowMail{make(chan struct{}), make(chan struct{})}
	mailServer := smtp.NewServer(post)
	mailServer.Domain = "mail.example"
	mailPort, err := net.Listen("tcp", "127.0.0.1:0")
	must.NoError(t, err)
	go func() { _ = mailServer.Serve(mailPort) }()
	t.Cleanup(func() { _ = mailServer.Close() })

	socket := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	must.NoError(t, err)
	t.Cleanup(func() { _ = manager.Close() })
	must.NoError(t, manager.SetReadDeadline(time.Now().Add(timeout)))
	notification := func() string {
		buffer := make([]byte, 100)
		n, err := manager.Read(buffer)
		must.NoError(t, err)
		return string(buffer[:n])
	}

	run := exec.Command("acen-server", "serve", "--listen", "127.0.0.1:0", "--data", folder, "--metrics", "127.0.0.1:0",
		"--smtp", mailPort.Addr().String())
	run.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket)
	stderr, err := run.StderrPipe()
	must.NoError(t, err)
	must.NoError(t, run.Start())
	t.Cleanup(func() { _ = run.Process.Kill() })
	log := &lines{next: make(chan string, 1000)}
	go log.read(stderr)
	must.Equal(t, "READY=1", notification())
	var serving struct{ URL, Metrics string }
	must.NoError(t, json.Unmarshal([]byte(log.await(t, "serving")), &serving))
	ready := func() int {
		response, err := http.Get(strings.Replace(serving.Metrics, "/metrics", "/readyz", 1))
		must.NoError(t, err)
		must.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	must.Equal(t, http.StatusNoContent, ready())

	token := ""
	ask := func(method, path, body string, out any) int {
		r, err := http.NewRequestWithContext(t.Context(), method, serving.URL+api.Base+path, strings.NewReader(body))
		must.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set(api.IdempotencyKey, "5f0cc1c2-6f0c-4e2c-9d38-0b6c4d6a8f10")
		response, err := http.DefaultClient.Do(r)
		must.NoError(t, err)
		defer response.Body.Close()
		if out != nil {
			must.NoError(t, json.NewDecoder(response.Body).Decode(out))
		}
		return response.StatusCode
	}
	var session api.Session
	must.Equal(t, http.StatusCreated,
		ask("POST", "/sessions", fmt.Sprintf(`{"username":%q,"password":%q}`, login.Username, login.Password), &session))
	token = session.AccessToken
	var list api.LicenseList
	must.Equal(t, http.StatusOK, ask("GET", fmt.Sprintf("/orders/%d/licenses", sample.Full), "", &list))
	must.Equal(t, http.StatusAccepted,
		ask("POST", fmt.Sprintf("/licenses/%d/email", list.Licenses[0].ID), `{"to":["it@lumen.example"]}`, nil))
	<-post.begun

	// The server has received the header of the call, but not its body.
	address, err := url.Parse(serving.URL)
	must.NoError(t, err)
	conn, err := net.Dial("tcp", address.Host)
	must.NoError(t, err)
	defer conn.Close()
	codes := pcCodes(7)
	body := fmt.Sprintf(`{"site_code":%q,"machine_id":%q}`, codes.Site.String(), codes.Machine.String())
	_, err = fmt.Fprintf(conn,
		"POST %s/orders/%d/licenses HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s: "+
			"0b6c4d6a-6f0c-4e2c-9d38-5f0cc1c28f10\r\n"+
			"Content-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", api.Base,
		sample.WithSerial, address.Host, token, api.IdempotencyKey, len(body))
	must.NoError(t, err)
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n')
	must.NoError(t, err)
	must.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = answers.ReadString('\n')
	must.NoError(t, err)

	must.NoError(t, run.Process.Signal(syscall.SIGTERM))
	must.Equal(t, "STOPPING=1", notification())
	log.await(t, "stopping")
	must.Equal(t, http.StatusServiceUnavailable, ready())
	for end := time.Now().Add(timeout); ; {
		late, err := net.Dial("tcp", address.Host)
		if err != nil {
			break
		}
		must.NoError(t, late.Close())
		must.True(t, time.Now().Before(end), "new connections are still taken")
	}

	_, err = io.WriteString(conn, body)
	must.NoError(t, err)
	response, err := http.ReadResponse(answers, nil)
	must.NoError(t, err)
	must.Equal(t, http.StatusCreated, response.StatusCode)
	var made api.License
	must.NoError(t, json.NewDecoder(response.Body).Decode(&made))
	close(post.finish)
	for range log.next { // until the process closes its standard error
	}
	must.NoError(t, run.Wait(), log.String())

	data, err = service.OpenData(context.Background(), service.Location{Folder: folder})
	must.NoError(t, err)
	defer data.Store.Close()
	must.NoError(t, data.Store.Read(t.Context(), func(tx store.Tx) error {
		l, err := tx.Licenses.Get(t.Context(), made.ID)
		must.NoError(t, err)
		must.Equal(t, codes.Site, l.Codes.Site)
		mails, err := tx.Mails.List(t.Context(), 0)
		must.NoError(t, err)
		must.Len(t, mails, 1)
		must.Equal(t, store.MailSent, mails[0].State)
		must.Equal(t, 1, mails[0].Attempts)
		return nil
	}))
}
