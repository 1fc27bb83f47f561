package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/assets"
)

func decode(t *testing.T, data []byte) image.Image {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	return p
}

// Icon.png and assets/icon.png match assets/icon.svg; `make icon` updates them.
func TestIconsMatchDrawing(t *testing.T) {
	committed, err := os.ReadFile(filepath.Join("..", "..", "Icon.png"))
	require.NoError(t, err)
	requireDrawing(t, committed, mainSize)
	requireDrawing(t, assets.WindowIcon, windowSize)
}

func requireDrawing(t *testing.T, committed []byte, size int) {
	t.Helper()
	drawn, err := picture(size)
	require.NoError(t, err)
	a, b := decode(t, committed), decode(t, drawn)
	require.Equal(t, image.Rect(0, 0, size, size), a.Bounds())
	require.Equal(t, a.Bounds(), b.Bounds())
	for y := range size {
		for x := range size {
			r1, g1, b1, a1 := a.At(x, y).RGBA()
			r2, g2, b2, a2 := b.At(x, y).RGBA()
			for _, pair := range [][2]uint32{{r1, r2}, {g1, g2}, {b1, b2}, {a1, a2}} {
				// Rounding depends on the processor.
				require.InDelta(t, pair[0], pair[1], 0x400, "pixel %d,%d: run `make icon`", x, y)
			}
		}
	}
	_, _, _, corner := a.At(0, 0).RGBA()
	require.Zero(t, corner, "the corners are transparent")
	_, _, blue, opaque := a.At(size/2, size*60/512).RGBA()
	require.Equal(t, uint32(0xffff), opaque)
	require.Greater(t, blue, uint32(0x8000))
}

func TestFiles(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, write(folder))
	for _, size := range linuxSizes {
		data, err := os.ReadFile(filepath.Join(folder, "hicolor", dimensions(size), "apps", acen.About().ID+".png"))
		require.NoError(t, err)
		require.Equal(t, image.Rect(0, 0, size, size), decode(t, data).Bounds())
	}

	data, err := os.ReadFile(filepath.Join(folder, "acen.ico"))
	require.NoError(t, err)
	order := binary.LittleEndian
	require.Equal(t, []uint16{0, 1, uint16(len(windowsSizes))},
		[]uint16{order.Uint16(data), order.Uint16(data[2:]), order.Uint16(data[4:])})
	for i, size := range windowsSizes {
		entry := data[6+16*i:]
		length, offset := order.Uint32(entry[8:]), order.Uint32(entry[12:])
		require.Equal(t, byte(size), entry[0])
		require.Equal(t, image.Rect(0, 0, size, size), decode(t, data[offset:offset+length]).Bounds())
	}

	data, err = os.ReadFile(filepath.Join(folder, "acen.icns"))
	require.NoError(t, err)
	require.Equal(t, "icns", string(data[:4]))
	require.Equal(t, len(data), int(binary.BigEndian.Uint32(data[4:])))
	rest := data[8:]
	for _, kind := range macTypes {
		require.Equal(t, kind.name, string(rest[:4]))
		length := binary.BigEndian.Uint32(rest[4:])
		require.Equal(t, image.Rect(0, 0, kind.size, kind.size), decode(t, rest[8:length]).Bounds())
		rest = rest[length:]
	}
	require.Empty(t, rest)
}

func TestWriteFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, write(file))
}
