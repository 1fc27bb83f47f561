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

// crashEnv lets a child of the test crash with its reports in a folder.
const crashEnv = "ACEN_TEST_CRASH"

func TestMain(m *testing.M) {
	if data := os.Getenv(crashEnv); data != "" {
		if _, err := keepCrashes(data); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		done := make(chan struct{})
		go func() { panic("made to crash") }()
		<-done
	}
	if os.Getenv(lookEnv) != "" {
		fmt.Print(app.NewWithID(ID).Storage().RootURI().Path())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestCrashesAreKept(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	notices, err := keepCrashes(data)
	require.NoError(t, err)
	require.Empty(t, notices)
	notices, err = keepCrashes(data)
	require.NoError(t, err)
	require.Empty(t, notices, "a start that ended well leaves no report")

	for i := range keptCrashes {
		require.NoError(t, os.WriteFile(filepath.Join(data, fmt.Sprintf("crash-2020010%d-000000.txt", i+1)), []byte("old"), 0o600))
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"="+data)
	require.Error(t, cmd.Run())

	notices, err = keepCrashes(data)
	require.NoError(t, err)
	require.Len(t, notices, 1)
	list, err := filepath.Glob(filepath.Join(data, crashReports))
	require.NoError(t, err)
	require.Len(t, list, keptCrashes, "the oldest makes room")
	latest := list[len(list)-1]
	require.Contains(t, notices[0].Detail.String(), latest)
	report, err := os.ReadFile(latest)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(report), "made to crash") && strings.Contains(string(report), "goroutine"), "%s", report)
	info, err := os.Stat(latest)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

func TestCrashesWithoutAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := keepCrashes(file)
	require.Error(t, err)
}
