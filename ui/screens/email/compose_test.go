package email

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestCompose(t *testing.T) {
	require.Equal(t, "Dear Anna", compose("", "Dear Anna"))
	require.Equal(t, "Dear Anna", compose(" \n\t\x00", "Dear Anna"))
	require.Equal(t, "Hello\nthere\n\n"+separator+"\n\nDear Anna", compose("\nHello\nthere\x1b\r\n", "Dear Anna"))
}

func TestTruncate(t *testing.T) {
	require.Equal(t, "", truncate("", 3))
	require.Equal(t, "日本語", truncate("日本語", 3))
	require.Equal(t, "日本語", truncate("日本語です", 3))
	require.Equal(t, 500, utf8.RuneCountInString(truncate(strings.Repeat("ü", 900), 500)))
}
