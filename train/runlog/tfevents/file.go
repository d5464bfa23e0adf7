package tfevents

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// NamePrefix is how the names of event files begin. TensorBoard itself takes any file with "tfevents" in its name for one.
const NamePrefix = "events.out.tfevents."

// secondsDigits is the width of the seconds in a name. As long as all have it, names sort as their times do.
const secondsDigits = 10

// maxAttempts bounds how often another process may take a name just before us.
const maxAttempts = 100

// createFile makes the event file events.out.tfevents.<unix seconds>.<host name>.<process>.<n>, n the number of event
// files that the folder has already.
func createFile(dir string, now time.Time) (*os.File, error) {
	host, _ := os.Hostname()
	host = strings.ReplaceAll(cmp.Or(host, "localhost"), string(filepath.Separator), "-")
	for range maxAttempts {
		seconds, n, err := nextName(dir, now)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("%s%0*d.%s.%d.%d", NamePrefix, secondsDigits, seconds, host, os.Getpid(), n)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("event file in %s: other processes take every name", dir)
}

// nextName is the time for a new file's name, in seconds since 1970: now, or the second after the latest file's if that is
// later. Two runs within a second would otherwise be sorted by process numbers, and a clock set back would make
// TensorBoard read a resumed run before the one that it resumes.
func nextName(dir string, now time.Time) (seconds int64, files int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, 0, err
	}
	seconds = now.Unix()
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), NamePrefix)
		if !ok {
			continue
		}
		files++
		digits, _, _ := strings.Cut(rest, ".")
		old, err := strconv.ParseInt(digits, 10, 64)
		if err == nil && len(digits) == secondsDigits {
			seconds = max(seconds, old+1)
		}
	}
	if seconds < 0 || len(strconv.FormatInt(seconds, 10)) > secondsDigits {
		return 0, 0, fmt.Errorf("event file in %s: the time %d s does not fit its name", dir, seconds)
	}
	return seconds, files, nil
}
