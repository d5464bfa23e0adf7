package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"keygan/data/dataset"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/internal/traintest"
	"path/filepath"
	"strings"
	"testing"
)

func TestSizes(t *testing.T) {
	of := func(sides ...int) (all []imageFact) {
		for _, side := range sides {
			all = append(all, imageFact{width: side, height: 2 * side})
		}
		return all
	}
	for _, c := range []struct {
		images []imageFact
		want   string
	}{
		{of(5), "5×10 (1)"},
		{of(5, 6, 6), "6×12 (2), 5×10 (1)"},
		{of(9, 1, 2, 3, 4), "1×2 to 9×18, median 3×6; 5 different"},
		{of(9, 1, 2, 3, 4, 9), "1×2 to 9×18, median 4×8; 5 different, most often 9×18 (2)"},
	} {
		if got := sizes(c.images); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestFoldersAreNamedFromWhatTheyHaveInCommon(t *testing.T) {
	of := func(names ...string) string {
		var s checkedSpec
		for _, name := range names {
			s.good = append(s.good, imageFact{name: filepath.FromSlash(name)})
		}
		return fmt.Sprint(s.folders())
	}
	for want, got := range map[string]string{
		"map[.:2]":                         of("/sets/a/1.png", "/sets/a/2.png"),
		"map[a:1 ab:1]":                    of("/sets/a/1.png", "/sets/ab/2.png"),
		"map[.:1 x/y:1]":                   of("sets/1.png", "sets/x/y/2.png"),
		"map[Testing/a:1 Training/a:2]":    of("/s/Testing/a/1.png", "/s/Training/a/2.png", "/s/Training/a/3.png"),
		"map[other/b:1 some/a:1 some/c:1]": of("/some/a/1", "/other/b/2", "/some/c/3"),
	} {
		if filepath.ToSlash(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestCheckLimitsItsLists(t *testing.T) {
	files := map[string]string{}
	for k := range 20 {
		files[fmt.Sprintf("class%02d/a.png", k)] = fmt.Sprintf("#%d", k)
		files[fmt.Sprintf("class%02d/copy.png", k)] = fmt.Sprintf("#%d", k)
		files[fmt.Sprintf("class%02d/bad.png", k)] = "bad"
	}
	folder := traintest.Pictures(t, files)
	c := traintest.FolderConfig(t, folder, folder)
	c.Data.OnBadFile = "skip"
	var report bytes.Buffer
	if err := Report(context.Background(), c, nil, &report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"class11 (2), and 8 more\n", "duplicates  20 files have the content of another\n", "\n    and 15 more\n", "both sets: 20 files are in"} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("no %q in:\n%s", want, &report)
		}
	}
	if n := strings.Count(report.String(), "bad.png: not an image"); n != 2*20 {
		t.Errorf("%d lines on bad files, not 40", n)
	}
}

// What is to be checked need not fit anything: a target that is wholly held out of the source cannot be trained with.
func TestCheckOfATargetThatIsHeldOut(t *testing.T) {
	folder := traintest.ManyPictures(t, 12)
	c := traintest.FolderConfig(t, folder, folder)
	c.Data.HeldOut = 0.5
	held, err := inputs.OpenHeldOut(context.Background(), c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	path, _ := held.(dataset.Located).Locate(0)
	c.Target[0].Folder = path
	var report bytes.Buffer
	const want = "target: no images are left: the source keeps all of them out of training (held_out)"
	if err := Report(context.Background(), c, nil, &report); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("check: %v\n%s", err, &report)
	}
	if _, err := inputs.Open(context.Background(), c, nil); err == nil || err.Error() != want {
		t.Errorf("training: %v", err)
	}
}

func TestCheckIsInterrupted(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 3), traintest.ManyPictures(t, 3))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Report(ctx, c, nil, new(bytes.Buffer)); !errors.Is(err, inputs.ErrNotStarted) {
		t.Errorf("%v", err)
	}
}

func TestCheckSaysWhatIsEncrypted(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 3), traintest.ManyPictures(t, 4))
	c.Target[0].Encrypt = "logistic"
	for _, want := range []string{"  " + c.Target[0].Folder + ", encrypted (logistic): 6 images\n", "\ntarget: the source images, encrypted (logistic)\n"} {
		var report bytes.Buffer
		if err := Report(context.Background(), c, nil, &report); err != nil || !strings.Contains(report.String(), want) {
			t.Errorf("%v, no %q in:\n%s", err, want, &report)
		}
		c.Target[0].Spec = dataset.Spec{}
	}
}

func TestCheckOfNoiseOfAnotherSize(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 3), traintest.ManyPictures(t, 3))
	for size, want := range map[int]bool{0: false, c.Image.Size: false, 64: true} {
		c.Target = []config.Target{{Spec: dataset.Spec{Synthetic: "noise", Count: 2, Size: size}}}
		var report bytes.Buffer
		if err := Report(context.Background(), c, nil, &report); err != nil || strings.Contains(report.String(), "the noise is not uniform any more") != want {
			t.Errorf("size %d: %v\n%s", size, err, &report)
		}
	}
}
