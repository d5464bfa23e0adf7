package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"keygan/data"
)

// What the commands append to a name in place of its ending.
const (
	keyImageSuffix = ".key.png"
	keyArraySuffix = ".key.npy"
	cipherSuffix   = ".cipher.png"
	keyFileSuffix  = ".key.npz"

	sealedKeySuffix = ".key.age"
)

// maxFileName is how long names can be, in bytes, in most file systems.
const maxFileName = 255

// input is one file to work on.
type input struct {
	path   string
	folder string // where it lies below the folder that was named, "." at its top or for a file that was named itself
	alone  bool   // it was named itself
}

// collect lists the files that the arguments name: files as they are, folders with all that is below them and wanted. An
// argument that is not there, or a folder with nothing wanted in it, is an error among bad, and the others still count.
func collect(args []string, wanted func(name string) bool) (inputs []input, bad []error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			bad = append(bad, named(arg, err))
		case info.IsDir():
			found, errs := below(arg, wanted)
			if len(errs) == 0 && len(found) == 0 {
				errs = []error{fmt.Errorf("%s: no images in this folder", arg)}
			}
			bad = append(bad, errs...)
			inputs = append(inputs, found...)
		default:
			inputs = append(inputs, input{arg, ".", true})
		}
	}
	return inputs, bad
}

// below lists the wanted files of a folder with where they lie in it.
func below(root string, wanted func(string) bool) (found []input, errs []error) {
	files, errs := data.Files(root, wanted)
	for _, path := range files {
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found = append(found, input{path, folder, false})
	}
	return found, errs
}

// plainImage says whether a file in a folder looks like an image to make a key of. What this program itself makes of
// images, which may lie beside them, does not.
func plainImage(name string) bool {
	lower := strings.ToLower(name)
	if strings.HasSuffix(lower, keyImageSuffix) || strings.HasSuffix(lower, keyArraySuffix) || strings.HasSuffix(lower, cipherSuffix) {
		return false
	}
	return data.ImageName(name)
}

func cipherImage(name string) bool { return strings.HasSuffix(strings.ToLower(name), cipherSuffix) }

// stem is a file's name without what tells its format.
func stem(path string) string {
	name := filepath.Base(path)
	for _, e := range []string{cipherSuffix, ".nii.gz", filepath.Ext(name)} {
		if n := len(name) - len(e); n > 0 && strings.EqualFold(name[n:], e) {
			return name[:n]
		}
	}
	return name
}

// readPlain reads an image, and resizes it when side is not 0.
func readPlain(path string, side int) (*data.Image, error) {
	m, err := data.ReadImage(path)
	if err != nil {
		return nil, err
	}
	if side != 0 && (m.Width != side || m.Height != side) {
		m = m.Resize(side, side)
	}
	return m, nil
}

// maxSide bounds --resize, in pixels: a mistyped number should not ask for all memory.
const maxSide = 16384

func checkResize(changed bool, side int) error {
	if changed && (side < 1 || side > maxSide) {
		return usagef("--resize %d: it must be 1 to %d pixels", side, maxSide)
	}
	return nil
}

// named is an error of the os package as "path: reason".
func named(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// openRegular opens a file for reading, but no folder, pipe or device. Errors read "path: reason".
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, named(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, named(path, err)
	}
	return f, nil
}
