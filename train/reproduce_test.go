package train

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"keygan/train/config"
	"keygan/train/reproduce"
)

// Each configuration of tables, and the experiments of its rows, can be read, and has three seeds or more.
func TestTables(t *testing.T) {
	t.Chdir("..")
	files, err := filepath.Glob("configs/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, path := range files {
		if !bytes.Contains(read(t, path), []byte("\nrows:")) {
			continue // an experiment, or only for keygan evaluate
		}
		tables++
		if c, err := reproduce.Read(path); err != nil || len(c.Seeds) < 3 {
			t.Errorf("%s: %d seeds, %v", path, len(c.Seeds), err)
		}
	}
	if tables < 3 {
		t.Errorf("only %d", tables)
	}
}

// The comparison of the two objectives is fair: beside the published GAN, a row differs from WGAN-GP in its objective only,
// and both have the five seeds without which no test over six metrics can tell them apart.
func TestFairGAN(t *testing.T) {
	t.Chdir("..")
	for _, path := range []string{"configs/reproduce-small.yaml", "configs/reproduce.yaml"} {
		fairGAN(t, path)
	}
}

func fairGAN(t *testing.T, path string) {
	tables, err := reproduce.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]reproduce.Row{}
	for _, r := range tables.Rows {
		rows[r.Name] = r
	}
	wgan, gan := rows["WGAN-GP"], rows["GAN-as-WGAN-GP"]
	a, errA := config.Read(wgan.Train, wgan.Set...)
	b, errB := config.Read(gan.Train, gan.Set...)
	if errA != nil || errB != nil || wgan.Scheme != gan.Scheme || len(wgan.Seeds) > 0 || len(gan.Seeds) > 0 || len(tables.Seeds) < 5 {
		t.Fatalf("%v, %v, %+v, %+v, seeds %v", errA, errB, wgan, gan, tables.Seeds)
	}
	if got := strings.Join(a.Changes(b), ", "); got != "objective.name (wgan-gp, now gan)" {
		t.Error(got)
	}
}

// Changes names what makes a run another experiment, its length too, and nothing that only says where or how fast it runs.
func TestChanges(t *testing.T) {
	with := func(set ...string) config.Config {
		c, err := config.Read("../configs/demo.yaml", set...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct{ set, want string }{
		{"train.epochs=13", "train.epochs (12, now 13)"},
		{"train.keep_checkpoints=9", "train.keep_checkpoints (3, now 9)"},
		{"optimizer.beta2=0.99", "optimizer.beta2 (0.9, now 0.99)"},
		{"source.1.seed=7", "source[1].seed (2, now 7)"},
		{"device=cuda", ""}, {"threads=3", ""}, {"output=elsewhere", ""}, {"train.workers=2", ""}, {"data.cache=off", ""},
	} {
		if got := strings.Join(with().Changes(with(c.set)), ", "); got != c.want {
			t.Errorf("%s: %q, want %q", c.set, got, c.want)
		}
	}
	if got := with().Differences(with("train.epochs=13")); len(got) > 0 { // a run may go on for longer
		t.Errorf("%v", got)
	}
}
