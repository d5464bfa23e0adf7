package report

import (
	"bytes"
	_ "image/jpeg"
	_ "image/png"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// hostile is what a file or a configuration could hold to break a table.
const hostile = `<script>alert("x")</script>|` + "`&`_$%\\"

// fabricated is a small report by hand, with a value, a cell that was not measured, and names that are hostile everywhere.
func fabricated(t *testing.T) *Report {
	t.Helper()
	noise := raster.NewImage(64, 64, 1, 8)
	rand.NewChaCha8([32]byte{1}).Read(noise.Pix)
	var picture bytes.Buffer
	if err := imagefile.EncodePNG(&picture, noise); err != nil {
		t.Fatal(err)
	}
	v, low := 1.5, 7.9
	r := &Report{Results: experiment.Results{
		Config: experiment.Config{Name: hostile, Size: 64}, Alpha: experiment.Alpha,
		Generators: []experiment.GeneratorInfo{{Name: hostile, Network: "resnet", Channels: 3, Hash: "ab"}, {Name: "gone", Missing: "no such file"}},
		Systems:    []experiment.SystemInfo{{System: experiment.System{Scheme: "xor", Generator: hostile}, Channels: 3}, {System: experiment.System{Scheme: experiment.SchemeChaosGAN, Generator: "gone"}, Channels: 1, NotMeasured: "not measured: no such file"}},
		Sources:    []experiment.SourceInfo{{Name: hostile, From: hostile, Images: []string{hostile}}},
		Attacks:    []attack.Result{{Number: 5, Kind: attack.Recovers, Name: hostile, System: experiment.System{Scheme: "xor", Generator: hostile}, Succeeded: true, Conclusion: hostile}},
		Randomness: []experiment.RandomnessRow{{System: experiment.System{Scheme: "xor", Generator: hostile}, Subject: experiment.RawKeys, NotMeasured: "not measured: too few bits"}},
	},
		Published: Published,
		Findings:  []Finding{{"Bold", "under “xor” of " + hostile}},
		Pictures:  []Picture{{File: "strips-a.png", Caption: hostile, Section: SectionStrips}, {File: "lost.png", Caption: "lost", Section: SectionKeys}},
		pictures:  map[string][]byte{"strips-a.png": picture.Bytes()},
	}
	for _, m := range experiment.SchemeMetrics() {
		for _, s := range r.Systems {
			row := experiment.Row{Source: hostile, Scheme: s.Scheme, Generator: s.Generator, Metric: m.ID, Name: m.Name, Definition: m.Definition, Unit: m.Unit, Note: s.NotMeasured}
			if s.NotMeasured == "" {
				row.Measured, row.Low, row.Verdict, row.N, row.Missed, row.Note = &v, &low, experiment.Fail, 2, 2, ""
			}
			r.Rows = append(r.Rows, row)
		}
	}
	r.Comparisons = r.comparisons()
	r.Checklist = checklist(r)
	return r
}

var tags = regexp.MustCompile(`<(/?)([a-z0-9]+)((?:[^<>"]|"[^"]*")*)>`)

// WellFormed checks that elements are closed in the order in which they were opened, and that no < or > is left over.
func WellFormed(t *testing.T, html string) {
	t.Helper()
	body := html[strings.Index(html, "</style>")+len("</style>"):]
	open := []string{"html", "head"}
	for _, m := range tags.FindAllStringSubmatch(body, -1) {
		switch name := m[2]; {
		case name == "img" || name == "meta":
		case m[1] == "":
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			t.Fatalf("</%s> closes %v", name, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) != 0 {
		t.Errorf("not closed: %v", open)
	}
	if rest := tags.ReplaceAllString(body, ""); strings.ContainsAny(rest, "<>") {
		i := strings.IndexAny(rest, "<>")
		t.Errorf("a stray < or >: %q", rest[max(0, i-40):min(len(rest), i+40)])
	}
}

func TestHTMLOfAHostileReport(t *testing.T) {
	var b bytes.Buffer
	if err := fabricated(t).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	WellFormed(t, html)
	for _, bad := range []string{"<script", " NaN", "%!", "ZgotmplZ", "<nil>"} {
		if strings.Contains(html, bad) {
			t.Errorf("the report holds %q", bad)
		}
	}
	for _, want := range []string{
		`&lt;script&gt;`, "<strong>Bold</strong> under “xor”", "not measured: no such file", "not measured: too few bits", `<a href="lost.png">`,
		`id="TC1"`, `id="TC5"`, "~78 %", `lang="en"`, `name="viewport"`, "prefers-color-scheme: dark", "@media print", "✗ recovers an image", "could not be read: no such file",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// The cell of a row that is measured under a kept key has a note where no key is ever kept, and no other cell has.
func TestCellNotesKeptKeys(t *testing.T) {
	v := 0.00051
	for note, want := range map[string]bool{"1 of 2 values left out; " + experiment.NeverKept: true, "1 of 2 values left out": false, "": false} {
		if got := valueCell(&experiment.Row{Measured: &v, Note: note}).Note != ""; got != want {
			t.Errorf("%q: a note in the report: %v", note, got)
		}
	}
}
