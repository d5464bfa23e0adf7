package train

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"keygan/evaluate/figure"
	torch "keygan/gotorch"
	"keygan/gotorch/dist"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/launch"
)

// The variables of a process that trains, in a test, together with others.
const teamRankEnv, teamSizeEnv, teamPortEnv, teamOutputEnv = "KEYGAN_TEAM_RANK", "KEYGAN_TEAM_SIZE", "KEYGAN_TEAM_PORT", "KEYGAN_TEAM_OUTPUT"

// teamConfigs are of every objective and norm, with each random draw: 5 steps of a batch that 2 and 3 processes divide unequally.
func teamConfigs(output string) (all []config.Config) {
	add := func(name string, change func(*config.Config)) {
		c := traintest.Small(output)
		c.Name = name
		c.Train.Batch, c.Train.Steps, c.Train.CheckpointEvery, c.Train.SampleEvery = 5, 5, 2, 0
		change(&c)
		all = append(all, c)
	}
	for _, norm := range []string{"instance", "batch"} {
		for _, objective := range config.Choices("objective.name") {
			add(objective+" "+norm, func(c *config.Config) {
				if setObjective(c, objective); objective == "chaos-gan" {
					c.Image.Size = 32
				}
				if norm == "batch" {
					c.Critic.Norm = norm
				}
				if c.Generator.Norm != "published" {
					c.Generator.Norm = norm
				}
			})
		}
	}
	add("dcgan", func(c *config.Config) {
		d := config.DefaultOf("wgan-gp", "dcgan", "")
		c.Generator, c.Critic, c.Image = d.Generator, d.Critic, config.Image{Size: 32, Channels: 3}
		c.Generator.Width, c.Generator.Latent, c.Critic.Width = 2, 5, 2
	})
	add("options", func(c *config.Config) {
		c.Generator.Noise, c.Generator.EMA, c.Train.Accumulate, c.Train.OnNaN = true, 0.9, 2, "skip"
		c.Optimizer.Warmup, c.Data.Augment.Flip = 3, 0.5
		c.Train.SampleEvery, c.Data.HeldOut = 1, 0.4
	})
	return all
}

// runInDouble trains in float64, in which processes that add in another order come to other numbers, but not to another training: the
// networks of chaos-gan make of the last bit of a float32 the third digit of a weight in five steps.
func runInDouble(c config.Config, o Options) (err error) {
	if o.team, err = joinTeam(context.Background(), o.Part, c, nil); err != nil {
		return err
	}
	return endTeam(o.team, guarded(func() error {
		t, err := start(context.Background(), c, o)
		if err != nil {
			return err
		}
		defer t.close()
		for _, m := range t.Objective.Models() {
			for _, p := range slices.Concat(m.Network.state(), m.Mean) {
				torch.Scope(func() { torch.NoGrad(func() { p.Tensor.SetData(p.Tensor.CastTo(torch.Double)) }) })
			}
		}
		t.Objective = doubled{t.Objective}
		return t.loop(context.Background())
	}))
}

// doubled is an objective whose inputs are float64.
type doubled struct{ Objective }

func (d doubled) Step(batches []Batch) torch.Tensor {
	for i, b := range batches {
		batches[i] = Batch{b.Source.CastTo(torch.Double), b.Target.CastTo(torch.Double)}
	}
	if w, ok := d.Objective.(*wganGP); ok {
		latent := w.latent
		w.latent = func(n int64) torch.Tensor { return latent(n).CastTo(torch.Double) }
		defer func() { w.latent = latent }()
	}
	return d.Objective.Step(batches)
}

func (d doubled) Keys(source torch.Tensor, first int) torch.Tensor {
	return d.Objective.Keys(source.CastTo(torch.Double), first).CastTo(torch.Float)
}

func (d doubled) Show(source torch.Tensor, first int) []Row {
	return []Row{{Name: "keys", Images: d.Keys(source, first)}}
}

