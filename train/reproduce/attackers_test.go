package reproduce

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/infer"
	"keygan/internal/failure"
	"keygan/train/config"
	"keygan/train/runlog"
)

const attackedTables = `
seeds: [1, 2, 3]
rows:
- {name: spy, victim: A, seeds: [1, 3], train: spy.yaml}
- {name: insider, victim: A, pairs: true, seeds: [2], train: spy.yaml}
- {name: A, train: toy.yaml}
evaluate:
  sources: [{synthetic: mri, count: 1}]
`

// attacked reads tables with attackers.
func attacked(t *testing.T) Config {
	t.Helper()
	register(t)
	t.Cleanup(config.Register(config.Objective{
		Name: "undo", Restores: true, Columns: func(config.Config) []string { return nil }, Generators: []string{"resnet"},
		Cost: func(c config.Config) []config.NetworkCost {
			return []config.NetworkCost{{Name: "generator", Arch: infer.Arch{}}}
		},
	}))
	t.Chdir(t.TempDir())
	write(t, "toy.yaml", toyTraining)
	write(t, "spy.yaml", "image: {size: 32}\nsource: [{synthetic: xray, count: 4}]\nobjective: {name: undo}\nencrypt: {scheme: xor, key: fresh}\n")
	write(t, "tables.yaml", attackedTables)
	c, err := Read("tables.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func find(t *testing.T, c Config, name string) unit {
	t.Helper()
	units, err := c.units()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(units, func(u unit) bool { return u.name() == name })
	if i < 0 {
		t.Fatalf("no unit %s", name)
	}
	return units[i]
}

// An attacker learns from all seeds of the victim but the attacked one, or from that one only, and is tried on that one: also where only
// some rows and seeds are made, whose ledger must stay the same.
func TestAttackersNeverSeeTheAttackedNetwork(t *testing.T) {
	c := attacked(t)
	some, err := c.only([]string{"spy", "insider"}, []uint64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, tables := range []Config{c, some} {
		u := find(t, tables, "spy-seed1")
		if got := strings.Join(u.config.Encrypt.Generators, " "); got != "A-seed2 A-seed3" || u.attacked != "A-seed1" {
			t.Errorf("learns from %s, attacks %s", got, u.attacked)
		}
		if got := strings.Join(u.needs(), " "); got != "A-seed1 A-seed2 A-seed3" {
			t.Errorf("needs %s", got)
		}
		if got := strings.Join(tables.victimArgs(u), " "); got != `--set encrypt.generators=["runs/tables/runs/A-seed2", "runs/tables/runs/A-seed3"]` {
			t.Error(got)
		}
		if got := strings.Join(tables.testArgs(u), " "); !strings.HasSuffix(got, "--victim runs/tables/runs/A-seed1") {
			t.Error(got)
		}
		u = find(t, tables, "insider-seed2")
		if got := strings.Join(u.config.Encrypt.Generators, " "); got != "A-seed2" || u.attacked != "A-seed2" || !slices.Equal(u.needs(), []string{"A-seed2"}) {
			t.Errorf("with pairs: learns from %s, attacks %s, needs %v", got, u.attacked, u.needs())
		}
	}
	if u := find(t, c, "A-seed1"); u.attacked != "" || len(u.needs()) > 0 || len(c.victimArgs(u)) > 0 || slices.Contains(c.testArgs(u), "--victim") {
		t.Errorf("%+v", u)
	}
}

// An attacker comes after his victims, wherever his row stands; not before a victim that is still to be trained or tried again, and he does
// not wait for one that has failed or is not asked for.
func TestAttackersWait(t *testing.T) {
	c := attacked(t)
	r := &run{c: c, began: now(), ledger: ledger{dir: t.TempDir(), warn: t.Errorf}}
	var err error
	if r.units, err = c.units(); err != nil {
		t.Fatal(err)
	}
	finish := func(name string) {
		if err := os.MkdirAll(c.runOf(name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(c.runOf(name), "generator.npz"), "weights")
		if err := r.ledger.write(name, Entry{State: runlog.Finished}); err != nil {
			t.Fatal(err)
		}
	}
	var order []string
	for range len(r.units) {
		u, lock, err := r.next(t.Context())
		if err != nil || lock == nil {
			t.Fatal(order, err)
		}
		if reason := r.cannotAttack(u); reason != "" {
			t.Errorf("%s: %s", u.name(), reason)
		}
		order = append(order, u.name())
		finish(u.name())
		lock.Close()
	}
	for i, name := range order {
		for _, need := range find(t, c, name).needs() {
			if at := slices.Index(order, need); at > i {
				t.Errorf("%s comes before %s: %v", name, need, order)
			}
		}
	}
	if len(r.measured(1)) != 1 || r.measured(1)[0].name() != "A-seed1" {
		t.Errorf("an evaluation measures %v", r.measured(1))
	}

	for name, e := range map[string]Entry{"spy-seed1": {State: Waiting}, "A-seed3": {State: runlog.Failed, Ended: r.began}} {
		if err := r.ledger.write(name, e); err != nil {
			t.Fatal(err)
		}
	}
	u, lock, err := r.next(t.Context())
	if err != nil || lock == nil || u.name() != "spy-seed1" {
		t.Fatalf("%s, %v", u.name(), err)
	}
	defer lock.Close()
	if reason := r.cannotAttack(u); !strings.HasSuffix(reason, "not trained: A-seed3") {
		t.Errorf("%q", reason)
	}
}

// Who trains a victim anew is told to train what has learnt from it anew, too.
func TestChangedVictims(t *testing.T) {
	c := attacked(t)
	l := ledger{dir: t.TempDir(), warn: t.Errorf}
	units, err := c.units()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.agree(units, false); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(units, func(u unit) bool { return u.name() == "A-seed2" })
	units[i].config.Train.Epochs++
	err = l.agree(units, false)
	hint := failure.HintOf(err)
	for _, name := range []string{"A-seed2", "spy-seed1", "spy-seed3", "insider-seed2"} {
		if !strings.Contains(hint, filepath.Join("runs", name)) {
			t.Errorf("%s is not to be removed: %v, %s", name, err, hint)
		}
	}
	if strings.Contains(hint, "A-seed1") || strings.Contains(hint, "A-seed3") {
		t.Errorf("what has not changed is to be removed: %s", hint)
	}
}
