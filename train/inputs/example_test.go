package inputs_test

import (
	"context"
	"fmt"
	"os"

	"keygan/data/dataset"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

func ExampleOpen() {
	c := config.Default()
	c.Image.Size, c.Data.Cache = 64, "off"
	c.Source = []dataset.Spec{{Synthetic: "xray", Count: 12}}
	c.Target = []config.Target{{Encrypt: "logistic"}}
	sets, err := inputs.Open(context.Background(), c, runlog.NewConsole(os.Stdout, false))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := sets.Target.Image(0)
	fmt.Println(m.Width, m.Height, m.Channels, err)
	// Output:
	// source: 12 images
	// target: the same images, encrypted
	// 64 64 3 <nil>
}
