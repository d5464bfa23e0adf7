package main

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keygan/batch"
	"keygan/data/imagefile"
	"keygan/data/raster"
)

var (
	killSeed  = flag.Uint64("kill.seed", 0, "of the moments at which the tests of kills kill; 0: others each time")
	killCount = flag.Int("kill.count", 20, "kills of encrypt, of decrypt, and of encrypt --force")
)

const killedImages = 16

// encrypt and decrypt are killed at random moments and go on with --resume. After each kill every file that is there is whole, and no
// cipher image lies beside another's key file; in the end all images are encrypted, all come back, and nothing is left behind.
func TestKills(t *testing.T) {
	k := newKiller(t)
	in := filepath.Join(k.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range killedImages {
		m := raster.NewImage(40+i, 30, 1+i%4, 8+8*(i%2))
		for j := range m.Pix {
			m.Pix[j] = byte(k.random.Uint32())
		}
		if err := imagefile.WritePNG(filepath.Join(in, fmt.Sprintf("%02d.png", i)), m, false); err != nil {
			t.Fatal(err)
		}
	}
	to := k.recipient()
	k.killed(*killCount, "cipher-", func(out string) []string {
		return []string{"encrypt", "in", "-o", out, "-r", to, "--no-gan", "--resume", "-i", "me.key", "-q"}
	}, func(out string) { k.opens(in, out) })
	k.killed(*killCount, "back-", func(out string) []string {
		return []string{"decrypt", "cipher-0", "-o", out, "-i", "me.key", "--resume", "-q"}
	}, func(out string) { k.holds(in, filepath.Join(k.dir, out)) })
}

// encrypt --force is killed while it replaces pairs. After each kill every pair opens, to its input of before or to one of those that were to
// take its place, and never is a cipher image without a key file that opens it.
func TestKillsWithForce(t *testing.T) {
	k := newKiller(t)
	in, out := filepath.Join(k.dir, "in"), filepath.Join(k.dir, "out")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	content := func(i, version int) []byte { // whose first line says what it is
		b := fmt.Appendf(nil, "file %d version %d\n", i, version)
		return append(b, bytes.Repeat(b, i*400)...)
	}
	write := func(version int) {
		for i := range killedImages {
			if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%02d.dcm", i)), content(i, version), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	args := []string{"encrypt", "in", "-o", "out", "-r", k.recipient(), "--no-gan", "--force", "-q"}
	write(0)
	k.mustRun(args...)
	kills, between := 0, 0
	for version := 1; kills < *killCount; version++ {
		write(version)
		if k.afterAMoment(args...) {
			kills++
		}
		opened := fmt.Sprint("opened-", version)
		k.mustRun("decrypt", "out", "-o", opened, "-i", "me.key", "-q")
		old, now := 0, 0
		for i := range killedImages {
			b, err := os.ReadFile(filepath.Join(k.dir, opened, fmt.Sprintf("%02d.dcm", i)))
			if err != nil {
				t.Fatal(err)
			}
			var file, is int
			if _, err := fmt.Sscanf(string(b), "file %d version %d\n", &file, &is); err != nil || file != i || is > version || !bytes.Equal(b, content(i, is)) {
				t.Fatalf("file %d of version %d: %.40q", i, version, b)
			}
			if is == version {
				now++
			} else {
				old++
			}
		}
		if old > 0 && now > 0 {
			between++
		}
		os.RemoveAll(filepath.Join(k.dir, opened))
	}
	t.Logf("%d kills, %d of them between pairs", kills, between)
	write(0)
	k.mustRun(args...)
	for _, name := range k.visible(out) {
		if !madeByKeygan.MatchString(name) {
			t.Errorf("%s is left behind", name)
		}
	}
	k.nothingHidden(out)
}

// afterAMoment runs a command and kills it. It reports whether it was killed before its end.
func (k *killer) afterAMoment(args ...string) bool {
	k.Helper()
	c := k.command(args...)
	if err := c.Start(); err != nil {
		k.Fatal(err)
	}
	time.Sleep(time.Duration(k.random.Int64N(int64(80 * time.Millisecond))))
	c.Process.Kill()
	c.Wait()
	return !c.ProcessState.Success()
}

// nothingHidden checks that no temporary file is left in a folder.
func (k *killer) nothingHidden(dir string) {
	k.Helper()
	hidden, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(hidden) > 0 {
		k.Errorf("left behind: %v, error %v", hidden, err)
	}
}

// killer kills one process after the other.
type killer struct {
	*testing.T
	random *rand.Rand
	dir    string
}

func newKiller(t *testing.T) *killer {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat with -kill.seed=%d", seed)
	return &killer{T: t, random: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir()}
}

// recipient makes the identity me.key and returns its recipient.
func (k *killer) recipient() string {
	k.Helper()
	k.mustRun("keypair", "-o", "me.key")
	public, err := exec.Command("age-keygen", "-y", filepath.Join(k.dir, "me.key")).Output()
	if err != nil {
		k.Fatal(err)
	}
	return strings.TrimSpace(string(public))
}

func (k *killer) command(args ...string) *exec.Cmd {
	c := exec.Command("keygan", args...)
	c.Dir = k.dir
	return c
}

func (k *killer) mustRun(args ...string) {
	k.Helper()
	if out, err := k.command(args...).CombinedOutput(); err != nil {
		k.Fatalf("keygan %v: %v\n%s", args, err, out)
	}
}

// killed runs a command on one folder of outputs after the other, and kills it so many times. Whenever it has come to its end, the folder
// must be complete, and the next is begun. After each kill, check looks at the folder.
func (k *killer) killed(kills int, prefix string, args func(out string) []string, check func(out string)) {
	n, folder := 0, 0
	for ; n < kills; folder++ {
		out := fmt.Sprint(prefix, folder)
		for n < kills {
			var stderr bytes.Buffer
			c := k.command(args(out)...)
			c.Stderr = &stderr
			if err := c.Start(); err != nil {
				k.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- c.Wait() }()
			k.wait(filepath.Join(k.dir, out), ended)
			c.Process.Kill()
			<-ended
			if c.ProcessState.Success() {
				break
			}
			if status := c.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
				k.Fatalf("after %d kills: %v\n%s", n, c.ProcessState, stderr.String())
			}
			n++
			check(out)
		}
		k.mustRun(args(out)...)
		check(out)
		k.complete(filepath.Join(k.dir, out))
	}
}

// wait lets the process go on until so many more files are there, and a moment longer.
func (k *killer) wait(out string, ended chan error) {
	count := func() int {
		entries, _ := os.ReadDir(out) // none before the first file
		return len(entries)
	}
	until := count() + k.random.IntN(killedImages)
	for deadline := time.Now().Add(5 * time.Second); count() < until && len(ended) == 0 && time.Now().Before(deadline); {
		time.Sleep(200 * time.Microsecond)
	}
	time.Sleep(time.Duration(k.random.Int64N(int64(3 * time.Millisecond))))
}

// visible lists the files of a folder, without the temporary ones.
func (k *killer) visible(dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		k.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".keygan-") {
			names = append(names, e.Name())
		}
	}
	return names
}

