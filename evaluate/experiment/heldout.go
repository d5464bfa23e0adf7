package experiment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"keygan/data/dataset"
	"keygan/data/seen"
	"keygan/internal/fileerr"
)

// OfGenerators stands in held_out_of for the runs of all generators that are measured.
const OfGenerators = "generators"

// ownImages says whether a source is images of a run rather than a folder or drawn images.
func (s Source) ownImages() bool {
	return s.Spec == (dataset.Spec{}) && (s.TrainedIn != "" || len(s.HeldOutOf) > 0)
}

// validate says what is wrong with a source, as far as that shows without looking at files.
func (s Source) validate() error {
	switch {
	case s.TrainedIn != "" && len(s.HeldOutOf) > 0:
		return errors.New("has both trained_in and held_out_of")
	case slices.Contains(s.HeldOutOf, ""):
		return errors.New("held_out_of has an empty name")
	case s.ownImages() && slices.Contains(s.HeldOutOf, OfGenerators):
		return fmt.Errorf("held_out_of: [%s] needs a folder: or synthetic: to choose from; the folder of a run has images of its own", OfGenerators)
	case s.ownImages():
		return nil
	}
	return s.Spec.Validate()
}

// defaultName names a source that has no name.
func (s Source) defaultName() string {
	switch {
	case s.Folder != "":
		return notInNames.ReplaceAllString(filepath.Base(s.Folder), " ")
	case s.Synthetic != "":
		return s.Synthetic
	case s.TrainedIn != "":
		return notInNames.ReplaceAllString("trained in "+filepath.Base(s.TrainedIn), " ")
	case len(s.HeldOutOf) > 0:
		return notInNames.ReplaceAllString("held out of "+filepath.Base(s.HeldOutOf[0]), " ")
	}
	return ""
}

// From says where the images come from, for people.
func (s Source) From() string {
	switch {
	case s.TrainedIn != "" && s.ownImages():
		return "training images of " + s.TrainedIn
	case s.TrainedIn != "":
		return fmt.Sprintf("%s, only training images of %s", s.Spec, s.TrainedIn)
	case s.ownImages():
		return "held out of " + strings.Join(s.HeldOutOf, ", ")
	case len(s.HeldOutOf) > 0:
		return fmt.Sprintf("%s, without training images of %s", s.Spec, strings.Join(s.HeldOutOf, ", "))
	}
	return s.Spec.String()
}

// OpenSources opens the sources of a configuration as Run does.
func OpenSources(ctx context.Context, cfg Config) (sources []dataset.Source, err error) {
	e := &experiment{cfg: cfg.Resolved()}
	for _, g := range e.cfg.Generators {
		e.generators = append(e.generators, open(g))
	}
	for _, s := range e.cfg.Sources {
		src, err := e.openSource(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.Name, err)
		}
		sources = append(sources, src)
	}
	return sources, nil
}

// openSource opens a source, and chooses among its images by what runs were trained on.
func (e *experiment) openSource(ctx context.Context, s Source) (dataset.Source, error) {
	if s.TrainedIn == "" && len(s.HeldOutOf) == 0 {
		return dataset.Open(s.Spec)
	}
	var runs []*seen.Index
	own := s.TrainedIn
	for _, run := range append(slices.Clone(s.HeldOutOf), s.TrainedIn) {
		if run == "" || run == OfGenerators {
			continue
		}
		x, err := readSeen(run)
		if err != nil {
			return nil, err
		}
		if runs = append(runs, x); own == "" {
			own = run
		}
	}
	if slices.Contains(s.HeldOutOf, OfGenerators) {
		for _, g := range slices.Concat(e.generators, e.attackers) {
			switch {
			case g.keys == nil: // it sees nothing
			case g.seen == nil:
				return nil, fmt.Errorf("held_out_of: generator %s: %w", g.info.Name, g.notSeen)
			default:
				runs = append(runs, g.seen)
			}
		}
	}
	specs := []dataset.Spec{s.Spec}
	if s.ownImages() {
		var err error
		if specs, _, err = runSets(own); err != nil {
			return nil, err
		}
	}
	src, err := dataset.OpenUnchecked(specs...)
	if err != nil {
		return nil, err
	}
	return choose(ctx, src, func(id dataset.Identity) bool {
		switch {
		case s.TrainedIn != "":
			return runs[0].TrainedOn(id)
		case s.ownImages() && !runs[0].KeptOut(id):
			return false
		}
		return !slices.ContainsFunc(runs, func(x *seen.Index) bool { return x.Has(id) })
	})
}

