package evaluate

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"keygan/data"
	"keygan/infer"
)

// generator makes a small generator with random weights, written and read back as a file is.
func generator(t *testing.T, channels int) *infer.Model {
	t.Helper()
	return generatorOf(t, infer.ResNet(2, 1, channels, 64))
}

// generatorOf makes one of an architecture.
func generatorOf(t *testing.T, arch infer.Arch) *infer.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 5))
	params := map[string]infer.Array{}
	for _, p := range arch.Params() {
		a := infer.Array{Shape: p.Shape, Data: make([]float32, p.Size())}
		for i := range a.Data {
			a.Data[i] = float32(rng.NormFloat64()) * 0.2
			if strings.HasSuffix(p.Name, ".running_var") {
				a.Data[i] = 0.1
			}
		}
		params[p.Name] = a
	}
	var b bytes.Buffer
	if err := infer.Write(&b, arch, params); err != nil {
		t.Fatal(err)
	}
	m, err := infer.Read("test.npz", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func smallConfig() Config {
	return Config{
		Name: "test",
		Sources: []Source{
			{Name: "brain MRI", Spec: data.Spec{Synthetic: "mri", Count: 5, Seed: 3}},
			{Name: "xray", Spec: data.Spec{Synthetic: "xray", Count: 1, Seed: 4}},
		},
		Images: 2, Changes: 3, Seed: 9,
	}
}

// The run that several tests look at, done once.
var small struct {
	once   sync.Once
	out    string
	report *Report
	calls  []string // of progress
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(small.out)
	os.Exit(code)
}

func smallRun(t *testing.T) (report *Report, out string) {
	t.Helper()
	small.once.Do(func() {
		if small.out, small.err = os.MkdirTemp("", "keygan-evaluate-"); small.err != nil {
			return
		}
		small.report, small.err = Run(context.Background(), smallConfig(), generator(t, 3), small.out, func(done, total int, what string) {
			small.calls = append(small.calls, fmt.Sprintf("%d/%d %s", done, total, what))
		})
	})
	if small.err != nil {
		t.Fatal(small.err)
	}
	return small.report, small.out
}

func TestRunWritesWhatItSays(t *testing.T) {
	report, out := smallRun(t)
	want := []string{"results.md", "results.csv", "results.json"}
	for _, s := range []string{"brain-MRI", "xray"} {
		want = append(want, s+"-plain.png", s+"-key.png", s+"-strip.png", s+"-paper-scrambled.png")
		for _, scheme := range []string{"xor", "paper"} {
			want = append(want, s+"-"+scheme+"-cipher.png", s+"-"+scheme+"-decrypted.png", "histogram-"+s+"-"+scheme+".png")
		}
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	listed := smallConfig().Outputs()
	for _, name := range got {
		if !slices.Contains(listed, name) {
			t.Errorf("Outputs does not list %s", name)
		}
	}
	plain, err := data.ReadImage(filepath.Join(out, "brain-MRI-plain.png"))
	if err != nil {
		t.Fatal(err)
	}
	decrypted, err := data.ReadImage(filepath.Join(out, "brain-MRI-paper-decrypted.png"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain, decrypted); diff != "" {
		t.Error("the decrypted picture is not the plain one: ", diff)
	}
	b, err := os.ReadFile(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report.Rows, back.Rows, cmpopts.IgnoreUnexported(Row{})); diff != "" {
		t.Error("results.json: ", diff)
	}
	if n := 2 * (len(statistics) + len(keyMetrics) + 2*len(schemeMetrics)); len(report.Rows) != n {
		t.Errorf("%d rows, want %d", len(report.Rows), n)
	}
}

// TestRunMeasures checks values that follow from what the schemes are, whatever the generator.
func TestRunMeasures(t *testing.T) {
	report, _ := smallRun(t)
	value := func(source, scheme, metric string) float64 {
		row := report.Row(source, scheme, metric)
		if row == nil || row.Measured == nil {
			t.Fatalf("%s, %s, %s: %+v", source, scheme, metric, row)
		}
		return *row.Measured
	}
	for source, images := range map[string]int{"brain MRI": 2, "xray": 1} {
		for _, scheme := range []string{"xor", "paper"} {
			if value(source, scheme, idMSEDecrypted) != 0 || value(source, scheme, idSSIMDecrypted) != 1 ||
				value(source, scheme, idExact) != 100 || !report.Row(source, scheme, idPSNRDecrypted).Infinite {
				t.Errorf("%s, %s: decryption is not exact", source, scheme)
			}
			for _, id := range []string{idMSEDecrypted, idSSIMDecrypted, idExact, idPSNRDecrypted} {
				if v := report.Row(source, scheme, id).Verdict; v != Pass {
					t.Errorf("%s, %s, %s: %s", source, scheme, id, v)
				}
			}
			if n := report.Row(source, scheme, idEntropy).N; n != images {
				t.Errorf("%s: entropy of %d images, want %d", source, n, images)
			}
			if n := report.Row(source, scheme, idNPCR).N; n != 3 {
				t.Errorf("%s: %d one-bit changes, want 3", source, n)
			}
			if v := value(source, scheme, idKeyBytes); v < 256*256*3 {
				t.Errorf("%s: a key of %v bytes", source, v)
			}
			// The random generator is smooth: neither scheme can pass.
			if v := report.Row(source, scheme, idNPCR).Verdict; v != Fail {
				t.Errorf("%s, %s: NPCR one bit: %s", source, scheme, v)
			}
		}
		for _, id := range []string{idEntropy, idChiSquare, idCorrelation[Horizontal]} {
			if v := report.Row(source, PlainImage, id).Verdict; v != Fail {
				t.Errorf("%s: the plain image's %s: %s", source, id, v)
			}
		}
	}
	if value("brain MRI", RawKey, idNPCRKeyKey) == 0 || report.Row("brain MRI", RawKey, idNPCRKeyKey).N != 1 {
		t.Error("the keys of two images were not compared")
	}
	row := report.Row("xray", RawKey, idNPCRKeyKey)
	if row.Measured != nil || row.N != 0 || row.Verdict != None || !strings.HasPrefix(row.Note, "not measured") {
		t.Errorf("keys of one image: %+v", row)
	}
	if p := report.Row("brain MRI", "paper", idNPCRPlainCipher).Published; p != "99.5 %" {
		t.Errorf("published NPCR %q", p)
	}
	if p := report.Row("brain MRI", "paper", idNPCR).Published; p != "" {
		t.Errorf("a published figure beside the field's NPCR: %q", p)
	}
}

func TestTablesHoldNoNaN(t *testing.T) {
	_, out := smallRun(t)
	for _, name := range []string{"results.md", "results.csv", "results.json"} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "NaN") || strings.Contains(string(b), "%!") {
			t.Errorf("%s holds NaN or a bad format", name)
		}
	}
	f, err := os.Open(filepath.Join(out, "results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll() // refuses lines of another length
	if err != nil || len(lines) != len(small.report.Rows)+1 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	published := slices.Index(lines[0], "published")
	for _, line := range lines[1:] {
		if line[published] == "" {
			t.Errorf("no word on what is published: %v", line)
		}
	}
}

func TestMarkdownIsATable(t *testing.T) {
	_, out := smallRun(t)
	b, err := os.ReadFile(filepath.Join(out, "results.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{
		"# Results: test", "## Summary", "| brain MRI ", "| paper ", "*random data*", "99.61", "~78 %", "99.5 %", "~0.61", "~0.92",
		"## What this shows", "One-bit changes do not spread** under `xor`, `paper`", "Every image came back bit for bit",
		"The key is as large as the image", "not measured: it takes two images", "![brain MRI](brain-MRI-strip.png)", "| raw key ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("results.md lacks %q", want)
		}
	}
	columns := 0
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns != 0 && n != columns {
			t.Errorf("%d bars, the lines above have %d: %s", n, columns, line)
		}
		columns = n
	}
}

func TestRunCountsKeys(t *testing.T) {
	smallRun(t)
	want := []string{
		"0/9 brain MRI: image 1 of 2", "1/9 brain MRI: one-bit changes, image 1 of 2", "2/9 brain MRI: one-bit changes, image 1 of 2",
		"3/9 brain MRI: image 2 of 2", "4/9 brain MRI: one-bit changes, image 2 of 2",
		"5/9 xray: image 1 of 1", "6/9 xray: one-bit changes, image 1 of 1", "7/9 xray: one-bit changes, image 1 of 1",
		"8/9 xray: one-bit changes, image 1 of 1", "9/9 done",
	}
	if diff := cmp.Diff(want, small.calls); diff != "" {
		t.Error(diff)
	}
}

func TestRunIsDeterministic(t *testing.T) {
	first, _ := smallRun(t)
	cfg := smallConfig()
	slices.Reverse(cfg.Sources) // the draws of a source do not depend on the others
	second, err := Run(t.Context(), cfg, generator(t, 3), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, row := range first.Rows {
		if row.Unit == "ms" {
			continue
		}
		compared++
		if diff := cmp.Diff(row, *second.Row(row.Source, row.Scheme, row.Metric), cmpopts.IgnoreUnexported(Row{})); diff != "" {
			t.Errorf("%s, %s, %s: %s", row.Source, row.Scheme, row.Metric, diff)
		}
	}
	if compared < 60 {
		t.Errorf("only %d rows compared", compared)
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "out")
	report, err := Run(ctx, smallConfig(), generator(t, 3), out, func(done, _ int, _ string) {
		if done == 2 {
			cancel()
		}
		if done > 3 {
			t.Error("it went on")
		}
	})
	if !errors.Is(err, context.Canceled) || report != nil {
		t.Errorf("%v, %v", report, err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cancelled run left files: %v", err)
	}
}

// TestRunLeavesOutUnreadable: a broken file is named and counted, the rest goes on. The images are grey, constant (the
// correlation of a plain one is undefined) and smaller than the tables' size.
func TestRunLeavesOutUnreadable(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "broken.png"), []byte("\x89PNG\r\n\x1a\nnot"), 0o644); err != nil {
		t.Fatal(err)
	}
	flat := data.NewImage(20, 30, 1, 16)
	for i := range flat.Samples() {
		flat.SetSample(i, 30000)
	}
	if err := data.WritePNG(filepath.Join(folder, "flat.png"), flat, false); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Sources: []Source{{Spec: data.Spec{Folder: folder}}}, Size: 32, Schemes: []string{"xor"}, Changes: 6}
	out := filepath.Join(t.TempDir(), "new", "folder")
	report, err := Run(t.Context(), cfg, generator(t, 1), out, nil)
	if !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), "broken.png") || report == nil {
		t.Fatalf("%v, %v", report, err)
	}
	name := filepath.Base(folder)
	s := report.Sources[0]
	if s.Name != name || len(s.Images) != 1 || len(s.Unreadable) != 1 || s.Available != 2 {
		t.Errorf("%+v", s)
	}
	// Half of the changes were dealt to the image that could not be read; the tables say how many were made.
	if n := report.Row(name, "xor", idNPCR).N; n != 3 || s.Changes != n {
		t.Errorf("%d one-bit changes are reported, %d values", s.Changes, n)
	}
	row := report.Row(name, PlainImage, idCorrelation[Vertical])
	if row.Measured != nil || !strings.Contains(row.Note, "undefined") || row.Verdict != None {
		t.Errorf("correlation of a constant image: %+v", row)
	}
	if e := report.Row(name, PlainImage, idEntropy); e.Measured == nil || *e.Measured != 0 || e.Verdict != Fail {
		t.Errorf("entropy of a constant image: %+v", e)
	}
	if _, err := os.Stat(filepath.Join(out, "results.md")); err != nil {
		t.Error(err)
	}
}

func TestRunRefuses(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "a.png"), []byte("\x89PNG\r\n\x1a\nnot"), 0o644); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	m := generator(t, 1)
	of := func(s data.Spec) Config {
		return Config{Sources: []Source{{Name: "x", Spec: s}}, Size: 32, Schemes: []string{"xor"}, Changes: 1, Images: 1}
	}
	good := data.Spec{Synthetic: "mri", Count: 1}
	for _, c := range []struct {
		cfg  Config
		m    *infer.Model
		out  string
		want string
	}{
		{of(good), nil, "", "no generator"},
		{Config{}, m, "", "evaluate.sources"},
		{of(data.Spec{Folder: filepath.Join(broken, "absent")}), m, "", "source x: "},
		{of(data.Spec{Folder: broken}), m, "", "none of its 1 images can be read"},
		{of(good), m, blocked, blocked},
	} {
		if c.out == "" {
			c.out = filepath.Join(t.TempDir(), "out")
		}
		report, err := Run(t.Context(), c.cfg, c.m, c.out, nil)
		if err == nil || report != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
}
