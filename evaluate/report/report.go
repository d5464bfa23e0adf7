// Package report writes the results of an experiment: tables, pictures, and what they show in words.
//
// [New] draws the pictures, judges the claims and states the findings. [Report.Write] puts all of it into a folder: report.html, the
// same as results.md, .csv, .json and .tex, and the pictures as PNG files in the folder figures. Every number is computed from the
// results, every sentence stands only where the numbers bear it out, and NaN and infinities never reach a file.
package report

import (
	"time"

	"keygan/evaluate/experiment"
)

// Report is the results of an experiment and what they show; results.json is this.
type Report struct {
	experiment.Results
	Checklist  []Check           `json:"checklist"` // TC1 to TC5
	Findings   []Finding         `json:"findings"`  // what the values show, in sentences
	Published  []PublishedFigure `json:"published"`
	Pictures   []Picture         `json:"pictures"` // in the order in which they are shown
	Provenance Provenance        `json:"provenance"`

	pictures map[string][]byte // the files of Pictures
}

// New draws the pictures of an experiment's results and says what they show. Command is the command line, for the report;
// began is when the experiment began.
func New(results *experiment.Results, command string, began time.Time) (*Report, error) {
	r := &Report{Results: *results, Published: Published}
	for i := range r.Rows {
		cite(&r.Rows[i], publishedFigures(r.Rows[i].System(), r.Generators))
	}
	var err error
	if r.Provenance, err = provenance(r.Config, command, began); err != nil {
		return nil, err
	}
	if err := r.draw(); err != nil {
		return nil, err
	}
	r.Checklist = checklist(r)
	r.Findings, err = findings(r)
	return r, err
}

// A Finding is what the values show, in plain text: in a few words, and then in full. In JSON it is one string.
type Finding struct{ Head, Text string }

// MarshalText joins both parts.
func (f Finding) MarshalText() ([]byte, error) {
	if f.Head == "" {
		return []byte(f.Text), nil
	}
	return []byte(f.Head + " " + f.Text), nil
}

// UnmarshalText takes everything for the text.
func (f *Finding) UnmarshalText(text []byte) error {
	*f = Finding{Text: string(text)}
	return nil
}

// A Check is one claim of the checklist, TC1 to TC5, and what speaks for and against it.
type Check struct {
	ID       string             `json:"id"`
	Claim    string             `json:"claim"`
	Verdict  experiment.Verdict `json:"verdict,omitempty"` // None: not measured
	Evidence []string           `json:"evidence"`          // sentences in plain text
	Pictures []string           `json:"pictures,omitempty"`
}

// A Picture is a PNG file.
type Picture struct {
	File    string `json:"file"` // its path in the folder of the report, with slashes
	Caption string `json:"caption"`
	Section string `json:"section"` // of the report: one of the Section constants
	Source  string `json:"source,omitempty"`

	of experiment.System
}

// The sections of pictures.
const (
	SectionStrips     = "strips"
	SectionHistograms = "histograms"
	SectionScatter    = "scatter"
	SectionKeys       = "keys"
	SectionStills     = "stills" // each image of a strip by itself
	SectionCurves     = "curves"
	SectionAttacks    = "attacks"
)
