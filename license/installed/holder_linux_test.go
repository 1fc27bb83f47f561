package installed

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHolder(t *testing.T) {
	s := Open(t.TempDir(), Options{LockTimeout: time.Nanosecond})
	path, release := holdLock(t, s)
	name := processName(os.Getpid())
	require.NotEmpty(t, name)
	want := fmt.Sprintf("%s, process %d", name, os.Getpid())
	require.Equal(t, want, holder(path))
	err := s.Settle(t.Context(), notepad, 1)
	require.EqualError(t, err, "another program ("+want+") has been holding "+path+" for 1e-09 seconds")
	release()
	require.Empty(t, holder(path), "no process holds it")
	require.Empty(t, holder(path+"x"), "no file")
	require.Empty(t, processName(1<<30), "no process")
}

func TestParseLocks(t *testing.T) {
	require.Equal(t, []heldLock{{4711, "fe:00", 9978060}, {12, "08:01", 7}}, parseLocks(`
1: FLOCK  ADVISORY  WRITE 4711 fe:00:9978060 0 EOF
1: -> FLOCK  ADVISORY  WRITE 4712 fe:00:9978060 0 EOF
2: POSIX  ADVISORY  READ  12 08:01:7 128 128
3: OFDLCK ADVISORY  READ -1 08:01:8 0 EOF
4: FLOCK  ADVISORY  WRITE 0 08:01:9 0 EOF
5: FLOCK  ADVISORY  WRITE x 08:01:9 0 EOF
6: FLOCK  ADVISORY  WRITE 5 9 0 EOF
7: FLOCK  ADVISORY  WRITE 5 08:01:x 0 EOF

`))
}

// A process that has the file open is found even if /proc/locks shows another device.
func TestOpens(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	info, err := file.Stat()
	require.NoError(t, err)
	require.True(t, opens(os.Getpid(), info))
	require.NoError(t, file.Close())
	require.False(t, opens(os.Getpid(), info))
	require.False(t, opens(1<<30, info))
}
