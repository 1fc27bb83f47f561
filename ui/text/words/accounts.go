package words

import (
	"net/url"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Host returns the host name of a server's address, or the address itself if it cannot be parsed.
func Host(server string) string {
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		return u.Host
	}
	return server
}

// Account returns the label of an account: "Anna Berg · licenses.example.com".
func Account(a manager.Account) string {
	return tr.T("%s · %s", shorten(a.DisplayName, 32), shorten(Host(a.Server), 40))
}

// shorten truncates text to n characters, including the ellipsis.
func shorten(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

// OpenJobs summarizes open jobs: "1 email and 2 tasks wait for the server". It returns "" for none.
func OpenJobs(jobs []manager.Job) string {
	mails, tasks := 0, 0
	for _, j := range jobs {
		if j.Task == api.TaskEmail {
			mails++
		} else {
			tasks++
		}
	}
	var parts []string
	if mails > 0 {
		parts = append(parts, tr.N(mails, "%d email", "%d emails"))
	}
	if tasks > 0 {
		parts = append(parts, tr.N(tasks, "%d task", "%d tasks"))
	}
	switch {
	case len(parts) == 0:
		return ""
	case mails+tasks == 1:
		return tr.T("%s waits for the server", And(parts))
	}
	return tr.T("%s wait for the server", And(parts))
}

// WaitingTasks returns the number of waiting tasks: "2 tasks wait".
func WaitingTasks(n int) string { return tr.N(n, "%d task waits", "%d tasks wait") }

// OtherJobs summarizes waiting tasks of accounts other than the current one. It returns "" for none.
func OtherJobs(list []manager.Elsewhere) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		a := list[0].Account
		return tr.T("%s in %s", WaitingTasks(list[0].Jobs), a.Username+"@"+Host(a.Server))
	}
	n := 0
	for _, e := range list {
		n += e.Jobs
	}
	return tr.T("%s in other accounts", WaitingTasks(n))
}