// opens checks that all cipher images of a folder open to their inputs.
func (k *killer) opens(in, out string) {
	k.Helper()
	images := 0
	for _, name := range k.visible(filepath.Join(k.dir, out)) {
		if batch.IsCipherImage(name) {
			images++
		}
	}
	if images == 0 {
		return
	}
	opened, err := os.MkdirTemp(k.dir, "opened-")
	if err != nil {
		k.Fatal(err)
	}
	k.mustRun("decrypt", out, "-o", opened, "-i", "me.key", "-q")
	k.holds(in, opened)
	if n := len(k.visible(opened)); n != images {
		k.Errorf("%d of %d cipher images opened", n, images)
	}
}

// holds checks that each file of a folder is the input of its name, byte for byte.
func (k *killer) holds(in, dir string) {
	k.Helper()
	for _, name := range k.visible(dir) {
		want, err := os.ReadFile(filepath.Join(in, name))
		if err != nil {
			k.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			k.Errorf("%s is not what it was, error %v", name, err)
		}
	}
}

// complete checks that all is there, and nothing else.
func (k *killer) complete(dir string) {
	k.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		k.Fatal(err)
	}
	want := killedImages
	if strings.Contains(filepath.Base(dir), "cipher") {
		want *= 2
	}
	if len(entries) != want {
		k.Errorf("%s has %d files, want %d: %v", dir, len(entries), want, entries)
	}
}
