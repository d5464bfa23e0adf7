package check_test

import (
	"context"
	"fmt"
	"os"

	"keygan/data/dataset"
	"keygan/train/check"
	"keygan/train/config"
)

func ExampleReport() {
	c := config.Default()
	c.Data.Cache, c.Train.Batch, c.Train.Epochs = "off", 4, 10
	c.Source = []dataset.Spec{{Synthetic: "mri", Count: 20, Size: 128}}
	c.Target = []config.Target{{Encrypt: "logistic"}}
	if err := check.Report(context.Background(), c, nil, os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// source: 20 images
	//   20 synthetic mri images, seed 0
	//     sizes     128×128 (20)
	//     modes     8-bit grey (20)
	//
	// target: the source images, encrypted (logistic)
	//
	// training can begin: 20 source images, 5 steps per epoch, 50 steps in all
}
