package tfevents

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// create is Create with a clock that goes a second further at each value.
func create(t testing.TB, dir string, start time.Time, firstStep int64) *Writer {
	t.Helper()
	w, err := Create(dir, start, firstStep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	now := start
	w.clock = func() time.Time {
		now = now.Add(time.Second)
		return now
	}
	return w
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// writeVectors writes what testdata/make_vectors.py writes, and returns the two files' names.
func writeVectors(t testing.TB, dir string) (fresh, resumed string) {
	t.Helper()
	grey, rgb := read(t, "testdata/grey.png"), read(t, "testdata/rgb.png")
	const critic = "loss/critic"
	w := create(t, dir, time.Unix(1700000000, 250e6), 0)
	must(t,
		w.Scalar(0, critic, 0),
		w.Scalar(1, critic, -1.5),
		w.Scalar(1, "loss/generator", 0.1),
		w.Scalar(127, critic, math.NaN()),
		w.Scalar(128, critic, math.Inf(1)),
		w.Image(128, "samples", grey, 1),
		w.Scalar(300, "Verlust/Prüfer ✓", 1e-40), // subnormal
		w.Image(300, "samples", rgb, 3),
		w.Scalar(1<<40+1, critic, math.Copysign(0, -1)),
		w.Scalar(math.MaxInt64, critic, math.MaxFloat32),
		w.Close(),
	)
	r := create(t, dir, time.Unix(1700003600, 0), 128)
	must(t,
		r.Scalar(128, critic, 2.5),
		r.Image(129, "samples", grey, 1),
		r.Close(),
	)
	return w.path, r.path
}

// Google's protobuf library and a CRC written in Python give the same files.
func TestSameAsProtobuf(t *testing.T) {
	fresh, resumed := writeVectors(t, t.TempDir())
	for path, want := range map[string]string{fresh: "testdata/fresh.tfevents", resumed: "testdata/resumed.tfevents"} {
		if got, want := read(t, path), read(t, want); !bytes.Equal(got, want) {
			t.Errorf("%d bytes, differing from the %d of the vector; ours reads\n%s", len(got), len(want), describe(t, got))
		}
	}
}

func describe(t testing.TB, b []byte) string {
	t.Helper()
	all, err := points(b)
	if err != nil {
		return err.Error()
	}
	var s strings.Builder
	for _, p := range all {
		fmt.Fprintf(&s, "%.120q\n", fmt.Sprintf("%+v", p))
	}
	return s.String()
}

// The content of the vectors, read by hand: what the two writers agree on is also what was meant.
func TestVectors(t *testing.T) {
	all, err := points(read(t, "testdata/fresh.tfevents"))
	must(t, err)
	if len(all) != 12 {
		t.Fatalf("%d events, want the head, the session's start and 10 values", len(all))
	}
	head := point{wallTime: 1700000000.25, version: "brain.Event:2", writer: "keygan/train/tfevents"}
	if all[0] != head {
		t.Errorf("head %+v, want %+v", all[0], head)
	}
	if want := (point{wallTime: 1700000000.25, session: 1}); all[1] != want {
		t.Errorf("session's start %+v, want %+v", all[1], want)
	}
	if p := all[2]; p.tag != "loss/critic" || p.step != 0 || p.scalar == nil || *p.scalar != 0 || p.plugin != "scalars" || p.class != 1 {
		t.Errorf("first scalar %+v", p)
	}
	if p := all[3]; p.plugin != "" || p.class != 0 || *p.scalar != -1.5 || p.wallTime != 1700000002.25 {
		t.Errorf("second scalar of a tag %+v", p)
	}
	grey := &picture{4, 3, 1, string(read(t, "testdata/grey.png"))}
	if p := all[7]; p.step != 128 || p.plugin != "images" || p.pluginContent != "\x10\x01" || p.class != 3 || *p.image != *grey {
		t.Errorf("first image %.200q", fmt.Sprintf("%+v", p))
	}
	if p := all[11]; p.step != math.MaxInt64 || *p.scalar != math.MaxFloat32 {
		t.Errorf("last scalar %+v", p)
	}
	again, err := points(read(t, "testdata/resumed.tfevents"))
	must(t, err)
	if want := (point{wallTime: 1700003600, session: 1, step: 128}); again[1] != want {
		t.Errorf("resumed session's start %+v, want %+v", again[1], want)
	}
}

// Any values come back, in order, with their tag's metadata at its first value only.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	grey, rgb := read(t, "testdata/grey.png"), read(t, "testdata/rgb.png")
	rapid.Check(t, func(rt *rapid.T) {
		w := create(t, dir, time.Unix(rapid.Int64Range(0, 9_000_000_000).Draw(rt, "seconds"), 0), 0)
		defer os.Remove(w.path)
		want := []point{}
		plugins := map[string]string{}
		for i := range rapid.IntRange(0, 8).Draw(rt, "values") {
			p := point{step: rapid.Int64Range(0, math.MaxInt64).Draw(rt, "step")}
			x := rapid.Float64().Draw(rt, "x")
			text := rapid.StringN(1, 20, -1)
			var err error
			switch rapid.IntRange(0, 3).Draw(rt, "kind") {
			case 0:
				p.tag, p.plugin, p.pluginContent, p.class = "i"+text.Draw(rt, "tag"), "images", "\x10\x01", 3
				p.image = &picture{4, 3, 2, string(grey)}
				err = w.Image(p.step, p.tag, grey, 2)
			case 1:
				p.tag, p.plugin, p.pluginContent, p.class = "i", "images", "\x10\x01", 3
				p.image = &picture{90, 70, 4, string(rgb)}
				err = w.Image(p.step, p.tag, rgb, 4)
			default:
				s := float32(x)
				p.tag, p.plugin, p.class, p.scalar = "s"+text.Draw(rt, "tag"), "scalars", 1, &s
				err = w.Scalar(p.step, p.tag, x)
			}
			if err != nil {
				rt.Fatalf("value %d, %+v: %v", i, p, err)
			}
			if plugins[p.tag] != "" {
				p.plugin, p.pluginContent, p.class = "", "", 0
			}
			plugins[p.tag] = "known"
			want = append(want, p)
		}
		got, err := points(read(t, w.path))
		if err != nil || len(got) < 2 {
			rt.Fatalf("%d events, %v", len(got), err)
		}
		got = got[2:]
		for i := range got {
			got[i].wallTime = 0
		}
		same := cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b })
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(point{}, picture{}), same); diff != "" {
			rt.Fatalf("(-written +read)\n%s", diff)
		}
		must(t, w.Close())
	})
}

