package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"keygan/batch"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	figures "keygan/evaluate/figure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"
	"keygan/train/runlog"
	"keygan/train/watch"
)

// Limits of what the page Runs takes from a folder that anybody may have filled.
const (
	mostEntries = 20_000   // files and folders that are looked at to find runs
	mostDepth   = 4        // folders below the folder of runs: reproduce/runs/NAME and what evaluate leaves beside it
	mostRuns    = 300      // that are listed, and as many reports
	mostChosen  = 8        // runs side by side
	mostColumns = 64       // of a run
	mostPoints  = 500      // of a curve
	mostWatches = 32       // event streams at a time
	mostPixels  = 64 << 20 // of a sample
	sampleSide  = 2048     // pixels of the longer side of a sample
)

// every is how often a run is looked at. Tests have less.
var every = time.Second

var errNoRuns = errors.New("there is no folder of runs: start keygan serve with --runs DIR")

// runFolder is the folder of runs, out of which nothing leads.
type runFolder struct {
	*os.Root
	mu    sync.Mutex
	known map[string]marked // runs as the last list has them
}

// marked is an entry of the list, and what its folder looked like then.
type marked struct {
	mark string
	listed
}

func openRuns(dir string) (*runFolder, error) {
	if dir == "" {
		return nil, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileerr.Named(dir, err)
	}
	return &runFolder{Root: root}, nil
}

// below is a folder in it as a file system that has regular files and folders only.
type below struct {
	root   *os.Root
	folder string
}

func (b below) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	name = path.Join(b.folder, name)
	if info, err := b.root.Stat(name); err == nil && info.IsDir() {
		return b.root.Open(name)
	}
	return regularfile.OpenIn(b.root, name)
}

// view is the run of a name, which must be one that this page could have listed.
func (f *runFolder) view(name string) (v runlog.View, err error) {
	if f == nil {
		return v, errNoRuns
	}
	if !listable(name) {
		return v, errRequest
	}
	return runlog.View{Files: below{f.Root, name}, Name: name}, nil
}

// listable reports whether a path can be shown and asked for again.
func listable(name string) bool {
	if name == "." { // the folder itself may be a run's
		return true
	}
	if !fs.ValidPath(name) || strings.Count(name, "/") > mostDepth {
		return false
	}
	return !slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return sealed.CheckName(part) != nil })
}

// alive reports whether a process trains in a run's folder.
func (f *runFolder) alive(name string) bool {
	if info, err := f.Stat(name); err != nil || !info.IsDir() {
		return false
	}
	folder, err := f.Open(name)
	if err != nil {
		return false
	}
	defer folder.Close()
	return runlog.LockedFolder(folder)
}

// found is what lies in the folder of runs.
type found struct {
	Runs    []listed `json:"runs"`
	Reports []string `json:"reports"` // folders that have a report.html
	Left    bool     `json:"left"`    // there may be more
}

// listed is a run in the list.
type listed struct {
	Name      string    `json:"name"`
	Objective string    `json:"objective"`
	State     string    `json:"state"`
	Step      int       `json:"step"`
	Steps     int       `json:"steps"`
	Written   time.Time `json:"written,omitzero"`
	Weights   bool      `json:"weights"` // it has a generator.npz
}

