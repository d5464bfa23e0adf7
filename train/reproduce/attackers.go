package reproduce

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"keygan/train/runlog"
)

// An attacker is a row with a victim: a network that learns to restore images from pairs that the attacker makes with networks of the
// victim's row, and is then tried on images that the victim held out, encrypted by the victim. By default these are the networks of the
// victim's other seeds: he knows the experiment, but not the weights that he attacks. With pairs they are those weights.

// wrongVictim names the first key of an attacker's row with an impossible value, and says why.
func (c Config) wrongVictim(r Row) (key, reason string) {
	if r.Victim == "" && !r.Pairs {
		return "", ""
	}
	if r.Victim == "" {
		return "pairs", "is for a row with a victim"
	}
	i := slices.IndexFunc(c.Rows, func(v Row) bool { return v.Name == r.Victim })
	if i < 0 || c.Rows[i].Victim != "" {
		return "victim", fmt.Sprintf("%q is not possible: it must be the name of another row, which attacks none itself", r.Victim)
	}
	for _, seed := range c.Seeds {
		if r.has(seed) && !c.Rows[i].has(seed) {
			return "victim", fmt.Sprintf("%q is not possible: it is not trained with the seed %d, which this row attacks", r.Victim, seed)
		}
	}
	if !r.Pairs && len(c.seedsOf(c.Rows[i])) < 2 {
		return "victim", fmt.Sprintf("%q is not possible: it has no other seeds to learn from", r.Victim)
	}
	return "", ""
}

// seedsOf are the seeds that a row is trained with.
func (c Config) seedsOf(r Row) []uint64 {
	return slices.DeleteFunc(slices.Clone(c.Seeds), func(seed uint64) bool { return !r.has(seed) })
}

// attack fills in what an attacker's unit learns from.
func (c Config) attack(u *unit) error {
	if u.row.Victim == "" {
		return nil
	}
	if !u.config.Restores() {
		return errors.New("a row with a victim needs an experiment that restores images: objective.name=restore")
	}
	u.attacked = unitName(u.row.Victim, u.seed)
	if u.row.Pairs {
		u.config.Encrypt.Generators = []string{u.attacked}
		return nil
	}
	u.config.Encrypt.Generators = nil
	victim := c.all[slices.IndexFunc(c.all, func(r Row) bool { return r.Name == u.row.Victim })]
	for _, seed := range c.allSeeds {
		if victim.has(seed) && seed != u.seed {
			u.config.Encrypt.Generators = append(u.config.Encrypt.Generators, unitName(victim.Name, seed))
		}
	}
	return nil
}

// needs are the units whose runs a unit takes.
func (u unit) needs() []string {
	if u.attacked == "" || u.row.Pairs {
		return slices.DeleteFunc([]string{u.attacked}, func(name string) bool { return name == "" })
	}
	return append([]string{u.attacked}, u.config.Encrypt.Generators...)
}

// runOf is the folder of a unit's run.
func (c Config) runOf(name string) string { return filepath.Join(c.runs(), name) }

// victimArgs are the options by which an attacker's training finds its victims.
func (c Config) victimArgs(u unit) []string {
	if u.attacked == "" {
		return nil
	}
	var paths []string
	for _, name := range u.config.Encrypt.Generators {
		paths = append(paths, strconv.Quote(c.runOf(name)))
	}
	return []string{"--set", "encrypt.generators=[" + strings.Join(paths, ", ") + "]"}
}

// testImages is how many held-out images the networks are tested with.
const testImages = "32"

// testArgs are those of the program that tests a unit's networks on images that were held out of the training; an attacker's, on those of
// the run that it attacks.
func (c Config) testArgs(u unit) []string {
	args := []string{"test", u.config.Dir(), "--images", testImages, "--force"}
	if u.attacked != "" {
		args = append(args, "--victim", c.runOf(u.attacked))
	}
	return args
}

// missing are the units that an attacker needs and that are not complete.
func (r *run) missing(u unit) (names []string, err error) {
	for _, name := range u.needs() {
		e, err := r.ledger.read(name)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(r.c.runOf(name), "generator.npz")); e.State != runlog.Finished || err != nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// victimsTrained reports whether an attacker's unit need not wait: what it needs is complete, or will not be.
func (r *run) victimsTrained(u unit) (ready bool, err error) {
	missing, err := r.missing(u)
	for _, name := range missing {
		if r.willTrain(name) {
			return false, err
		}
	}
	return true, err
}

// willTrain reports whether a unit is among those of this call, and has not failed in it.
func (r *run) willTrain(name string) bool {
	return slices.ContainsFunc(r.units, func(u unit) bool {
		e, err := r.ledger.read(name)
		return u.name() == name && err == nil && r.toTrain(u, e)
	})
}

// cannotAttack says why an attacker's unit cannot be trained, or "".
func (r *run) cannotAttack(u unit) string {
	missing, err := r.missing(u)
	if err != nil {
		return err.Error()
	}
	if len(missing) == 0 {
		return ""
	}
	return "it learns from or attacks what is not trained: " + strings.Join(missing, ", ")
}
