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

	"keygan/data"
)

var killSeed = flag.Uint64("kill.seed", 0, "of the moments at which TestKills kills; 0: others each time")

const killedImages = 16

// encrypt and decrypt are killed at random moments and go on with --resume. After each kill every file that is there is whole, and no
// cipher image lies beside another's key file; in the end all images are encrypted, all come back, and nothing is left behind.
func TestKills(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat with -kill.seed=%d", seed)
	k := &killer{T: t, random: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir()}
	in := filepath.Join(k.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range killedImages {
		m := data.NewImage(40+i, 30, 1+i%4, 8+8*(i%2))
		for j := range m.Pix {
			m.Pix[j] = byte(k.random.Uint32())
		}
		if err := data.WritePNG(filepath.Join(in, fmt.Sprintf("%02d.png", i)), m, false); err != nil {
			t.Fatal(err)
		}
	}
	k.mustRun("keypair", "-o", "me.key")
	public, err := exec.Command("age-keygen", "-y", filepath.Join(k.dir, "me.key")).Output()
	if err != nil {
		t.Fatal(err)
	}
	to := strings.TrimSpace(string(public))
	k.killed(20, "cipher-", func(out string) []string {
		return []string{"encrypt", "in", "-o", out, "-r", to, "--no-gan", "--resume", "-q"}
	}, func(out string) { k.opens(in, out) })
	k.killed(20, "back-", func(out string) []string {
		return []string{"decrypt", "cipher-0", "-o", out, "-i", "me.key", "--resume", "-q"}
	}, func(out string) { k.holds(in, filepath.Join(k.dir, out)) })
}

// killer kills one process after the other.
type killer struct {
	*testing.T
	random *rand.Rand
	dir    string
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
		if cipherImage(name) {
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

// holds checks that each image of a folder is the input of its name, sample for sample.
func (k *killer) holds(in, dir string) {
	k.Helper()
	for _, name := range k.visible(dir) {
		want, err := data.ReadImage(filepath.Join(in, name))
		if err != nil {
			k.Fatal(err)
		}
		if err := sameImage(filepath.Join(dir, name), want); err != nil {
			k.Error(err)
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