// find looks for runs and reports. It follows no link to a folder.
func (f *runFolder) find(ctx context.Context) (all found, err error) {
	if f == nil {
		return found{}, errNoRuns
	}
	all = found{Runs: []listed{}, Reports: []string{}}
	entries, known := 0, map[string]marked{}
	var walk func(folder string, depth int) error
	walk = func(folder string, depth int) error {
		dir, err := f.Open(folder)
		if err != nil {
			return err
		}
		names, _ := dir.ReadDir(mostEntries - entries + 1) // none of them is no error here
		dir.Close()
		if entries += len(names); entries > mostEntries {
			all.Left = true
			return ctx.Err()
		}
		slices.SortFunc(names, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
		for _, e := range names {
			name := path.Join(folder, e.Name())
			switch {
			case !listable(name):
				all.Left = true
			case e.IsDir() && depth < mostDepth && !slices.Contains([]string{"checkpoints", "samples", "plots", "figures"}, e.Name()) && !strings.HasPrefix(e.Name(), "."):
				if err := walk(name, depth+1); err != nil && ctx.Err() != nil {
					return err
				}
			case e.Name() == "report.html" && len(all.Reports) < mostRuns:
				all.Reports = append(all.Reports, folder)
			case e.Name() == "config.yaml" && len(all.Runs) < mostRuns:
				if l, ok := f.list(folder); ok {
					all.Runs, known[folder] = append(all.Runs, l.listed), l
				}
			case e.Name() == "report.html", e.Name() == "config.yaml":
				all.Left = true
			}
		}
		return ctx.Err()
	}
	err = walk(".", 0)
	f.mu.Lock()
	f.known = known
	f.mu.Unlock()
	return all, err
}

// list makes an entry of the list, or takes the one of before if nothing has changed since.
func (f *runFolder) list(name string) (l marked, ok bool) {
	f.mu.Lock()
	l, ok = f.known[name]
	f.mu.Unlock()
	mark := f.mark(name)
	if ok && l.mark == mark {
		return l, true
	}
	v, err := f.view(name)
	if err != nil {
		return l, false
	}
	look, err := watch.At(v, f.alive(name))
	if err != nil {
		return l, false
	}
	info, err := f.Stat(path.Join(name, "generator.npz"))
	return marked{mark, listed{
		Name: name, Objective: clip(look.Objective, 100), State: clip(look.State, 100), Step: look.Step(), Steps: look.Record.Steps, Written: look.Written,
		Weights: err == nil && info.Mode().IsRegular(),
	}}, true
}

// listRuns answers with the runs and the reports.
func (s *server) listRuns(w http.ResponseWriter, r *http.Request) error {
	if err := question(w, r, &struct{}{}); err != nil {
		return err
	}
	all, err := s.findRuns(r.Context())
	if err != nil {
		return err
	}
	return answer(w, all)
}

func (s *server) findRuns(ctx context.Context) (found, error) {
	leave, err := enter(ctx, s.looks)
	if err != nil {
		return found{}, err
	}
	defer leave()
	return s.runs.find(ctx)
}

// shownRun is a run as the page draws it.
type shownRun struct {
	Name     string             `json:"name"`
	Problems []string           `json:"problems"` // what cannot be shown, and why
	State    string             `json:"state"`
	Title    string             `json:"title"`
	Step     int                `json:"step"`
	Steps    int                `json:"steps"`
	Now      map[string]float64 `json:"now"` // the last step's values, by column
	Samples  []int              `json:"samples"`
	Rows     []string           `json:"rows"` // of a sample, from the top
	Recent   []curve            `json:"recent"`
	Epochs   []curve            `json:"epochs"`
	Config   string             `json:"config"`
}

// curve is a column of a run's records.
type curve struct {
	Column  string       `json:"column"`
	Images  string       `json:"images"`  // that a measure of keys is about, "held-out" or "training"
	Measure string       `json:"measure"` // of keys; "" for other columns
	Points  [][2]float64 `json:"points"`  // epoch or step, and value
}

func newCurve(column string, n int, at func(i int) (x, y float64)) curve {
	c := curve{Column: clip(column, 100), Points: [][2]float64{}}
	c.Images, c.Measure = figures.KeyColumn(c.Column)
	step := max(1, (n+mostPoints-2)/(mostPoints-1))
	for i := 0; i < n; i += step {
		x, y := at(i)
		c.Points = append(c.Points, [2]float64{x, y})
	}
	if last := n - 1; last >= 0 && last%step != 0 {
		x, y := at(last)
		c.Points = append(c.Points, [2]float64{x, y})
	}
	return c
}

// clip shortens a text that is longer than anything of ours.
func clip(text string, bytes int) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes], "") + "…"
}

// look reads a run for the page. What is wrong in its folder becomes a sentence.
func (f *runFolder) look(name string) (out shownRun) {
	out.Name = name
	v, err := f.view(name)
	var l watch.Look
	if err == nil {
		l, err = watch.At(v, f.alive(name))
	}
	if err != nil {
		out.Problems = []string{clip(err.Error(), 500)}
		return out
	}
	l.ReadEpochs(v)
	for _, err := range l.Damage {
		out.Problems = append(out.Problems, clip(err.Error(), 500))
	}
	out.State, out.Title, out.Step, out.Steps, out.Samples = clip(l.State, 100), clip(l.Title(), 300), l.Step(), l.Record.Steps, l.Samples
	for _, row := range l.Record.SampleRows[:min(len(l.Record.SampleRows), 10)] {
		out.Rows = append(out.Rows, clip(row, 100))
	}
	if l.Record.Error != "" && l.State == runlog.Failed {
		out.Problems = append(out.Problems, clip(l.Record.Error, 500))
	}
	for _, c := range l.Epochs[:min(len(l.Epochs), mostColumns)] {
		out.Epochs = append(out.Epochs, newCurve(c.Name, len(c.Points), func(i int) (x, y float64) { return c.Points[i].X, c.Points[i].Y }))
	}
	out.Recent, out.Now = recent(l)
	if text, err := v.Config(); err == nil {
		out.Config = clip(string(text), 64<<10)
	}
	return out
}

