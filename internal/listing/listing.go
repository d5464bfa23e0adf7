// Package listing walks a folder and reports which files it takes, what it leaves out, and why.
package listing

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"keygan/internal/fileerr"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Listing is what lies below a folder, each part sorted by path. Paths start with the folder as it was given.
type Listing struct {
	Files   []string  // regular files that are wanted
	LeftOut []LeftOut // the rest; a folder that was not entered is one entry
	Errors  []error   // "path: reason": links to nothing, and what cannot be read
}

// LeftOut is one thing that a listing does not take.
type LeftOut struct {
	Path string `json:"path"`
	Why  string `json:"why"` // for example "hidden"
}

// errDangling is a link whose target does not exist.
var errDangling = errors.New("a link to nothing")

// Dangling reports whether one of Listing's errors is that of a link to nothing.
func Dangling(err error) bool { return errors.Is(err, errDangling) }

// List lists the regular files below a folder, and everything else with the reason why it is left out. wanted gets a file's name without
// its folder and returns "" to take it, or the reason to leave it out.
//
// List leaves out hidden files and folders. It follows links, but enters no folder twice.
func List(folder string, wanted func(name string) (why string)) Listing {
	l := lister{wanted: wanted, entered: map[string]string{}}
	l.enter(folder)
	slices.Sort(l.Files)
	slices.SortFunc(l.LeftOut, func(a, b LeftOut) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(l.Errors, func(a, b error) int { return strings.Compare(a.(*UnreadablePath).Path, b.(*UnreadablePath).Path) })
	return l.Listing
}

// Files is List for a data set. It reports nothing about what it leaves out, not even links to nothing.
func Files(folder string, wanted func(name string) bool) ([]string, []error) {
	l := List(folder, func(name string) string {
		if wanted(name) {
			return ""
		}
		return "unwanted"
	})
	return l.Files, slices.DeleteFunc(l.Errors, Dangling)
}

type lister struct {
	Listing
	wanted  func(name string) string
	entered map[string]string // the real path of each folder that was entered, and the path that led to it
}

func (l *lister) enter(dir string) {
	actual, err := filepath.EvalSymlinks(dir)
	if err == nil {
		actual, err = filepath.Abs(actual)
	}
	if err != nil {
		l.fail(dir, err)
		return
	}
	if earlier, ok := l.entered[actual]; ok {
		l.leaveOut(dir, "a folder already listed as "+earlier)
		return
	}
	l.entered[actual] = dir
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.fail(dir, err) // what was read before the error is listed
	}
	for _, e := range entries {
		l.add(filepath.Join(dir, e.Name()), e)
	}
}

func (l *lister) add(path string, e fs.DirEntry) {
	if strings.HasPrefix(e.Name(), ".") {
		l.leaveOut(path, "hidden")
		return
	}
	info, err := os.Stat(path) // through links
	switch {
	case errors.Is(err, fs.ErrNotExist) && e.Type()&fs.ModeSymlink != 0:
		l.fail(path, errDangling)
	case errors.Is(err, fs.ErrNotExist): // removed since the folder was read
	case err != nil:
		l.fail(path, err)
	case info.IsDir():
		l.enter(path)
	case !info.Mode().IsRegular():
		l.leaveOut(path, "not a regular file: "+kindOf(info.Mode()))
	default:
		if why := l.wanted(e.Name()); why != "" {
			l.leaveOut(path, why)
			return
		}
		l.Files = append(l.Files, path)
	}
}

func (l *lister) leaveOut(path, why string) { l.LeftOut = append(l.LeftOut, LeftOut{path, why}) }

func (l *lister) fail(path string, err error) {
	l.Errors = append(l.Errors, &UnreadablePath{path, fileerr.Reason(err)})
}

// kindOf names a file that is neither regular nor a folder.
func kindOf(mode fs.FileMode) string {
	names := map[fs.FileMode]string{fs.ModeNamedPipe: "a named pipe", fs.ModeSocket: "a socket", fs.ModeDevice: "a device"}
	return cmp.Or(names[mode.Type()&^fs.ModeCharDevice], fmt.Sprintf("mode %s", mode))
}

// An UnreadablePath is the reason why a folder, or something in it, could not be looked at.
type UnreadablePath struct {
	Path string
	Err  error
}

func (e *UnreadablePath) Error() string { return e.Path + ": " + e.Err.Error() }
func (e *UnreadablePath) Unwrap() error { return e.Err }
