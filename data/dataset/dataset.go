// Package dataset turns folders of image files and synthetic images into batches for training.
//
// A source is a folder or a file in any format of package imagefile. A volume gives every slice that is not nearly empty, a long
// spectrogram every ten minutes.
//
//	src, err := dataset.Open(
//		dataset.Spec{Folder: "~/.cache/kagglehub/datasets/masoudnickparvar/brain-tumor-mri-dataset/versions/1"},
//		dataset.Spec{Synthetic: "mri", Count: 200, Seed: 7})
//
// Cached decodes and resizes each file only once, for this run and all later ones. Readable leaves out what cannot be read. Split holds out
// some images by the hash of their file:
//
//	src, err = dataset.Cached(ctx, src, dataset.CacheOptions{Size: 256, Channels: 3})
//	src, bad, err := dataset.Readable(ctx, src, nil)
//	src, err = dataset.Split(ctx, src, 0.1, false)
//
// A loader gives batches of [N, C, S, S] in [−1, 1], shuffled anew each epoch and prepared ahead by other goroutines:
//
//	loader, err := dataset.NewLoader(src, dataset.LoaderOptions{Batch: 4, Size: 256, Channels: 3, Seed: 1})
//	defer loader.Close()
//	for {
//		batch, err := loader.Next()
//		…
//	}
//
// What it promises:
//   - The order of a loader is a function of its seed, so a run that is resumed at batch k sees what it would have seen.
//   - A file that is damaged, truncated, foreign or far larger than its content allows is an error "path: reason", never a panic, and
//     never an allocation out of proportion to the file.
//   - Decoding, resizing and the conversion to floats give the same bits on every machine. Only the synthetic images may differ by a level
//     between architectures.
package dataset