// recent is the course of each column over the last steps.
func recent(l watch.Look) (curves []curve, now map[string]float64) {
	now = map[string]float64{}
	for _, column := range l.Columns()[:min(len(l.Columns()), mostColumns)] {
		var lines []runlog.Line
		for _, line := range l.Tail {
			if v := line.Values[column]; v != nil {
				lines = append(lines, line)
				now[clip(column, 100)] = *v
			}
		}
		curves = append(curves, newCurve(column, len(lines), func(i int) (x, y float64) { return float64(lines[i].Step), *lines[i].Values[column] }))
	}
	return curves, now
}

// mark changes whenever a run's folder does.
func (f *runFolder) mark(name string) string {
	var b strings.Builder
	for _, file := range []string{"run.json", "metrics.csv", "metrics.jsonl", "config.yaml", "samples", "generator.npz"} {
		if info, err := f.Stat(path.Join(name, file)); err == nil {
			fmt.Fprint(&b, info.Size(), info.ModTime().UnixNano(), " ")
		} else {
			b.WriteString("- ")
		}
	}
	fmt.Fprint(&b, f.alive(name))
	return b.String()
}

// watch gives a ticket for the event stream of some runs.
func (s *server) watch(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Names []string }
	if err := question(w, r, &in); err != nil {
		return err
	}
	if len(in.Names) > mostChosen {
		return errRequest
	}
	for _, name := range in.Names {
		if _, err := s.runs.view(name); err != nil {
			return err
		}
	}
	if s.runs == nil {
		return errNoRuns
	}
	id, err := s.tickets.issue(ticket{send: func(w http.ResponseWriter, r *http.Request) { s.stream(w, r, in.Names) }})
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"url": "/t/" + id})
}

// stream sends an event "run" for each of some runs, another whenever it has changed, and "runs" when the list has.
func (s *server) stream(w http.ResponseWriter, r *http.Request, names []string) {
	select {
	case s.watches <- struct{}{}:
		defer func() { <-s.watches }()
	default:
		tell(w, errBusy)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	send := func(event string, v any) error {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		c.SetWriteDeadline(time.Now().Add(stalled))
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, b); err != nil {
			return err
		}
		return c.Flush()
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	marks, list, last := map[string]string{}, []byte(nil), time.Now()
	for n := 0; ; n++ {
		if n%5 == 0 {
			all, err := s.findRuns(r.Context())
			if b, _ := json.Marshal(all); err == nil && !bytes.Equal(b, list) {
				list, last = b, time.Now()
				err = send("runs", all)
			}
			if err != nil {
				return
			}
		}
		for _, name := range names {
			mark := s.runs.mark(name)
			if marks[name] == mark {
				continue
			}
			leave, err := enter(r.Context(), s.looks)
			if err != nil {
				return
			}
			look := s.runs.look(name)
			leave()
			marks[name], last = mark, time.Now()
			if send("run", look) != nil {
				return
			}
		}
		if time.Since(last) > 10*time.Second { // finds out that the tab was closed
			if last = time.Now(); send("alive", nil) != nil {
				return
			}
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-s.stopping:
			return
		}
	}
}

// sample sends the picture of an epoch, decoded and encoded anew.
func (s *server) sample(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name  string
		Epoch int
	}
	if err := question(w, r, &in); err != nil {
		return err
	}
	v, err := s.runs.view(in.Name)
	if err != nil {
		return err
	}
	leave, err := enter(r.Context(), s.looks)
	if err != nil {
		return err
	}
	defer leave()
	b, err := v.Sample(in.Epoch)
	if err != nil {
		return err
	}
	c := batch.Content{Name: filepath.Base(runlog.SamplePath("", in.Epoch)), File: io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))}
	shape, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err == nil && int64(shape.Width)*int64(shape.Height) > mostPixels {
		err = fmt.Errorf("is %d×%d pixels, far more than a sample has", shape.Width, shape.Height)
	}
	if err != nil {
		return fileerr.Named(path.Join(in.Name, c.Name), err)
	}
	m, err := s.service.Thumbnail(r.Context(), c, min(sampleSide, max(shape.Width, shape.Height)), 0, 0)
	if err != nil {
		return fileerr.Named(path.Join(in.Name, c.Name), err)
	}
	w.Header().Set("Content-Type", "image/png")
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(stalled))
	imagefile.EncodePNG(w, m) // whoever does not listen is gone
	return nil
}
