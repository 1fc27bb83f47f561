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
	// ErrNoPicture means that the clipboard contains no picture.
	ErrNoPicture = errors.New("no picture on the clipboard")
	// ErrNoClipboard means that the system lacks a helper that reads pictures from the clipboard.
	ErrNoClipboard = errors.New("neither xclip nor wl-paste is installed")
)

// clipboardTimeout limits a helper. It may wait for the program that owns the clipboard, which may not answer.
const clipboardTimeout = 10 * time.Second

// helpers lists the commands that print the picture on the clipboard, by GOOS; "" is for all other systems. They are
// tried in order.
var helpers = map[string][][]string{
	"windows": {{"powershell.exe", "-NoProfile", "-NonInteractive", "-STA", "-Command",
		"Add-Type -AssemblyName System.Windows.Forms,System.Drawing; " +
			"$i = [Windows.Forms.Clipboard]::GetImage(); if (-not $i) { exit 3 }; " +
			"$m = New-Object IO.MemoryStream; $i.Save($m, [Drawing.Imaging.ImageFormat]::Png); $b = $m.ToArray(); " +
			"$o = [Console]::OpenStandardOutput(); $o.Write($b, 0, $b.Length); $o.Flush()"}},
	"darwin": {{"/usr/bin/osascript", "-e", "the clipboard as «class PNGf»"}},
	"": {
		{"xclip", "-selection", "clipboard", "-target", "image/png", "-out"},
		{"wl-paste", "--no-newline", "--type", "image/png"},
	},
}

// ClipboardPicture returns the content of an image file with the picture on the clipboard, such as a screenshot. It
// returns ErrNoPicture, ErrNoClipboard or the error of ctx. It may block for up to ten seconds. Not on the UI thread.
func (o *Opener) ClipboardPicture(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, clipboardTimeout)
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
			out = parseAppleScript(out)
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

// parseAppleScript decodes the output of AppleScript, such as «data PNGf89504E47…». It returns nil if that fails.
func parseAppleScript(out []byte) []byte {
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

// output runs a helper and returns its standard output. It is limited by limitedBuffer.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	hideConsole(cmd)
	printed := &limitedBuffer{}
	cmd.Stdout = printed
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	return printed.Bytes(), err
}

// limitedBuffer is a buffer whose Write fails beyond the size of the largest picture file in hex digits.
type limitedBuffer struct{ bytes.Buffer }

// Write implements io.Writer.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 2*carry.MaxPictureFile+64 {
		return 0, fmt.Errorf("the picture on the clipboard is too large")
	}
	return b.Buffer.Write(p)
}
