// Package packaging contains only tests. They check that the packages for all systems have the same names, versions,
// file types and toolchain.
package packaging

import (
	"encoding/xml"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"howett.net/plist"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license/carry"
)

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(data)
}

// The version has three numbers, which the packages of every system can represent.
func TestVersion(t *testing.T) {
	about := acen.About()
	require.Regexp(t, `^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`, about.Version)
	require.Positive(t, about.Build)
	require.True(t, about.Migrations["fyneDo"])
	require.Contains(t, read(t, "linux", about.ID+".metainfo.xml"), `<release version="`+about.Version+`"`,
		"the newest release is listed")
}

// Only FyneApp.toml and acen_gen.go, which is generated from it, contain the version.
func TestVersionIsNotRepeated(t *testing.T) {
	version := acen.About().Version
	for _, path := range []string{
		"packages.mk", "linux/app.yaml", "linux/server.yaml", "linux/tree.sh", "windows/acen.rc",
		"windows/acen.manifest", "windows/installer.nsi", "macos/Info.plist", "macos/package.sh", "../Makefile",
	} {
		require.NotContains(t, read(t, path), version, path)
	}
}

// Every file that names a version of Go names the toolchain of go.mod.
func TestToolchain(t *testing.T) {
	version := regexp.MustCompile(`\ntoolchain go(\d+\.\d+\.\d+)\n`).FindStringSubmatch(read(t, "..", "go.mod"))
	require.NotNil(t, version)
	for path, line := range map[string]string{
		"../bench/go.mod":         "\ntoolchain go%s\n",
		"../Makefile":             "\nexport GOTOOLCHAIN := go%s\n",
		"container/Containerfile": "\nFROM golang:%s AS build\n",
		"../docs/install.md":      "built and tested with Go %s;",
		"../docs/server.md":       "built with Go %s,",
	} {
		text := read(t, filepath.FromSlash(path))
		require.Contains(t, text, fmt.Sprintf(line, version[1]), path)
		for _, setting := range regexp.MustCompile(`GOTOOLCHAIN=go([\d.]+\d)`).FindAllStringSubmatch(text, -1) {
			require.Equal(t, version[1], setting[1], path)
		}
	}
}

