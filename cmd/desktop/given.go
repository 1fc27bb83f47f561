package desktop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/acen-desktop/acen/cmd/handover"
	"github.com/acen-desktop/acen/license/courier"
)

// Given reads what the program is started with: a file, or a link that begins with acen:. What it is, the window finds out.
func Given(argument string) ([]byte, error) {
	if strings.HasPrefix(strings.ToLower(argument), courier.Scheme+":") {
		if _, err := courier.ParseLink(argument); err != nil {
			return nil, err
		}
		return []byte(argument), nil
	}
	info, err := os.Stat(argument)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", argument)
	}
	f, err := os.Open(argument)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, handover.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if len(content) > handover.MaxSize {
		return nil, handover.ErrSize
	}
	return content, nil
}

// handOver gives what this start was given to the one that is running, which raises its window.
func handOver(p Program) error {
	err := handover.In(p.Data).Give(context.Background(), p.Given)
	if errors.Is(err, handover.ErrNobody) {
		return fmt.Errorf("ACEN Desktop or acenctl is running already with the data folder %s, and does not answer. Go on there, or close it and try again", p.Data)
	}
	return err
}

// watchGiven sends what this start was given, and then what later ones hand over, until ctx ends.
func watchGiven(ctx context.Context, p Program, ticks <-chan time.Time, log *slog.Logger) <-chan []byte {
	box, out := handover.In(p.Data), make(chan []byte)
	go func() {
		defer close(out)
		var waiting [][]byte
		if len(p.Given) > 0 {
			waiting = append(waiting, p.Given)
		}
		told := false
		for {
			var to chan<- []byte
			var next []byte
			if len(waiting) > 0 {
				to, next = out, waiting[0]
			}
			select {
			case <-ctx.Done():
				return
			case to <- next:
				waiting = waiting[1:]
			case <-ticks:
				list, err := box.Taken()
				if err != nil && !told {
					log.Warn("what other starts hand over cannot be read", "error", err)
					told = true
				}
				waiting = append(waiting, list...)
			}
		}
	}()
	return out
}
