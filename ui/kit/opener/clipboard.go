package opener

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/acen-desktop/acen/license/carry"
)

var (
	// ErrNoPicture is returned when the clipboard holds no picture.
	ErrNoPicture = errors.New("there is no picture on the clipboard")
	// ErrNoClipboard is returned when the system lacks the helper that reads pictures from the clipboard.
	ErrNoClipboard = errors.New("neither xclip nor wl-paste is installed")
)

// clipboardTime bounds a helper: one waits for a program that has ended without giving its picture away.
const clipboardTime = 10 * time.Second

// helpers print the picture on the clipboard, by system; the first that does counts.
var helpers = map[string][][]string{
	"windows": {{"powershell.exe", "-NoProfile", "-NonInteractive", "-STA", "-Command",
		"Add-Type -AssemblyName System.Windows.Forms,System.Drawing; $i = [Windows.Forms.Clipboard]::GetImage(); if (-not $i) { exit 3 }; " +
			"$m = New-Object IO.MemoryStream; $i.Save($m, [Drawing.Imaging.ImageFormat]::Png); $b = $m.ToArray(); " +
			"$o = [Console]::OpenStandardOutput(); $o.Write($b, 0, $b.Length); $o.Flush()"}},
	"darwin": {{"/usr/bin/osascript", "-e", "the clipboard as «class PNGf»"}},
	"": {
		{"xclip", "-selection", "clipboard", "-target", "image/png", "-out"},
		{"wl-paste", "--no-newline", "--type", "image/png"},
	},
}

// ClipboardPicture returns the picture on the clipboard as a file, such as a screen clipping. It fails with
// ErrNoPicture or ErrNoClipboard. It may block for a few seconds. Not on the UI thread.
func (o *Opener) ClipboardPicture(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, clipboardTime)
	defer cancel()
	list, ok := helpers[o.goos]
	if !ok {
		list = helpers[""]
	}
	found := false
	for _, helper := range list {
		out, err := o.output(ctx, helper[0], helper[1:]...)
		switch {
		case errors.Is(err, exec.ErrNotFound):
			continue
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		found = true
		if o.goos == "darwin" {
			out = unscript(out)
		}
		if err == nil && len(out) > 0 {
			return out, nil
		}
	}
	if !found {
		return nil, ErrNoClipboard
	}
	return nil, ErrNoPicture
}

// unscript takes the bytes out of what AppleScript prints: «data PNGf89504E47…».
func unscript(out []byte) []byte {
	_, digits, ok := bytes.Cut(out, []byte("PNGf"))
	if !ok {
		return nil
	}
	digits, _, _ = bytes.Cut(digits, []byte("»"))
	data := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(data, digits); err != nil {
		return nil
	}
	return data
}

// output runs a helper and returns what it prints.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	hide(cmd)
	printed := &bounded{}
	cmd.Stdout = printed
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	return printed.Bytes(), err
}

// bounded keeps as much as twice the longest picture file, for its hex digits, and refuses the rest.
type bounded struct{ bytes.Buffer }

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 2*carry.MaxPictureFile+64 {
		return 0, fmt.Errorf("the picture on the clipboard is too large")
	}
	return b.Buffer.Write(p)
}
