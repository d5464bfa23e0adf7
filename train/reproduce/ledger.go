package reproduce

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"keygan/internal/failure"
	"keygan/train/config"
	"keygan/train/runlog"
)

// Entry says how a training or an evaluation stands: a file NAME.json of the ledger. Beside it lie NAME.yaml, the configuration of a
// training, NAME.log, what it printed, and NAME.lock.
type Entry struct {
	State  string    `json:"state"` // Waiting, or one of runlog's: Running, Interrupted, Failed, Finished
	Error  string    `json:"error,omitempty"`
	Host   string    `json:"host,omitempty"` // where it runs or ran last
	PID    int       `json:"pid,omitempty"`  // of the process that started it
	Since  time.Time `json:"since,omitzero"`
	Ended  time.Time `json:"ended,omitzero"`
	Inputs string    `json:"inputs_sha256,omitempty"` // of the resolved configuration; of an evaluation, and of the weights
}

// Waiting is the state of what has not begun.
const Waiting = "waiting"

// ErrChanged reports a ledger that was made for another configuration.
var ErrChanged = errors.New("the ledger was made for another configuration")

// ledger is a folder of entries that several processes share. Who works on a unit holds its lock. The kernel forgets a lock when all
// processes that hold it have ended, in whatever way.
type ledger struct {
	dir  string
	warn func(format string, args ...any)
}

func (l ledger) path(name, extension string) string { return filepath.Join(l.dir, name+extension) }

// read is a unit's entry. That of a unit that nobody has begun is Waiting.
func (l ledger) read(name string) (Entry, error) {
	b, err := os.ReadFile(l.path(name, ".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{State: Waiting}, nil
	}
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	if err := json.Unmarshal(b, &e); err != nil {
		return e, failure.Hint(fmt.Errorf("%s: %w", l.path(name, ".json"), err), "remove the file: the run is then looked at anew")
	}
	return e, nil
}

func (l ledger) write(name string, e Entry) error {
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return runlog.WriteFile(l.path(name, ".json"), append(b, '\n'))
}

// begin notes that this process works on a unit. end notes how it ended.
func (l ledger) begin(name, inputs string) error {
	host, _ := os.Hostname() // "" where it is not known
	return l.write(name, Entry{State: runlog.Running, Host: host, PID: os.Getpid(), Since: now(), Inputs: inputs})
}

func (l ledger) end(name, state, reason string) error {
	e, err := l.read(name)
	if err != nil {
		return err
	}
	e.State, e.Error, e.Ended = state, reason, now()
	return l.write(name, e)
}

func now() time.Time { return time.Now().Truncate(time.Second) }

// lock takes a unit for this process. taken is false if another process has it.
func (l ledger) lock(name string) (f *os.File, taken bool, err error) {
	f, err = os.OpenFile(l.path(name, ".lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, false, err
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		f.Close()
		return nil, false, nil
	case err != nil:
		l.warn("%s: %v: files cannot be locked here; start only one process at a time", f.Name(), err)
	}
	return f, true, nil
}

// orphaned reports whether a unit that is locked was begun by a process of this machine that is gone: its training is about to end.
func (e Entry) orphaned() bool {
	host, err := os.Hostname()
	return err == nil && host == e.Host && errors.Is(unix.Kill(e.PID, 0), unix.ESRCH)
}

// agree keeps the configurations of units. If the ledger has another one for a unit, the error says which keys differ, and nothing is
// written. Nor is it with look.
func (l ledger) agree(units []unit, look bool) error {
	if err := l.compare(units); err != nil || look {
		return err
	}
	if err := os.MkdirAll(l.dir, 0o777); err != nil {
		return err
	}
	for _, u := range units {
		if err := runlog.WriteFile(l.path(u.name(), ".yaml"), u.config.YAML()); err != nil {
			return err
		}
	}
	return nil
}

// compare returns ErrChanged if the ledger has another configuration for a unit.
func (l ledger) compare(units []unit) error {
	var remove, changes []string
	changed := map[string][]string{} // the units, by what changed
	for _, u := range units {
		path := l.path(u.name(), ".yaml")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		before, err := config.Read(path)
		if err != nil {
			return failure.Hint(err, "another version of the program wrote it; -o names another folder")
		}
		keys := strings.Join(before.Changes(u.config), ", ")
		if keys == "" {
			continue
		}
		if changed[keys] == nil {
			changes = append(changes, keys)
		}
		changed[keys] = append(changed[keys], u.name())
		remove = append(remove, l.path(u.name(), ".*"), u.config.Dir())
	}
	if len(changes) == 0 {
		return nil
	}
	for _, u := range units { // what was learnt from networks that will be others
		stale := slices.ContainsFunc(u.needs(), func(name string) bool { return slices.Contains(remove, l.path(name, ".*")) })
		if stale && !slices.Contains(remove, u.config.Dir()) {
			remove = append(remove, l.path(u.name(), ".*"), u.config.Dir())
		}
	}
	for i, keys := range changes {
		changes[i] = strings.Join(changed[keys], ", ") + ": " + keys
	}
	err := fmt.Errorf("%s: %w: %s", l.dir, ErrChanged, strings.Join(changes, "; "))
	return failure.Hint(err, "-o names another folder; to train anew those that changed, remove them first: rm -r "+strings.Join(remove, " "))
}

// inputs identifies a resolved configuration, wherever its run lies.
func (u unit) inputs() string {
	c := u.config
	c.Output = ""
	return fmt.Sprintf("%x", sha256.Sum256(c.YAML()))
}
