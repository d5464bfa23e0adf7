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

// Clean removes what killed processes left in the folders of some groups of files. Root and the paths of each group are those of
// a WriteAll. A folder that is not there, or is a link, is no error.
//
// A file is removed if its name is that of a temporary file, it is a regular file of the process's user with mode 0600, and
// nobody has locked it. If it has the names of files of a group as well, but the group's last file is not there, the process was
// killed while it placed this group; the file loses those names, too, since they open nothing. All else stays as it is.
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
		dir, err := openFolder(root, folder, false)
		if err == nil {
			if err = clean(dir, groups); err != nil {
				err = named(folder, err)
			}
			dir.Close()
		}
		if !isNotOurs(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// isNotOurs reports whether an error means only that something is not there, or is not what this package made.
func isNotOurs(err error) bool {
	for _, e := range []error{fs.ErrNotExist, errLink, errSwapped, syscall.ENOTDIR, syscall.ELOOP} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// clean cleans one folder. It is locked meanwhile, since others may be placing the files of the groups.
func clean(dir *os.Root, groups [][]string) error {
	self, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer self.Close()
	names, err := self.Readdirnames(-1)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		if !temporaryName.MatchString(name) {
			continue
		}
		f, info, err := openLeft(dir, self, name)
		if f == nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, removeLeft(dir, name, info, groups))
		f.Close()
	}
	return errors.Join(errs...)
}

// openLeft opens and locks a file that a killed process left. For anything else the file is nil.
func openLeft(dir *os.Root, self *os.File, name string) (*os.File, fs.FileInfo, error) {
	// Only a file that looks like ours is opened at all: opening a device can have effects.
	if info, err := dir.Lstat(name); err != nil || !isOurs(info) {
		return nil, nil, unlessNotOurs(err)
	}
	fd, err := unix.Openat(int(self.Fd()), name, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, unlessNotOurs(err)
	}
	f := os.NewFile(uintptr(fd), name)
	info, err := f.Stat()
	if err != nil || !isOurs(info) || tryLock(f) != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func unlessNotOurs(err error) error {
	if isNotOurs(err) {
		return nil
	}
	return err
}

// isOurs reports whether a file has the type, the permissions and the owner of a temporary file.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode() == 0o600 && int(stat.Uid) == os.Geteuid()
}

// removeLeft removes a file that a killed process left. Its temporary name goes last: as long as it is there, the other names can
// be found again.
func removeLeft(dir *os.Root, name string, info fs.FileInfo, groups [][]string) error {
	locked, unlock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer unlock()
	for _, group := range groups {
		if !locked { // somebody may be placing this group
			break
		}
		last := len(group) - 1
		if _, err := dir.Lstat(filepath.Base(group[last])); !errors.Is(err, fs.ErrNotExist) {
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
