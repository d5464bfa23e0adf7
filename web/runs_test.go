package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keygan/data/imagefile"
	"keygan/train/runlog"
)

// newRun makes a run's folder as a training of three epochs of two steps leaves it.
func newRun(t testing.TB, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "samples"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config.yaml"), []byte("name: x\nobjective:\n  name: wgan-gp\ntrain:\n  batch: 8\n"))
	write(t, filepath.Join(dir, "metrics.csv"), []byte("Epoch,Critic Loss,Held-out Entropy\n1,-2.5,7.1\n2,0.25,\n3,1e-3,7.5\n"))
	var lines bytes.Buffer
	for step := 1; step <= 6; step++ {
		fmt.Fprintf(&lines, `{"step":%d,"epoch":%d,"values":{"Critic Loss":%d.5}}`+"\n", step, (step+1)/2, step)
	}
	write(t, filepath.Join(dir, "metrics.jsonl"), lines.Bytes())
	r := runlog.Record{State: runlog.Finished, Step: 6, Steps: 6, StepsPerEpoch: 2, Columns: []string{"Critic Loss", "Held-out Entropy"}, SampleRows: []string{"source images", "keys"}}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, epoch := range []int{1, 3} {
		write(t, runlog.SamplePath(dir, epoch), png(t, func(i int) byte { return byte(i * epoch) }))
	}
}

// An event of a stream, or the error that ended it.
type event struct {
	name string
	data []byte
}

// stream opens the event stream of some runs, as EventSource does: with its ticket and nothing else.
func (c *client) stream(names ...string) (events chan event, stop func()) {
	c.t.Helper()
	var out struct{ URL string }
	if status, failed := c.json("watch", map[string]any{"names": names}, &out); status != 200 {
		c.t.Fatalf("%d %s", status, failed)
	}
	events, stop = c.streamAt(out.URL)
	if status, _, _ := c.do(c.request("GET", out.URL, nil)); status != http.StatusForbidden {
		c.t.Errorf("the same ticket again: %d", status)
	}
	return events, stop
}

func (c *client) streamAt(url string) (events chan event, stop func()) {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c.t.Cleanup(stop)
	resp, err := http.DefaultTransport.RoundTrip(c.request("GET", url, nil, sessionHeader, "", "Origin", "").WithContext(ctx))
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		c.t.Fatalf("%+v, error %v", resp, err)
	}
	events = make(chan event, 100)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		var name string
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				events <- event{name, []byte(data)}
			}
		}
	}()
	return events, stop
}

// next waits for the next event about a run that want accepts.
func next(t testing.TB, events chan event, want func(shownRun) bool) (run shownRun) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatal("the stream has ended")
			}
			run = shownRun{}
			if e.name != "run" {
				continue
			} else if err := json.Unmarshal(e.data, &run); err != nil {
				t.Fatal(err)
			}
			if want(run) {
				return run
			}
		case <-deadline:
			t.Fatalf("no such event; the last: %+v", run)
		}
	}
}

func any1(shownRun) bool { return true }

