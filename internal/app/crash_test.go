package app

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/app"
	"github.com/stretchr/testify/require"
)

// crashEnv makes a child process of the test crash and names the folder of its report.
const crashEnv = "ACEN_TEST_CRASH"

// TestMain runs the tests, or what crashEnv or preferencesEnv asks of a child process.
func TestMain(m *testing.M) {
	if data := os.Getenv(crashEnv); data != "" {
		if _, err := recordCrashes(data); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		done := make(chan struct{})
		go func() { panic("made to crash") }()
		<-done
	}
	if os.Getenv(preferencesEnv) != "" {
		fmt.Print(app.NewWithID(ID).Storage().RootURI().Path())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A crash leaves a report and a notice at the next start, and the oldest report is removed.
func TestRecordCrashes(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	notices, err := recordCrashes(data)
	require.NoError(t, err)
	require.Empty(t, notices)
	notices, err = recordCrashes(data)
	require.NoError(t, err)
	require.Empty(t, notices, "a run without a crash leaves no report")

	for i := range maxReports {
		require.NoError(t,
			os.WriteFile(filepath.Join(data, fmt.Sprintf("crash-2020010%d-000000.txt", i+1)), []byte("old"), 0o600))
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"="+data)
	require.Error(t, cmd.Run())

	notices, err = recordCrashes(data)
	require.NoError(t, err)
	require.Len(t, notices, 1)
	list, err := filepath.Glob(filepath.Join(data, crashReports))
	require.NoError(t, err)
	require.Len(t, list, maxReports, "the oldest report is removed")
	latest := list[len(list)-1]
	require.Contains(t, notices[0].Detail.String(), latest)
	report, err := os.ReadFile(latest)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(report), "made to crash") && strings.Contains(string(report), "goroutine"),
		"%s", report)
	info, err := os.Stat(latest)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

func TestRecordCrashesWithoutFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := recordCrashes(file)
	require.Error(t, err)
}