// choose keeps the images of a source that are wanted.
func choose(ctx context.Context, src dataset.Source, wanted func(dataset.Identity) bool) (dataset.Source, error) {
	identities, err := dataset.Identities(ctx, src)
	if err != nil {
		return nil, err
	}
	var chosen []int
	for i, id := range identities {
		if wanted(id) {
			chosen = append(chosen, i)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("none of its %d images is left", src.Len())
	}
	return dataset.Select(src, chosen), nil
}

// readSeen reads which images a run was trained on.
func readSeen(run string) (*seen.Index, error) {
	if _, err := os.Stat(run); err != nil {
		return nil, fmt.Errorf("%s: %w", run, fileerr.Reason(err))
	}
	list, err := seen.Read(run)
	if errors.Is(err, seen.ErrNoList) {
		return nil, fmt.Errorf("%w (%s), as runs of an older keygan; train again", err, seen.File)
	}
	if err != nil {
		return nil, err
	}
	return seen.NewIndex(list), nil
}

// runSets are the source and the target images of a run, as its configuration names them, without those that are encrypted.
func runSets(run string) (source, target []dataset.Spec, err error) {
	path := filepath.Join(run, runConfig)
	text, err := os.ReadFile(path)
	var c struct {
		Source []dataset.Spec
		Target []struct {
			dataset.Spec `yaml:",inline"`
			Encrypt      string
		}
	}
	if err == nil {
		err = yaml.Unmarshal(text, &c)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	for _, t := range c.Target {
		if t.Encrypt == "" {
			target = append(target, t.Spec)
		}
	}
	return c.Source, target, nil
}

// A SeenBy says how many of the measured images of a source a generator was trained on.
type SeenBy struct {
	Generator string   `json:"generator"`
	Images    int      `json:"images"`                    // of those measured: the same file, drawn image or patient
	Near      int      `json:"near_duplicates"`           // of the others, that look like one that it was trained on
	NearNames []string `json:"near_names,omitempty"`      // the first of those, each with what it looks like
	NotSought string   `json:"near_not_sought,omitempty"` // why there was no search for near duplicates
	Unknown   string   `json:"unknown,omitempty"`         // why nothing is known
}

// String is a sentence without its full stop.
func (s SeenBy) String() string {
	if s.Unknown != "" {
		return fmt.Sprintf("Whether %s was trained on these images is not known: %s", s.Generator, s.Unknown)
	}
	text := fmt.Sprintf("%s was trained on %d of these images", s.Generator, s.Images)
	switch {
	case s.NotSought != "":
		return text + "; near duplicates were not looked for: " + s.NotSought
	case s.Near > 0:
		return text + fmt.Sprintf(", and on near duplicates of %d more: %s", s.Near, firstFew(s.NearNames))
	}
	return text + ", and on no near duplicate of them"
}

// mostNear bounds the names of near duplicates.
const mostNear = 10

// seenBy finds out which of the measured images of a source the generators were trained on.
func (t *trial) seenBy(ctx context.Context) (out []SeenBy, err error) {
	measured, err := seen.Of(ctx, dataset.Select(t.source, t.indices), "")
	if err != nil {
		return nil, err
	}
	for _, g := range t.generators {
		if g.keys == nil {
			continue
		}
		s := SeenBy{Generator: g.info.Name}
		if g.seen == nil {
			s.Unknown = g.notSeen.Error()
			out = append(out, s)
			continue
		}
		s.NotSought = g.notNear
		for _, m := range measured {
			if g.seen.Has(m.Identity) {
				s.Images++
			} else if name := g.seen.Near(m); name != "" && g.notNear == "" {
				if s.Near++; s.Near <= mostNear {
					s.NearNames = append(s.NearNames, m.Name+" looks like "+name)
				}
			}
		}
		out = append(out, s)
	}
	return out, nil
}
