//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Clean removes what killed processes left in the folders of some groups of files. Root and the paths of each group are those of a
// WriteAll. A missing folder, or a link in its place, is no error.
//
// A file is removed if its name is that of a temporary file, it is a regular file of the process's user with mode 0600, and nobody has
// locked it. If it also has names of files of a group whose last file is missing, the process was killed while it placed this group. Then
// the file loses those names, which open nothing. All else stays as it is.
func Clean(root string, groups [][]string) error {
	folders := map[string][][]string{}
	for _, group := range groups {
		if len(group) > 0 {
			folder := filepath.Dir(group[0])
			folders[folder] = append(folders[folder], group)
		}
	}
	var errs []error
	for folder, groups := range folders {
		if err := cleanFolder(root, folder, groups); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func cleanFolder(root, folder string, groups [][]string) error {
	dir, err := openFolder(root, folder, false)
	for _, nothingOfOurs := range []error{fs.ErrNotExist, errLink, errSwapped, syscall.ENOTDIR} {
		if errors.Is(err, nothingOfOurs) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	self, err := dir.Open(".")
	if err != nil {
		return named(folder, err)
	}
	defer self.Close()
	names, err := self.Readdirnames(-1)
	if err != nil {
		return named(folder, err)
	}
	for _, name := range names {
		if f := openLeft(dir, self, name); f != nil {
			err := removeLeft(dir, name, f, groups)
			f.Close()
			if err != nil {
				return named(folder, err)
			}
		}
	}
	return nil
}

// openLeft opens and locks a file that a killed process left. It returns nil for anything else and for what it cannot open.
func openLeft(dir *os.Root, self *os.File, name string) *os.File {
	if !temporaryName.MatchString(name) {
		return nil
	}
	// Opening a device can have effects, so only a file that looks like ours is opened.
	if info, err := dir.Lstat(name); err != nil || !isOurs(info) {
		return nil
	}
	fd, err := unix.Openat(int(self.Fd()), name, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), name)
	if info, err := f.Stat(); err == nil && isOurs(info) && TryLock(f) == nil {
		return f
	}
	f.Close()
	return nil
}

// isOurs reports whether a file has the type, the permissions and the owner of a temporary file.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode() == 0o600 && int(stat.Uid) == os.Geteuid()
}

// removeLeft removes a file that a killed process left. Its temporary name goes last, because it leads to the other names.
func removeLeft(dir *os.Root, name string, f *os.File, groups [][]string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	locked, unlock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer unlock()
	for _, group := range groups {
		last := len(group) - 1
		_, err := dir.Lstat(filepath.Base(group[last]))
		if !locked || !errors.Is(err, fs.ErrNotExist) { // without a lock, another process may be placing this group
			continue
		}
		for _, path := range group[:last] {
			if err := removeIf(dir, filepath.Base(path), info); err != nil {
				return err
			}
		}
	}
	return removeIf(dir, name, info)
}

// TryLock locks a file or folder while it is open. The error is ErrBusy if somebody else has locked it, or why it cannot be locked.
func TryLock(f *os.File) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return ErrBusy
		default:
			return err
		}
	}
}