// The page gets what the run has written, as a reader of the files finds it, and hears of each change while the run trains.
func TestRunsLive(t *testing.T) {
	defer func(old time.Duration) { every = old }(every)
	every = 10 * time.Millisecond
	dir := t.TempDir()
	run := filepath.Join(dir, "study", "runs", "first")
	newRun(t, run)
	if err := os.Mkdir(filepath.Join(dir, "evaluation"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "evaluation", "report.html"), []byte("<p>report"))
	c := open(t, Options{Runs: dir})
	var list found
	if status, failed := c.json("runs", map[string]any{}, &list); status != 200 || len(list.Runs) != 1 || !slices.Equal(list.Reports, []string{"evaluation"}) || list.Left {
		t.Fatalf("%d %s: %+v", status, failed, list)
	}
	if l := list.Runs[0]; l.Name != "study/runs/first" || l.Objective != "wgan-gp" || l.State != runlog.Finished || l.Step != 6 || l.Steps != 6 {
		t.Errorf("%+v", l)
	}
	alone := open(t, Options{Runs: run}) // a run's own folder
	if status, failed := alone.json("runs", map[string]any{}, &list); status != 200 || len(list.Runs) != 1 || list.Runs[0].Name != "." {
		t.Errorf("%d %s: %+v", status, failed, list)
	}
	itself, stop := alone.stream(".")
	if r := next(t, itself, any1); r.Step != 6 || len(r.Problems) > 0 {
		t.Errorf("%+v", r)
	}
	stop()
	events, stop := c.stream("study/runs/first")
	first := next(t, events, any1)
	if got := fmt.Sprintln(first.Epochs[0].Points, first.Epochs[1].Points, first.Epochs[1].Measure, first.Now, first.Samples, first.Rows, len(first.Problems)); got !=
		"[[1 -2.5] [2 0.25] [3 0.001]] [[1 7.1] [3 7.5]] Entropy map[Critic Loss:6.5] [1 3] [source images keys] 0\n" {
		t.Error(got)
	}
	if len(first.Recent[0].Points) != 6 || first.Recent[0].Points[5] != [2]float64{6, 6.5} || !strings.Contains(first.Config, "batch: 8") {
		t.Errorf("%+v", first)
	}

	// It trains: a process locks the folder, says so, and writes a step, half a line of the next, an epoch and a sample.
	locked, err := runlog.Lock(run)
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	runlog.Record{State: runlog.Running, Step: 6, Steps: 8, StepsPerEpoch: 2, Columns: []string{"Critic Loss"}}.Write(run)
	next(t, events, func(r shownRun) bool { return r.State == runlog.Running && r.Steps == 8 })
	log, err := os.OpenFile(filepath.Join(run, "metrics.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	fmt.Fprint(log, `{"step":7,"epoch":4,"values":{"Critic Loss":-3}}`+"\n"+`{"step":8,"epo`)
	next(t, events, func(r shownRun) bool { return r.Step == 7 && r.Now["Critic Loss"] == -3 })
	fmt.Fprint(log, `ch":4,"values":{"Critic Loss":null}}`+"\n")
	next(t, events, func(r shownRun) bool { return r.Step == 8 && len(r.Recent[0].Points) == 7 })
	runlog.WriteFile(filepath.Join(run, "metrics.csv"), []byte("Epoch,Critic Loss\n1,-2.5\n2,0.25\n3,1e-3\n4,-3\n"))
	next(t, events, func(r shownRun) bool { return len(r.Epochs[0].Points) == 4 })
	write(t, runlog.SamplePath(run, 4), png(t, func(i int) byte { return byte(i) }))
	next(t, events, func(r shownRun) bool { return slices.Equal(r.Samples, []int{1, 3, 4}) })
	locked.Close()
	next(t, events, func(r shownRun) bool { return r.State == "killed" })
	stop()
	for deadline := time.Now().Add(20 * time.Second); len(c.s.watches) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the stream of a tab that was closed goes on")
		}
	}
}

// A sample arrives as it was written, pixel by pixel.
func TestRunSample(t *testing.T) {
	dir := t.TempDir()
	newRun(t, filepath.Join(dir, "x"))
	c := open(t, Options{Runs: dir})
	status, body, h := c.do(c.request("POST", "/api/sample", strings.NewReader(`{"name":"x","epoch":3}`)))
	m, err := imagefile.Decode(body)
	if status != 200 || h.Get("Content-Type") != "image/png" || err != nil || m.Width != 16 {
		t.Fatalf("%d %v, error %v", status, h, err)
	}
	for i, v := range m.Pix {
		if v != byte(3*i) {
			t.Fatalf("pixel %d is %d", i, v)
		}
	}
	if status, failed := c.json("sample", map[string]any{"name": "x", "epoch": 2}, nil); status == 200 || !strings.Contains(failed, "epoch-0002.png") {
		t.Errorf("an epoch without one: %d %s", status, failed)
	}
}

