package builtin

import (
	"context"

	"keygan/data/dataset"
	"keygan/data/seen"
)

// What the generator inside the program was trained on: configs/default-generator.yaml, whose volume is known by its SHA-256.
var (
	sources = []dataset.Spec{{Synthetic: "xray", Count: 400, Seed: 1, Size: 128}, {Synthetic: "mri", Count: 250, Seed: 2, Size: 128}}
	// Target is the images whose look its keys take on.
	Target  = dataset.Spec{Synthetic: "spectrogram", Count: 800, Seed: 3, Size: 128}
	heldOut = 0.05
	volume  = "a009051127f64dc3dd554d5f5b589870ea72106d9642c21b4e7093e478cfc309" // mricron-data's ch2.nii.gz
)

// Seen is what the generator inside the program was trained on, without perceptual hashes.
func Seen() (*seen.Index, error) {
	source, err := dataset.Open(sources...)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if source, err = dataset.Split(ctx, source, heldOut, false); err != nil {
		return nil, err
	}
	target, err := dataset.Open(Target)
	if err != nil {
		return nil, err
	}
	list := []seen.Image{{Split: seen.Train, Identity: dataset.Identity{SHA256: volume}}}
	for split, src := range map[string]dataset.Source{seen.Train: source, seen.Target: target} {
		identities, err := dataset.Identities(ctx, src)
		if err != nil {
			return nil, err
		}
		for _, id := range identities {
			list = append(list, seen.Image{Split: split, Identity: id})
		}
	}
	return seen.NewIndex(list), nil
}
