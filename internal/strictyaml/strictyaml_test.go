package strictyaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type Item struct {
	Folder string `yaml:"folder"`
	Count  int    `yaml:"count"`
}

type named struct {
	Name string `yaml:"name"`
	Item `yaml:",inline"`
}

type config struct {
	Name  string  `yaml:"name"`
	Seed  uint64  `yaml:"seed"`
	Items []named `yaml:"items"`
	Train struct {
		Batch int     `yaml:"batch"`
		Rate  float64 `yaml:"rate"`
		Fast  bool    `yaml:"fast"`
	} `yaml:"train"`
}

func TestDecodeKeepsDefaults(t *testing.T) {
	c := config{Name: "default"}
	c.Train.Batch, c.Train.Rate = 8, 1
	doc, err := Decode("a.yaml", []byte("# a comment\nseed: 3\ntrain:\n  rate: 2e-4\nitems:\n- name: x\n  folder: f\n"), &c)
	if err != nil {
		t.Fatal(err)
	}
	want := config{Name: "default", Seed: 3, Items: []named{{"x", Item{"f", 0}}}}
	want.Train.Batch, want.Train.Rate = 8, 2e-4
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(named{})); diff != "" {
		t.Error(diff)
	}
	for path, line := range map[string]string{"train.rate": ":4:", "train.batch": ":4:", "items[0].folder": ":7:", "seed": ":2:"} {
		if got := doc.Errorf(path, "bad").Error(); !strings.HasPrefix(got, "a.yaml"+line) {
			t.Errorf("line of %s: %s, want %s", path, got, line)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"nam: x", "a.yaml:1: nam: unknown key; allowed here: items, name, seed, train"},
		{"train:\n  batches: 3", "a.yaml:2: train.batches: unknown key; allowed here: batch, fast, rate"},
		{"train:\n  batch: many", "a.yaml:2: train.batch: many is not a whole number"},
		{"train:\n  batch: 1.5", "a.yaml:2: train.batch: 1.5 is not a whole number"},
		{"train:\n  rate: fast", "a.yaml:2: train.rate: fast is not a number"},
		{"train:\n  fast: 1", "a.yaml:2: train.fast: 1 is not true or false"},
		{"seed: -1", "a.yaml:1: seed: -1 is not a whole number, 0 or more"},
		{"train:\n  batch:", "a.yaml:2: train.batch: has no value"},
		{"train: 3", "a.yaml:1: train: expected keys and values (batch, fast, rate)"},
		{"items:\n- name: a\n- nmae: b", "a.yaml:3: items[1].nmae: unknown key; allowed here: count, folder, name"},
		{"items: a", "a.yaml:1: items: a is not a list"},
		{"name: a\nname: b", "a.yaml:2: "},
		{"name: [", "a.yaml:1: "},
		{"just text", "a.yaml: the file: expected keys and values"},
		{"name: a\n---\nname: b", "a.yaml: more than one YAML document"},
	} {
		var into config
		_, err := Decode("a.yaml", []byte(c.src), &into)
		if err == nil {
			t.Errorf("%q was accepted", c.src)
		} else if !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant %s", c.src, err, c.want)
		}
	}
}

func TestDecodeSection(t *testing.T) {
	var got Item
	doc, found, err := DecodeSection("a.yaml", []byte("other: [1, 2]\npart:\n  count: 3\n"), "part", &got)
	if err != nil || !found || got.Count != 3 {
		t.Fatalf("%v %v %v", got, found, err)
	}
	if e := doc.Errorf("part.count", "too small").Error(); e != "a.yaml:3: part.count: too small" {
		t.Error(e)
	}
	if _, found, err := DecodeSection("a.yaml", []byte("other: 1"), "part", &got); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	_, _, err = DecodeSection("a.yaml", []byte("part:\n  cuont: 3\n"), "part", &got)
	if err == nil || !strings.Contains(err.Error(), "a.yaml:2: part.cuont: unknown key; allowed here: count, folder") {
		t.Errorf("%v", err)
	}
}

func TestDecodeEmpty(t *testing.T) {
	c := config{Name: "kept"}
	for _, src := range []string{"", "# nothing but a comment\n"} {
		if _, err := Decode("a.yaml", []byte(src), &c); err != nil || c.Name != "kept" {
			t.Errorf("%q: %v, %v", src, c, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"name: a\nitems:\n- {name: x, count: 2}\n", "train: {rate: .inf}", "a: &x 1\nb: *x", "? a\n: b", "- a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var into config
		if _, err := Decode("a.yaml", src, &into); err != nil && !strings.HasPrefix(err.Error(), "a.yaml") {
			t.Errorf("an error without the file's name: %v", err)
		}
	})
}
