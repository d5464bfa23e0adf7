//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"keygan/data"
)

// film is a chest film as detectors give them: large, and noisier the deeper it is.
func film(tb testing.TB, width, height, depth int) *data.Image {
	tb.Helper()
	src, err := data.Synthetic("xray", 1, 2048, 7)
	if err != nil {
		tb.Fatal(err)
	}
	small, err := src.Image(0)
	if err != nil {
		tb.Fatal(err)
	}
	large := small.Resize(width, height)
	m := data.NewImage(width, height, 1, depth)
	r := rand.New(rand.NewPCG(1, 2))
	noise := map[int]float64{8: 2, 16: 300}[depth] // levels, one standard deviation
	for i, v := range large.Pix {
		level := float64(v)/255*float64(m.Max()) + noise*r.NormFloat64()
		m.SetSample(i, max(0, min(m.Max(), int(level))))
	}
	return m
}

// BenchmarkWhole is what encrypt --no-gan and decrypt take as a user runs them, files and all, beside decoding the PNG and encoding one
// and nothing else; in turns, so that what else the machine does falls on all of them. The PNG that is encoded alone is the plain
// image's in "of-plain", and for encrypt the cipher image's in "of-cipher", which is done much sooner. Figures are medians.
func BenchmarkWhole(b *testing.B) {
	for _, depth := range []int{8, 16} {
		b.Run(fmt.Sprintf("4020x4892x1-%dbit", depth), func(b *testing.B) {
			dir := b.TempDir()
			_, recipient := recipientIn(b, dir)
			path, other := filepath.Join(dir, "film.png"), filepath.Join(dir, "other.png")
			plain := film(b, 4020, 4892, depth)
			if err := data.WritePNG(path, plain, false); err != nil {
				b.Fatal(err)
			}
			again := func(from string, encode func(io.Writer, *data.Image) error) func() (int64, time.Duration) {
				return func() (int64, time.Duration) { return 0, recode(b, from, other, encode) }
			}
			out, back := filepath.Join(dir, "out"), filepath.Join(dir, "back")
			cipher := filepath.Join(out, "film.cipher.png")
			steps := []*step{
				{name: "plain", do: again(path, data.EncodePNG)},
				{name: "encrypt", do: child("encrypt", path, "-o", out, "-r", recipient, "--no-gan", "--force")},
				{name: "cipher", do: again(path, data.EncodeStoredPNG)},
				{name: "decrypt", do: child("decrypt", cipher, "-o", back, "-i", filepath.Join(dir, "me.key"), "--force")},
				{name: "start", do: child("version")},
			}
			for b.Loop() {
				for _, s := range steps {
					s.run(b)
				}
			}
			byName := map[string]*step{}
			for _, s := range steps {
				byName[s.name] = s
				b.ReportMetric(s.wall(), s.name+"-s")
				b.ReportMetric(s.cpu(), s.name+"-cpu-s")
			}
			for _, name := range []string{"encrypt", "decrypt"} {
				s, alone := byName[name], byName["plain"]
				b.ReportMetric(s.wall()/alone.wall(), name+"/of-plain")
				b.ReportMetric(s.cpu()/alone.cpu(), name+"/cpu-of-plain")
				b.ReportMetric(float64(s.peak-byName["start"].peak)/float64(len(plain.Pix)), name+"/memory-of-image")
			}
			s, alone := byName["encrypt"], byName["cipher"]
			b.ReportMetric(s.wall()/alone.wall(), "encrypt/of-cipher")
			b.ReportMetric(s.cpu()/alone.cpu(), "encrypt/cpu-of-cipher")
		})
	}
}

// A step is run again and again. do returns how much memory it took at its height and how much of the processor's time.
type step struct {
	name        string
	do          func() (peak int64, cpu time.Duration)
	walls, cpus []time.Duration
	peak        int64 // bytes, of all runs
}

func (s *step) run(b *testing.B) {
	start := time.Now()
	peak, cpu := s.do()
	s.walls, s.cpus = append(s.walls, time.Since(start)), append(s.cpus, cpu)
	s.peak = max(s.peak, peak)
}

func (s *step) wall() float64 { return median(s.walls) }
func (s *step) cpu() float64  { return median(s.cpus) }

func median(d []time.Duration) float64 {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2].Seconds()
}

// recode decodes a PNG and encodes it to another file. Nothing is synced.
func recode(b *testing.B, from, to string, encode func(io.Writer, *data.Image) error) time.Duration {
	before := processorTime()
	m, err := data.ReadImage(from)
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := encode(w, m); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return processorTime() - before
}

func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// child runs the program. Its peak is read while it runs: what the system says at its end counts this process, from which it is made.
func child(args ...string) func() (int64, time.Duration) {
	return func() (int64, time.Duration) {
		c := exec.Command("keygan", args...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			panic(err)
		}
		ended := make(chan error)
		go func() { ended <- c.Wait() }()
		peak := int64(0)
		for {
			peak = max(peak, residentPeak(c.Process.Pid))
			select {
			case err := <-ended:
				if err != nil {
					panic(stderr.String())
				}
				return peak, c.ProcessState.UserTime() + c.ProcessState.SystemTime()
			case <-time.After(2 * time.Millisecond):
			}
		}
	}
}

// residentPeak is the most memory that a process has had, in bytes, or 0 when it has ended.
func residentPeak(pid int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			kib, _ := strconv.ParseInt(f[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}