// A file cut anywhere has the whole records before the cut and part of one more: nothing else can be read from it.
func TestEveryPrefix(t *testing.T) {
	b := read(t, "testdata/fresh.tfevents")
	all, n, err := records(b)
	if err != nil || n != len(b) {
		t.Fatalf("%d of %d bytes are records, %v", n, len(b), err)
	}
	end, next := 0, 0 // where the records before the cut end, and how many they are
	for cut := range len(b) + 1 {
		if next < len(all) && cut == end+16+len(all[next]) {
			end, next = cut, next+1
		}
		got, whole, err := records(b[:cut:cut])
		if err != nil || whole != end || !slices.Equal(got, all[:next]) {
			t.Fatalf("the first %d bytes: %d records in %d bytes, %v; want %d in %d", cut, len(got), whole, err, next, end)
		}
	}
	if next != len(all) {
		t.Errorf("passed %d of %d records", next, len(all))
	}
}

// shown is what TensorBoard's Python reader keeps of a folder: from the second session start on, each drops what came
// before it with its step or a later one.
func shown(t testing.TB, dir string) (steps []int64) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	must(t, err)
	slices.Sort(names)
	started := false
	for _, name := range names {
		all, err := points(read(t, name))
		must(t, err)
		for _, p := range all {
			switch {
			case p.session == 1 && started:
				steps = slices.DeleteFunc(steps, func(s int64) bool { return s >= p.step })
			case p.session == 1:
				started = true
			case p.tag != "":
				steps = append(steps, p.step)
			}
		}
	}
	return steps
}

func TestResumedDropsLaterSteps(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1700000000, 0)
	runs := []struct {
		resumed, first int64
		last           int64
	}{{0, 1, 9}, {6, 6, 12}, {6, 6, 7}}
	for i, r := range runs {
		// The clock goes back at the second run and stands still at the third.
		w := create(t, dir, now.Add(time.Duration(-min(i, 1))*time.Hour), r.resumed)
		for s := r.first; s <= r.last; s++ {
			must(t, w.Scalar(s, "loss", float64(i)))
		}
		must(t, w.Close())
	}
	if got, want := shown(t, dir), []int64{1, 2, 3, 4, 5, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("TensorBoard shows steps %v, want %v", got, want)
	}
}

