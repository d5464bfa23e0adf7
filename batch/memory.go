package batch

import (
	"image"
	"image/color"
	_ "image/jpeg" // so that DecodeConfig knows its header, like those of the formats below
	_ "image/png"
	"io"

	"keygan/data/imagefile"
	"keygan/internal/regularfile"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
)

// copies is how many times an encryption or a decryption holds the decoded image at its peak, with garbage.
const copies = 4

// streamMemory is how many bytes it takes to seal or to open a file of any length.
const streamMemory = 16 << 20

// memoryOf returns how many bytes the work on a file takes, by its header or, if it is not an image, by its length.
func memoryOf(path string) int64 {
	f, err := regularfile.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	n := max(memoryIn(f, info.Size()), copies*imagefile.UnpackedSize(io.NewSectionReader(f, 0, info.Size())))
	if imagefile.PlacedName(path) && info.Size() < largeHeader {
		if o, err := imagefile.ReadOutline(path); err == nil && o != nil { // nil: the content is of another format
			n = max(n, frameMemory(o))
		}
	}
	return n
}

// stackMemory returns how many bytes it takes to read all images of a stack and to hold a key for each. The stack is one file or, in a series,
// several like this one, which are read one after the other.
func stackMemory(path string, files int) int64 {
	n := memoryOf(path)
	if o, err := imagefile.ReadOutline(path); err == nil && o != nil {
		keys := copies * int64(files) * int64(o.Count) * int64(o.Width) * int64(o.Height) * int64(o.Channels)
		if files > 1 {
			return n + keys
		}
		n = max(n, keys)
	}
	return n
}

// frameMemory returns how many bytes it takes to decode one image of a stack.
func frameMemory(o *imagefile.Stack) int64 {
	return copies * 4 * int64(o.Width) * int64(o.Height) * int64(o.Channels)
}

// memoryIn is memoryOf for the content of a file of this many bytes.
func memoryIn(f io.Reader, bytes int64) int64 {
	if c, _, err := image.DecodeConfig(f); err == nil {
		// A header that lies is found out before memory of its size is taken.
		bytes = max(bytes, min(int64(c.Width)*int64(c.Height)*bytesPerPixel(c), 1<<32))
	}
	return copies * bytes
}

// largeHeader is the length of a file from which on its header is not worth reading, since the file itself takes as much.
const largeHeader = 64 << 20

// bytesPerPixel returns how many bytes a decoded pixel takes.
func bytesPerPixel(c image.Config) int64 {
	switch c.ColorModel {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	return 4
}
