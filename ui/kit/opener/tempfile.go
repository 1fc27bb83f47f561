package opener

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Play opens a WAV in the person's player. It writes it to a temporary folder, which the next Play or Close removes. It
// may block for three seconds. Not on the UI thread.
func (o *Opener) Play(wav []byte) error {
	return o.handOver(context.Background(), "acen-sound-", "number.wav", "the sound", wav)
}

// OpenPage opens an HTML page in the person's browser, for example for printing. It writes it to a temporary folder,
// which the next OpenPage or Close removes. It may block for three seconds. The end of ctx does not stop a browser that
// has started. Not on the UI thread.
func (o *Opener) OpenPage(ctx context.Context, page []byte) error {
	return o.handOver(ctx, "acen-page-", "page.html", "the page", page)
}

// handOver replaces the temporary folder of a kind by a new one with a file that only this user can read, and opens the
// file. what names the content in errors.
func (o *Opener) handOver(ctx context.Context, kind, name, what string, content []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.remove(kind); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", kind) // mode 0700
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", what, err)
	}
	if o.folders == nil {
		o.folders = map[string]string{}
	}
	o.folders[kind] = folder
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("%s cannot be written: %w", what, err)
	}
	return o.watch(ctx, path)
}

// Close removes all temporary folders. It returns the first error. Any goroutine.
func (o *Opener) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var first error
	for kind := range o.folders {
		if err := o.remove(kind); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// remove removes the temporary folder of a kind. The caller holds mu.
func (o *Opener) remove(kind string) error {
	folder := o.folders[kind]
	if folder == "" {
		return nil
	}
	delete(o.folders, kind)
	return os.RemoveAll(folder)
}
