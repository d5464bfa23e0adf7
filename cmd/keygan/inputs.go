package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/listing"
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

// collect lists the files that the arguments name: files as they are, folders with all that is below them and wanted. wanted returns
// "" or why a file in a folder is left out. An argument that does not exist, or a folder with nothing wanted in it, is bad, and
// the others still count.
func collect(args []string, wanted func(name string) string) (inputs []input, left []listing.LeftOut, bad []badInput) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			bad = append(bad, badInput{path: arg, err: named(arg, err)})
		case info.IsDir():
			found := listing.List(arg, wanted)
			left = append(left, found.LeftOut...)
			for _, err := range found.Errors {
				bad = append(bad, badInput{path: arg, err: err})
			}
			if len(found.Errors) == 0 && len(found.Files) == 0 {
				bad = append(bad, badInput{path: arg, err: fmt.Errorf("%s: nothing to work on in this folder", arg)})
			}
			for _, path := range found.Files {
				folder, err := filepath.Rel(arg, filepath.Dir(path))
				if err != nil {
					bad = append(bad, badInput{path: path, err: err})
					continue
				}
				inputs = append(inputs, input{path, folder, false})
			}
		default:
			inputs = append(inputs, input{arg, ".", true})
		}
	}
	return inputs, left, bad
}

// The reasons why files in folders are left out.
const (
	madeByKeygan   = "made by keygan"
	notAnImage     = "not called as images are"
	notCipherImage = "not called *" + cipherSuffix
)

// plainImage takes the files in a folder that look like images to make keys of, but not what keygan makes of images, which may
// lie beside them.
func plainImage(name string) string {
	switch {
	case isMade(name):
		return madeByKeygan
	case !imagefile.ImageName(name):
		return notAnImage
	}
	return ""
}

// sealable takes all files in a folder but those that keygan makes of others.
func sealable(name string) string {
	if isMade(name) {
		return madeByKeygan
	}
	return ""
}

// cipherImageOnly takes the cipher images in a folder. Key files belong to them and are nothing left out.
func cipherImageOnly(name string) string {
	switch {
	case cipherImage(name) || isKeyFile(name):
		return ""
	}
	return notCipherImage
}

// isMade reports whether a file is called as keygan calls what it makes of other files.
func isMade(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasSuffix(lower, keyImageSuffix) || strings.HasSuffix(lower, keyArraySuffix) || cipherImage(name) || isKeyFile(name)
}

// isKeyFile reports whether a file is called as key files are, or as one is that a killed process kept.
func isKeyFile(name string) bool {
	lower := spareName.ReplaceAllString(strings.ToLower(name), "")
	return strings.HasSuffix(lower, keyFileSuffix) || strings.HasSuffix(lower, sealedKeySuffix) || strings.HasSuffix(lower, plainKeySuffix)
}

// spareName ends the names of old key files that atomicfile keeps while a pair is replaced.
var spareName = regexp.MustCompile(`~[1-9][0-9]?$`)

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
func readPlain(path string, side int) (*raster.Image, error) {
	m, err := imagefile.ReadImage(path)
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
	if err == nil && !info.Mode().IsRegular() { // opening a device can have effects
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|withoutWaiting, 0)
	if err != nil {
		return nil, named(path, err)
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() { // a pipe has taken its place
		err = errors.New("not a regular file")
	}
	if err != nil {
		f.Close()
		return nil, named(path, err)
	}
	return f, nil
}
