package opener

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Play hands a WAV to the person's own player. The sound lies in a temporary folder of this user's until the next one or
// the end of the app takes its place; Close removes it. It may block for a few seconds. Not on the UI thread.
func (o *Opener) Play(wav []byte) error {
	o.soundMu.Lock()
	defer o.soundMu.Unlock()
	if err := o.removeSound(); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "acen-sound-") // mode 0700
	if err != nil {
		return fmt.Errorf("the sound cannot be written: %w", err)
	}
	o.sound = folder
	path := filepath.Join(folder, "number.wav")
	if err := os.WriteFile(path, wav, 0o600); err != nil {
		return fmt.Errorf("the sound cannot be written: %w", err)
	}
	return o.watch(context.Background(), path)
}

// Close removes what Play left for a player. Any goroutine.
func (o *Opener) Close() error {
	o.soundMu.Lock()
	defer o.soundMu.Unlock()
	return o.removeSound()
}

func (o *Opener) removeSound() error {
	if o.sound == "" {
		return nil
	}
	err := os.RemoveAll(o.sound)
	o.sound = ""
	return err
}
