// Package packaging has no code of its own: this test holds together what packages say.
package packaging

import (
	"encoding/xml"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license/courier"
)

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(data)
}

// The version is three numbers, which every system's packages can hold.
func TestVersion(t *testing.T) {
	about := acen.About()
	require.Regexp(t, `^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`, about.Version)
	require.Positive(t, about.Build)
	require.True(t, about.Migrations["fyneDo"])
	require.Contains(t, read(t, "linux", about.ID+".metainfo.xml"), `<release version="`+about.Version+`"`, "the newest release is listed")
}

// No other file repeats the version: what is built takes it from FyneApp.toml.
func TestVersionStandsInOnePlace(t *testing.T) {
	version := acen.About().Version
	for _, path := range []string{"packages.mk", "linux/app.yaml", "linux/server.yaml", "linux/tree.sh", "windows/acen.rc", "windows/acen.manifest", "windows/installer.nsi", "macos/Info.plist", "macos/package.sh", "../Makefile"} {
		require.NotContains(t, read(t, path), version, path)
	}
}

func TestDesktopEntry(t *testing.T) {
	about := acen.About()
	entry := read(t, "linux", about.ID+".desktop")
	for _, line := range []string{
		"Name=" + about.Name, "Exec=acen %u", "Icon=" + about.ID, "StartupWMClass=" + about.Name,
		"MimeType=" + api.LicenseFileMediaType + ";x-scheme-handler/" + courier.Scheme + ";",
	} {
		require.Contains(t, entry, "\n"+line+"\n")
	}
}

func TestMetainfo(t *testing.T) {
	about := acen.About()
	var info struct {
		ID         string   `xml:"id"`
		Name       string   `xml:"name"`
		Launchable string   `xml:"launchable"`
		Homepage   []string `xml:"url"`
		Media      string   `xml:"provides>mediatype"`
	}
	require.NoError(t, xml.Unmarshal([]byte(read(t, "linux", about.ID+".metainfo.xml")), &info))
	require.Equal(t, about.ID, info.ID)
	require.Equal(t, about.Name, info.Name)
	require.Equal(t, about.ID+".desktop", info.Launchable)
	require.Contains(t, info.Homepage, about.Website)
	require.Equal(t, api.LicenseFileMediaType, info.Media)
}

func TestMediaType(t *testing.T) {
	var info struct {
		Types []struct {
			Type string `xml:"type,attr"`
			Glob struct {
				Pattern string `xml:"pattern,attr"`
			} `xml:"glob"`
		} `xml:"mime-type"`
	}
	require.NoError(t, xml.Unmarshal([]byte(read(t, "linux", acen.About().ID+".xml")), &info))
	require.Len(t, info.Types, 1)
	require.Equal(t, api.LicenseFileMediaType, info.Types[0].Type)
	require.Equal(t, "*"+courier.Extension, info.Types[0].Glob.Pattern)
}

func TestWindows(t *testing.T) {
	var manifest struct{}
	require.NoError(t, xml.Unmarshal([]byte(read(t, "windows", "acen.manifest")), &manifest))
	script := read(t, "windows", "installer.nsi")
	require.Contains(t, script, `!define NAME "`+acen.About().Name+`"`)
	require.Contains(t, script, `"${CLASSES}\`+courier.Extension+`" "Content Type" "`+api.LicenseFileMediaType+`"`)
	require.Contains(t, script, `"${CLASSES}\`+courier.Scheme+`" "URL Protocol" ""`)
}

func TestPropertyList(t *testing.T) {
	out, err := exec.Command("macos/package.sh", "--plist").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotContains(t, string(out), "@")
	var list struct {
		Keys []string `xml:"dict>key"`
	}
	require.NoError(t, xml.Unmarshal(out, &list))
	require.Contains(t, list.Keys, "CFBundleExecutable")
	about := acen.About()
	for key, value := range map[string]string{"CFBundleIdentifier": about.ID, "CFBundleName": about.Name, "CFBundleShortVersionString": about.Version} {
		require.Regexp(t, regexp.QuoteMeta("<key>"+key+"</key>")+`\s*`+regexp.QuoteMeta("<string>"+value+"</string>"), string(out))
	}
}

func TestIcon(t *testing.T) {
	config, err := png.DecodeConfig(strings.NewReader(read(t, "..", "Icon.png")))
	require.NoError(t, err)
	require.Equal(t, config.Width, config.Height)
	require.GreaterOrEqual(t, config.Width, 512)
}
