// Command accuracy compares the keys of a generator with those that PyTorch made of the same weights.
//
//	accuracy generator.npz vectors.npz
//
// It fails if one differs by more than 2e-3 before rounding or one grey level after. scripts/check-accuracy makes both files.
package main

import (
	"cmp"
	"fmt"
	"os"

	"keygan/infer"
	"keygan/internal/npz"
)

const maxDifference, maxLevels = 2e-3, 1

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: accuracy generator.npz vectors.npz")
		os.Exit(2)
	}
	if err := compare(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "accuracy: %v\n", err)
		os.Exit(1)
	}
}

func compare(generator, vectors string) error {
	m, err := infer.ReadFile(generator)
	archive, err2 := npz.ReadFile(vectors, 1<<30)
	if err := cmp.Or(err, err2); err != nil {
		return err
	}
	seed, _, err := archive.Bytes("seed")
	if err != nil {
		return err
	}
	a := m.Arch()
	shape := []int{a.Channels, a.ImageSize, a.ImageSize}
	failed := 0
	for i := range (len(archive.Names()) - 1) / 2 {
		x, err := archive.Floats(fmt.Sprint("x", i), shape)
		want, err2 := archive.Floats(fmt.Sprint("y", i), shape)
		if err := cmp.Or(err, err2); err != nil {
			return err
		}
		got, err := m.Forward(x, a.ImageSize, a.ImageSize, infer.Seed(seed))
		if err != nil {
			return err
		}
		worst, levels, others := differences(a, got, want)
		fmt.Printf("%s, image %d: largest difference %.1e, %d grey levels; %d of %d samples have another level\n",
			a.Network, i, worst, levels, others, len(got))
		if !(worst <= maxDifference) || levels > maxLevels {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d keys differ by more than %g before rounding or %d grey levels after", failed, maxDifference, maxLevels)
	}
	return nil
}

func differences(a infer.Arch, got, want []float32) (worst float32, levels, others int) {
	low, high := a.ValueRange[0], a.ValueRange[1]
	level := func(v float32) int { return int(255*min(max((v-low)/(high-low), 0), 1) + 0.5) }
	for i := range got {
		if d := got[i] - want[i]; !(max(d, -d) <= worst) {
			worst = max(d, -d) // NaN stays
		}
		if d := level(got[i]) - level(want[i]); d != 0 {
			others++
			levels = max(levels, d, -d)
		}
	}
	return worst, levels, others
}
