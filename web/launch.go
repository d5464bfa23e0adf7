package web

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"keygan/internal/atomicfile"
	"keygan/internal/fileerr"
)

// announce tells how to get to the page. The launch token is in a file that only its owner can read, because the command line that starts
// a browser shows to every user of the machine.
func (s *server) announce(l *bound) error {
	launch := l.address + "#launch=" + s.access.launch
	ready := s.Ready
	if ready == nil {
		ready = func(string, string, string) {}
	}
	if s.Open == nil {
		ready(l.address, "", launch)
		return nil
	}
	dir, err := launchFolder()
	if err != nil {
		return err
	}
	removeStale(dir)
	f, err := os.CreateTemp(dir, launchPrefix+"*.html") // mode 0600
	if err != nil {
		return err
	}
	s.used = sync.OnceFunc(func() {
		os.Remove(f.Name())
		f.Close() // which also unlocks it
		if filepath.Base(dir) != "keygan" {
			os.Remove(dir) // it was made for this file
		}
	})
	atomicfile.TryLock(f)
	_, err = fmt.Fprintf(f, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=%[1]s"><title>keygan</title><p><a href="%[1]s">keygan</a></p></html>
`, html.EscapeString(launch))
	if err != nil {
		s.used()
		return fileerr.Named(f.Name(), err)
	}
	if err := s.Open(f.Name()); err != nil { // there is no browser
		s.used()
		ready(l.address, "", launch)
		return nil
	}
	ready(l.address, f.Name(), "")
	return nil
}

const launchPrefix = "open-"

// launchFolder returns a folder for launch files in which only the user can write. It never is one that others may have made.
func launchFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err == nil {
		err = os.MkdirAll(filepath.Join(cache, "keygan"), 0o700)
	}
	if err == nil {
		err = os.Chmod(filepath.Join(cache, "keygan"), 0o700) // which only its owner can
	}
	if err != nil {
		return os.MkdirTemp("", "keygan-")
	}
	return filepath.Join(cache, "keygan"), nil
}

// removeStale removes the launch files of processes that were killed: those that nobody has locked. Their tokens open nothing any more.
func removeStale(dir string) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return
	}
	defer root.Close()
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), launchPrefix) || !strings.HasSuffix(e.Name(), ".html") {
			continue
		}
		f, err := root.Open(e.Name())
		if err != nil {
			continue
		}
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm() == 0o600 && atomicfile.TryLock(f) == nil {
			atomicfile.Remove(filepath.Join(dir, e.Name()), info)
		}
		f.Close()
	}
}
