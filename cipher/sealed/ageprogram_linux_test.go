package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keygan/cipher/agekeys"

	"golang.org/x/sys/unix"
)

// The tests in this file run the programs age and age-keygen, which make test installs.

func TestAgeProgramAndWeAgree(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, b []byte) string {
		t.Helper()
		if err := os.WriteFile(path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path(name)
	}
	m := noise(12, 10, 3, 1)
	cipher, k := mustSeal(t, m, Options{Name: `größe "1".png`, NetworkKey: []byte("key"), Generator: someHash, NetworkInput: "256x256"})

	ours, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("ssh"))
	sshPublic, err1 := os.ReadFile(path("ssh.pub"))
	sshPrivate, err2 := os.ReadFile(path("ssh"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	theirs := []byte(run(t, "age-keygen"))
	theirPublic := strings.TrimSpace(run(t, "age-keygen", "-y", write("theirs", theirs)))
	if got := strings.TrimSpace(run(t, "age-keygen", "-y", write("ours", ours))); got != public {
		t.Errorf("age-keygen -y says our identity's recipient is %s, we say %s", got, public)
	}
	plain := write("plain", k.Marshal())
	for what, c := range map[string]struct {
		public   string
		identity []byte
	}{
		"ours": {public, ours}, "age-keygen's": {theirPublic, theirs}, "SSH": {strings.TrimSpace(string(sshPublic)), sshPrivate},
	} {
		recipient, err1 := agekeys.ParseRecipient(c.public)
		identities, err2 := agekeys.ParseIdentities("me", c.identity, nil)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		id := write("identity", c.identity)
		if got := run(t, "age", "-d", "-i", id, write("key.age", wrap(t, k, recipient))); got != string(k.Marshal()) {
			t.Errorf("%s: age -d gives %q", what, got)
		}
		for _, flags := range [][]string{nil, {"-a"}} {
			file := run(t, "age", append(flags, "-r", c.public, plain)...)
			got, err := ReadKey(strings.NewReader(file), identities...)
			if err != nil {
				t.Errorf("%s, %v: %v", what, flags, err)
				continue
			}
			if back, err := OpenImage(cipher, got); err != nil || !same(back, m) {
				t.Errorf("%s, %v: error %v, or another image", what, flags, err)
			}
		}
	}
}

func TestAgeProgramAndPassphrases(t *testing.T) {
	dir := t.TempDir()
	_, k := mustSeal(t, noise(4, 4, 1, 1), Options{})
	p := passphraseParty(t, "correct horse")
	ours, plain, out := filepath.Join(dir, "ours"), filepath.Join(dir, "plain"), filepath.Join(dir, "out")
	if err := os.WriteFile(ours, wrap(t, k, p.Recipient), 0o600); err != nil {
		t.Fatal(err)
	}
	runOnTerminal(t, "correct horse\n", "age", "-d", "-o", out, ours)
	if b, err := os.ReadFile(out); err != nil || !bytes.Equal(b, k.Marshal()) {
		t.Errorf("age -d gives %q, %v", b, err)
	}
	if err := os.WriteFile(plain, k.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	runOnTerminal(t, "correct horse\ncorrect horse\n", "age", "-p", "-o", out+"2", plain)
	b, err := os.ReadFile(out + "2")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadKey(bytes.NewReader(b), p.Identity); err != nil || *got != *k {
		t.Errorf("what age -p wrote: error %v", err)
	}
	if _, err := ReadKey(bytes.NewReader(b), passphraseParty(t, "correct horsf").Identity); err != ErrRefused {
		t.Errorf("a wrong passphrase: error %v", err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s(age and age-keygen must be installed: apt-get install age; make test does)", name, args, err, &stderr)
	}
	return stdout.String()
}

// runOnTerminal runs a program that asks for a passphrase on its terminal, a new one on which the input is typed.
func runOnTerminal(t *testing.T, input, name string, args ...string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var stderr bytes.Buffer
	c := exec.Command(name, args...)
	c.Stdin, c.Stderr = terminal, &stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatalf("%s: %v (age must be installed: apt-get install age; make test does)", name, err)
	}
	if _, err := master.WriteString(input); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, &stderr)
	}
}
