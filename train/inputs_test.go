package train

import (
	"context"
	"errors"
	"fmt"
	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/internal/traintest"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// chaosConfig trains the chaos GAN on source images and those images encrypted, in a few seconds.
func chaosConfig(t *testing.T) config.Config {
	c := traintest.SmallConfig(t)
	setChaos(&c)
	return c
}

// setChaos makes it the chaos GAN on images that are encrypted.
func setChaos(c *config.Config) {
	chaos := config.DefaultOf("chaos-gan", "", "")
	c.Objective, c.Generator, c.Critic, c.Optimizer, c.Image = chaos.Objective, chaos.Generator, chaos.Critic, chaos.Optimizer, chaos.Image
	c.Image.Size = 48
	c.Source = []dataset.Spec{{Synthetic: "xray", Count: 4, Size: 48}, {Synthetic: "mri", Count: 4, Size: 48}}
	c.Target = []config.Target{{Encrypt: "logistic"}}
	c.Generator.Width, c.Generator.Blocks, c.Critic.Width = 2, 1, 2
}

// setRestore makes c restore images, with whatever else it needs.
func setRestore(c *config.Config) {
	restore := config.DefaultOf("restore", "", "")
	c.Objective, c.Encrypt, c.Optimizer, c.Target = restore.Objective, restore.Encrypt, restore.Optimizer, nil
	c.Encrypt.Scheme = "logistic"
}

// setObjective makes c one of an objective, with whatever else that needs.
func setObjective(c *config.Config, name string) {
	switch c.Objective.Name = name; name {
	case "chaos-gan":
		setChaos(c)
	case "restore":
		setRestore(c)
	}
}

// Each batch of targets is its batch of sources, XORed with the keystream; of augmented sources, too.
func TestEncryptedTargetsArePaired(t *testing.T) {
	c := chaosConfig(t)
	areEncrypted(t, c)
	c.Data.Augment = dataset.Augment{Flip: 0.5, Rotate: 10, Crop: 0.2, Brightness: 0.2}
	areEncrypted(t, c)
}

func areEncrypted(t *testing.T, c config.Config) {
	t.Helper()
	keystream, err := cipher.LogisticKeystream(48*48, cipher.LogisticX0, cipher.LogisticR)
	if err != nil {
		t.Fatal(err)
	}
	sets, err := inputs.Open(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openFeed(c, sets, place{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for range 10 { // past the end of an epoch
		source, err := f.source.Next()
		target, err2 := f.target.Next()
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(source.Names, target.Names) {
			t.Fatalf("sources %v, targets %v", source.Names, target.Names)
		}
		for i, v := range source.Pixels {
			if got := raster.Level(target.Pixels[i]); got != raster.Level(v)^keystream[i%len(keystream)] {
				t.Fatalf("sample %d: %d encrypted is %d", i, raster.Level(v), got)
			}
		}
	}
}

// Targets of their own are not augmented: they say what keys should look like.
func TestOnlySourcesAreAugmented(t *testing.T) {
	c := traintest.SmallConfig(t)
	batches := func() (sources, targets []float32) {
		sets, err := inputs.Open(context.Background(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		f, err := openFeed(c, sets, place{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.close()
		torch.Scope(func() {
			b, err := f.next()
			if err != nil {
				t.Fatal(err)
			}
			sources, targets = b.Source.Floats(), b.Target.Floats()
		})
		return sources, targets
	}
	plainSources, plainTargets := batches()
	c.Data.Augment = dataset.Augment{Flip: 1}
	sources, targets := batches()
	if slices.Equal(sources, plainSources) || !slices.Equal(targets, plainTargets) {
		t.Error("the sources must be mirrored, and the targets as they were")
	}
}

// A run with a cache, one without, and one that was stopped and whose cache was lost meanwhile, give the same bytes.
func TestRunsWithACacheAreExact(t *testing.T) {
	files := map[string]string{"deep.png": "#40 of 16 bits", "bad.png": "bad"}
	for k := range 8 {
		files[fmt.Sprintf("%d.png", k)] = fmt.Sprintf("#%d", k)
	}
	whole := traintest.FolderConfig(t, traintest.Pictures(t, files), traintest.ManyPictures(t, 9))
	whole.Data.HeldOut, whole.Data.OnBadFile = 0.2, "skip"
	parts, without := whole, whole
	parts.Output, parts.Data.Cache = t.TempDir(), t.TempDir()
	without.Output, without.Data.Cache = t.TempDir(), "off"
	for _, c := range []config.Config{whole, without} {
		if err := Run(context.Background(), c, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := trainUntil(t, parts, Options{}, 3); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if err := os.RemoveAll(parts.Data.Cache); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), parts, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, parts, "generator.npz", "metrics.csv", "metrics.jsonl")
	sameFiles(t, whole, without, "generator.npz", "metrics.csv", "metrics.jsonl")
}

// Bad data leaves no run, and a run that is there is refused before the data is read.
func TestBadDataLeavesNoRun(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.Pictures(t, map[string]string{"a.png": "#1", "b.png": "bad"}), traintest.ManyPictures(t, 3))
	if err := Run(context.Background(), c, Options{}); !errors.Is(err, inputs.ErrUnreadable) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c.Data.OnBadFile = "skip"
	if err := Run(ctx, c, Options{}); !errors.Is(err, inputs.ErrNotStarted) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(c.Output); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
	if err := Run(context.Background(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	c.Source[0].Folder = filepath.Join(c.Source[0].Folder, "nowhere")
	if err := Run(context.Background(), c, Options{}); !errors.Is(err, ErrRunExists) {
		t.Errorf("got %v", err)
	}
}
