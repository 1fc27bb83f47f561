package faults

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"maps"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

// killer kills the app at one of its writes. Nothing that the app does later reaches the server or the image.
type killer struct {
	p    *pc
	left int // remaining touches until the kill
	// before is the PC at the previous touch, at is the PC at the kill.
	before, at image
}

// kill runs do and kills the app at its nth touch of the license folder, the keyring or the network. It returns the
// possible contents of the PC's disk at that moment: one image for each transaction of the app's data file since the
// previous touch. It returns none if do ends before that touch.
func (p *pc) kill(nth int, do func() error) (images []image) {
	k := &killer{p: p, left: nth, before: p.image()}
	p.onTouch = func() {
		k.left--
		switch k.left {
		case 1:
			k.before = p.image()
		case 0:
			k.at = p.image()
			p.unplug(func(string, string) bool { return true })
		}
	}
	_ = do() // the app is dead when it returns
	p.onTouch = nil
	if k.left > 0 {
		return nil
	}
	return k.between()
}

// The app's data file and its write-ahead log.
const (
	dataFile = "acen.db"
	journal  = dataFile + "-wal"
)

// between returns the images between two touches: the license folder and the keyring as they are at the later one, with
// the data file after each of its transactions.
func (k *killer) between() (images []image) {
	older, newer := k.before.data[journal], k.at.data[journal]
	if bytes.Equal(k.before.data[dataFile], k.at.data[dataFile]) && bytes.HasPrefix(newer, older) {
		for _, end := range append([]int{len(older)}, commits(newer)...) {
			if end >= len(older) && end < len(newer) {
				data := maps.Clone(k.at.data)
				data[journal] = newer[:end]
				images = append(images, image{data, k.at.shared, k.at.secrets})
			}
		}
		images = slices.CompactFunc(images, func(a, b image) bool { return len(a.data[journal]) == len(b.data[journal]) })
	}
	return append(images, k.at)
}

// commits returns the offsets at which the transactions in a SQLite write-ahead log end.
func commits(wal []byte) (ends []int) {
	const header, frameHeader = 32, 24
	if len(wal) < header {
		return nil
	}
	page, salt := int(binary.BigEndian.Uint32(wal[8:])), wal[16:24]
	for at := header; at+frameHeader+page <= len(wal); at += frameHeader + page {
		frame := wal[at:]
		if !bytes.Equal(frame[8:16], salt) {
			break // left from before the last checkpoint
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 {
			ends = append(ends, at+frameHeader+page)
		}
	}
	return ends
}

// killTasks are the tasks of TestKilled besides tasks.
var killTasks = []task{
	{
		name: "cancel of a move",
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			return attempt{
				w:      w,
				by:     a,
				before: want{waiting: 1},
				after:  want{runs: []*pc{a}},
				do: func(ctx context.Context) error {
					if len(a.openJobs()) == 0 { // the move was resumed after the kill, so the license is picked up instead
						offers, err := a.ReleasedLicenses(ctx)
						if err == nil {
							_, err = a.PickUp(ctx, offers[0].License)
						}
						return err
					}
					return a.DropJob(ctx, a.openJobs()[0].ID)
				},
				done: func() int {
					if a.verdict().Valid() {
						return 1
					}
					return 0
				},
			}
		},
	},
	{
		name: "“Give back” without a network",
		job:  true,
		begin: func(t *testing.T) attempt {
			w, b, c := activatedOffline(t)
			return attempt{
				w:      w,
				by:     c,
				before: want{runs: []*pc{c}},
				after:  want{stranded: 1},
				do: func(ctx context.Context) error {
					_, err := c.LeaveOffline(ctx, signature)
					b.refresh()
					return err
				},
				done: func() int {
					if len(c.keptCodes()) == 1 && !c.verdict().Valid() {
						return 1
					}
					return 0
				},
			}
		},
	},
	{
		name: "read a courier's answer",
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, manySeats, "b")
			b, c := w.pcs[0], w.offlinePC("c")
			request := c.activationRequest()
			answer := answerTo(t, b, request)
			return attempt{
				w:          w,
				by:         c,
				skipBefore: true,
				after:      want{runs: []*pc{c}},
				do: func(ctx context.Context) error {
					taken, err := c.ReadAnswer(ctx, answer)
					if err == nil {
						err = taken[0].Err
					}
					return err
				},
				done: func() int {
					if c.verdict().Valid() {
						return 1
					}
					return 0
				},
			}
		},
	},
	{
		name: "read a courier's receipt",
		job:  true,
		begin: func(t *testing.T) attempt {
			w, b, c := activatedOffline(t)
			kept, err := c.LeaveOffline(t.Context(), signature)
			require.NoError(t, err)
			request := c.removalRequest(kept)
			answer := answerTo(t, b, request)
			return attempt{
				w:          w,
				by:         c,
				skipBefore: true,
				do: func(ctx context.Context) error {
					taken, err := c.ReadAnswer(ctx, answer)
					if err == nil {
						err = taken[0].Err
					}
					return err
				},
				done: func() int { return 1 - len(c.keptCodes()) },
			}
		},
	},
}

