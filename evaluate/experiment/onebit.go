package experiment

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"keygan/data/raster"
	"keygan/evaluate/attack"
	"keygan/evaluate/metrics"
)

// The identifiers of the metrics as used. Those of a single bit are npcr_bit_0 to npcr_bit_7, and the same for UACI.
const (
	IDNPCRAsUsed = "npcr_as_used"
	IDUACIAsUsed = "uaci_as_used"
)

// These metrics stand behind those of a kept key. They have no threshold: the verdicts are those of all changes together.
func init() {
	after := slices.IndexFunc(Metrics, func(m Metric) bool { return m.ID == IDUACISameKey }) + 1
	random := func(expected func(samples, highest int) (mean, sd float64)) func(*Metric) {
		return independent(func(m *raster.Image) float64 { v, _ := expected(m.Samples(), m.Max()); return v })
	}
	ofNPCR, ofUACI := random(metrics.NPCRExpected), random(metrics.UACIExpected)
	more := []Metric{
		npcr(CiphersAsUsed, IDNPCRAsUsed, "NPCR one bit, as used", "as NPCR one bit, where the generator draws fresh noise for the changed "+
			"image, as it does in use; the same value where it takes no noise").with(ofNPCR),
		uaci(CiphersAsUsed, IDUACIAsUsed, "UACI one bit, as used", "mean difference between the ciphertexts of NPCR one bit, as used").with(ofUACI),
	}
	for bit := range 8 {
		what := fmt.Sprintf("where the changed bit is bit %d, worth %d", bit, 1<<bit)
		on := CiphersBit0 + Occasion(bit)
		more = append(more, npcr(on, fmt.Sprintf("npcr_bit_%d", bit), fmt.Sprintf("NPCR, bit %d", bit), "NPCR one bit "+what).with(ofNPCR),
			uaci(on, fmt.Sprintf("uaci_bit_%d", bit), fmt.Sprintf("UACI, bit %d", bit), "UACI one bit "+what).with(ofUACI))
	}
	Metrics = slices.Insert(Metrics, after, more...)
}

// oneBitChanges runs everything again, key generation included, for copies of an image with one bit of one sample changed, and compares
// keys and ciphertexts with the unchanged image's. The place is random; the eight bits take turns. The noise of the keys, where there is
// any, is that of the unchanged image, so that only what the generator makes of the bit differs. Then it does so with fresh noise, as
// in use, and under the key of the unchanged image.
func (t *trial) oneBitChanges(ctx context.Context, s *subject, made []*product, count int, what string) error {
	for i := range count {
		bit := attack.RandomBit(t.places, t.cfg.Size, t.cfg.Size, t.changes%8)
		changed := &subject{index: s.index, noise: s.noise, plain: map[int]*raster.Image{}}
		for _, c := range t.channels {
			changed.plain[c] = bit.Change(s.plain[c])
		}
		if err := t.makeKeys(ctx, changed, fmt.Sprintf("%s, one-bit change %d of %d", what, i+1, count)); err != nil {
			return err
		}
		for _, g := range t.makers() {
			of, name := System{Scheme: RawKey, Generator: g.info.Name}, g.info.Name
			err := cmp.Or(
				t.results.observe(of, KeyMade, Observation{A: changed.keys[name], KeyTime: changed.took[name]}),
				t.results.observe(of, KeysOneBit, Observation{A: s.keys[name], B: changed.keys[name]}))
			if err != nil {
				return err
			}
		}
		used, err := t.asUsed(changed)
		if err != nil {
			return err
		}
		for _, p := range made {
			if err := t.oneBitChange(p, changed, used, bit); err != nil {
				return fmt.Errorf("%s: %w", p.system, err)
			}
			t.progress.passed(p.system.changeCost, what)
		}
		t.changes++
	}
	return nil
}

// asUsed is a changed image with the keys that it has in use: made with fresh noise by the generators that take any.
func (t *trial) asUsed(changed *subject) (*subject, error) {
	used := *changed
	used.noise, used.keys = t.noise(t.info.Name+"\nas used", t.changes), maps.Clone(changed.keys)
	for _, g := range t.makers() {
		if !g.info.TakesNoise {
			continue
		}
		key, err := g.keys.KeyFrom(changed.plain[g.info.Channels], used.noise)
		if err != nil {
			return nil, fmt.Errorf("key by %s: %w", g.info.Name, err)
		}
		used.keys[g.info.Name] = key
	}
	return &used, nil
}

func (t *trial) oneBitChange(p *product, changed, used *subject, bit attack.Bit) error {
	plain := changed.plain[p.system.Channels]
	encrypted := func(s *subject) (*raster.Image, error) {
		secret, err := t.newSecret(p.system, s, p.random)
		if err != nil {
			return nil, err
		}
		return secret.Encrypt(plain)
	}
	anew, err := encrypted(changed)
	if err != nil {
		return err
	}
	inUse := anew
	if g := p.system.generator; g != nil && g.info.TakesNoise {
		if inUse, err = encrypted(used); err != nil {
			return err
		}
	}
	same, err := p.secret.Encrypt(plain)
	if err != nil {
		return err
	}
	observe := func(on Occasion, b *raster.Image) error {
		return t.results.observe(p.system.System, on, Observation{A: p.cipher, B: b})
	}
	return cmp.Or(observe(CiphersOneBit, anew), observe(CiphersBit0+Occasion(bit.Bit), anew), observe(CiphersAsUsed, inUse),
		observe(CiphersSameKey, same))
}
