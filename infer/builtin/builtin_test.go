package builtin

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"keygan/data/imagefile"
)

// limit is what the program may grow by, in bytes.
const limit = 2_500_000

// The keys of the built-in generator are part of what a version promises: a key file made with it must be made again.
func TestGenerator(t *testing.T) {
	if len(weights) > limit {
		t.Errorf("%d bytes of weights, at most %d", len(weights), limit)
	}
	m := Generator()
	if want := "c406f5b2446c76f38e31e49759fac90d4c19a7d654ecb2ddf313f80f73d8accb"; m.Hash() != want {
		t.Errorf("the generator is %s, want %s", m.Hash(), want)
	}
	if m.TakesNoise() || m.Arch().Channels != 3 {
		t.Errorf("%+v: README.md says that its keys are RGB and follow from the image only", m.Arch())
	}
	config, err := os.ReadFile("../../configs/default-generator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"objective: {name: " + Objective + ",", fmt.Sprintf("\nseed: %d\n", Seed)} {
		if !strings.Contains(string(config), want) {
			t.Errorf("its configuration lacks %q", want)
		}
	}
	img, err := imagefile.ReadImage("testdata/xray.png")
	if err != nil {
		t.Fatal(err)
	}
	key, err := m.Key(img)
	if err != nil {
		t.Fatal(err)
	}
	want, err := imagefile.ReadImage("testdata/xray.key.png")
	if err != nil {
		t.Fatal(err)
	}
	if string(key.Pix) != string(want.Pix) {
		t.Error("another key than that of testdata")
	}
}