// teamMember is the whole program of one of the processes.
func teamMember() error {
	number := func(name string) int { n, _ := strconv.Atoi(os.Getenv(name)); return n }
	p := launch.Part{Rank: number(teamRankEnv), World: number(teamSizeEnv), Host: "127.0.0.1", Port: number(teamPortEnv), Patience: time.Minute}
	p.LocalRank, p.LocalWorld = p.Rank, p.World
	for _, c := range teamConfigs(os.Getenv(teamOutputEnv)) {
		p.Prefix = c.Name + "/"
		if err := runInDouble(c, Options{Part: p, Log: os.Stderr, Quiet: true}); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

// What processes learn together is what one learns alone from whole batches.
func TestTeamLearnsWhatOneProcessLearns(t *testing.T) {
	alone := t.TempDir()
	sizes := []int{2, 3}
	outputs := map[int]string{}
	var running []*exec.Cmd
	for _, size := range sizes {
		store, err := dist.Open("127.0.0.1", 0, true, "", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		outputs[size] = t.TempDir()
		for rank := range size {
			p := exec.Command(os.Args[0])
			p.Env = append(os.Environ(), teamOutputEnv+"="+outputs[size], fmt.Sprintf("%s=%d", teamRankEnv, rank),
				fmt.Sprintf("%s=%d", teamSizeEnv, size), fmt.Sprintf("%s=%d", teamPortEnv, store.Port()))
			p.Stderr = &bytes.Buffer{}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			defer p.Process.Kill()
			running = append(running, p)
		}
	}
	for _, c := range teamConfigs(alone) {
		if err := runInDouble(c, Options{}); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	for _, p := range running {
		if err := p.Wait(); err != nil || p.Stderr.(*bytes.Buffer).Len() > 0 {
			t.Errorf("%v: %s", err, p.Stderr)
		}
	}
	if t.Failed() {
		return
	}
	for _, c := range teamConfigs(alone) {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s in %d processes", c.Name, size), func(t *testing.T) {
				together := c
				together.Output = outputs[size]
				sameWeights(t, c, together)
				sameQuality(t, c, together)
			})
		}
	}
}

// sameQuality compares what two runs say about their keys, in which the rounding to levels may differ here and there.
func sameQuality(t *testing.T, alone, together config.Config) {
	t.Helper()
	all, others := table(t, alone), table(t, together)
	for name, cells := range all {
		for i, cell := range cells {
			_, measure := figure.KeyColumn(name)
			a, _ := strconv.ParseFloat(cell, 64)
			b, err := strconv.ParseFloat(others[name][i], 64)
			if measure != "" && (err != nil || !(math.Abs(a-b) <= 1e-2*max(1, math.Abs(a)))) {
				t.Errorf("%s after epoch %d: %s, and %s of one process", name, i+1, others[name][i], cell)
			}
		}
	}
	if alone.Train.SampleEvery > 0 && all["Held-out Entropy"] == nil {
		t.Error("no keys were judged")
	}
}

// sameWeights compares what two runs have learnt: all but what has no gradient but rounding.
func sameWeights(t *testing.T, alone, together config.Config) {
	t.Helper()
	var models [2][]*Model
	for i, c := range []config.Config{alone, together} {
		saved, _, err := newestWhole(c.Dir())
		if err != nil || saved.meta.Step != c.Train.Steps {
			t.Fatal(saved.meta.Step, err)
		}
		o, _, err := restored(saved, c)
		if err != nil {
			t.Fatal(err)
		}
		defer closeModels(o)
		models[i] = o.Models()
	}
	for i, m := range models[0] {
		other := slices.Concat(models[1][i].Network.state(), models[1][i].Mean)
		for k, p := range slices.Concat(m.Network.state(), m.Mean) {
			a, b := p.Tensor.Floats(), other[k].Tensor.Floats()
			worst := 0.0
			for j := range a {
				worst = max(worst, math.Abs(float64(a[j])-float64(b[j])))
			}
			if !(worst <= 1e-6) {
				t.Errorf("%s %s: differs by %g", m.Name, p.Name, worst)
			}
		}
	}
}
