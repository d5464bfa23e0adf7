package config_test

import (
	"fmt"
	"os"
	"path/filepath"

	"keygan/train/config"
)

func ExampleRead() {
	dir, err := os.MkdirTemp("", "configs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "mri.yaml")
	os.WriteFile(path, []byte(`
source: [{synthetic: mri, count: 100}]
target: [{synthetic: spectrogram, count: 100}]
generator: {name: dcgan}
train: {batch: 8}
`), 0o644)

	c, err := config.Read(path, "train.epochs=20")
	fmt.Println(c.Name, c.Generator.Latent, c.Train.Batch, c.Train.Epochs, err)
	_, err = config.Read(path, "train.batch=0")
	fmt.Println(err)
	// Output:
	// mri 100 8 20 <nil>
	// --set train.batch=0: train.batch: must be from 1 to 65536, not 0
}