func TestErrors(t *testing.T) {
	grey := read(t, "testdata/grey.png")
	w := create(t, t.TempDir(), time.Unix(1, 0), 0)
	must(t, w.Scalar(1, "loss", 1), w.Image(1, "samples", grey, 1))
	before := read(t, w.path)
	for _, c := range []struct {
		err  error
		want string
	}{
		{w.Scalar(-1, "loss", 1), `tag "loss": step -1 is negative`},
		{w.Scalar(1, "", 1), `step 1: tag "" is empty`},
		{w.Scalar(1, "a\xff", 1), `step 1: tag "a\xff" is empty or not UTF-8`},
		{w.Scalar(1, "samples", 1), `tag "samples" at step 1: one of the scalars cannot follow images`},
		{w.Image(1, "loss", grey, 1), `tag "loss" at step 1: one of the images cannot follow scalars`},
		{w.Image(-2, "samples", grey, 1), `tag "samples": step -2 is negative`},
		{w.Image(7, "samples", grey, 0), `image "samples" at step 7: 0 channels`},
		{w.Image(7, "samples", grey, 5), `image "samples" at step 7: 5 channels`},
		{w.Image(7, "samples", nil, 1), `image "samples" at step 7: unexpected EOF`},
		{w.Image(7, "samples", []byte("GIF89a, longer than a PNG's magic"), 1), `image "samples" at step 7: png: invalid format`},
		{w.Image(7, "samples", make([]byte, maxImage+1), 1), `image "samples" at step 7: 536870913 bytes`},
	} {
		if c.err == nil || !strings.HasPrefix(c.err.Error(), c.want) {
			t.Errorf("error %v, want %s…", c.err, c.want)
		}
	}
	if !bytes.Equal(read(t, w.path), before) {
		t.Error("a refused value changed the file")
	}
	must(t, w.Scalar(2, "loss", 2), w.Close(), w.Close())
	for _, err := range []error{w.Scalar(3, "loss", 3), w.Image(3, "samples", grey, 1)} {
		if err == nil || !strings.Contains(err.Error(), w.path) || !strings.Contains(err.Error(), "is closed") {
			t.Errorf("after Close: %v", err)
		}
	}
}

// disk counts writes, and is full after some bytes.
type disk struct {
	bytes.Buffer
	room, writes, syncs int
}

func (d *disk) Write(b []byte) (int, error) {
	d.writes++
	if len(b) > d.room {
		n, _ := d.Buffer.Write(b[:d.room])
		d.room = 0
		return n, errors.New("no space left")
	}
	d.room -= len(b)
	return d.Buffer.Write(b)
}

func (d *disk) Sync() error  { d.syncs++; return nil }
func (d *disk) Close() error { return nil }

func TestOneWriteARecord(t *testing.T) {
	png := read(t, "testdata/rgb.png")
	d := &disk{room: 1 << 20}
	w := &Writer{path: "run/events", file: d, clock: time.Now, plugin: map[string]string{}}
	for i := range 20 {
		must(t, w.Scalar(int64(i), "loss", 1), w.Image(int64(i), "samples", png, 3))
		if d.writes != 2*(i+1) {
			t.Fatalf("%d writes for %d records", d.writes, 2*(i+1))
		}
	}
	must(t, w.Close())
	if d.syncs != 1 {
		t.Errorf("%d syncs after Close", d.syncs)
	}
}

// A disk that fills up leaves whole records and part of one, whatever is logged afterwards and whatever room there is then.
func TestFullDisk(t *testing.T) {
	for _, room := range []int{0, 1, 11, 12, 13, 99, 100, 150} {
		d := &disk{room: room}
		w := &Writer{path: "run/events", file: d, clock: time.Now, plugin: map[string]string{}}
		var failed error
		for i := range 10 {
			if failed = w.Scalar(int64(i), "loss", 1); failed != nil {
				break
			}
		}
		if failed == nil || failed.Error() != "event file run/events: no space left" {
			t.Fatalf("room for %d bytes: error %v", room, failed)
		}
		d.room = 1 << 20
		if err := w.Scalar(11, "loss", 1); err == nil || err.Error() != failed.Error() {
			t.Errorf("room for %d bytes: after the failure, error %v", room, err)
		}
		got, whole, err := records(d.Bytes())
		if err != nil || d.Len() != room || room-whole > 80 {
			t.Errorf("room for %d bytes: %d records in %d bytes of %d, %v", room, len(got), whole, d.Len(), err)
		}
		must(t, w.Close())
	}
}

func TestConcurrentUse(t *testing.T) {
	w := create(t, t.TempDir(), time.Unix(1, 0), 0)
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 50 {
				if err := w.Scalar(int64(i), fmt.Sprint("loss/", g), 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	all, err := points(read(t, w.path))
	if err != nil || len(all) != 2+4*50 {
		t.Errorf("%d events, %v", len(all), err)
	}
}

func BenchmarkScalar(b *testing.B) {
	w := create(b, b.TempDir(), time.Unix(1, 0), 0)
	for b.Loop() {
		must(b, w.Scalar(1000, "loss/critic", 0.5))
	}
}
