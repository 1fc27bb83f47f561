package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// display is a private X server whose screen is a memory-mapped file in xwd format.
type display struct {
	name   string
	cmd    *exec.Cmd
	file   []byte // mapped file
	pixels []byte
	width  int
	stride int
	blank  []byte // the screen without a window
}

func startDisplay(r *run) (*display, error) {
	folder, err := os.MkdirTemp(r.temp, "screen")
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	// The pointer is in the middle of the screen, outside a window of 1180 × 760, so that no row is under it.
	d := &display{cmd: exec.CommandContext(r, "Xvfb", "-displayfd", "3", "-screen", "0", "2400x1600x24", "-fbdir",
		folder, "-nolisten", "tcp", "-noreset", "+render")}
	d.cmd.ExtraFiles = []*os.File{write}
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	_ = write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		return nil, errors.Join(errors.New("Xvfb did not start"), err)
	}
	d.name = ":" + strings.TrimSpace(number)
	screen, err := os.Open(filepath.Join(folder, "Xvfb_screen0"))
	if err != nil {
		return nil, err
	}
	defer screen.Close()
	info, err := screen.Stat()
	if err != nil {
		return nil, err
	}
	if d.file, err = syscall.Mmap(int(screen.Fd()), 0, int(info.Size()), syscall.PROT_READ,
		syscall.MAP_SHARED); err != nil {
		return nil, err
	}
	field := func(n int) int { return int(binary.BigEndian.Uint32(d.file[4*n:])) } // XWDFile.h
	if field(11) != 32 {
		return nil, errors.New("the screen does not have 32 bits a pixel")
	}
	d.width, d.stride = field(4), field(12)
	begin := field(0) + 12*field(19)
	d.pixels = d.file[begin : begin+d.stride*field(5)]
	time.Sleep(200 * time.Millisecond) // the server clears its screen
	d.blank = d.copy()
	return d, nil
}

func (d *display) stop() {
	_ = syscall.Munmap(d.file)
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

func (d *display) copy() []byte { return append([]byte(nil), d.pixels...) }

// empty reports whether the screen shows no window. The pointer may be visible.
func (d *display) empty() bool {
	const pointer = 1000 // pixels
	changed := 0
	for at := 0; at < len(d.blank); at += 4 {
		if binary.LittleEndian.Uint32(d.pixels[at:]) != binary.LittleEndian.Uint32(d.blank[at:]) {
			if changed++; changed > pointer {
				return false
			}
		}
	}
	return true
}

// picture is what a complete window shows: offsets of pixels at edges, and their colors.
type picture struct {
	at     []int
	colors []uint32
}

// edges returns the pixels at edges, without the status line.
func (d *display) edges(screen []byte) (p picture) {
	for at := 4; at < len(screen); at += 4 {
		if at%d.stride == 0 || at/d.stride >= windowHeight-statusLine {
			continue
		}
		now := binary.LittleEndian.Uint32(screen[at:]) & 0xffffff
		if now != binary.LittleEndian.Uint32(screen[at-4:])&0xffffff {
			p.at, p.colors = append(p.at, at), append(p.colors, now)
		}
	}
	return p
}

// shown reports whether a screen shows 98 % of the pixels of a picture.
func (p picture) shown(screen []byte) bool {
	missing, most := 0, len(p.at)/50
	for i, at := range p.at {
		if binary.LittleEndian.Uint32(screen[at:])&0xffffff != p.colors[i] {
			if missing++; missing > most {
				return false
			}
		}
	}
	return len(p.at) > 0
}

// save writes the screen to a PNG file, for a person.
func (d *display) save(path string) error {
	height := len(d.pixels) / d.stride
	picture := image.NewRGBA(image.Rect(0, 0, d.width, height))
	for y := range height {
		for x := range d.width {
			at := y*d.stride + 4*x
			picture.SetRGBA(x, y, color.RGBA{d.pixels[at+2], d.pixels[at+1], d.pixels[at], 255})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, picture), f.Close())
}
