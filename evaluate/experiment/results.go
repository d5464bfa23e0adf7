package experiment

import (
	"errors"
	"fmt"
	"strings"

	"keygan/evaluate/attack"
	"keygan/evaluate/scan"
	"keygan/evaluate/timing"
)

// PlainImage and RawKey stand in the scheme column of rows that do not depend on a scheme.
const (
	PlainImage = "plain image"
	RawKey     = "raw key"
)

// Results is what an experiment measured. The rows are in the order of the tables.
type Results struct {
	Config     Config          `json:"config"`
	Generators []GeneratorInfo `json:"generators"`
	Systems    []SystemInfo    `json:"systems"` // what is measured side by side
	Sources    []SourceInfo    `json:"sources"`
	Alpha      float64         `json:"alpha"` // significance level of the verdicts
	Rows       []Row           `json:"rows"`
	Randomness []RandomnessRow `json:"randomness"` // SP 800-22, over the images of all sources
	Attacks    []attack.Result `json:"attacks"`
	Alvarez    []attack.Check  `json:"alvarez_li"` // the checklist of Alvarez and Li (2006), from the attacks

	Scan  []scan.Row   `json:"published_scan,omitempty"` // what the published figures may have been
	Times []timing.Row `json:"times,omitempty"`          // against the size of the image; of this machine and this run

	Specimens []*Specimen `json:"-"` // the first image of each source, for pictures
}

// Row finds the line of a metric, by its identifier, or returns nil.
func (r *Results) Row(source string, of System, metric string) *Row {
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Source == source && row.System() == of && row.Metric == metric {
			return row
		}
	}
	return nil
}

// A System is what is measured. Rows of plain images and of raw keys have the scheme PlainImage or RawKey.
type System = attack.System

// SystemInfo says which images a system was measured on, or why it was not measured.
type SystemInfo struct {
	System
	Channels    int    `json:"channels"`               // of its images: 1 where the generator takes only grey images
	Control     bool   `json:"control,omitempty"`      // its verdicts are known beforehand
	Research    string `json:"research,omitempty"`     // why the scheme is not for real images
	NotMeasured string `json:"not_measured,omitempty"` // why none of its cells has a value
}

// Title is the system for the head of a table.
func (s SystemInfo) Title() string {
	if s.Control {
		return s.String() + " (control)"
	}
	return s.String()
}

// SourceInfo says which plain images were measured.
type SourceInfo struct {
	Name       string   `json:"name"`
	From       string   `json:"from"`
	Available  int      `json:"available"`
	Images     []string `json:"images"`               // those measured
	Changes    int      `json:"one_bit_changes"`      // made, over all images: fewer than asked for where images were left out
	Unreadable []string `json:"unreadable,omitempty"` // why those were left out that could not be read
	Digest     string   `json:"sha256,omitempty"`     // data.Digest of all images of the source
	Sixteen    int      `json:"sixteen_bit"`          // of Images, that were rounded from 16 bits a sample to 8
	Resized    int      `json:"resized"`              // of Images, that had another size
	Seen       []SeenBy `json:"seen,omitempty"`       // how many of Images each generator was trained on
}

// Measured says what was measured of the source.
func (s SourceInfo) Measured() string {
	out := fmt.Sprintf("%d of %d images, %d one-bit changes (%s)", len(s.Images), s.Available, s.Changes, s.From)
	if n := len(s.Unreadable); n > 0 {
		out += fmt.Sprintf("; %d could not be read: %s", n, firstFew(s.Unreadable))
	}
	if s.Sixteen > 0 {
		out += fmt.Sprintf("; %d of 16 bits a sample, rounded to 8", s.Sixteen)
	}
	if s.Resized > 0 {
		out += fmt.Sprintf("; %d brought to this size", s.Resized)
	}
	return out
}

// GeneratorInfo describes a generator. The fields after Missing are empty if it could not be read.
type GeneratorInfo struct {
	Name       string `json:"name"`
	File       string `json:"file,omitempty"`    // the weights; "" for the generator inside the program
	Run        string `json:"run,omitempty"`     // the folder of the training run, if it is known
	Missing    string `json:"missing,omitempty"` // why there is no generator
	Network    string `json:"network"`
	Parameters int    `json:"parameters"`
	Channels   int    `json:"channels"`
	ImageSize  int    `json:"image_size"` // of the images it was trained on
	TakesNoise bool   `json:"takes_noise,omitempty"`
	Hash       string `json:"sha256"` // of architecture and weights
	ConfigHash string `json:"config_sha256,omitempty"`
	Objective  string `json:"objective,omitempty"` // that it was trained with, and the seed; "" where neither is known
	Seed       uint64 `json:"seed,omitempty"`

	Reconstructor string `json:"reconstructor_sha256,omitempty"` // of the network that undoes it, for the scheme chaos-gan
	Metrics       string `json:"metrics,omitempty"`              // metrics.csv of the run: the training curves
	NoCurves      string `json:"no_curves,omitempty"`            // why they are not drawn
}

// ErrUnreadable is wrapped by the error of a run in which some images could not be read. The tables are complete without them.
var ErrUnreadable = errors.New("some images could not be read")

// Incomplete is the error of results that lack what could not be read.
func (r *Results) Incomplete() error {
	var images, generators []string
	for _, s := range r.Sources {
		images = append(images, s.Unreadable...)
	}
	for _, g := range r.Generators {
		if g.Missing != "" {
			generators = append(generators, g.Name+": "+g.Missing)
		}
	}
	var err error
	if len(images) > 0 {
		err = fmt.Errorf("%w, %d in all: %s", ErrUnreadable, len(images), firstFew(images))
	}
	if len(generators) > 0 {
		missing := fmt.Errorf("%w, %d in all: %s", ErrGenerator, len(generators), firstFew(generators))
		if err != nil {
			return fmt.Errorf("%w; %w", err, missing)
		}
		return missing
	}
	return err
}

// firstFew is a list for one line: its first elements and how many more there are.
func firstFew(list []string) string {
	const most = 3
	if n := len(list) - most; n > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(list[:most], "; "), n)
	}
	return strings.Join(list, "; ")
}
