package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/acen-desktop/acen/internal/app/handover"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/presenter"
)

// ReadArgument reads the argument of the program. For a file, named by its path or file: URL, it returns the content;
// for a link that begins with acen:, the link; for a folder, its absolute path, because the app that is running has
// another working folder. The window interprets the content.
func ReadArgument(argument string) (content []byte, folder string, err error) {
	if strings.HasPrefix(strings.ToLower(argument), carry.Scheme+":") {
		if _, err := carry.ParseLink(argument); err != nil {
			return nil, "", err
		}
		return []byte(argument), "", nil
	}
	path, err := localPath(argument)
	if err != nil {
		return nil, "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", unreadable(path, err)
	}
	if info.IsDir() {
		folder, err = filepath.Abs(path)
		return nil, folder, err
	}
	if !info.Mode().IsRegular() {
		return nil, "", &presenter.ArgumentError{
			Path:    path,
			NotFile: true,
			Err:     fmt.Errorf("%s is neither a file nor a folder", path),
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", unreadable(path, err)
	}
	defer f.Close()
	if content, err = io.ReadAll(io.LimitReader(f, handover.MaxSize+1)); err != nil {
		return nil, "", unreadable(path, err)
	}
	if len(content) > handover.MaxSize {
		return nil, "", handover.ErrSize
	}
	return content, "", nil
}

// localPath returns the path of a file: URL (RFC 8089). Any other argument is a path.
func localPath(argument string) (string, error) {
	const scheme = "file:"
	if len(argument) < len(scheme) || !strings.EqualFold(argument[:len(scheme)], scheme) {
		return argument, nil
	}
	rest, host := argument[len(scheme):], ""
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		end := max(strings.Index(after, "/"), 0)
		host, rest = after[:end], after[end:]
	}
	path, err := url.PathUnescape(rest)
	if err != nil || !strings.HasPrefix(path, "/") || strings.ContainsRune(path, 0) ||
		host != "" && !strings.EqualFold(host, "localhost") {
		return "", fmt.Errorf("%s is no file of this PC", argument)
	}
	if runtime.GOOS == "windows" {
		path = filepath.FromSlash(strings.TrimPrefix(path, "/"))
	}
	return path, nil
}

// unreadable returns err as a presenter.ArgumentError that names the file once.
func unreadable(path string, err error) error {
	var fault *fs.PathError
	if errors.As(err, &fault) {
		err = fault.Err
	}
	return &presenter.ArgumentError{Path: path, Err: fmt.Errorf("%s cannot be read: %w", path, err)}
}

// handOver passes the argument of this start to the app that is running, which raises its window.
func handOver(p Program) error {
	box, content := handover.In(p.Data), p.Content
	if p.Folder != "" {
		box, content = handover.FoldersIn(p.Data), []byte(p.Folder)
	}
	err := box.Give(context.Background(), content)
	if errors.Is(err, handover.ErrNobody) {
		return fmt.Errorf("ACEN Desktop or acenctl is running already with the data folder %s, and does not answer. Go on "+
			"there, or close it and try again", p.Data)
	}
	return err
}

// watchStarts sends first, unless it is empty, and then what later starts put into the box and what comes from opened,
// until ctx ends. It receives from opened only when nothing else waits. It reads the box at each tick.
func watchStarts[T string | []byte](
	ctx context.Context, box *handover.Box, first T, opened <-chan T, ticks <-chan time.Time, log *slog.Logger,
) <-chan T {
	out := make(chan T)
	go func() {
		defer close(out)
		var waiting []T
		if len(first) > 0 {
			waiting = append(waiting, first)
		}
		logged := false
		for {
			var to chan<- T
			var next T
			from := opened
			if len(waiting) > 0 {
				to, next, from = out, waiting[0], nil
			}
			select {
			case <-ctx.Done():
				return
			case to <- next:
				waiting = waiting[1:]
			case content := <-from:
				waiting = append(waiting, content)
			case <-ticks:
				list, err := box.Taken()
				if err != nil && !logged {
					log.Warn("what other starts hand over cannot be read", "error", err)
					logged = true
				}
				for _, content := range list {
					waiting = append(waiting, T(content))
				}
			}
		}
	}()
	return out
}
