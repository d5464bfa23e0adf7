package job

import (
	"fmt"
	"os"
	"path/filepath"

	"keygan/internal/fileerr"
	"keygan/internal/listing"
)

// An Input is one file to work on.
type Input struct {
	Path   string
	Folder string // where it lies below the folder that was named; "." at its top, and for a file that was named itself
	Named  bool   // it was named itself

	// Of a series of slices that are worked on as one: its files in their order, Path being the first, and what it is called.
	Series []string
	Name   string
}

// Failed is an input that failed, and why. The error names it.
type Failed struct {
	Input string   `json:"input"`
	Err   error    `json:"-"`
	Text  string   `json:"error"`          // of Err; a Report has it
	Hint  string   `json:"hint,omitempty"` // for whoever prints the report to set
	Reads []string `json:"-"`              // other files that the work on it would need
}

// Collect lists the files that paths name: files as they are, folders with everything wanted below them. wanted returns "" or why a file
// in a folder is left out. A path that does not exist, or a folder with nothing wanted in it, fails; the others still count.
func Collect(paths []string, wanted func(name string) string) (inputs []Input, leftOut []listing.LeftOut, failed []Failed) {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			failed = append(failed, Failed{Input: path, Err: fileerr.Named(path, err)})
		case info.IsDir():
			found := listing.List(path, wanted)
			leftOut = append(leftOut, found.LeftOut...)
			for _, err := range found.Errors {
				failed = append(failed, Failed{Input: path, Err: err})
			}
			if len(found.Errors) == 0 && len(found.Files) == 0 {
				failed = append(failed, Failed{Input: path, Err: fmt.Errorf("%s: nothing to work on in this folder", path)})
			}
			for _, file := range found.Files {
				folder, err := filepath.Rel(path, filepath.Dir(file))
				if err != nil {
					failed = append(failed, Failed{Input: file, Err: err})
					continue
				}
				inputs = append(inputs, Input{Path: file, Folder: folder})
			}
		default:
			inputs = append(inputs, Input{Path: path, Folder: ".", Named: true})
		}
	}
	return inputs, leftOut, failed
}
