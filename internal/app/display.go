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
	// ErrNoDisplay is returned when there is no screen to show a window on.
	ErrNoDisplay = errors.New("there is no display to show the window on. Start the app in a graphical session, or set DISPLAY to one")
	// ErrNoOpenGL is returned when windows cannot be drawn.
	ErrNoOpenGL = errors.New("the window cannot be drawn: this system offers no OpenGL 2.1. Install or update the graphics driver; over a remote desktop, Mesa's software driver (libgl1-mesa-dri) will do")
)

const (
	// firstFrame is how long the window may take to be drawn for the first time. A slow machine needs a few seconds.
	firstFrame = 45 * time.Second
	// startOver is how long after its first frame a window has done what a start does. Memory that only the start needed, for
	// reading fonts and tables, goes back to the system then.
	startOver = time.Second
)

// checkDisplay finds a missing display before the toolkit ends the process over it.
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

// show shows a window and runs the app. The toolkit panics without a display and lives on unseen without OpenGL: both
// become errors. drawn is called after the first frame, on any goroutine. after is time.After.
func show(a fyne.App, w fyne.Window, do, drawn func(), after func(time.Duration) <-chan time.Time) (err error) {
	overdue := after(firstFrame)
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
		case <-after(startOver):
			debug.FreeOSMemory()
		case <-finished:
		}
	}()
	a.Run()
	return nil
}

// isToolkit reports whether a panic came from the toolkit's start without a display.
func isToolkit(fault any) bool {
	text := fmt.Sprint(fault)
	for _, sign := range []string{"GLFW", "PlatformUnavailable", "NotInitialized", "APIUnavailable", "PlatformError"} {
		if containsFold(text, sign) {
			return true
		}
	}
	return false
}

// exists reports whether the system has made the window.
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

// watch returns a channel that is closed when the window has been drawn: a picture of one transparent pixel in it is
// asked for then.
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
