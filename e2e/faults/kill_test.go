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

// killer sees a PC at every write of the app and ends its life at one of them: what the app does later reaches neither
// the server nor the image that is kept.
type killer struct {
	p    *pc
	left int // touches until the kill
	// before is the PC at the touch before, at is the PC at the kill.
	before, at image
}

// kill lets the app do something and kills it before its nth touch of license folder, keyring or network. It returns
// what the PC's disk may hold then, one image for every transaction of the app's data file since the touch before; none
// when the app is done before.
func (p *pc) kill(nth int, do func() error) (images []image) {
	k := &killer{p: p, left: nth, before: p.image()}
	p.touched = func() {
		k.left--
		switch k.left {
		case 1:
			k.before = p.image()
		case 0:
			k.at = p.image()
			p.unplug(func(string, string) bool { return true })
		}
	}
	_ = do() // its outcome dies with the app
	p.touched = nil
	if k.left > 0 {
		return nil
	}
	return k.between()
}

// journal is the app's data file as it grows.
const (
	dataFile = "acen.db"
	journal  = dataFile + "-wal"
)

// between lists the images between two touches: the license folder and the keyring as they are at the later one, and
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

// commits lists where the transactions of a SQLite journal (WAL) end.
func commits(wal []byte) (ends []int) {
	const header, frameHeader = 32, 24
	if len(wal) < header {
		return nil
	}
	page, salt := int(binary.BigEndian.Uint32(wal[8:])), wal[16:24]
	for at := header; at+frameHeader+page <= len(wal); at += frameHeader + page {
		frame := wal[at:]
		if !bytes.Equal(frame[8:16], salt) {
			break // of an earlier round
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 {
			ends = append(ends, at+frameHeader+page)
		}
	}
	return ends
}

// killed are tasks besides those of the matrix that the app is killed in.
var killed = []task{
	{
		name: "cancel of a move",
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "a")
			a := w.pcs[0]
			l := a.activate()
			a.connect(false)
			_, err := a.Move(t.Context(), l)
			require.ErrorIs(t, err, manager.ErrUnreachable)
			return attempt{
				w: w, by: a, before: want{waiting: 1}, after: want{runs: []*pc{a}},
				do: func(ctx context.Context) error {
					if len(a.waits()) == 0 { // the move went on after the kill, so it is brought back another way
						offers, err := a.WaitingToMove(ctx)
						if err == nil {
							_, err = a.PickUp(ctx, offers[0].License)
						}
						return err
					}
					return a.DropJob(ctx, a.waits()[0].ID)
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
		name: "give back without a network",
		job:  true,
		begin: func(t *testing.T) attempt {
			w, b, c := withCourier(t)
			return attempt{
				w: w, by: c, before: want{runs: []*pc{c}}, after: want{stranded: 1},
				do: func(ctx context.Context) error {
					_, err := c.LetGo(ctx, signature)
					b.refresh()
					return err
				},
				done: func() int {
					if len(c.kept()) == 1 && !c.verdict().Valid() {
						return 1
					}
					return 0
				},
			}
		},
	},
	{
		name: "taking a courier's answer",
		job:  true,
		begin: func(t *testing.T) attempt {
			w := newWorld(t, plenty, "b")
			b, c := w.pcs[0], w.offlinePC("c")
			request := c.asks()
			answer := answered(t, b, request)
			return attempt{
				w: w, by: c, skipBefore: true, after: want{runs: []*pc{c}},
				do: func(ctx context.Context) error {
					taken, err := c.TakeAnswer(ctx, answer)
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
		name: "taking a courier's receipt",
		job:  true,
		begin: func(t *testing.T) attempt {
			w, b, c := withCourier(t)
			kept, err := c.LetGo(t.Context(), signature)
			require.NoError(t, err)
			request := c.handsIn(kept)
			answer := answered(t, b, request)
			return attempt{
				w: w, by: c, skipBefore: true,
				do: func(ctx context.Context) error {
					taken, err := c.TakeAnswer(ctx, answer)
					if err == nil {
						err = taken[0].Err
					}
					return err
				},
				done: func() int { return 1 - len(c.kept()) },
			}
		},
	},
}

// withCourier is a PC without a network that has got a license by a courier.
func withCourier(t *testing.T) (w *world, by, offline *pc) {
	t.Helper()
	w = newWorld(t, plenty, "b")
	by, offline = w.pcs[0], w.offlinePC("c")
	request := offline.asks()
	require.NoError(t, carryOver(t.Context(), by, offline, request))
	by.refresh()
	return w, by, offline
}

// answered carries a request out and returns the answer.
func answered(t *testing.T, by *pc, request carry.Request) carry.Answer {
	t.Helper()
	plan, err := by.PlanCourier(t.Context(), request)
	require.NoError(t, err)
	answer, err := by.CarryOut(t.Context(), request, plan, make([]int, len(plan)), func(int) {})
	require.NoError(t, err)
	by.refresh()
	return hand(t, answer)
}

// The app is killed at every write of every task: of the license folder, half a file included, of the keyring, of its
// data file, and before and after each call. Afterwards the task is done once or not at all, and no license is lost at
// any moment.
func TestKilled(t *testing.T) {
	for _, one := range slices.Concat(tasks, killed) {
		if !*whole && one.name != "move" {
			continue
		}
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			total, stride := 0, 4
			if *whole {
				stride = 1
			}
			for touch, more := 1, true; more; touch += stride {
				for n, images := 0, 1; n < images; n++ {
					images = killOnce(t, one, touch, n)
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

// killOnce kills the app at one touch, starts it on one of the images of that moment, and checks. It returns how many
// images there are; 0 when the app was done before the touch.
func killOnce(t *testing.T, one task, touch, n int) (images int) {
	t.Helper()
	a := one.begin(t)
	before := a.done()
	list := a.by.kill(touch, func() error { return a.do(t.Context()) })
	if len(list) == 0 {
		return 0
	}
	a.by.putBack(list[n], everything)
	if !a.by.offline {
		_, err := a.by.Resume(t.Context())
		require.ErrorIs(t, err, manager.ErrUnreachable, "touch %d, image %d", touch, n)
	}
	a.w.checkSafe(t)
	if !a.by.offline {
		a.by.connect(true)
		a.by.resume()
	}
	a.w.recover()
	a.settle(t, one, before)
	if !one.reads {
		require.Equal(t, before+1, a.done(), "touch %d, image %d", touch, n)
	}
	check(t, a.w, a.after)
	return len(list)
}

// Each write of the license folder fails during each task, once or from then on, as on a full disk. The app goes on
// running; nothing is lost, and when the disk is well again the task is done, or can be done.
func TestFolderFails(t *testing.T) {
	for _, one := range slices.Concat(tasks, killed) {
		if !*whole && one.name != "removal" {
			continue
		}
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			for nth, failed := 1, true; failed; nth++ {
				failed = failOnce(t, one, nth, 1)
				if failed && *whole {
					failOnce(t, one, nth, 1000)
				}
				require.Less(t, nth, 100)
			}
		})
	}
}

// errFull is the error of a write on a full disk.
var errFull error = &fs.PathError{Op: "write", Path: "licenses", Err: syscall.ENOSPC}

// failOnce lets writes of the license folder fail during a task: the nth and as many as times after it. It reports
// whether one failed.
func failOnce(t *testing.T, one task, nth, times int) (failed bool) {
	t.Helper()
	a := one.begin(t)
	before := a.done()
	count := 0
	a.by.broken = func() error {
		count++
		if count < nth || count >= nth+times {
			return nil
		}
		return errFull
	}
	_ = a.do(t.Context())
	a.w.checkSafe(t)
	a.by.broken = nil
	a.w.recover()
	a.settle(t, one, before)
	if !one.reads {
		require.Equal(t, before+1, a.done(), "write %d", nth)
	}
	check(t, a.w, a.after)
	return count >= nth
}
