package atomicfile

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
)

// temporaryName is what Clean takes for the name of a temporary file.
var temporaryName = regexp.MustCompile(`^\.keygan-[0-9a-f]{32}\.tmp$`)

// A temporary is a file on its way to its final name. It has mode 0600 while it has its temporary name, and is locked until it is closed.
// So whoever gets the lock of a file with such a name knows that its process has ended.
type temporary struct {
	*os.File
	info fs.FileInfo // tells whether a name is this file's
	name string      // the temporary one

	final string      // the name to take
	spare string      // a name given to the file that this one replaces, or ""
	old   fs.FileInfo // that file
}

// newTemporary makes a temporary file. On file systems without locks it is not locked, and Clean cannot lock it either.
func newTemporary(dir directory, final string) (*temporary, error) {
	for range 100 {
		var random [16]byte
		rand.Read(random[:])
		name := fmt.Sprintf(".keygan-%x.tmp", random)
		f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // an os.Root adds O_NOFOLLOW
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		// Clean may have locked and removed the file before it was locked here.
		if !errors.Is(TryLock(f), ErrBusy) && isFile(dir, name, info) {
			return &temporary{File: f, info: info, name: name, final: final}, nil
		}
		f.Close()
	}
	return nil, ErrBusy
}

// write writes the content of a file and syncs it to the disk.
func (t *temporary) write(dir directory, file File) error {
	w := bufio.NewWriterSize(t.File, 1<<16)
	if err := file.Write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !file.Modified.IsZero() {
		if err := t.setModified(dir, file.Modified); err != nil {
			return err
		}
	}
	return t.Sync()
}

// discard removes the temporary name, if the file still has it, and releases the lock.
func (t *temporary) discard(dir directory) {
	removeIf(dir, t.name, t.info)
	t.Close()
}
