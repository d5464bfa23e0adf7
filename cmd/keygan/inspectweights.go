package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"keygan/cmd/internal/cli"
	"keygan/infer"
	"keygan/internal/fileerr"
)

func inspectWeights(path string) (*finding, error) {
	m, err := infer.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a := m.Arch()
	operations, err := a.Operations(a.ImageSize, a.ImageSize)
	if err != nil {
		return nil, fileerr.Named(path, err)
	}
	f := &finding{}
	f.add("", "kind", "weights")
	f.add("", "arch", a)
	f.add("", "operations", operations) // for a key at the size of the training images
	f.add("", "takes_noise", m.TakesNoise())
	f.line("kind", "weights of a generator")
	f.line("network", a.Network)
	f.add("parameters", "parameters", a.Parameters())
	f.line("channels", a.Channels)
	side := fmt.Sprintf("%d×%d", a.ImageSize, a.ImageSize)
	if a.Latent > 0 {
		f.line("makes keys of", side)
	} else {
		f.line("trained at", side)
		f.line("makes keys of", "any size: that of the image")
	}
	f.line("work", fmt.Sprintf("%.3g GFLOP for a key of %s", operations/1e9, side))
	f.line("algorithms", algorithmsOf(a))
	f.line("value range", fmt.Sprintf("[%g, %g]", a.ValueRange[0], a.ValueRange[1]))
	f.line("noise", noiseOf(a))
	f.line("format version", a.FormatVersion)
	if a.ConfigHash != "" {
		f.line("configuration", cli.Shown(a.ConfigHash))
	}
	f.add("SHA-256", "sha256", m.Hash())
	f.line("layers", len(a.Layers))
	for _, l := range a.Layers {
		f.more = append(f.more, fmt.Sprintf("  %-24s %-14s %4d → %-4d k%d s%d p%d  %-11s  %s",
			cli.Shown(l.Name), l.Type, l.In, l.Out, l.Kernel, l.Stride, l.Padding, l.Algorithm, afterConvolution(l)))
	}
	return f, nil
}

// algorithmsOf says how many layers are computed by which algorithm.
func algorithmsOf(a infer.Arch) string {
	layers := map[string]int{}
	for _, l := range a.Layers {
		layers[l.Algorithm]++
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(layers)) {
		all = append(all, fmt.Sprintf("%s (%d layers)", name, layers[name]))
	}
	return strings.Join(all, ", ")
}

// noiseOf says what noise goes into a key.
func noiseOf(a infer.Arch) string {
	var all []string
	if a.Latent > 0 {
		all = append(all, fmt.Sprintf("%d numbers, no image", a.Latent))
	}
	if a.InputNoise > 0 {
		all = append(all, fmt.Sprintf("added to the image, σ = %g of the value range", a.InputNoise))
	}
	layers := 0
	for _, l := range a.Layers {
		if l.Noise != "" {
			layers++
		}
	}
	if layers > 0 {
		all = append(all, fmt.Sprintf("added by %d of %d layers", layers, len(a.Layers)))
	}
	return cmp.Or(strings.Join(all, "; "), "none")
}

// afterConvolution lists what follows a layer's convolution, in order.
func afterConvolution(l infer.Layer) string {
	all := []string{"", l.Norm, l.BeforeAdd, l.Residual, l.Activation, ""}
	if l.Bias {
		all[0] = "bias"
	}
	if l.Noise != "" {
		all[len(all)-1] = "noise"
	}
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), ", ")
}
