package evaluate

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
	"keygan/evaluate/report"
	"keygan/infer"
	"keygan/internal/atomicfile"
)

// weightsOf writes a small generator with random weights, as a file called generator.npz in a folder of its own.
func weightsOf(t *testing.T, arch infer.Arch) experiment.Generator {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net", "generator.npz")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	writeWeights(t, path, arch)
	// As another version may have left it: with keys that this one does not know.
	config := "seed: 7\nobjective: {name: wgan-gp, unheard_of: 1}\nsomething: {else: [1, 2]}\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "config.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	return experiment.Generator{Weights: path}
}

// resnet is a small one.
func resnet(t *testing.T, channels int) experiment.Generator {
	return weightsOf(t, infer.ResNet(2, 1, channels, 64))
}

// writeWeights writes a network of an architecture with random weights.
func writeWeights(t *testing.T, path string, arch infer.Arch) {
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
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func smallConfig(t *testing.T) experiment.Config {
	return experiment.Config{
		Name: "test",
		Sources: []experiment.Source{
			{Name: "brain MRI", Spec: dataset.Spec{Synthetic: "mri", Count: 5, Seed: 3}},
			{Name: "xray", Spec: dataset.Spec{Synthetic: "xray", Count: 1, Seed: 4}},
		},
		Generators: []experiment.Generator{resnet(t, 3)},
		Images:     2, Changes: 3, Seed: 9, Randomness: experiment.Randomness{Sequences: 3, Bits: 20_000}, Quick: true,
	}
}

// The run that several tests look at, done once.
var small struct {
	once   sync.Once
	out    string
	report *report.Report
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(small.out)
	os.Exit(code)
}

func smallRun(t *testing.T) (report *report.Report, out string) {
	t.Helper()
	small.once.Do(func() {
		if small.out, small.err = os.MkdirTemp("", "keygan-evaluate-"); small.err != nil {
			return
		}
		small.report, small.err = Run(context.Background(), smallConfig(t), small.out, Options{Command: "a test"})
	})
	if small.err != nil {
		t.Fatal(small.err)
	}
	return small.report, small.out
}

// One wrong bit of a key that is XORed changes one bit of one sample of what comes out, wherever the cat map puts it.
func TestKeyBit(t *testing.T) {
	r, _ := smallRun(t)
	for _, sp := range r.Specimens {
		for _, e := range sp.Encrypted {
			changed := 0
			for i, v := range e.KeyBit.Pix {
				if d := v ^ e.Decrypted.Pix[i]; d != 0 && d&(d-1) == 0 {
					changed++
				} else if d != 0 {
					t.Errorf("%s, %s: sample %d differs in more than a bit", sp.Source, e.System, i)
				}
			}
			if changed != 1 {
				t.Errorf("%s, %s: %d samples differ", sp.Source, e.System, changed)
			}
		}
	}
}

func TestRunWritesWhatItSays(t *testing.T) {
	r, out := smallRun(t)
	want := []string{"results.md", "results.csv", "results.json", "results.tex", "report.html"}
	for _, p := range r.Pictures {
		want = append(want, p.File)
	}
	for _, row := range r.Randomness {
		want = append(want, row.File)
	}
	var got []string
	err := fs.WalkDir(os.DirFS(out), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			got = append(got, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"results.md", "results.csv", "results.json", "figures/brain-MRI-paper-net-cipher.png",
		"figures/strips-xray-xor-net.png", "figures/histograms-xray-paper-net.png", "figures/scatter-brain-MRI-xor-net.png", "figures/keys-brain-MRI-net.png",
		"figures/keybit-xray-xor-net.png", "figures/plots-catmap.png", "figures/plots-times.png"} {
		if !slices.Contains(got, name) {
			t.Errorf("there is no %s", name)
		}
	}
	plain, err := imagefile.ReadImage(filepath.Join(out, "figures", "brain-MRI-plain.png"))
	if err != nil {
		t.Fatal(err)
	}
	decrypted, err := imagefile.ReadImage(filepath.Join(out, "figures", "brain-MRI-paper-net-decrypted.png"))
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
	var back report.Report
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Rows, back.Rows, cmpopts.IgnoreFields(experiment.Row{}, "Digits", "Brief", "ExpectsInfinity")); diff != "" {
		t.Error("results.json: ", diff)
	}
	if n := 2 * (len(experiment.PlainMetrics()) + len(experiment.KeyMetrics()) - 2 + 2*len(experiment.SchemeMetrics())); len(r.Rows) != n {
		t.Errorf("%d rows, want %d", len(r.Rows), n)
	}
}

// TestRunMeasures checks values that follow from what the schemes are, whatever the generator.
func TestRunMeasures(t *testing.T) {
	report, _ := smallRun(t)
	at := func(source, scheme, metric string) *experiment.Row {
		of := experiment.System{Scheme: scheme, Generator: "net"}
		if scheme == experiment.PlainImage {
			of.Generator = ""
		}
		return report.Row(source, of, metric)
	}
	value := func(source, scheme, metric string) float64 {
		row := at(source, scheme, metric)
		if row == nil || row.Measured == nil {
			t.Fatalf("%s, %s, %s: %+v", source, scheme, metric, row)
		}
		return *row.Measured
	}
	for source, images := range map[string]int{"brain MRI": 2, "xray": 1} {
		for _, scheme := range []string{"xor", "paper"} {
			if value(source, scheme, experiment.IDMSEDecrypted) != 0 || value(source, scheme, experiment.IDSSIMDecrypted) != 1 ||
				value(source, scheme, experiment.IDExact) != 100 || !at(source, scheme, "psnr_plain_decrypted").Infinite {
				t.Errorf("%s, %s: decryption is not exact", source, scheme)
			}
			for _, id := range []string{experiment.IDMSEDecrypted, experiment.IDSSIMDecrypted, experiment.IDExact, "psnr_plain_decrypted"} {
				if v := at(source, scheme, id).Verdict; v != experiment.Pass {
					t.Errorf("%s, %s, %s: %s", source, scheme, id, v)
				}
			}
			if n := at(source, scheme, experiment.IDEntropy).N; n != images {
				t.Errorf("%s: entropy of %d images, want %d", source, n, images)
			}
			if n := at(source, scheme, experiment.IDNPCR).N; n != 3 {
				t.Errorf("%s: %d one-bit changes, want 3", source, n)
			}
			if v := value(source, scheme, experiment.IDKeyBytes); v < 256*256*3 {
				t.Errorf("%s: a key of %v bytes", source, v)
			}
			// The random generator is smooth: neither scheme can pass.
			if v := at(source, scheme, experiment.IDNPCR).Verdict; v != experiment.Fail {
				t.Errorf("%s, %s: NPCR one bit: %s", source, scheme, v)
			}
		}
		for _, id := range []string{experiment.IDEntropy, experiment.IDChiSquare, experiment.IDCorrelation[metrics.Horizontal]} {
			if v := at(source, experiment.PlainImage, id).Verdict; v != experiment.Fail {
				t.Errorf("%s: the plain image's %s: %s", source, id, v)
			}
		}
	}
	if value("brain MRI", experiment.RawKey, experiment.IDNPCRKeyKey) == 0 || at("brain MRI", experiment.RawKey, experiment.IDNPCRKeyKey).N != 1 {
		t.Error("the keys of two images were not compared")
	}
	row := at("xray", experiment.RawKey, experiment.IDNPCRKeyKey)
	if row.Measured != nil || row.N != 0 || row.Verdict != experiment.None || !strings.HasPrefix(row.Note, "not measured") {
		t.Errorf("keys of one image: %+v", row)
	}
	if p := at("brain MRI", "paper", experiment.IDNPCRPlainCipher).Published; p != "99.5 %" {
		t.Errorf("published NPCR %q", p)
	}
	if g := report.Generators[0]; g.Objective != "wgan-gp" || g.Seed != 7 {
		t.Errorf("the generator's objective is %q, its seed %d", g.Objective, g.Seed)
	}
	if p := at("brain MRI", "xor", experiment.IDNPCRPlainCipher).Published; p != "" {
		t.Errorf("a figure of a GAN beside a WGAN-GP: %q", p)
	}
	if p := at("brain MRI", "paper", experiment.IDNPCR).Published; p != "" {
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
		"# Results: test", "## Summary", "| brain MRI ", "| paper, ", "| random data ", "99.61", "~78 %", "99.5 %", "~0.61", "~0.92",
		"## What this shows", "One-bit changes do not spread** under “xor”, “paper”", "Every image came back bit for bit",
		"The key is as large as the image", "not measured: it takes two images", "(figures/strips-brain-MRI-xor-net.png)", "| raw key, net ",
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

// Every link of the report and of the Markdown leads to a file that is there or to a place in the report.
func TestLinksLeadSomewhere(t *testing.T) {
	_, out := smallRun(t)
	for name, link := range map[string]string{"report.html": `(?:href|src)="([^"]+)"`, "results.md": `\]\(([^)]+)\)`} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		files, places := 0, 0
		for _, m := range regexp.MustCompile(link).FindAllStringSubmatch(string(b), -1) {
			target, err := url.PathUnescape(m[1])
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			place, isPlace := strings.CutPrefix(target, "#")
			switch {
			case strings.HasPrefix(target, "data:image/"):
			case isPlace:
				places++
				if strings.Count(string(b), ` id="`+place+`"`) != 1 {
					t.Errorf("%s links to the place %s, which is not there", name, place)
				}
			default:
				files++
				if _, err := os.Stat(filepath.Join(out, filepath.FromSlash(target))); err != nil {
					t.Errorf("%s links to %s: %v", name, target, err)
				}
			}
		}
		if files < 4 || name == "report.html" && places < 20 {
			t.Errorf("%s has %d links to files and %d to places", name, files, places)
		}
	}
}

// The report and the Markdown begin with the pictures and the verdicts; prose comes after them.
func TestReportBeginsWithPictures(t *testing.T) {
	_, out := smallRun(t)
	for name, parts := range map[string][]string{
		"report.html": {"<h3>Least found: ", "<img", "<img", "<img", "<h3>Most found: ", "<img", "<img", "<img", "<caption>What can be recovered", "<caption>Does the ciphertext look random", "<caption>Claims made", `id="findings"`},
		"results.md":  {"**Least found: ", "![", "![", "![", "**Most found: ", "![", "![", "![", "| attack ", "| criterion ", "| as claimed, in substance ", "## What this shows"},
	} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		rest := string(b)
		for i, part := range parts {
			_, after, found := strings.Cut(rest, part)
			if !found {
				t.Fatalf("%s: no %q after %q", name, part, parts[:i])
			}
			rest = after
		}
	}
}

// A metric is one entry of the registry: a toy is measured and stands in every table, with its verdict.
func TestToyMetric(t *testing.T) {
	all := experiment.Metrics
	defer func() { experiment.Metrics = all }()
	experiment.Metrics = append(slices.Clone(all), toyMetric)
	cfg := tinyConfig(t)
	cfg.Schemes, cfg.Changes, cfg.Sources = []string{"xor", "aes-256-gcm"}, 1, cfg.Sources[:1]
	out := t.TempDir()
	r, err := Run(t.Context(), cfg, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	row := r.Row("mri", experiment.System{Scheme: "xor", Generator: "net"}, toyMetric.ID)
	if row == nil || row.N != 2 || *row.Measured != 3*32*32 || *row.Low != 9000 || row.Verdict != experiment.Fail || row.Missed != 2 {
		t.Errorf("%+v", row)
	}
	for name, parts := range map[string][]string{
		"results.md":   {"| toy size ", "| toy size, toys ", "3072.00 fail", "≥ 9000.00", "`toy_size`", "the number of bytes; after Lilliput (1726); higher is better"},
		"results.csv":  {"mri,xor,net,toy_size,the number of bytes,toys,3072,0,2,", ",9000,,2,fail,"},
		"results.json": {`"metric": "toy_size"`, `"name": "toy size"`, `"unit": "toys"`},
		"results.tex":  {"toy size, toys & 9999.00 & 3072.00$^{*}$", "toy size & fail & fail"},
		"report.html":  {`<th scope="row">toy size</th>`, `<th scope="row">toy size, toys</th><td>9999.00</td><td>3072.00 <span class="verdict fail">`, "<code>toy_size</code>", "Lilliput"},
	} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if !strings.Contains(string(b), part) {
				t.Errorf("%s lacks %q", name, part)
			}
		}
	}
	if summary := r.Summary(); !strings.Contains(summary, "| toy size, toys ") {
		t.Errorf("the summary: %s", summary)
	}
}

