package evaluate

import (
	"bytes"
	"encoding/base64"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/evaluate/attack"
)

// hostile is what a file or a configuration could hold to break a table.
const hostile = `<script>alert("x")</script>|` + "`&`_$%\\"

// fabricated is a small report by hand, with a value, a cell that was not measured, and names that are hostile everywhere.
func fabricated(t *testing.T) *Report {
	t.Helper()
	var picture bytes.Buffer
	if err := imagefile.EncodePNG(&picture, first(noisePair(rand.New(rand.NewPCG(1, 1))))); err != nil {
		t.Fatal(err)
	}
	v, low := 1.5, 7.9
	r := &Report{
		Config: Config{Name: hostile, Size: 64}, Alpha: Alpha, Published: Published,
		Generators: []GeneratorInfo{{Name: hostile, Network: "resnet", Channels: 3, Hash: "ab"}, {Name: "gone", Missing: "no such file"}},
		Systems:    []SystemInfo{{System: System{"xor", hostile}, Channels: 3}, {System: System{SchemeChaosGAN, "gone"}, Channels: 1, NotMeasured: "not measured: no such file"}},
		Sources:    []SourceInfo{{Name: hostile, From: hostile, Images: []string{hostile}}},
		Findings:   []string{"**Bold** under `xor` of " + escape(hostile)},
		Pictures:   []Picture{{File: "strips-a.png", Caption: hostile, Section: SectionStrips}, {File: "lost.png", Caption: "lost", Section: SectionKeys}},
		Attacks:    []attack.Result{{Number: 5, Name: hostile, Scheme: "xor", Generator: hostile, Succeeded: true, Conclusion: hostile}},
		Randomness: []RandomnessRow{{System: System{"xor", hostile}, Subject: RawKeys, NotMeasured: "not measured: too few bits"}},
		pictures:   map[string][]byte{"strips-a.png": picture.Bytes()},
	}
	for _, m := range schemeMetrics {
		for _, s := range r.Systems {
			row := Row{Source: hostile, Scheme: s.Scheme, Generator: s.Generator, Metric: m.id, Name: m.name, Definition: m.definition, Unit: m.unit, Note: s.NotMeasured}
			if s.NotMeasured == "" {
				row.Measured, row.Low, row.Verdict, row.N, row.Missed, row.Note = &v, &low, Fail, 2, 2, ""
			}
			r.Rows = append(r.Rows, row)
		}
	}
	r.Checklist = checklist(r)
	return r
}

var tags = regexp.MustCompile(`<(/?)([a-z0-9]+)((?:[^<>"]|"[^"]*")*)>`)

// wellFormed checks that elements are closed in the order in which they were opened, and that no < or > is left over.
func wellFormed(t *testing.T, html string) {
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
	wellFormed(t, html)
	for _, bad := range []string{"<script", " NaN", "%!", "ZgotmplZ", "<nil>"} {
		if strings.Contains(html, bad) {
			t.Errorf("the report holds %q", bad)
		}
	}
	for _, want := range []string{
		`&lt;script&gt;`, "<strong>Bold</strong> under <code>xor</code>", "not measured: no such file", "not measured: too few bits", `<a href="lost.png">`,
		`id="TC1"`, `id="TC5"`, "~78 %", `lang="en"`, `name="viewport"`, "prefers-color-scheme: dark", "@media print", "✗ broken", "could not be read: no such file",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// The report of a run needs no other file, shows every picture or links to it, and each image has a text that says what it is.
func TestHTMLIsSelfContained(t *testing.T) {
	r, _ := smallRun(t)
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	wellFormed(t, html)
	if b.Len() > 10_000_000 {
		t.Errorf("%d bytes", b.Len())
	}
	images := regexp.MustCompile(`<img src="data:image/(?:png|jpeg);base64,([^"]*)" width="(\d+)" height="(\d+)" alt="([^"]+)">`).FindAllStringSubmatch(html, -1)
	if n := strings.Count(html, "<img"); n != len(images) || n < 10 {
		t.Fatalf("%d images, %d of them inside the file and described", n, len(images))
	}
	for _, m := range images {
		file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(m[1], "&#43;", "+"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := image.Decode(bytes.NewReader(file)); err != nil {
			t.Errorf("%s: %v", m[4], err)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("two elements are called %s", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if !ids[m[1]] {
			t.Errorf("a link leads to %s, which is not there", m[1])
		}
	}
	text := regexp.MustCompile(`base64,[^"]*`).ReplaceAllString(html, "")
	for _, bad := range []string{"NaN", "%!", "http://", "https://", "<script"} {
		if strings.Contains(text, bad) {
			t.Errorf("the report holds %q", bad)
		}
	}
}
