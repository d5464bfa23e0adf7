package dataset_test

import (
	"context"
	"fmt"
	"keygan/data/dataset"
	"log"
)

func Example() {
	src, err := dataset.Open(
		dataset.Spec{Synthetic: "mri", Count: 6, Size: 32, Seed: 7},
		dataset.Spec{Folder: "../imagefile/testdata/beside/plain.tif"})
	if err != nil {
		log.Fatal(err)
	}
	src, bad, err := dataset.Readable(context.Background(), src, nil)
	if err != nil {
		log.Fatal(err)
	}
	images, err := dataset.Fitted(src, 16, 3)
	if err != nil {
		log.Fatal(err)
	}
	loader, err := dataset.NewLoader(images, dataset.LoaderOptions{Batch: 2, Size: 16, Channels: 3, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer loader.Close()
	batch, err := loader.Next()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src.Len(), "images,", len(bad), "of them bad,", loader.BatchesPerEpoch(), "batches an epoch")
	fmt.Println(len(batch.Names), "images in a batch,", len(batch.Pixels), "floats")
	// Output:
	// 7 images, 0 of them bad, 3 batches an epoch
	// 2 images in a batch, 1536 floats
}