func TestDesktopEntry(t *testing.T) {
	about := acen.About()
	entry := read(t, "linux", about.ID+".desktop")
	for _, line := range []string{
		"Name=" + about.Name, "Exec=acen %u", "Icon=" + about.ID, "StartupWMClass=" + about.Name,
		"MimeType=" + api.LicenseFileMediaType + ";x-scheme-handler/" + carry.Scheme + ";",
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

// The uninstaller removes the data folder only if the app has removed its data, because unsent tasks may be in it. It
// removes nothing in the folder of the removal codes, and says so in every language.
func TestUninstallerKeepsRemovalCodes(t *testing.T) {
	script := read(t, "windows", "installer.nsi")
	require.Equal(t, 1, strings.Count(script, "RMDir /r"))
	require.Contains(t, script, "  ${If} $0 = 0\n  ${OrIf} $0 = ${CODES_STAY}\n"+
		"    RMDir /r \"$LOCALAPPDATA\\acen-desktop\"\n  ${EndIf}\n")
	status := regexp.MustCompile(`const exitCodesStay = (\d+)`).FindStringSubmatch(read(t, "..", "cmd", "acen", "main.go"))
	require.NotNil(t, status)
	require.Contains(t, script, "!define CODES_STAY "+status[1]+" ")
	languages := strings.Split(script, "!insertmacro texts ")[1:]
	require.Len(t, languages, 5)
	for _, texts := range languages {
		require.Contains(t, texts, `$LOCALAPPDATA\acen\licenses`)
	}
	for line := range strings.Lines(script) {
		removes := strings.Contains(line, "RMDir") || strings.Contains(line, "Delete")
		require.False(t, removes && strings.Contains(line, `acen\licenses`), line)
	}
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
	require.Equal(t, "*"+carry.Extension, info.Types[0].Glob.Pattern)
}

func TestWindows(t *testing.T) {
	var manifest struct{}
	require.NoError(t, xml.Unmarshal([]byte(read(t, "windows", "acen.manifest")), &manifest))
	script := read(t, "windows", "installer.nsi")
	require.Contains(t, script, `!define NAME "`+acen.About().Name+`"`)
	require.Contains(t, script, `"${CLASSES}\`+carry.Extension+`" "Content Type" "`+api.LicenseFileMediaType+`"`)
	require.Contains(t, script, `"${CLASSES}\`+carry.Scheme+`" "URL Protocol" ""`)
}

// A bundle has the keys of an Info.plist.
type bundle struct {
	CFBundleDevelopmentRegion            string
	CFBundleDisplayName                  string
	CFBundleDocumentTypes                []documentType
	CFBundleExecutable                   string
	CFBundleIconFile                     string
	CFBundleIdentifier                   string
	CFBundleInfoDictionaryVersion        string
	CFBundleLocalizations                []string
	CFBundleName                         string
	CFBundlePackageType                  string
	CFBundleShortVersionString           string
	CFBundleSupportedPlatforms           []string
	CFBundleURLTypes                     []urlType
	CFBundleVersion                      string
	LSApplicationCategoryType            string
	LSMinimumSystemVersion               string
	NSHighResolutionCapable              bool
	NSHumanReadableCopyright             string
	NSSupportsAutomaticGraphicsSwitching bool
	UTExportedTypeDeclarations           []exportedType
}

type documentType struct {
	CFBundleTypeIconFile string
	CFBundleTypeName     string
	CFBundleTypeRole     string
	LSHandlerRank        string
	LSItemContentTypes   []string
}

type urlType struct {
	CFBundleTypeRole   string
	CFBundleURLName    string
	CFBundleURLSchemes []string
}

type exportedType struct {
	UTTypeConformsTo       []string
	UTTypeDescription      string
	UTTypeIconFile         string
	UTTypeIdentifier       string
	UTTypeTagSpecification map[string][]string
}

// readBundle parses an Info.plist in Apple's XML format. It fails for a key that bundle does not have, which macOS
// would ignore, and for a key that a dictionary has twice.
func readBundle(t *testing.T, data []byte) (b bundle) {
	t.Helper()
	require.Contains(t, string(data), `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"`)
	format, err := plist.Unmarshal(data, &b)
	require.NoError(t, err)
	require.Equal(t, plist.XMLFormat, format)
	// The encoding has every known key once.
	encoded, err := plist.Marshal(b, plist.XMLFormat)
	require.NoError(t, err)
	require.Equal(t, keys(data), keys(encoded))
	return b
}

// keys returns the keys of all dictionaries of a property list, sorted.
func keys(data []byte) (list []string) {
	for _, m := range regexp.MustCompile(`<key>([^<]*)</key>`).FindAllSubmatch(data, -1) {
		list = append(list, string(m[1]))
	}
	slices.Sort(list)
	return list
}

// The bundle that package.sh creates from two programs meets Apple's documentation.
func TestBundle(t *testing.T) {
	about, folder := acen.About(), t.TempDir()
	icons, programs := filepath.Join(folder, "icons"), filepath.Join(folder, "programs")
	app := filepath.Join(folder, about.Name+".app")
	require.NoError(t, os.Mkdir(programs, 0o755))
	for _, name := range []string{"acen", "acenctl"} {
		require.NoError(t, os.WriteFile(filepath.Join(programs, name), []byte("the program "+name), 0o600))
	}
	for _, args := range [][]string{
		{"go", "run", "./icons", icons},
		{"macos/package.sh", "--bundle", app, programs, icons},
	} {
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}

	data := read(t, app, "Contents", "Info.plist")
	require.NotContains(t, data, "@")
	info := readBundle(t, []byte(data))
	require.Regexp(t, `^[A-Za-z0-9.-]+$`, info.CFBundleIdentifier, "the characters that Apple allows in an identifier")
	license := about.ID + ".license"
	require.Equal(t, bundle{
		CFBundleDevelopmentRegion: "en",
		CFBundleDisplayName:       about.Name,
		CFBundleDocumentTypes: []documentType{{
			CFBundleTypeIconFile: "acen.icns",
			CFBundleTypeName:     "ACEN license file",
			CFBundleTypeRole:     "Viewer",
			LSHandlerRank:        "Owner",
			LSItemContentTypes:   []string{license},
		}},
		CFBundleExecutable:            "acen",
		CFBundleIconFile:              "acen.icns",
		CFBundleIdentifier:            about.ID,
		CFBundleInfoDictionaryVersion: "6.0",
		CFBundleLocalizations:         []string{"en", "de", "fr", "es", "ja"},
		CFBundleName:                  about.Name,
		CFBundlePackageType:           "APPL",
		CFBundleShortVersionString:    about.Version,
		CFBundleSupportedPlatforms:    []string{"MacOSX"},
		CFBundleURLTypes: []urlType{{
			CFBundleTypeRole:   "Viewer",
			CFBundleURLName:    about.ID,
			CFBundleURLSchemes: []string{carry.Scheme},
		}},
		CFBundleVersion:                      strconv.Itoa(about.Build),
		LSApplicationCategoryType:            "public.app-category.utilities",
		LSMinimumSystemVersion:               info.LSMinimumSystemVersion,
		NSHighResolutionCapable:              true,
		NSHumanReadableCopyright:             "MIT License",
		NSSupportsAutomaticGraphicsSwitching: true,
		UTExportedTypeDeclarations: []exportedType{{
			UTTypeConformsTo:  []string{"public.data"},
			UTTypeDescription: "ACEN license file",
			UTTypeIconFile:    "acen.icns",
			UTTypeIdentifier:  license,
			UTTypeTagSpecification: map[string][]string{
				"public.filename-extension": {strings.TrimPrefix(carry.Extension, ".")},
				"public.mime-type":          {api.LicenseFileMediaType},
			},
		}},
	}, info)
	require.Contains(t, read(t, "macos", "package.sh"), "MACOSX_DEPLOYMENT_TARGET="+info.LSMinimumSystemVersion+"\n",
		"the programs run on every system that the bundle allows")
	translations, err := filepath.Glob("../assets/translations/*.json")
	require.NoError(t, err)
	require.Len(t, info.CFBundleLocalizations, len(translations)+1, "the translations, and English from the source")

	var files []string
	require.NoError(t, filepath.WalkDir(app, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, app+"/Contents/"))
		}
		return err
	}))
	require.Equal(t, []string{
		"Info.plist", "MacOS/acen", "MacOS/acenctl", "Resources/LICENSE", "Resources/" + info.CFBundleIconFile,
	}, files)
	for _, name := range []string{info.CFBundleExecutable, "acenctl"} {
		info, err := os.Stat(filepath.Join(app, "Contents", "MacOS", name))
		require.NoError(t, err)
		require.EqualValues(t, 0o755, info.Mode().Perm())
	}
}

func TestIcon(t *testing.T) {
	config, err := png.DecodeConfig(strings.NewReader(read(t, "..", "Icon.png")))
	require.NoError(t, err)
	require.Equal(t, config.Width, config.Height)
	require.GreaterOrEqual(t, config.Width, 512)
}
