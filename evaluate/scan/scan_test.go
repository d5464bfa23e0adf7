package scan

import (
	"math"
	"math/rand/v2"
	"testing"

	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
)

// group has plain images, and keys of which a share of the bytes is 0.
func group(t *testing.T, scheme string, n, side int, zeros float64) Group {
	t.Helper()
	src, err := dataset.Open(dataset.Spec{Synthetic: "mri", Count: n, Seed: 3, Size: side})
	if err != nil {
		t.Fatal(err)
	}
	g := Group{Scheme: scheme, Generator: "made"}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		m, err := src.Image(i)
		if err != nil {
			t.Fatal(err)
		}
		key := raster.NewImage(side, side, 3, 8)
		for k := range key.Pix {
			if rng.Float64() >= zeros {
				key.Pix[k] = byte(1 + rng.IntN(255))
			}
		}
		g.Plain, g.Key = append(g.Plain, m.Fit(side, 3).EightBits()), append(g.Key, key)
	}
	return g
}

func find(t *testing.T, rows []Row, metric, pair, stored, space string) Row {
	t.Helper()
	for _, row := range rows {
		if row.Metric == metric && row.Pair == pair && row.Stored == stored && row.Space == space {
			return row
		}
	}
	t.Fatalf("no %s of %s, %s, %s", metric, pair, stored, space)
	return Row{}
}

// Under XOR the NPCR between plain and cipher image is the share of the key's bytes that are not 0, and after an exact decryption the SSIM
// is 1. Under the cat map it is not that share.
func TestKnownDefinitions(t *testing.T) {
	groups := []Group{group(t, "xor", 2, 64, 0.22), group(t, "paper", 1, 256, 0.22)}
	rows, err := Run(t.Context(), cipher.Params{Iterations: 30}, groups)
	if err != nil {
		t.Fatal(err)
	}
	var xor, paper []Row
	for _, row := range rows {
		if row.Scheme == "xor" {
			xor = append(xor, row)
		} else {
			paper = append(paper, row)
		}
		if !(row.Low <= row.Mean && row.Mean <= row.High) || math.IsInf(row.Low, 0) || row.N != map[string]int{"xor": 2, "paper": 1}[row.Scheme] {
			t.Errorf("%+v", row)
		}
	}
	zeros := find(t, xor, ZeroBytes, "key", AsTheyAre, "all bytes")
	npcr := find(t, xor, NPCR, "plain–cipher", AsTheyAre, "RGB")
	if math.Abs(zeros.Mean-22) > 1 || math.Abs(npcr.Mean+zeros.Mean-100) > 1e-9 {
		t.Errorf("%.3f %% of the key's bytes are 0, NPCR is %.3f %%", zeros.Mean, npcr.Mean)
	}
	if other := find(t, paper, NPCR, "plain–cipher", AsTheyAre, "RGB").Mean; math.Abs(other-npcr.Mean) < 1 {
		t.Errorf("with the cat map NPCR is %.3f %%, without %.3f %%", other, npcr.Mean)
	}
	if moved := find(t, paper, NPCR, "scrambled–cipher", AsTheyAre, "RGB").Mean; math.Abs(moved-78) > 0.5 {
		t.Errorf("between scrambled and cipher image NPCR is %.3f %%", moved)
	}
	for _, space := range []string{"RGB", "R", "grey", "YCbCr", "Cb"} {
		if v := find(t, paper, SSIM, "plain–decrypted", AsTheyAre, space); v.Low != 1 {
			t.Errorf("%s: SSIM of an exact decryption is %v", space, v)
		}
	}
	// A lossy key or cipher image spoils the decryption, a lossy plain image only a little.
	for stored, want := range map[string][2]float64{"plain: JPEG of quality 95": {0.9, 0.99999}, "key: JPEG of quality 75": {-0.1, 0.6}, "cipher: JPEG of quality 75": {-0.1, 0.6}} {
		if v := find(t, xor, SSIM, "plain–decrypted", stored, "RGB").Mean; v < want[0] || v > want[1] {
			t.Errorf("%s: SSIM of the decrypted image is %.4f, want %v", stored, v, want)
		}
	}
	// What storing does not touch is not measured again.
	for _, row := range xor {
		if row.Pair == "plain–cipher" && row.Stored == "key: JPEG of quality 75" {
			t.Errorf("%+v", row)
		}
	}
}
