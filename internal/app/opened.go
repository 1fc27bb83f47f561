package app

import (
	"context"
	"sync"

	"github.com/acen-desktop/acen/internal/app/appleevents"
)

// opened is a queue of what macOS asks the running app to open. Events arrive on the main thread, the first one before
// there is a window. Another goroutine reads the files, one at a time.
type opened struct {
	mu      sync.Mutex
	waiting []opening
	wake    chan struct{} // has an element if something was queued since deliver read the queue
}

// An opening is one link or file. An empty one raises the window.
type opening struct {
	argument string // for ReadArgument
	err      error  // set if there is no argument
}

func newOpened() *opened { return &opened{wake: make(chan struct{}, 1)} }

// add queues what e asks for. It does not block, and any goroutine may call it.
func (o *opened) add(e appleevents.Event) {
	arguments, err := e.Arguments()
	var list []opening
	for _, a := range arguments {
		list = append(list, opening{argument: a})
	}
	if err != nil || len(list) == 0 {
		list = append(list, opening{err: err})
	}
	o.mu.Lock()
	o.waiting = append(o.waiting, list...)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// next removes the first opening of the queue. ok is false if the queue is empty.
func (o *opened) next() (first opening, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return opening{}, false
	}
	first, o.waiting = o.waiting[0], o.waiting[1:]
	return first, true
}

// deliver reads the queue in order and sends each opening to one of the channels, until ctx ends. It reads the next
// file after the window has received the previous one. Errors of files that cannot be read are sent to refused.
func (o *opened) deliver(ctx context.Context) (contents <-chan []byte, folders <-chan string, refused <-chan error) {
	toContents, toFolders, toRefused := make(chan []byte), make(chan string), make(chan error)
	go func() {
		for ctx.Err() == nil {
			next, ok := o.next()
			if !ok {
				select {
				case <-ctx.Done():
				case <-o.wake:
				}
				continue
			}
			content, folder, err := next.read()
			switch {
			case err != nil:
				send(ctx, toRefused, err)
			case folder != "":
				send(ctx, toFolders, folder)
			default:
				send(ctx, toContents, content)
			}
		}
	}()
	return toContents, toFolders, toRefused
}

// read returns the content or the folder of an opening.
func (o opening) read() (content []byte, folder string, err error) {
	if o.argument == "" {
		return nil, "", o.err
	}
	return ReadArgument(o.argument)
}

// send sends value to a channel, unless ctx ends before.
func send[T any](ctx context.Context, to chan<- T, value T) {
	select {
	case <-ctx.Done():
	case to <- value:
	}
}