// activatedOffline returns a PC without a network that got a license through a courier.
func activatedOffline(t *testing.T) (w *world, by, offline *pc) {
	t.Helper()
	w = newWorld(t, manySeats, "b")
	by, offline = w.pcs[0], w.offlinePC("c")
	request := offline.activationRequest()
	require.NoError(t, carryRequest(t.Context(), by, offline, request))
	by.refresh()
	return w, by, offline
}

// answerTo carries out a request and returns the answer.
func answerTo(t *testing.T, by *pc, request carry.Request) carry.Answer {
	t.Helper()
	plan, err := by.PlanCarry(t.Context(), request)
	require.NoError(t, err)
	answer, err := by.CarryOut(t.Context(), request, plan, make([]int, len(plan)), func(int) {})
	require.NoError(t, err)
	by.refresh()
	return viaFile(t, answer)
}

// TestKilled kills the app at every write of every task: each file of the license folder, also half written, the
// keyring, each transaction of the data file, and before and after each call. Afterwards the task has taken effect once
// or not at all, and no license is lost at any moment.
func TestKilled(t *testing.T) {
	for _, tt := range slices.Concat(tasks, killTasks) {
		if !*exhaustive && tt.name != "move" {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			total, stride := 0, 4
			if *exhaustive {
				stride = 1
			}
			for touch, more := 1, true; more; touch += stride {
				for n, images := 0, 1; n < images; n++ {
					images = killOnce(t, tt, touch, n)
					more = images > 0
					total += min(images, 1)
				}
				require.Less(t, touch, 200)
			}
			require.Positive(t, total)
			t.Logf("%d kills", total)
		})
	}
}

// killOnce kills the app at one touch, restores one image of that moment, restarts the app and checks the result. It
// returns the number of images; 0 if the task ended before the touch.
func killOnce(t *testing.T, tt task, touch, n int) (images int) {
	t.Helper()
	a := tt.begin(t)
	before := a.done()
	list := a.by.kill(touch, func() error { return a.do(t.Context()) })
	if len(list) == 0 {
		return 0
	}
	a.by.restoreImage(list[n], everything)
	if !a.by.offline {
		_, err := a.by.Resume(t.Context())
		require.ErrorIs(t, err, manager.ErrUnreachable, "touch %d, image %d", touch, n)
	}
	a.w.checkInvariants(t)
	if !a.by.offline {
		a.by.connect(true)
		a.by.resume()
	}
	a.w.recover()
	a.complete(t, tt, before)
	if !tt.reads {
		require.Equal(t, before+1, a.done(), "touch %d, image %d", touch, n)
	}
	check(t, a.w, a.after)
	return len(list)
}

// TestFolderWriteFails lets each write of the license folder fail during each task, once or from then on, as on a full
// disk. The app keeps running, nothing is lost, and the task completes or can be repeated when writes succeed.
func TestFolderWriteFails(t *testing.T) {
	for _, tt := range slices.Concat(tasks, killTasks) {
		if !*exhaustive && tt.name != "removal" {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for nth, failed := 1, true; failed; nth++ {
				failed = failOnce(t, tt, nth, 1)
				if failed && *exhaustive {
					failOnce(t, tt, nth, 1000)
				}
				require.Less(t, nth, 100)
			}
		})
	}
}

// errFull is the error of a write on a full disk.
var errFull error = &fs.PathError{Op: "write", Path: "licenses", Err: syscall.ENOSPC}

// failOnce performs a task while writes of the license folder fail, from the nth on, as many as times. It reports
// whether a write failed.
func failOnce(t *testing.T, tt task, nth, times int) (failed bool) {
	t.Helper()
	a := tt.begin(t)
	before := a.done()
	count := 0
	a.by.diskError = func() error {
		count++
		if count < nth || count >= nth+times {
			return nil
		}
		return errFull
	}
	_ = a.do(t.Context())
	a.w.checkInvariants(t)
	a.by.diskError = nil
	a.w.recover()
	a.complete(t, tt, before)
	if !tt.reads {
		require.Equal(t, before+1, a.done(), "write %d", nth)
	}
	check(t, a.w, a.after)
	return count >= nth
}
