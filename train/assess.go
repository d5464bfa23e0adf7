package train

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	torch "keygan/gotorch"
	"keygan/internal/atomicfile"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

// AssessOptions say with which images Assess assesses a run.
type AssessOptions struct {
	Options                // Force and Log
	Images  int            // how many at most, spread over the set
	Source  []dataset.Spec // other images than those that were held out of the training
}

// Assessment is what the networks of a run make of images that they were not trained with.
type Assessment struct {
	Run       string          `json:"run"`
	Step      int             `json:"step"` // of the checkpoint
	Objective string          `json:"objective"`
	Rows      []string        `json:"rows"`   // plain, and what is made of it: the rows of rows.png, from the top
	Images    []AssessedImage `json:"images"` // its columns
}

// AssessedImage is one image with all that was made of it.
type AssessedImage struct {
	Name string               `json:"name"`
	Rows map[string]*Fidelity `json:"rows"`

	pictures []*raster.Image // in the order of Assessment.Rows
}

// Fidelity is an image beside the plain one, and what it is by itself. All are 8-bit images; what is undefined is nil.
type Fidelity struct {
	MSE         *float64 `json:"mse,omitempty"`  // squared grey levels; nil of the plain image itself
	PSNR        *float64 `json:"psnr,omitempty"` // decibels; nil of the plain image and of one that is equal to it
	SSIM        *float64 `json:"ssim,omitempty"` // 11×11 Gaussian window
	Entropy     *float64 `json:"entropy"`        // bits a byte
	Correlation *float64 `json:"correlation"`    // Pearson's r of horizontal neighbours, the mean over the channels; nil of a flat image
}

const (
	assessFolder = "test" // in a run's folder
	plainRow     = "plain"
)

// Assess runs the networks of the newest checkpoint of a run on images that were held out of its training. It writes rows.png,
// test.csv and test.json into the run's folder test, and returns what it found.
func Assess(ctx context.Context, run string, o AssessOptions) (a *Assessment, err error) {
	err = guarded(func() error {
		a, err = assess(ctx, run, o)
		return err
	})
	return a, err
}

func assess(ctx context.Context, run string, o AssessOptions) (*Assessment, error) {
	c, err := readRunConfig(run)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(run, assessFolder)
	if _, err := os.Lstat(folder); err == nil && !o.Force {
		return nil, fmt.Errorf("%s: %w", folder, atomicfile.ErrExists)
	}
	objective, step, device, err := restored(run, c)
	if err != nil {
		return nil, err
	}
	defer closeModels(objective)
	console := runlog.NewConsole(o.Log, o.Terminal)
	set, err := inputs.OpenHeldOut(ctx, c, console, o.Source)
	if err != nil {
		return nil, err
	}
	images, names, err := spread(set, o.Images, c.Image)
	if err != nil {
		return nil, err
	}
	t := &Assessment{Run: run, Step: step, Objective: c.Objective.Name}
	for part := range slices.Chunk(images, c.Train.Batch) { // as many at a time as training had
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		console.Printf("image %d of %d\n", len(t.Images)+1, len(images))
		torch.Scope(func() { err = t.add(objective, part, names[len(t.Images):], c.Image, device) })
		if err != nil {
			return nil, err
		}
	}
	return t, t.write(folder)
}

// add shows some images to the networks, and compares what they make with each image.
func (t *Assessment) add(o Objective, plain []*raster.Image, names []string, as config.Image, device torch.Device) error {
	rows := [][]*raster.Image{plain}
	t.Rows = []string{plainRow}
	for _, row := range o.Show(asTensor(plain, as).To(device), len(t.Images)) {
		rows, t.Rows = append(rows, imagesOf(row.Images)), append(t.Rows, row.Name)
	}
	for i := range plain {
		image := AssessedImage{Name: names[i], Rows: map[string]*Fidelity{}}
		for k, name := range t.Rows {
			image.pictures = append(image.pictures, rows[k][i])
			c, err := metrics.Compare(plain[i], rows[k][i])
			if err != nil {
				return fmt.Errorf("%s, %s: %w", names[i], name, err)
			}
			f := &Fidelity{Entropy: &c.B.Entropy, Correlation: c.B.Correlation.Horizontal}
			if k > 0 {
				f.MSE, f.PSNR, f.SSIM = &c.MSE, c.PSNR, c.SSIM
			}
			image.Rows[name] = f
		}
		t.Images = append(t.Images, image)
	}
	return nil
}
