// Package data reads and writes image files, draws synthetic ones, and turns either into batches for training.
//
// One file:
//
//	m, err := data.ReadImage("chest.png")        // every sample as stored: 8 or 16 bits, grey, RGB, with or without alpha
//	small := m.Resize(256, 256)                  // the same bytes on every machine
//	err = data.WritePNG("small.png", small, false)
//
// PNG, JPEG, TIFF and BMP images, NIfTI-1 volumes (.nii, .nii.gz), NumPy arrays (.npy) and the raw spectrograms of the HMS-HBAC
// set (.parquet) are told apart by content. Of a volume ReadImage gives the middle axial slice; as a data source it gives every
// slice that is not nearly empty. Of a long spectrogram a data source gives every ten minutes.
//
// Many, in batches of [N, C, S, S] in [−1, 1], shuffled anew each epoch and prepared ahead by other goroutines:
//
//	src, err := data.OpenAll([]data.Spec{
//		{Folder: "~/.cache/kagglehub/datasets/masoudnickparvar/brain-tumor-mri-dataset/versions/1"},
//		{Synthetic: "mri", Count: 200, Seed: 7},
//	})
//	loader, err := data.NewLoader(src, data.LoaderOptions{Batch: 4, Size: 256, Channels: 3, Seed: 1})
//	defer loader.Close()
//	for {
//		batch, err := loader.Next()
//		…
//	}
//
// Between the two, Cached decodes and resizes each file only once, for this run and all later ones, Readable leaves out what
// cannot be read, and Split holds out some images by the hash of their file:
//
//	src, err = data.Cached(ctx, src, data.CacheOptions{Size: 256, Channels: 3})
//	src, bad, err := data.Readable(ctx, src, nil)
//	src, err = data.Split(ctx, src, 0.1, false)
//
// What it promises:
//   - What was written with EncodePNG is read back sample for sample, channels and depth included.
//   - The order of a loader is a function of its seed alone, so a run that is resumed at batch k sees what it would have seen.
//   - A file that is damaged, truncated, foreign or far larger than its content allows is an error "path: reason", never a
//     panic, and never an allocation out of proportion to the file.
//   - Decoding, resizing and the conversion to floats use no operation whose result depends on the machine. Only the
//     synthetic images may differ by a level between architectures.
//
// Not done: colour profiles, gamma, EXIF orientation and voxel spacing are ignored; DICOM is not read. LeftBehind says what
// an image file has that is ignored.
package data
