package admincli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	must "github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/httpapi"
	"github.com/acen-desktop/acen/server/metrics"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// root is the module's root folder.
const root = "../.."

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	must.NoError(t, err)
	return string(data)
}

// words splits a line as a shell does, as far as the documents need it. Redirections, pipes and comments end it.
func words(line string) (list []string) {
	line = regexp.MustCompile(`\$\([^)]*\)`).ReplaceAllString(line, "X")
	word, inside, quote := "", false, rune(0)
	end := func() {
		if inside {
			list = append(list, word)
		}
		word, inside = "", false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '"' || r == '\'':
			quote, inside = r, true
		case r == ' ':
			end()
		case !inside && strings.ContainsRune("<>|#&;", r):
			return list
		default:
			word, inside = word+string(r), true
		}
	}
	end()
	return list
}

// serverArgs returns the arguments of acen-server in a shell line, which may begin with sudo, systemd-run or podman
// exec.
func serverArgs(line string) (args []string, ok bool) {
	w := words(line)
	for i := 0; i < len(w); i++ {
		switch first := w[i]; {
		case first == "acen-server" || first == "/acen-server":
			return w[i+1:], true
		case first == "sudo" && i+2 < len(w) && w[i+1] == "-u":
			i += 2
		case first == "podman" && i+2 < len(w) && w[i+1] == "exec":
			i += 2
		case first == "sudo" || first == "systemd-run" || strings.HasPrefix(first, "-") && w[0] == "sudo":
		default:
			return nil, false
		}
	}
	return nil, false
}

// checkCommand checks that the command and its flags exist; complete checks its arguments, too.
func checkCommand(args []string, complete bool) error {
	c, rest, err := Command().Find(args)
	if err != nil {
		return err
	}
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	if !complete {
		if c.HasSubCommands() && c.Flags().NArg() > 0 {
			return fmt.Errorf("there is no command %q", strings.Join(c.Flags().Args(), " "))
		}
		return nil
	}
	if c.HasSubCommands() && c.HasParent() {
		return fmt.Errorf("%s does nothing by itself", c.CommandPath())
	}
	return c.ValidateArgs(c.Flags().Args())
}

// blocks returns the lines of the fenced blocks of shell commands, with continued lines joined.
func blocks(document string) (lines []string) {
	for _, found := range regexp.MustCompile("(?ms)^```(?:sh)?\n(.*?)^```$").FindAllStringSubmatch(document, -1) {
		lines = append(lines, strings.Split(strings.ReplaceAll(found[1], "\\\n", " "), "\n")...)
	}
	return lines
}

// spans returns the code spans of a document.
func spans(document string) (list []string) {
	for _, found := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(document, -1) {
		list = append(list, found[1])
	}
	return list
}

// The program accepts every command line of the documents.
func TestDocumentedCommandsExist(t *testing.T) {
	for path, least := range map[string]int{"docs/server.md": 36, "docs/protect.md": 0} {
		document, found := text(t, path), 0
		for _, line := range blocks(document) {
			if args, ok := serverArgs(line); ok {
				found++
				must.NoError(t, checkCommand(args, true), "%s: %s", path, line)
			}
		}
		must.GreaterOrEqual(t, found, least, path)
		for _, span := range spans(document) {
			if args, ok := serverArgs(span); ok && !slices.Contains(args, "COMMAND") {
				must.NoError(t, checkCommand(args, false), "%s: %s", path, span)
			}
		}
	}
	for _, wrong := range []string{
		"acen-server nothing", "acen-server serve --nothing", "acen-server order", "acen-server backup",
		"sudo -u acen-server acen-server ban add", "acen-server license show x", "acen-server serve now",
	} {
		args, ok := serverArgs(wrong)
		must.True(t, ok, wrong)
		must.Error(t, checkCommand(args, true), wrong)
	}
}

