package atomicfile

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// ErrBusy reports that somebody else, in this process or another, is writing the same files.
var ErrBusy = errors.New("another process is writing it")

// A stage is a hidden folder in which files that belong together are written before they take their names beside it. What can
// go wrong, goes wrong there. Its name follows from that of the last file, so that whoever writes the same files finds it:
//
//	.keygan-stage-0123456789abcdef.tmp/lock      locked for as long as the process that writes lives
//	.keygan-stage-0123456789abcdef.tmp/0/scan.key.age
//	.keygan-stage-0123456789abcdef.tmp/1/scan.cipher.png
//	.keygan-stage-0123456789abcdef.tmp/place     there when all files are whole, and while they take their names;
//	                                             "replace" in its stead where they may replace others
//	.keygan-stage-0123456789abcdef.tmp/old/1     what scan.cipher.png was before
//
// A file keeps its name in the stage until all have taken theirs. So whoever finds the stage of a process that was killed can tell
// which of the files beside it are its own, and give the others their names, too.
type stage struct {
	dir, path string // the folder that the files belong in; the stage's own
	lock      *os.File
}

const (
	stagePattern = ".keygan-stage-*.tmp"
	lockName     = "lock"
	placeName    = "place"
	replaceName  = "replace"
)

// openStage makes the stage for the files of which the last has this name, or takes over what a killed process left.
func openStage(dir, last string) (*stage, error) {
	sum := sha256.Sum256([]byte(last))
	path := filepath.Join(dir, fmt.Sprintf(".keygan-stage-%x.tmp", sum[:8]))
	for range 1000 {
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		s, err := lockStage(dir, path)
		if !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
		// Its owner has just finished and removed it.
		time.Sleep(time.Millisecond)
	}
	return nil, ErrBusy
}

// lockStage locks a stage that there is, and empties it. The error is fs.ErrNotExist when it is gone, ErrBusy when somebody
// else has it.
func lockStage(dir, path string) (*stage, error) {
	if info, err := os.Lstat(path); err != nil {
		return nil, err
	} else if !info.IsDir() { // nothing behind a link is ours
		return nil, syscall.ENOTDIR
	}
	name := filepath.Join(path, lockName)
	created := true
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		created = false
		f, err = os.OpenFile(name, os.O_RDWR, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := tryLock(f, created); err != nil {
		f.Close()
		if errors.Is(err, errNoLocks) {
			err = fmt.Errorf("%w, or was killed while it was; if there is none, remove %s", ErrBusy, path)
		}
		return nil, err
	}
	// The one who had the lock before may have removed the stage with it, and another may have made it anew.
	ours, err1 := f.Stat()
	there, err2 := os.Lstat(name)
	if err1 != nil || err2 != nil || !os.SameFile(ours, there) {
		f.Close()
		return nil, fs.ErrNotExist
	}
	s := &stage{dir, path, f}
	if err := errors.Join(s.finish(), s.clear()); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// close removes the stage and lets go of its lock. Whoever waits for the lock finds that it is not that of a stage any more.
func (s *stage) close() {
	s.clear()
	os.Remove(filepath.Join(s.path, lockName))
	os.Remove(s.path) // not with RemoveAll: another's lock may be in it by now
	s.lock.Close()
}

// clear removes all but the lock. The marks go first: without them nothing in the stage counts.
func (s *stage) clear() error {
	for _, mark := range []string{placeName, replaceName} {
		if err := os.Remove(filepath.Join(s.path, mark)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	entries, err := os.ReadDir(s.path)
	for _, e := range entries {
		if e.Name() != lockName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.path, e.Name())))
		}
	}
	return err
}

// file is the path of file i in the stage.
func (s *stage) file(i int, path string) string {
	return filepath.Join(s.path, strconv.Itoa(i), filepath.Base(path))
}

func (s *stage) old(i int) string { return filepath.Join(s.path, "old", strconv.Itoa(i)) }

