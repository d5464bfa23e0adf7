//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
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

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/data/synthetic"
)

// film is a chest film as detectors give them: large, and noisier the deeper it is.
func film(tb testing.TB, width, height, depth int) *raster.Image {
	tb.Helper()
	src, err := synthetic.New("xray", 1, 2048, 7)
	if err != nil {
		tb.Fatal(err)
	}
	small, err := src.Image(0)
	if err != nil {
		tb.Fatal(err)
	}
	large := small.Resize(width, height)
	m := raster.NewImage(width, height, 1, depth)
	r := rand.New(rand.NewPCG(1, 2))
	noise := map[int]float64{8: 2, 16: 300}[depth] // levels, one standard deviation
	for i, v := range large.Pix {
		level := float64(v)/255*float64(m.Max()) + noise*r.NormFloat64()
		m.SetSample(i, max(0, min(m.Max(), int(level))))
	}
	return m
}

// benchBytes is the length of the long file that BenchmarkWhole encrypts.
var benchBytes = flag.Int64("bench.bytes", 1e9, "length of the long file of BenchmarkWhole")

// BenchmarkWhole is what encrypt and decrypt take as a user runs them, beside the age program on the same files; in turns, so that what
// else the machine does falls on all of them. Figures are medians. Films are PNGs of chest films; --pixels is compared with decoding
// the PNG and encoding it again. The file of random bytes shows that memory does not grow with the length.
func BenchmarkWhole(b *testing.B) {
	for _, depth := range []int{8, 16} {
		b.Run(fmt.Sprintf("film-4020x4892x1-%dbit", depth), func(b *testing.B) {
			benchWhole(b, "film.png", func(path string) {
				if err := imagefile.WritePNG(path, film(b, 4020, 4892, depth), false); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
	b.Run("random-bytes", func(b *testing.B) {
		benchWhole(b, "long.bin", func(path string) {
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			_, err = io.CopyN(f, rand.NewChaCha8([32]byte{1}), *benchBytes)
			if err := errors.Join(err, f.Close()); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// benchWhole times the commands on one file, which make writes.
func benchWhole(b *testing.B, name string, make func(path string)) {
	dir := b.TempDir()
	identity, recipient := recipientIn(b, dir)
	at := func(name string) string { return filepath.Join(dir, name) }
	path := at(name)
	make(path)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	keygan := func(args ...string) func() (int64, time.Duration) { return child("keygan", append(args, "-q")...) }
	steps := []*step{
		{name: "encrypt", do: keygan("encrypt", path, "-o", at("out"), "-r", recipient, "--force")},
		{name: "encrypt--no-gan", do: keygan("encrypt", path, "-o", at("out"), "-r", recipient, "--force", "--no-gan")},
		{name: "age", do: child("age", "-r", recipient, "-o", at("age"), path)},
		{name: "decrypt", do: keygan("decrypt", at("out"), "-o", at("back"), "-i", identity, "--force")},
		{name: "age-d", do: child("age", "-d", "-i", identity, "-o", at("opened"), at("age"))},
		{name: "start", do: keygan("version")},
	}
	if imagefile.ImageName(name) {
		recoded := func() (int64, time.Duration) { return 0, recode(b, path, at("other.png"), imagefile.EncodePNG) }
		steps = append(steps,
			&step{name: "recode", do: recoded},
			&step{name: "encrypt--pixels", do: keygan("encrypt", path, "-o", at("pixels"), "-r", recipient, "--force", "--pixels", "--no-gan")},
			&step{name: "decrypt--pixels", do: keygan("decrypt", at("pixels"), "-o", at("samples"), "-i", identity, "--force")})
	}
	for b.Loop() {
		for _, s := range steps {
			s.run(b)
		}
	}
	b.ReportMetric(float64(info.Size())/1e6, "file-MB")
	for _, s := range steps {
		b.ReportMetric(s.wall(), s.name+":s")
		b.ReportMetric(s.cpu(), s.name+":CPU-s")
		b.ReportMetric(float64(s.peak)/1e6, s.name+":peak-MB")
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
func recode(b *testing.B, from, to string, encode func(io.Writer, *raster.Image) error) time.Duration {
	before := processorTime()
	m, err := imagefile.ReadImage(from)
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

// child runs a program. Its peak is read while it runs: what the system says at its end counts this process, from which it is made.
func child(name string, args ...string) func() (int64, time.Duration) {
	return func() (int64, time.Duration) {
		c := exec.Command(name, args...)
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