// allFlags adds the flags of c and its subcommands to all, with dashes, and returns all.
func allFlags(c *cobra.Command, all map[string]bool) map[string]bool {
	visit := func(f *pflag.Flag) { all["--"+f.Name] = true }
	c.Flags().VisitAll(visit)
	c.PersistentFlags().VisitAll(visit)
	for _, child := range c.Commands() {
		allFlags(child, all)
	}
	return all
}

// checkVariables fails for a variable without a flag.
func checkVariables(t *testing.T, where, document string) {
	t.Helper()
	known := map[string]bool{}
	for name := range configured {
		known[variable(name)] = true
	}
	for _, name := range regexp.MustCompile(`\bACEN_[A-Z_]+`).FindAllString(document, -1) {
		must.True(t, known[name], "%s: %s", where, name)
	}
}

// Every flag and variable that docs/server.md names exists, and it names all those of serve.
func TestDocumentedSettingsExist(t *testing.T) {
	document := text(t, "docs/server.md")
	checkVariables(t, "docs/server.md", document)
	flags := allFlags(Command(), map[string]bool{})
	for _, span := range spans(document) {
		if strings.HasPrefix(span, "--") {
			must.True(t, flags[strings.Fields(span)[0]], span)
		}
	}
	settings := document[strings.Index(document, "\n## Settings"):strings.Index(document, "\n## Data folder")]
	serveCommand(os.Getenv).Flags().VisitAll(func(f *pflag.Flag) {
		must.Contains(t, settings, "`--"+f.Name+"`")
		must.Contains(t, settings, "`"+variable(f.Name)+"`")
		must.Contains(t, configured, f.Name, "each flag of serve has a variable")
	})
}

// rows returns the cells of a section's tables, without the first header.
func rows(document, section string) (list [][]string) {
	_, rest, _ := strings.Cut(document, "\n## "+section+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, "| ") {
			list = append(list, strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | "))
		}
	}
	return list[1:]
}

func TestDocumentedMetricsExist(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "acen.db"))
	must.NoError(t, err)
	defer db.Close()
	m := metrics.New("test", db)
	m.Answered(httpapi.Answered{Operation: "new-license", Status: 201})
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var got, documented []string
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (acen_\w+) `).FindAllStringSubmatch(rec.Body.String(), -1) {
		got = append(got, found[1])
	}
	document := text(t, "docs/server.md")
	for _, row := range rows(document, "Metrics") {
		documented = append(documented, strings.Trim(row[0], "`"))
	}
	must.ElementsMatch(t, got, documented)
	alerts := document[strings.Index(document, "```yaml"):strings.Index(document, "\n## Logs")]
	for _, name := range regexp.MustCompile(`\bacen_[a-z_]+\b`).FindAllString(alerts, -1) {
		must.True(t, slices.Contains(got, strings.TrimSuffix(name, "_bucket")), name)
	}
}

func TestDocumentedOptionsExist(t *testing.T) {
	var got [][]string
	for _, o := range settings.All() {
		got = append(got, []string{"`" + o.Name + "`", o.Value(settings.Default()), o.Description})
	}
	must.Equal(t, got, rows(text(t, "docs/server.md"), "Bans and options"))
}

// The messages that docs/server.md quotes are in the source.
func TestDocumentedMessagesExist(t *testing.T) {
	var source strings.Builder
	for _, folder := range []string{"server", "internal/admincli"} {
		must.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			source.Write(data)
			return err
		}))
	}
	list := rows(text(t, "docs/server.md"), "When something is wrong")
	must.Greater(t, len(list), 10)
	for _, row := range list {
		for _, part := range regexp.MustCompile(` ?… ?|; `).Split(row[0], -1) {
			must.Contains(t, source.String(), part)
		}
	}
}

