package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	errLink    = errors.New("is a symbolic link, which is not followed")
	errOutside = errors.New("lies outside the output folder")
	errSwapped = errors.New("was replaced by another program in the meantime")
)

// A directory is an open folder: the methods of os.Root that this package uses. All names are single ones, without a separator.
type directory interface {
	Lstat(name string) (fs.FileInfo, error)
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
	Chtimes(name string, accessed, modified time.Time) error
	Link(old, name string) error
	Rename(old, name string) error
	Remove(name string) error
}

// isFile reports whether a name is that of the given file.
func isFile(dir directory, name string, file fs.FileInfo) bool {
	info, err := dir.Lstat(name)
	return err == nil && os.SameFile(info, file)
}

// removeIf removes a name if it is that of the given file.
func removeIf(dir directory, name string, file fs.FileInfo) error {
	if name == "" || !isFile(dir, name, file) {
		return nil
	}
	return dir.Remove(name)
}

// openRoot opens a folder that the user named, through links or not.
func openRoot(path string) (*os.Root, error) {
	// Opening a FIFO would wait for somebody who writes to it.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, syscall.ENOTDIR
	}
	return os.OpenRoot(path)
}

// openFolder opens a folder that is root or lies below it. It follows no link below root. With create, it makes missing folders.
func openFolder(root, folder string, create bool) (*os.Root, error) {
	if root == "" {
		root = folder
	}
	below, err := filepath.Rel(root, folder)
	if err != nil || !filepath.IsLocal(below) {
		return nil, named(folder, errOutside)
	}
	if create {
		if err := os.MkdirAll(root, 0o777); err != nil {
			return nil, named(root, err)
		}
	}
	dir, err := openRoot(root)
	if err != nil {
		return nil, named(root, err)
	}
	if below == "." {
		return dir, nil
	}
	path := root
	for _, name := range strings.Split(below, string(filepath.Separator)) {
		path = filepath.Join(path, name)
		next, err := openBelow(dir, name, create)
		dir.Close()
		if err != nil {
			return nil, named(path, err)
		}
		dir = next
	}
	return dir, nil
}

// openBelow opens a folder in another. An os.Root would follow a link that does not lead out of it.
func openBelow(dir *os.Root, name string, create bool) (*os.Root, error) {
	info, err := dir.Lstat(name)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := dir.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		info, err = dir.Lstat(name)
	}
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, errLink
	case !info.IsDir():
		return nil, syscall.ENOTDIR
	}
	opened, err := dir.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if now, err := opened.Stat("."); err != nil || !os.SameFile(info, now) {
		opened.Close()
		return nil, errors.Join(err, errSwapped)
	}
	return opened, nil
}

const longestWait = 10 * time.Second

// unlockable stands for the locks of all folders that cannot be locked.
var unlockable sync.Mutex

// lockFolder waits until nobody else places files in a folder. If locked is false, it can keep out only this process's goroutines.
func lockFolder(dir directory) (locked bool, unlock func(), err error) {
	f, err := dir.OpenFile(".", os.O_RDONLY, 0)
	if err != nil {
		return false, nil, err
	}
	for end := time.Now().Add(longestWait); ; time.Sleep(time.Millisecond) {
		switch err := TryLock(f); {
		case err == nil:
			return true, func() { f.Close() }, nil
		case !errors.Is(err, ErrBusy):
			f.Close()
			unlockable.Lock()
			return false, unlockable.Unlock, nil
		case time.Now().After(end):
			f.Close()
			return false, nil, ErrBusy
		}
	}
}

// syncFolder makes new names durable, except on Windows and on file systems that cannot sync a folder, which answer EINVAL.
func syncFolder(dir directory) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := dir.OpenFile(".", os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