// tinyConfig has every scheme that takes images of all sizes, a generator of keys and a chaos GAN.
func tinyConfig(t *testing.T) experiment.Config {
	run := filepath.Join(t.TempDir(), "chaos")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	arch := infer.Chaos(1, 1, 1, 32)
	writeWeights(t, filepath.Join(run, "reconstructor.npz"), arch)
	arch.InputNoise = 0.3
	writeWeights(t, filepath.Join(run, "generator.npz"), arch)
	return experiment.Config{
		Sources: []experiment.Source{
			{Name: "mri", Spec: dataset.Spec{Synthetic: "mri", Count: 3, Seed: 3}},
			{Name: "xray", Spec: dataset.Spec{Synthetic: "xray", Count: 2, Seed: 4}},
		},
		Generators: []experiment.Generator{resnet(t, 3), {Run: run}},
		Schemes:    []string{"xor", "logistic", experiment.SchemeChaosGAN, "sealed", "aes-256-gcm"},
		Size:       32, Images: 2, Changes: 3, Seed: 9, Randomness: experiment.Randomness{Sequences: 4, Bits: 2000}, Quick: true,
	}
}

// The same configuration gives the same numbers, but for times and speeds; and the draws of a source do not depend on the others.
func TestRunIsDeterministic(t *testing.T) {
	cfg := tinyConfig(t)
	timeless := func(cfg experiment.Config) *report.Report {
		r, err := Run(t.Context(), cfg, t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Rows {
			if row := &r.Rows[i]; row.Timed {
				row.Measured, row.SD = nil, nil
			}
		}
		r.Provenance.Began, r.Provenance.Took, r.Times = "", 0, nil
		return r
	}
	asJSON := func(r *report.Report) string {
		var b strings.Builder
		if err := r.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first := timeless(cfg)
	if diff := cmp.Diff(asJSON(first), asJSON(timeless(cfg))); diff != "" {
		t.Error(diff)
	}
	slices.Reverse(cfg.Sources)
	other, compared := timeless(cfg), 0
	for _, row := range first.Rows {
		compared++
		if diff := cmp.Diff(row, *other.Row(row.Source, row.System(), row.Metric), cmpopts.IgnoreFields(experiment.Row{}, "Digits", "Brief", "ExpectsInfinity")); diff != "" {
			t.Errorf("%s, %s, %s: %s", row.Source, row.System(), row.Metric, diff)
		}
	}
	if compared < 200 {
		t.Errorf("only %d rows compared", compared)
	}
	cfg.Seed++
	if *timeless(cfg).Row("mri", experiment.System{Scheme: "aes-256-gcm"}, experiment.IDChiSquare).Measured == *first.Row("mri", experiment.System{Scheme: "aes-256-gcm"}, experiment.IDChiSquare).Measured {
		t.Error("another seed gave the same ciphertexts")
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "out")
	calls := 0
	report, err := Run(ctx, tinyConfig(t), out, Options{Progress: func(p experiment.Progress) {
		if calls++; calls == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || report != nil || calls > 8 {
		t.Errorf("%v, %v, %d calls", report, err, calls)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cancelled run left files: %v", err)
	}
}

// What is done only grows, and is all at the end; the time left is an estimate, but a time.
func TestRunTellsHowFarItIs(t *testing.T) {
	var shares []float64
	_, err := Run(t.Context(), tinyConfig(t), t.TempDir(), Options{Progress: func(p experiment.Progress) {
		shares = append(shares, p.Share)
		if p.Left < 0 || p.What == "" {
			t.Errorf("%+v", p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(shares) || len(shares) < 30 || shares[0] <= 0 || shares[len(shares)-1] > 1 {
		t.Errorf("the shares are %v", shares)
	}
}

// TestRunLeavesOutUnreadable: a broken file is named and counted, the rest goes on. The images are grey, constant (the
// correlation of a plain one is undefined) and smaller than the tables' size.
func TestRunLeavesOutUnreadable(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "broken.png"), []byte("\x89PNG\r\n\x1a\nnot"), 0o644); err != nil {
		t.Fatal(err)
	}
	flat := raster.NewImage(20, 30, 1, 16)
	for i := range flat.Samples() {
		flat.SetSample(i, 30000)
	}
	if err := imagefile.WritePNG(filepath.Join(folder, "flat.png"), flat, false); err != nil {
		t.Fatal(err)
	}
	cfg := experiment.Config{
		Sources: []experiment.Source{{Spec: dataset.Spec{Folder: folder}}}, Generators: []experiment.Generator{resnet(t, 1)}, Size: 32, Schemes: []string{"xor"}, Changes: 6,
		Randomness: experiment.Randomness{Sequences: 2, Bits: 10_000}, Quick: true,
	}
	out := filepath.Join(t.TempDir(), "new", "folder")
	report, err := Run(t.Context(), cfg, out, Options{})
	if !errors.Is(err, experiment.ErrUnreadable) || !strings.Contains(err.Error(), "broken.png") || report == nil {
		t.Fatalf("%v, %v", report, err)
	}
	name := filepath.Base(folder)
	s := report.Sources[0]
	if s.Name != name || len(s.Images) != 1 || len(s.Unreadable) != 1 || s.Available != 2 || s.Sixteen != 1 || s.Resized != 1 {
		t.Errorf("%+v", s)
	}
	// Half of the changes were dealt to the image that could not be read; the tables say how many were made.
	if n := report.Row(name, experiment.System{Scheme: "xor", Generator: "net"}, experiment.IDNPCR).N; n != 3 || s.Changes != n {
		t.Errorf("%d one-bit changes are reported, %d values", s.Changes, n)
	}
	row := report.Row(name, experiment.System{Scheme: experiment.PlainImage}, experiment.IDCorrelation[metrics.Vertical])
	if row.Measured != nil || !strings.Contains(row.Note, "undefined") || row.Verdict != experiment.None {
		t.Errorf("correlation of a constant image: %+v", row)
	}
	if e := report.Row(name, experiment.System{Scheme: experiment.PlainImage}, experiment.IDEntropy); e.Measured == nil || *e.Measured != 0 || e.Verdict != experiment.Fail {
		t.Errorf("entropy of a constant image: %+v", e)
	}
	if r := report.Randomness[0]; r.Sequences != 0 || !strings.Contains(r.NotMeasured, "too few for a sequence of 10000") {
		t.Errorf("SP 800-22 on 8192 bits: %+v", r)
	}
	text, err := os.ReadFile(filepath.Join(out, "results.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 of 2 images", "1 could not be read", "broken.png", "1 of 16 bits a sample, rounded to 8", "1 brought to this size"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("results.md lacks %q", want)
		}
	}
}

// A source of which nothing can be read does not stop the others.
func TestRunWithoutAnImageOfASource(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "broken.png"), []byte("\x89PNG\r\n\x1a\nnot"), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := tinyConfig(t)
	cfg.Schemes, cfg.Sources[0] = []string{"xor"}, experiment.Source{Name: "broken", Spec: dataset.Spec{Folder: folder}}
	report, err := Run(t.Context(), cfg, t.TempDir(), Options{})
	if !errors.Is(err, experiment.ErrUnreadable) || report == nil {
		t.Fatalf("%v, %v", report, err)
	}
	if row := report.Row("broken", experiment.System{Scheme: "xor", Generator: "net"}, experiment.IDNPCR); row.Measured != nil || row.Note != "not measured: no image of the source can be read" {
		t.Errorf("%+v", row)
	}
	if row := report.Row("xray", experiment.System{Scheme: "xor", Generator: "net"}, experiment.IDNPCR); row.N != 3 {
		t.Errorf("%+v", row)
	}
}

// A generator that cannot be read, and a scheme for which none was given, are named; their cells say why they are empty; the rest
// is measured.
func TestRunWithoutGenerators(t *testing.T) {
	cfg := tinyConfig(t)
	absent := filepath.Join(t.TempDir(), "absent.npz")
	cfg.Generators = []experiment.Generator{{Name: "GAN", Weights: absent}, {Name: experiment.SchemeChaosGAN, Run: filepath.Dir(absent)}}
	cfg.Schemes = []string{"xor", experiment.SchemeChaosGAN, "aes-256-gcm"}
	report, err := Run(t.Context(), cfg, t.TempDir(), Options{})
	if !errors.Is(err, experiment.ErrGenerator) || !strings.Contains(err.Error(), absent) || report == nil {
		t.Fatalf("%v, %v", report, err)
	}
	for of, why := range map[experiment.System]string{{Scheme: "xor", Generator: "GAN"}: "not measured: the generator could not be read: " + absent, {Scheme: experiment.SchemeChaosGAN, Generator: experiment.SchemeChaosGAN}: "not measured: the generator could not be read: "} {
		for _, m := range experiment.SchemeMetrics() {
			if row := report.Row("mri", of, m.ID); row == nil || row.N != 0 || row.Measured != nil || row.Verdict != experiment.None || !strings.HasPrefix(row.Note, why) {
				t.Errorf("%s, %s: %+v", of, m.ID, row)
			}
		}
	}
	if row := report.Row("mri", experiment.System{Scheme: "aes-256-gcm"}, experiment.IDNPCR); row.N != 3 || row.Verdict != experiment.Pass {
		t.Errorf("the reference: %+v", row)
	}
	if text := fmt.Sprint(report.Findings); !strings.Contains(text, "Not measured, 2 of 3: xor, GAN (the generator could not be read") {
		t.Error("the findings do not say what is missing:\n" + text)
	}

	// A chaos GAN takes both of its networks, and they must fit.
	cfg = tinyConfig(t)
	cfg.Schemes, cfg.Sources = []string{experiment.SchemeChaosGAN, "logistic"}, cfg.Sources[:1]
	inverse := filepath.Join(cfg.Generators[1].Run, "reconstructor.npz")
	writeWeights(t, inverse, infer.Chaos(1, 1, 3, 32))
	if _, err := Run(t.Context(), cfg, t.TempDir(), Options{}); !errors.Is(err, experiment.ErrGenerator) || !strings.Contains(err.Error(), "it has 3 channels, the other network 1") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(inverse); err != nil {
		t.Fatal(err)
	}
	report, err = Run(t.Context(), cfg, t.TempDir(), Options{})
	if !errors.Is(err, experiment.ErrGenerator) || !strings.Contains(err.Error(), "the network that undoes the encryption: ") {
		t.Errorf("%v", err)
	}
	if row := report.Row("mri", experiment.System{Scheme: experiment.SchemeChaosGAN, Generator: "chaos"}, experiment.IDNPCR); !strings.HasPrefix(row.Note, "not measured: the generator could not be read: the network") {
		t.Errorf("%+v", row)
	}
}

// A folder that holds tables, or pictures of any name, is left alone.
func TestRunLeavesOccupiedFolders(t *testing.T) {
	for _, name := range []string{"results.json", "mine.png", "figures/mine.png"} {
		out := t.TempDir()
		path := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), tinyConfig(t), out, Options{}); !errors.Is(err, atomicfile.ErrExists) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
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
	m := resnet(t, 1)
	of := func(s dataset.Spec) experiment.Config {
		return experiment.Config{
			Sources: []experiment.Source{{Name: "x", Spec: s}}, Generators: []experiment.Generator{m}, Size: 32, Schemes: []string{"xor"}, Changes: 1, Images: 1,
			Randomness: experiment.Randomness{Sequences: 1, Bits: 1000}, Quick: true,
		}
	}
	good := dataset.Spec{Synthetic: "mri", Count: 1}
	for _, c := range []struct {
		cfg  experiment.Config
		out  string
		want string
	}{
		{experiment.Config{}, "", "evaluate.sources"},
		{of(dataset.Spec{Folder: filepath.Join(broken, "absent")}), "", "source x: "},
		{of(dataset.Spec{Folder: broken}), "", "no image can be read; the first of its 1: "},
		{of(good), blocked, blocked},
	} {
		if c.out == "" {
			c.out = filepath.Join(t.TempDir(), "out")
		}
		report, err := Run(t.Context(), c.cfg, c.out, Options{})
		if err == nil || report != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
}