// No name gets out of the folder of runs, by whatever way.
func TestRunNamesStayBelow(t *testing.T) {
	parent := t.TempDir()
	dir, outside := filepath.Join(parent, "runs"), filepath.Join(parent, "outside")
	newRun(t, outside)
	newRun(t, filepath.Join(dir, "inside"))
	write(t, filepath.Join(outside, "report.html"), []byte("<p>secret"))
	for link, target := range map[string]string{"linked": outside, "relative": "../outside"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	c := open(t, Options{Runs: dir})
	for _, name := range []string{"../outside", "inside/../../outside", "/", outside, "..", ".", "", "inside/", "./inside", "inside//", "..\\outside", "in\x00side", "linked", "relative", "linked/.", "a/b/c/d/e/f/g", strings.Repeat("x", 5000)} {
		for _, action := range []string{"watch", "sample", "report"} {
			in := map[string]any{"name": name}
			if action == "watch" {
				in = map[string]any{"names": []string{name}}
			} else if action == "sample" {
				in["epoch"] = 1
			}
			var out struct{ URL string }
			status, body, _ := c.do(c.request("POST", "/api/"+action, marshalled(t, in)))
			if status == 200 && action == "watch" { // the name is well formed, and the stream says what is wrong
				json.Unmarshal(body, &out)
				events, stop := c.streamAt(out.URL)
				if run := next(t, events, any1); len(run.Problems) == 0 || run.Config != "" || run.Epochs != nil || run.State != "" {
					t.Errorf("%s: %+v", name, run)
				}
				stop()
			} else if status == 200 || status >= 500 {
				t.Errorf("%s of %q: %d %.100s", action, name, status, body)
			}
		}
	}
	var list found
	c.json("runs", map[string]any{}, &list)
	if len(list.Runs) != 1 || list.Runs[0].Name != "inside" || len(list.Reports) > 0 {
		t.Errorf("%+v", list)
	}
	none := open(t, Options{})
	for _, action := range []string{"runs", "watch"} {
		if status, failed := none.json(action, map[string]any{}, nil); status != 422 || !strings.Contains(failed, "--runs") {
			t.Errorf("%s without a folder: %d %s", action, status, failed)
		}
	}
	if _, err := newServer(Options{Runs: filepath.Join(dir, "inside", "config.yaml")}); err == nil {
		t.Error("a file as the folder of runs")
	}
}

func marshalled(t testing.TB, v any) io.Reader {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b)
}

// A folder with more than can be listed is listed in part, and says so.
func TestManyRuns(t *testing.T) {
	dir := t.TempDir()
	for i := range mostRuns + 5 {
		run := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(run, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(run, "config.yaml"), nil)
	}
	f, err := openRuns(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if all, err := f.find(t.Context()); err != nil || len(all.Runs) != mostRuns || !all.Left {
		t.Errorf("%d runs, left %v, error %v", len(all.Runs), all.Left, err)
	}
}

// Long courses are thinned out; their ends stay.
func TestCurvesAreThinned(t *testing.T) {
	for _, n := range []int{0, 1, 2, mostPoints - 1, mostPoints, mostPoints + 1, 100_003} {
		c := newCurve("Training Chi2", n, func(i int) (x, y float64) { return float64(i), math.Sqrt(float64(i)) })
		if len(c.Points) > mostPoints || len(c.Points) < min(n, mostPoints/2) || c.Images != "training" || c.Measure != "Chi2" {
			t.Errorf("%d points: %d are left", n, len(c.Points))
		}
		if n > 0 && (c.Points[0][0] != 0 || c.Points[len(c.Points)-1][0] != float64(n-1)) {
			t.Errorf("%d points: from %v to %v", n, c.Points[0], c.Points[len(c.Points)-1])
		}
	}
}

// There are no more streams than may be, and whoever gets none hears why.
func TestManyStreams(t *testing.T) {
	c := open(t, Options{Runs: t.TempDir()})
	for range mostWatches {
		c.s.watches <- struct{}{}
	}
	var out struct{ URL string }
	if status, failed := c.json("watch", map[string]any{"names": []string{}}, &out); status != 200 {
		t.Fatal(status, failed)
	}
	if status, body, _ := c.do(c.request("GET", out.URL, nil)); status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := c.json("watch", map[string]any{"names": make([]string, mostChosen+1)}, nil); status != http.StatusBadRequest {
		t.Errorf("too many runs in one stream: %d", status)
	}
}
