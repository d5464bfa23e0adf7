package main

import (
	"bytes"
	"errors"
	"fmt"
	"keygan/batch/job"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a new terminal on which a command runs and the test types.
type terminal struct {
	t      *testing.T
	master *os.File
	shown  bytes.Buffer // all that was to be seen so far
	c      *exec.Cmd
}

func onTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("keygan", args...)
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := errors.Join(c.Start(), slave.Close()); err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, master: os.NewFile(uintptr(fd), "terminal"), c: c}
	t.Cleanup(func() {
		c.Process.Kill()
		term.master.Close()
	})
	return term
}

// waitFor reads until what is shown.
func (m *terminal) waitFor(what string) {
	m.t.Helper()
	from := m.shown.Len()
	b := make([]byte, 1)
	for !strings.Contains(m.shown.String()[from:], what) {
		if _, err := m.master.Read(b); err != nil {
			m.t.Fatalf("%q was not shown, only %q", what, &m.shown)
		}
		m.shown.Write(b)
	}
}

func (m *terminal) write(s string) {
	m.t.Helper()
	if _, err := m.master.WriteString(s); err != nil {
		m.t.Fatal(err)
	}
}

// echoes says whether the terminal shows what is typed. For a terminal, its two ends have the same settings.
func (m *terminal) echoes() bool {
	m.t.Helper()
	s, err := unix.IoctlGetTermios(int(m.master.Fd()), unix.TCGETS)
	if err != nil {
		m.t.Fatal(err)
	}
	return s.Lflag&unix.ECHO != 0
}

// end waits for the command and returns its exit code.
func (m *terminal) end() int {
	b := make([]byte, 1)
	for { // until all of the command's ends are closed
		if _, err := m.master.Read(b); err != nil {
			break
		}
		m.shown.Write(b)
	}
	m.c.Wait()
	return m.c.ProcessState.ExitCode()
}

func TestPassphraseIsNotShown(t *testing.T) {
	out := filepath.Join(t.TempDir(), "me")
	m := onTerminal(t, "keypair", "-p", "-o", out)
	for _, question := range []string{"a new passphrase for the identity: ", "the same again: "} {
		m.waitFor(question)
		for m.echoes() { // the question comes a moment before
		}
		m.write("correct horse\n")
	}
	if code := m.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(m.shown.String(), "recipient: age1") || strings.Contains(m.shown.String(), "horse") {
		t.Errorf("shown: %q", &m.shown)
	}
	if b, err := os.ReadFile(out); err != nil || !bytes.HasPrefix(b, []byte("age-encryption.org/")) {
		t.Errorf("the identity: %q, error %v", b, err)
	}
}

// Ctrl-C at the question ends the command and leaves a terminal that shows what is typed.
func TestInterruptedPassphrase(t *testing.T) {
	out := filepath.Join(t.TempDir(), "me")
	m := onTerminal(t, "keypair", "-p", "-o", out)
	m.waitFor("a new passphrase for the identity: ")
	for m.echoes() {
	}
	m.write("correct\x03")
	code := m.end()
	if code != 130 || !strings.Contains(m.shown.String(), "keygan: interrupted") || strings.Contains(m.shown.String(), "correct") {
		t.Errorf("exit code %d, shown: %q", code, &m.shown)
	}
	if !m.echoes() {
		t.Error("the terminal no longer shows what is typed")
	}
	if job.Exists(out) {
		t.Error("an identity was written")
	}
}
