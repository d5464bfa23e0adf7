// Package traintest has experiments and folders of images for tests.
package traintest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/train/config"
)

// SmallConfig trains in a second: 8 steps an epoch. The variable KEYGAN_TEST_DEVICE names another device than the CPU.
func SmallConfig(t testing.TB) config.Config { return Small(t.TempDir()) }

// Small is SmallConfig with a folder of the caller's for its runs.
func Small(output string) config.Config {
	c := config.Default()
	c.Name, c.Output, c.Device, c.Threads = "small", output, cmp.Or(os.Getenv("KEYGAN_TEST_DEVICE"), "cpu"), 1
	c.Image = config.Image{Size: 24, Channels: 3}
	c.Source = []dataset.Spec{{Synthetic: "xray", Count: 8, Size: 24}, {Synthetic: "mri", Count: 8, Size: 24}}
	c.Target = []config.Target{{Spec: dataset.Spec{Synthetic: "spectrogram", Count: 12, Size: 24}}}
	c.Data.Cache = "off"
	c.Generator.Width, c.Generator.Blocks, c.Critic.Width = 2, 1, 2
	c.Objective.Set("critic_steps", 2)
	c.Train.Batch, c.Train.Epochs = 2, 2
	return c
}

// FolderConfig trains with the images of folders, and keeps its caches in a folder of its own.
func FolderConfig(t testing.TB, source, target string) config.Config {
	c := SmallConfig(t)
	c.Data.Cache = t.TempDir()
	c.Source = []dataset.Spec{{Folder: source}}
	c.Target = []config.Target{{Spec: dataset.Spec{Folder: target}}}
	return c
}

// Pictures makes a folder of files. A content of "#5" or "#5 of 16 bits" is a grey picture, one of many different ones; any other is
// the file's bytes.
func Pictures(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		k, depth := 0, 8
		err := error(nil)
		if n, _ := fmt.Sscanf(content, "#%d of %d bits", &k, &depth); n > 0 {
			m := raster.NewImage(20+k%5, 16+k%3, 1, depth)
			for i := range m.Samples() {
				m.SetSample(i, (i*i*(k+3)*131+k*977)%(1<<depth))
			}
			err = imagefile.WritePNG(path, m, false)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ManyPictures are n files a folder deep. Every third has a copy.
func ManyPictures(t testing.TB, n int) string {
	files := map[string]string{}
	for k := range n {
		files[fmt.Sprintf("normal/%02d.png", k)] = fmt.Sprintf("#%d", k)
		if k%3 == 0 {
			files[fmt.Sprintf("copies/again %02d.png", k)] = fmt.Sprintf("#%d", k)
		}
	}
	return Pictures(t, files)
}
