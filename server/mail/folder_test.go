package mail_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/mail"
)

func TestFolderSend(t *testing.T) {
	folder := mail.Folder{Path: filepath.Join(t.TempDir(), "a", "mail"), From: from}
	require.NoError(t, folder.Check())
	m := queued("anna.berg@lumen.example", "it@lumen.example")
	m.ID = 7
	require.NoError(t, folder.Send(t.Context(), m))
	require.NoError(t, folder.Send(t.Context(), m), "the same mail after a crash")

	entries, err := os.ReadDir(folder.Path)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "000007-abcDEF-123_x.eml", entries[0].Name())
	info, err := entries[0].Info()
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "only the owner can read the mail")
	data, err := os.ReadFile(filepath.Join(folder.Path, entries[0].Name()))
	require.NoError(t, err)
	got := open(t, data)
	require.Equal(t, m.Subject, got.subject)
	require.Equal(t, m.Body, got.text)
	require.Equal(t, string(m.Attachment), got.file)
	to, err := got.header.AddressList("To")
	require.NoError(t, err)
	require.Len(t, to, 2)
}

func TestFolderKeepsMailsOfAnEarlierDatabase(t *testing.T) {
	folder := mail.Folder{Path: t.TempDir(), From: from}
	first, second := queued("anna.berg@lumen.example"), queued("anna.berg@lumen.example")
	second.MessageID = "../../other@licenses.example"
	require.NoError(t, folder.Send(t.Context(), first))
	require.NoError(t, folder.Send(t.Context(), second))
	entries, err := os.ReadDir(folder.Path)
	require.NoError(t, err)
	require.Len(t, entries, 2)
}

func TestUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	folder := mail.Folder{Path: filepath.Join(file, "mail"), From: from}
	require.ErrorContains(t, folder.Check(), "the mail folder "+folder.Path+" cannot be created")
	require.Error(t, folder.Send(t.Context(), queued("anna.berg@lumen.example")))
	require.ErrorContains(t, mail.Folder{Path: t.TempDir(), From: "nobody"}.Check(),
		`the sender address "nobody" cannot be used`)
}

func TestFolderRefusesInvalidAddresses(t *testing.T) {
	err := mail.Folder{Path: t.TempDir(), From: from}.Send(t.Context(), queued("nonsense"))
	var undelivered *mail.Undelivered
	require.ErrorAs(t, err, &undelivered)
	require.Equal(t, []string{"nonsense"}, undelivered.Never)
}
