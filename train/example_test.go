package train_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"keygan/data/dataset"
	"keygan/infer"
	"keygan/train"
	"keygan/train/config"
)

// A small generator is trained for two steps, and read by package infer.
func Example() {
	runs, err := os.MkdirTemp("", "runs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(runs)
	c := config.Default() // the published WGAN-GP; usually config.Read("configs/demo.yaml")
	c.Name, c.Output, c.Device, c.Data.Cache = "tiny", runs, "cpu", "off"
	c.Source = []dataset.Spec{{Synthetic: "xray", Count: 4, Size: 24}}
	c.Target = []config.Target{{Spec: dataset.Spec{Synthetic: "spectrogram", Count: 4, Size: 24}}}
	c.Image.Size, c.Generator.Width, c.Generator.Blocks, c.Critic.Width = 24, 2, 1, 2
	c.Train.Batch, c.Train.Steps = 2, 2

	if err := train.Run(context.Background(), c, train.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	model, err := infer.ReadFile(filepath.Join(runs, "tiny", "generator.npz"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("generator.npz was made with this configuration:", model.Arch().ConfigHash == c.Hash())
	// Output: generator.npz was made with this configuration: true
}
