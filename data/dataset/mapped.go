//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// mapped is a file in memory, as long as it is referred to.
type mapped struct{ b []byte }

// mapFile maps a file of just size bytes.
func mapFile(path string, size int64) (mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != size {
		return nil, errDamagedCache
	}
	var b []byte
	if err = unix.ENOMEM; size == int64(int(size)) {
		b, err = unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	}
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOMEM) { // a file system that cannot, or 32 bits
		if f, err := os.Open(path); err == nil {
			return openFile{f}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	m := &mapped{b}
	runtime.AddCleanup(m, func(b []byte) { unix.Munmap(b) }, b)
	return m, nil
}

// read survives that somebody cuts the file short meanwhile, which the system answers with a fault.
func (m *mapped) read(p []byte, at int64) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("reading mapped memory: %v", fault)
		}
		runtime.KeepAlive(m)
	}()
	copy(p, m.b[at:at+int64(len(p))])
	return nil
}

// lockFile waits until no other process, nor another goroutine, holds the lock, and takes it. It is let go when the process
// ends, however that may be. On a file system without locks there is none, and the same work may be done twice. Before it
// waits it calls waiting, if there is such a function; it waits no longer than ctx.
func lockFile(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != unix.EINTR && err != unix.EWOULDBLOCK {
			return func() { f.Close() }, nil
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
