package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"keygan/data/seen"
	"keygan/train/internal/traintest"
)

// A run lists every image that it has read once, with what it did with it, and a resumed one that has no list makes it again.
func TestRunListsItsImages(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 30), traintest.ManyPictures(t, 8))
	c.Data.HeldOut = 0.3
	if err := trainUntil(t, c, Options{}, 1); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	file := filepath.Join(c.Dir(), seen.File)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := seen.Read(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	count, splits := map[string]int{}, map[string]string{}
	for _, m := range list {
		count[m.Split]++
		if m.Split == seen.Target {
			continue
		}
		if other := splits[m.SHA256]; other != "" && other != m.Split {
			t.Errorf("%s is both %s and %s", m.Name, m.Split, other)
		}
		splits[m.SHA256] = m.Split
	}
	r := readRun(t, c)
	if r.Source.HeldOut == 0 || count[seen.Train] != r.Source.Images || count[seen.HeldOut] != r.Source.HeldOut || count[seen.Target] != r.Target.Images {
		t.Errorf("the list has %v, run.json %+v and %+v", count, r.Source, r.Target)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), c, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(text) {
		t.Errorf("resumed without a list: %d bytes, want %d: %v", len(again), len(text), err)
	}
}