// The unit uses flags and variables that exist, and systemd-analyze, if it is installed, accepts it.
func TestSystemdUnit(t *testing.T) {
	const folder = "packaging/systemd/"
	unit := text(t, folder+"acen-server.service")
	values := map[string][]string{}
	section := ""
	for line := range strings.Lines(unit) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		must.True(t, ok, line)
		values[section+key] = append(values[section+key], value)
	}
	args, ok := serverArgs(strings.TrimPrefix(values["[Service]ExecStart"][0], "/usr/local/bin/"))
	must.True(t, ok)
	must.NoError(t, checkCommand(args, true))
	must.Equal(t, []string{"notify"}, values["[Service]Type"], "the program tells when it is ready")
	must.Equal(t, []string{"multi-user.target"}, values["[Install]WantedBy"])
	for _, name := range []string{
		"NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelModules", "MemoryDenyWriteExecute",
	} {
		must.Equal(t, []string{"yes"}, values["[Service]"+name])
	}
	must.Equal(t, []string{"strict"}, values["[Service]ProtectSystem"])
	must.Equal(t, values["[Service]User"], values["[Service]StateDirectory"])
	must.Equal(t, []string{"ACEN_DATA=/var/lib/" + values["[Service]StateDirectory"][0]}, values["[Service]Environment"])
	must.Contains(t, text(t, folder+"acen-server.sysusers"), "\nu "+values["[Service]User"][0]+" ")
	for _, name := range []string{"acen-server.service", "acen-server.env", "credentials.conf"} {
		checkVariables(t, name, text(t, folder+name))
	}

	// Both the settings of the example and those in its comments are valid.
	for _, comments := range []bool{false, true} {
		var s serving
		c := &cobra.Command{}
		s.register(c, "json")
		for line := range strings.Lines(text(t, folder+"acen-server.env")) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if commented := strings.HasPrefix(name, "#"); !ok || commented != comments {
				continue
			}
			for flag := range configured {
				if variable(flag) == strings.TrimPrefix(name, "#") {
					must.NoError(t, c.Flags().Set(flag, value), line)
				}
			}
		}
		_, err := s.options()
		must.NoError(t, err)
	}

	if analyze, err := exec.LookPath("systemd-analyze"); err == nil {
		program, err := os.Executable() // in place of the program, which is not installed
		must.NoError(t, err)
		path := filepath.Join(t.TempDir(), "acen-server.service")
		must.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(unit, "/usr/local/bin/acen-server", program)), 0o600))
		out, err := exec.Command(analyze, "verify", path).CombinedOutput()
		must.NoError(t, err, string(out))
		must.Empty(t, string(out))
	}
}

// The image is built with the toolchain of go.mod, without cgo, and runs a command that exists.
func TestContainerfile(t *testing.T) {
	file := strings.ReplaceAll(text(t, "packaging/container/Containerfile"), "\\\n", " ")
	checkVariables(t, "Containerfile", file)
	steps := map[string][]string{}
	for line := range strings.Lines(file) {
		if name, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			steps[name] = append(steps[name], rest)
		}
	}
	must.Equal(t,
		[]string{
			"golang:" + regexp.MustCompile(`(?m)^toolchain go(\S+)`).FindStringSubmatch(text(t, "go.mod"))[1] + " AS build",
			"scratch",
		}, steps["FROM"])
	must.Equal(t, []string{"65532:65532"}, steps["USER"], "not root")
	var entry, args []string
	must.NoError(t, json.Unmarshal([]byte(steps["ENTRYPOINT"][0]), &entry))
	must.NoError(t, json.Unmarshal([]byte(steps["CMD"][0]), &args))
	must.Equal(t, []string{"/acen-server"}, entry)
	must.NoError(t, checkCommand(args, true))
	build := steps["RUN"][slices.IndexFunc(steps["RUN"], func(s string) bool { return strings.Contains(s, "go build") })]
	must.Contains(t, build, "CGO_ENABLED=0 ")
	must.True(t, strings.HasSuffix(build, " -o /out/acen-server ./cmd/acen-server"), build)
}
