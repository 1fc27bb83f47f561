// Command icons renders the app's icon from assets/icon.svg in the sizes and formats of the packages:
//
//	icons FOLDER
//
// It writes hicolor/SIZExSIZE/apps/ID.png and hicolor/scalable/apps/ID.svg for Linux, acen.ico for Windows, acen.icns
// for macOS, Icon.png for the toolkit (512 pixels), and icon.png for package assets, the icon of windows.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/assets"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: icons FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "icons: %v\n", err)
		os.Exit(1)
	}
}

// mainSize is the size of Icon.png, windowSize that of icon.png.
const mainSize, windowSize = 512, 128

// linuxSizes are the sizes of the hicolor theme, windowsSizes those that Explorer and the taskbar use.
var (
	linuxSizes   = []int{16, 22, 24, 32, 48, 64, 128, 256, 512}
	windowsSizes = []int{16, 20, 24, 32, 40, 48, 64, 256}
)

// macTypes are the types of pictures in an .icns file that are PNG, with their sizes in pixels.
var macTypes = []struct {
	name string
	size int
}{
	{"icp4", 16},
	{"icp5", 32},
	{"ic11", 32},
	{"ic12", 64},
	{"ic07", 128},
	{"ic13", 256},
	{"ic08", 256},
	{"ic14", 512},
	{"ic09", 512},
	{"ic10", 1024},
}

// write writes all files to folder.
func write(folder string) error {
	files := map[string]func() ([]byte, error){
		"Icon.png":  func() ([]byte, error) { return picture(mainSize) },
		"icon.png":  func() ([]byte, error) { return picture(windowSize) },
		"acen.ico":  ico,
		"acen.icns": icns,
		filepath.Join("hicolor", "scalable", "apps", acen.About().ID+".svg"): func() ([]byte, error) {
			return assets.Icon, nil
		},
	}
	for _, size := range linuxSizes {
		name := filepath.Join("hicolor", dimensions(size), "apps", acen.About().ID+".png")
		files[name] = func() ([]byte, error) { return picture(size) }
	}
	for name, content := range files {
		data, err := content()
		if err != nil {
			return err
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// dimensions returns the name of a size in the theme.
func dimensions(size int) string { return fmt.Sprintf("%dx%d", size, size) }

// picture renders the icon as PNG.
func picture(size int) ([]byte, error) {
	drawing, err := oksvg.ReadIconStream(bytes.NewReader(assets.Icon))
	if err != nil {
		return nil, fmt.Errorf("read assets/icon.svg: %w", err)
	}
	drawing.SetTarget(0, 0, float64(size), float64(size))
	canvas := image.NewRGBA(image.Rect(0, 0, size, size))
	drawing.Draw(rasterx.NewDasher(size, size, rasterx.NewScannerGV(size, size, canvas, canvas.Bounds())), 1)
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, canvas); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// ico returns an icon file for Windows: a header, an entry of 16 bytes for each picture, and the pictures as PNG.
func ico() ([]byte, error) {
	const header, entry = 6, 16
	order := binary.LittleEndian
	head := order.AppendUint16(order.AppendUint16(order.AppendUint16(nil, 0), 1), uint16(len(windowsSizes)))
	var pictures []byte
	for _, size := range windowsSizes {
		data, err := picture(size)
		if err != nil {
			return nil, err
		}
		head = append(head, byte(size), byte(size), 0, 0) // 256 is written as 0
		head = order.AppendUint16(order.AppendUint16(head, 1), 32)
		head = order.AppendUint32(head, uint32(len(data)))
		head = order.AppendUint32(head, uint32(header+entry*len(windowsSizes)+len(pictures)))
		pictures = append(pictures, data...)
	}
	return append(head, pictures...), nil
}

// icns returns an icon file for macOS: a header with the total length, and each picture after its type and length.
func icns() ([]byte, error) {
	const header = 8
	order := binary.BigEndian
	var pictures []byte
	for _, kind := range macTypes {
		data, err := picture(kind.size)
		if err != nil {
			return nil, err
		}
		pictures = append(order.AppendUint32(append(pictures, kind.name...), uint32(header+len(data))), data...)
	}
	return append(order.AppendUint32([]byte("icns"), uint32(header+len(pictures))), pictures...), nil
}