// write writes file i into the stage.
func (s *stage) write(i int, file File) (err error) {
	name := s.file(i, file.Path)
	if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if err := f.Chmod(file.Perm); err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	if err := file.Write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// place gives the files their names. If one cannot take its name, those before it give theirs back, and it is the one that the
// error is about.
func (s *stage) place(overwrite bool, files []File) (failed int, err error) {
	if overwrite {
		for i, f := range files {
			if info, err := os.Lstat(f.Path); err == nil && info.IsDir() {
				return i, syscall.EISDIR
			}
		}
	}
	mark := placeName
	if overwrite {
		mark = replaceName
	}
	m, err := os.OpenFile(filepath.Join(s.path, mark), os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	m.Close()
	if overwrite {
		if i, err := s.stepAside(files); err != nil {
			s.takeBack(0, files)
			return i, err
		}
	}
	for i, f := range files {
		if err := s.placeOne(i, f.Path, overwrite); err != nil {
			s.takeBack(i, files)
			return i, err
		}
	}
	return 0, nil
}

func (s *stage) placeOne(i int, path string, overwrite bool) error {
	if overwrite {
		return os.Rename(s.file(i, path), path)
	}
	return giveName(s.file(i, path), path)
}

// stepAside keeps what is about to be replaced. All but the first file lose their names meanwhile, so that at no time there are
// new files beside old ones; the first keeps its until another takes it.
func (s *stage) stepAside(files []File) (failed int, err error) {
	if err := os.Mkdir(filepath.Join(s.path, "old"), 0o700); err != nil {
		return 0, err
	}
	for i := len(files) - 1; i >= 0; i-- {
		move := os.Rename
		if i == 0 {
			move = linkOrRename
		}
		if err := move(files[i].Path, s.old(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return i, err
		}
	}
	return 0, nil
}

// takeBack undoes the placing of the first n files: what was there before, is there again.
func (s *stage) takeBack(n int, files []File) {
	for i, f := range files {
		if os.Rename(s.old(i), f.Path) != nil && i < n {
			os.Remove(f.Path)
		}
	}
}

// finish gives the files of a killed process their names, if all of them were whole. If one of its names has been taken since, by
// somebody who knows nothing of stages, those files that have theirs already give them back.
func (s *stage) finish() error {
	overwrite := false
	if _, err := os.Lstat(filepath.Join(s.path, replaceName)); err == nil {
		overwrite = true
	} else if _, err := os.Lstat(filepath.Join(s.path, placeName)); err != nil {
		return nil
	}
	for i := 0; ; i++ {
		from, err := s.staged(i)
		if errors.Is(err, fs.ErrNotExist) {
			return syncDir(s.dir)
		}
		if err != nil {
			return err
		}
		if from == "" { // on a file system without links it has only the other name now
			continue
		}
		to := filepath.Join(s.dir, filepath.Base(from))
		if overwrite {
			err = os.Rename(from, to)
		} else if err = giveName(from, to); err != nil && sameFile(from, to) {
			err = nil
		}
		if errors.Is(err, ErrExists) {
			s.renounce(i)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// staged is the path of file i if it is still in the stage, or "".
func (s *stage) staged(i int) (string, error) {
	dir := filepath.Join(s.path, strconv.Itoa(i))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return "", err
	}
	return filepath.Join(dir, entries[0].Name()), nil
}

// renounce takes the names of the first n files away from them.
func (s *stage) renounce(n int) {
	for i := range n {
		from, err := s.staged(i)
		if to := filepath.Join(s.dir, filepath.Base(from)); err == nil && from != "" && sameFile(from, to) {
			os.Remove(to)
		}
	}
}

func sameFile(a, b string) bool {
	i, err1 := os.Lstat(a)
	j, err2 := os.Lstat(b)
	return err1 == nil && err2 == nil && os.SameFile(i, j)
}

// naming keeps the goroutines of a process from taking one name where links cannot tell that it is taken.
var naming sync.Mutex

// giveName gives a file a further name, which must be free. A link, unlike a rename, fails when the name has appeared in the
// meantime; on a file system without links the file loses its first name.
func giveName(from, path string) error {
	err := os.Link(from, path)
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	naming.Lock()
	defer naming.Unlock()
	if _, err := os.Lstat(path); err == nil {
		return ErrExists
	}
	return os.Rename(from, path)
}

// linkOrRename gives a file a further name or, on a file system without links, another.
func linkOrRename(from, to string) error {
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}
