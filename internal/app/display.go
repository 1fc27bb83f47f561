package app

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver"
)

var (
	// ErrNoDisplay is returned if there is no display.
	ErrNoDisplay = errors.New("there is no display to show the window on. Start the app in a graphical session, or set " +
		"DISPLAY to one")
	// ErrNoOpenGL is returned if the toolkit cannot draw a window.
	ErrNoOpenGL = errors.New("the window cannot be drawn: this system offers no OpenGL 2.1. Install or update the " +
		"graphics driver; over a remote desktop, Mesa's software driver (libgl1-mesa-dri) will do")
)

const (
	// firstFrameTimeout limits the time until the first frame of the window. A slow machine needs a few seconds.
	firstFrameTimeout = 45 * time.Second
	// freeDelay is the time from the first frame until unused memory is returned to the system. Reading fonts and tables,
	// which needs most of it, is done by then.
	freeDelay = time.Second
)

// checkDisplay returns ErrNoDisplay if there is none. Without a display the toolkit would exit the process.
func checkDisplay(getenv func(string) string) error {
	switch runtime.GOOS {
	case "windows", "darwin":
		return nil
	}
	if getenv("DISPLAY") == "" {
		return ErrNoDisplay
	}
	return nil
}

// show calls do, which shows w, and runs the app. Without a display the toolkit panics, and without OpenGL it runs
// without a window; show returns ErrNoDisplay and ErrNoOpenGL. It calls drawn after the first frame, on any goroutine.
// after is time.After. UI thread.
func show(a fyne.App, w fyne.Window, do, drawn func(), after func(time.Duration) <-chan time.Time) (err error) {
	overdue := after(firstFrameTimeout)
	defer func() {
		if fault := recover(); fault != nil {
			if !isToolkit(fault) {
				panic(fault)
			}
			err = ErrNoDisplay
		}
	}()
	first := watch(w)
	do()
	if !exists(w) {
		return ErrNoOpenGL
	}
	finished := make(chan struct{})
	defer close(finished)
	go func() {
		select {
		case <-first:
			drawn()
		case <-finished:
			return
		case <-overdue:
			Fail(ErrNoOpenGL)
		}
		select {
		case <-after(freeDelay):
			debug.FreeOSMemory()
		case <-finished:
		}
	}()
	a.Run()
	return nil
}

// isToolkit reports whether fault is the toolkit's panic for a missing display.
func isToolkit(fault any) bool {
	text := fmt.Sprint(fault)
	for _, sign := range []string{"GLFW", "PlatformUnavailable", "NotInitialized", "APIUnavailable", "PlatformError"} {
		if containsFold(text, sign) {
			return true
		}
	}
	return false
}

// exists reports whether the system has created the window. UI thread.
func exists(w fyne.Window) bool {
	native, ok := w.(driver.NativeWindow)
	if !ok {
		return true
	}
	made := true
	native.RunNative(func(context any) {
		switch c := context.(type) {
		case driver.X11WindowContext:
			made = c.WindowHandle != 0
		case driver.WaylandWindowContext:
			made = c.WaylandSurface != 0
		case driver.WindowsWindowContext:
			made = c.HWND != 0
		case driver.MacWindowContext:
			made = c.NSWindow != 0
		}
	})
	return made
}

// watch returns a channel that is closed at the first frame of w. It adds a transparent pixel to the content, whose
// image the toolkit requests when it draws.
func watch(w fyne.Window) <-chan struct{} {
	drawn := make(chan struct{})
	var once sync.Once
	pixel := canvas.NewRaster(func(width, height int) image.Image {
		once.Do(func() { close(drawn) })
		return image.NewUniform(color.Transparent)
	})
	pixel.SetMinSize(fyne.NewSquareSize(1))
	if content := w.Content(); content != nil {
		w.SetContent(container.NewStack(content, container.NewHBox(container.NewVBox(pixel))))
	} else {
		w.SetContent(pixel)
	}
	return drawn
}
