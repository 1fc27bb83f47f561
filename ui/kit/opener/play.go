package opener

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Play hands a WAV to the person's own player. The sound lies in a temporary folder of this user's until the next one
// or the end of the app takes its place; Close removes it. It may block for a few seconds. Not on the UI thread.
func (o *Opener) Play(wav []byte) error {
	return o.hand(context.Background(), "acen-sound-", "number.wav", "the sound", wav)
}

// Show hands a page, HTML, to the person's own browser, such as for printing. It lies as that of Play does. It may
// block for a few seconds; when ctx ends it returns, and a browser that has started goes on. Not on the UI thread.
func (o *Opener) Show(ctx context.Context, page []byte) error {
	return o.hand(ctx, "acen-page-", "page.html", "the page", page)
}

// hand writes a file that only this user reads and hands it over, in place of the earlier one of its kind.
func (o *Opener) hand(ctx context.Context, kind, name, what string, content []byte) error {
	o.handedMu.Lock()
	defer o.handedMu.Unlock()
	if err := o.remove(kind); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", kind) // mode 0700
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", what, err)
	}
	if o.handed == nil {
		o.handed = map[string]string{}
	}
	o.handed[kind] = folder
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("%s cannot be written: %w", what, err)
	}
	return o.watch(ctx, path)
}

// Close removes what was left for other programs. Any goroutine.
func (o *Opener) Close() error {
	o.handedMu.Lock()
	defer o.handedMu.Unlock()
	var first error
	for kind := range o.handed {
		if err := o.remove(kind); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (o *Opener) remove(kind string) error {
	folder := o.handed[kind]
	if folder == "" {
		return nil
	}
	delete(o.handed, kind)
	return os.RemoveAll(folder)
}
