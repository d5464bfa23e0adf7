package report_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"regexp"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/evaluate"
	"keygan/evaluate/experiment"
	"keygan/evaluate/report"
)

// The report of a run needs no other file, shows every picture or links to it, and each image has a text that says what it is.
func TestHTMLIsSelfContained(t *testing.T) {
	cfg := experiment.Config{
		Sources: []experiment.Source{
			{Name: "brain MRI", Spec: dataset.Spec{Synthetic: "mri", Count: 2, Seed: 3}}, {Name: "xray", Spec: dataset.Spec{Synthetic: "xray", Count: 1, Seed: 4}},
		},
		Images: 2, Changes: 1, Randomness: experiment.Randomness{Sequences: 1, Bits: 1000}, Quick: true,
	}
	r, err := evaluate.Run(t.Context(), cfg, t.TempDir(), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	report.WellFormed(t, html)
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
