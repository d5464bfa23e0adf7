package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/attack"
	"keygan/infer"
)

// The files by which the run of a network that restores images says what it has learnt from.
const (
	AttackerFile = "attacker.json" // an Attacker
	MeanFile     = "mean.png"      // the mean of its plain images
)

// attackerName is the name of a generator that is meant to be an attacker.
const attackerName = "attacker"

// An Attacker says from which cipher images a network has learnt to restore plain ones.
type Attacker struct {
	Scheme   string   `json:"scheme"`
	Key      string   `json:"key"`      // fresh or kept
	Networks []string `json:"networks"` // hashes of those that encrypted
	Images   int      `json:"images"`
}

// learn makes g an attacker if its run says that it is one, or if its name does.
func (g *generator) learn(folder string, m *infer.Model) {
	text, err := os.ReadFile(filepath.Join(folder, AttackerFile))
	if errors.Is(err, os.ErrNotExist) && g.info.Name != attackerName {
		return
	}
	var a Attacker
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	l := &attack.Learned{Name: g.info.Name, Scheme: a.Scheme, Networks: a.Networks}
	if err == nil {
		l.Mean, err = imagefile.ReadImage(filepath.Join(folder, MeanFile))
	}
	if err != nil {
		g.err = fmt.Errorf("%s: no complete run of the objective restore: %w", folder, err)
		g.info.Missing, g.keys = g.err.Error(), nil
		return
	}
	l.Channels = m.Arch().Channels
	l.Restore = func(cipherImage *raster.Image) (*raster.Image, error) { return m.KeyFrom(cipherImage, infer.Seed{}) }
	g.attacker = l
}

// split divides what was opened into generators and attackers.
func split(all []*generator) (generators, attackers []*generator) {
	for _, g := range all {
		if g.attacker != nil {
			attackers = append(attackers, g)
		} else {
			generators = append(generators, g)
		}
	}
	return generators, attackers
}

// manyImages are the victim's images for attacks that need more than a few, from all over the sources. Only learned attackers do.
func (e *experiment) manyImages(ctx context.Context, sources []dataset.Source) (images []*raster.Image, err error) {
	if len(e.attackers) == 0 {
		return nil, nil
	}
	most := 24
	if e.cfg.Quick {
		most = 8
	}
	each := max(1, most/len(sources))
	for _, src := range sources {
		n := min(each, src.Len())
		for k := range n {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if m, err := src.Image(k * src.Len() / n); err == nil { // those that cannot be read are named elsewhere
				images = append(images, m.Fit(e.cfg.Size, e.channels).EightBits())
			}
		}
	}
	return images, nil
}
