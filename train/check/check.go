// Package check says what an experiment's data sets hold and what is wrong in them, before anything is trained.
//
//	err := check.Report(ctx, c, runlog.NewConsole(os.Stderr, false), os.Stdout)
//
// It needs no libtorch.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/internal/listing"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

// Report reads every image that the configuration names and writes to w what there is: how many images, of what sizes and modes, in
// which folders, what is there twice, what would be held out, and each file that cannot be read, with the reason. It returns an
// error with the reasons if training would fail. Progress goes to the console.
func Report(ctx context.Context, c config.Config, console *runlog.Console, w io.Writer) error {
	r := &inputs.Reader{Ctx: ctx, Config: c, Console: console}
	source, err := examine(r, "source", c.Source)
	if err != nil {
		return err
	}
	source.report(w, c)
	problems := wouldFail(source.problems(c))
	var held dataset.Source
	if len(source.good) > 0 && c.Data.HeldOut > 0 {
		if _, held, err = r.Split(source.src); err != nil {
			problems = append(problems, err)
		} else {
			readable := inputs.Count(len(source.good), "readable image")
			setFact(w, "held out", "%d of %s, by the content of the files (data.held_out: %v)", held.Len(), readable, c.Data.HeldOut)
		}
	}
	if victim, err := inputs.OpenVictim(c); err != nil {
		problems = append(problems, err)
	} else if victim != nil {
		fmt.Fprintf(w, "\ntarget: the source images; the networks see them encrypted (%s)\n", victim)
	} else if c.Paired() {
		fmt.Fprintf(w, "\ntarget: the source images, encrypted (%s)\n", c.Target[0].Encrypt)
	} else {
		target, err := examine(r, "target", c.TargetSpecs())
		if err != nil {
			return err
		}
		for i, t := range c.Target {
			target.specs[i].encrypt = t.Encrypt
		}
		fmt.Fprintln(w)
		target.report(w, c)
		problems = append(problems, target.problems(c)...)
		reportShared(w, source, target)
		if held != nil && len(target.good) > 0 {
			if rest, err := dataset.Without(ctx, target.src, held); err != nil {
				problems = append(problems, fmt.Errorf("target: %w", err))
			} else if rest.Len() == 0 {
				problems = append(problems, errors.New("target: no images are left: the source keeps all of them out of training (held_out)"))
			}
		}
	}
	if c.Data.Cache != "auto" && c.Data.Cache != "off" {
		if err := dataset.CheckCacheFolder(c.Data.Cache); err != nil {
			problems = append(problems, fmt.Errorf("data.cache: %w", err))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	images := len(source.good)
	if held != nil {
		images -= held.Len()
	}
	steps := c.StepsPerEpoch(images)
	fmt.Fprintf(w, "\ntraining can begin: %d source images, %d steps per epoch, %d steps in all\n", images, steps, c.TotalSteps(steps))
	return nil
}

// wouldFail are the reasons for which training would fail.
type wouldFail []error

func (w wouldFail) Unwrap() []error { return w }
func (w wouldFail) Error() string {
	var reasons []string
	for _, err := range w {
		reasons = append(reasons, err.Error())
	}
	return "training would fail: " + strings.Join(reasons, "; ")
}

// A checkedSet is what examine finds in the source or the target set.
type checkedSet struct {
	name   string
	specs  []checkedSpec
	images int         // of all specs
	good   []imageFact // that can be read, in order
	bad    []dataset.Bad
	copies [][]string        // names of files of the same content
	files  map[string]string // the first file of each content, by its hash
	src    dataset.Source    // the good images
}

// A checkedSpec is one of a set's folders or synthetic sets.
type checkedSpec struct {
	spec    dataset.Spec
	encrypt string // how the images of a target are encrypted before they are used, if they are
	failed  error  // why it could not be opened
	leftOut []listing.LeftOut
	series  []dataset.Series
	images  int
	good    []imageFact
}

// An imageFact is what a report says about one image.
type imageFact struct {
	name          string
	width, height int
	mode          string // such as 8-bit grey
}

// examine reads all images of a set. The only error is that of a context that has ended.
func examine(r *inputs.Reader, name string, specs []dataset.Spec) (*checkedSet, error) {
	s := &checkedSet{name: name, files: map[string]string{}}
	var readable []dataset.Source
	for _, spec := range specs {
		checked := checkedSpec{spec: spec}
		checked.leftOut, _ = spec.LeftOut() // what can fail fails below
		checked.series, _ = spec.Series()
		src, err := inputs.OpenSpec(spec, r.Config.Image)
		if err != nil {
			checked.failed = err
		} else if src, err = s.readAll(r, &checked, src); err != nil {
			return nil, err
		} else {
			readable = append(readable, src)
		}
		s.specs = append(s.specs, checked)
		s.images += checked.images
		s.good = append(s.good, checked.good...)
	}
	s.src = dataset.Join(readable...)
	return s, s.findCopies(r.Ctx)
}

// readAll decodes every image of a source and returns those that can be read. One synthetic image stands for all.
func (s *checkedSet) readAll(r *inputs.Reader, checked *checkedSpec, src dataset.Source) (dataset.Source, error) {
	n := src.Len()
	checked.images = n
	facts, errs := make([]imageFact, n), make([]error, n)
	images := []int{0}
	for i := 1; i < n && checked.spec.Synthetic == ""; i++ {
		images = append(images, i)
	}
	progress := r.Console.Counter(s.name+": checking images", 0)
	done := 0
	err := dataset.Each(r.Ctx, src, images, func(i int, m *raster.Image, err error) {
		if errs[i] = err; err == nil {
			facts[i] = imageFact{src.Name(i), m.Width, m.Height, fmt.Sprintf("%d-bit %s", m.Depth, colours[m.Channels])}
		}
		if done++; progress != nil {
			progress(done, len(images))
		}
	})
	r.Console.EndBar()
	if err != nil {
		return nil, inputs.ErrNotStarted
	}
	var good []int
	for i := range n {
		if errs[i] != nil {
			s.bad = append(s.bad, dataset.NewBad(src, i, errs[i]))
			continue
		}
		if len(images) < n {
			facts[i] = facts[0]
			facts[i].name = src.Name(i)
		}
		good = append(good, i)
		checked.good = append(checked.good, facts[i])
	}
	return dataset.Select(src, good), nil
}

// colours are the modes of images by their number of channels.
var colours = [...]string{"", "grey", "grey with alpha", "RGB", "RGB with alpha"}

// findCopies finds the files that have the content of another. A file that two specs name counts twice.
func (s *checkedSet) findCopies(ctx context.Context) error {
	hashes, err := dataset.FileHashes(ctx, s.src)
	if err != nil {
		if ctx.Err() != nil {
			return inputs.ErrNotStarted
		}
		return fmt.Errorf("%s: %w", s.name, err)
	}
	paths := map[string][]string{} // by hash
	at := 0
	for _, spec := range s.specs {
		seen := map[string]bool{} // the slices of a volume are one file
		for range spec.good {
			path, _ := s.src.(dataset.Located).Locate(at)
			if h := hashes[at]; h != "" && !seen[path] {
				seen[path] = true
				paths[h] = append(paths[h], path)
				s.files[h] = paths[h][0]
			}
			at++
		}
	}
	for _, same := range paths {
		if len(same) > 1 {
			s.copies = append(s.copies, same)
		}
	}
	slices.SortFunc(s.copies, slices.Compare)
	return nil
}

// problems are the reasons for which training would fail.
func (s *checkedSet) problems(c config.Config) (all []error) {
	for _, spec := range s.specs {
		if spec.failed != nil {
			all = append(all, fmt.Errorf("%s: %w", s.name, spec.failed))
		}
	}
	switch {
	case len(s.bad) > 0 && c.Data.OnBadFile != "skip":
		all = append(all, fmt.Errorf("%s: %d of %s cannot be read", s.name, len(s.bad), inputs.Count(s.images, "image")))
	case len(s.bad) > 0 && len(s.good) == 0:
		all = append(all, fmt.Errorf("%s: none of %s can be read", s.name, inputs.Count(s.images, "image")))
	}
	return all
}
