package train

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

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
	Images  int            // how many, spread over the set; fewer where there are not so many
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

// Assess runs the networks of the newest checkpoint of a run on images that were held out of its training. It writes rows.png,
// test.csv and test.json into the run's folder test, and returns what it found.
func Assess(ctx context.Context, run string, o AssessOptions) (a *Assessment, err error) {
	if failed := torch.Try(func() { a, err = assess(ctx, run, o) }); failed != nil {
		return nil, failed
	}
	return a, err
}

func assess(ctx context.Context, run string, o AssessOptions) (*Assessment, error) {
	runtime.LockOSThread() // as in run
	defer runtime.UnlockOSThread()
	c, err := readRunConfig(run)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(run, assessFolder)); err == nil && !o.Force {
		return nil, fmt.Errorf("%s: %w", filepath.Join(run, assessFolder), atomicfile.ErrExists)
	}
	objective, step, device, err := restored(run, c)
	if err != nil {
		return nil, err
	}
	defer closeModels(objective)
	images, names, err := heldOutImages(ctx, c, o)
	if err != nil {
		return nil, err
	}
	console := runlog.NewConsole(o.Log, o.Terminal)
	t := &Assessment{Run: run, Step: step, Objective: c.Objective.Name, Rows: []string{plainRow}}
	for len(t.Images) < len(images) {
		first := len(t.Images)
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		console.Printf("image %d of %d\n", first+1, len(images))
		// As many at a time as training had.
		part := images[first:min(first+c.Train.Batch, len(images))]
		torch.Scope(func() { t.show(objective, part, names[first:], c.Image, device) })
	}
	if err := t.measure(); err != nil {
		return nil, err
	}
	return t, t.write(filepath.Join(run, assessFolder))
}

const (
	assessFolder = "test" // in a run's folder
	plainRow     = "plain"
)

// heldOutImages are the images to assess with, as the networks see them.
func heldOutImages(ctx context.Context, c config.Config, o AssessOptions) (images []*raster.Image, names []string, err error) {
	set, err := inputs.OpenHeldOut(ctx, c, runlog.NewConsole(o.Log, o.Terminal), o.Source)
	if err != nil {
		return nil, nil, err
	}
	n := min(o.Images, set.Len())
	picked := make([]int, n)
	for i := range picked {
		picked[i] = i * set.Len() / n
		names = append(names, set.Name(picked[i]))
	}
	c.Train.Samples = n
	images, err = spread(dataset.Select(set, picked), c)
	return images, names, err
}

// show adds what the networks make of some images.
func (t *Assessment) show(o Objective, plain []*raster.Image, names []string, as config.Image, device torch.Device) {
	first := len(t.Images)
	for i, m := range plain {
		t.Images = append(t.Images, AssessedImage{Name: names[i], pictures: []*raster.Image{m}})
	}
	rows := o.Show(asTensor(plain, as).To(device), first)
	for _, row := range rows {
		for i, m := range imagesOf(row.Images) {
			t.Images[first+i].pictures = append(t.Images[first+i].pictures, m)
		}
	}
	if len(t.Rows) == 1 {
		for _, row := range rows {
			t.Rows = append(t.Rows, row.Name)
		}
	}
}

// measure compares every image with the plain one above it.
func (t *Assessment) measure() error {
	for i := range t.Images {
		image := &t.Images[i]
		image.Rows = map[string]*Fidelity{}
		for k, name := range t.Rows {
			f, err := fidelity(image.pictures[0], image.pictures[k], k == 0)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", image.Name, name, err)
			}
			image.Rows[name] = f
		}
	}
	return nil
}

func fidelity(plain, m *raster.Image, same bool) (*Fidelity, error) {
	c, err := metrics.Compare(plain, m)
	if err != nil {
		return nil, err
	}
	f := &Fidelity{Entropy: &c.B.Entropy, Correlation: c.B.Correlation.Horizontal}
	if !same {
		f.MSE, f.PSNR, f.SSIM = &c.MSE, c.PSNR, c.SSIM
	}
	return f, nil
}
