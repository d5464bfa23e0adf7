// Package report writes the results of an experiment: tables, pictures, and what they show in words.
//
// [New] draws the pictures, judges the claims and states the findings. [Report.Write] puts all of it into a folder: report.html, the
// same as results.md, .csv, .json and .tex, and the pictures as PNG files in the folder figures. Every number is computed from the
// results, every sentence stands only where the numbers bear it out, and NaN and infinities never reach a file.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"keygan/evaluate/experiment"
	"keygan/internal/atomicfile"
	"keygan/internal/cpumodel"
	"keygan/internal/version"
)

// Report is the results of an experiment and what they show; results.json is this.
type Report struct {
	experiment.Results
	Checklist []Check           `json:"checklist"` // TC1 to TC5
	Findings  []Finding         `json:"findings"`  // what the values show, in sentences
	Published []PublishedFigure `json:"published"`

	Comparisons []Comparison `json:"comparisons"` // of the published figures with what was measured

	Pictures   []Picture  `json:"pictures"` // in the order in which they are shown
	Provenance Provenance `json:"provenance"`

	pictures map[string][]byte // the files of Pictures
}

// New draws the pictures of an experiment's results and says what they show. Command and began go to the report's provenance.
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
	r.Comparisons = r.comparisons()
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

// A Check is one claim of the publication, with two verdicts: on what it says, and by the test that the field would make of it.
type Check struct {
	ID       string             `json:"id"`
	Claim    string             `json:"claim"`             // as the field tests it
	Verdict  experiment.Verdict `json:"verdict,omitempty"` // by that test; None: not measured
	Evidence []string           `json:"evidence"`          // sentences in plain text
	Pictures []string           `json:"pictures,omitempty"`

	Claimed        string             `json:"as_claimed"` // in substance, and how it is read here
	ClaimedVerdict experiment.Verdict `json:"verdict_as_claimed,omitempty"`
	RandomKeys     experiment.Verdict `json:"random_keys_as_claimed,omitempty"` // the same verdict on keys of random bytes; None: not measured
	OverSeeds      bool               `json:"over_seeds,omitempty"`             // it is about trainings: one report cannot judge it

	unmeasured string // what of the claim was not measured
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
	SectionKeyBit     = "keybit" // what a key opens that is wrong in one bit
	SectionPlots      = "plots"  // the iterations of the cat map; times against sizes
)

// Provenance says where the numbers come from: what is needed to make them again. Began and Took differ from run to run. The
// hashes of weights are with the generators, those of the images with their sources.
type Provenance struct {
	Command    string   `json:"command"` // as it was given
	Quick      bool     `json:"quick"`   // fewer images and changes than the configuration asks for
	Keygan     string   `json:"keygan"`  // version, with the commit where it is known
	Go         string   `json:"go"`
	Platform   string   `json:"platform"` // as in linux/amd64
	CPU        string   `json:"cpu"`
	Cores      int      `json:"cores"` // that the program could use
	Seed       uint64   `json:"seed"`
	ConfigHash string   `json:"config_sha256"`       // SHA-256 of what was measured, resolved, as JSON
	Libraries  []string `json:"libraries,omitempty"` // modules that compute what is measured, with their versions
	Began      string   `json:"began"`               // RFC 3339
	Took       float64  `json:"took_s"`              // seconds
}

func provenance(cfg experiment.Config, command string, began time.Time) (Provenance, error) {
	// The sources stand in a report by themselves, and so the configuration's JSON leaves them out.
	resolved, err := json.Marshal(struct {
		Config  experiment.Config
		Sources []experiment.Source
	}{cfg, cfg.Sources})
	if err != nil {
		return Provenance{}, err
	}
	hash := sha256.Sum256(resolved)
	p := Provenance{
		Command: command, Quick: cfg.Quick, Keygan: version.String(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		CPU: cpumodel.Name(), Cores: runtime.GOMAXPROCS(0), Seed: cfg.Seed, ConfigHash: hex.EncodeToString(hash[:]),
		Began: began.UTC().Format(time.RFC3339), Took: time.Since(began).Seconds(),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if slices.Contains([]string{"gonum.org/v1/gonum", "golang.org/x/image", "filippo.io/age"}, m.Path) {
				p.Libraries = append(p.Libraries, m.Path+" "+m.Version)
			}
		}
	}
	return p, nil
}

// figureFolder holds the pictures, so that a results folder opens on the report.
const figureFolder = "figures"

// tables are the report in all its forms, as files of a folder. The last one is there only if everything else is.
func (r *Report) tables(folder string) []atomicfile.File {
	file := func(name string, write func(io.Writer) error) atomicfile.File {
		return atomicfile.File{Path: filepath.Join(folder, name), Perm: 0o666, Write: write}
	}
	return []atomicfile.File{
		file("results.md", r.WriteMarkdown), file("results.csv", r.WriteCSV), file("results.json", r.WriteJSON),
		file("results.tex", r.WriteTeX), file("report.html", r.WriteHTML),
	}
}

// Write puts the pictures, the reports of SP 800-22 and then the tables into the folder out, which it makes. After an error nothing new is
// there but what replaced others.
func (r *Report) Write(out string, overwrite bool) error {
	var pictures, randomness []atomicfile.File
	add := func(to *[]atomicfile.File, path string, content []byte) {
		*to = append(*to, atomicfile.File{Path: filepath.Join(out, filepath.FromSlash(path)), Perm: 0o666, Write: func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		}})
	}
	for _, p := range r.Pictures {
		add(&pictures, p.File, r.pictures[p.File])
	}
	for _, row := range r.Randomness {
		if len(row.Report) > 0 {
			add(&randomness, row.File, row.Report)
		}
	}
	var written []atomicfile.File
	var err error
	for _, files := range [][]atomicfile.File{pictures, randomness} {
		if err == nil && len(files) > 0 {
			if err = atomicfile.WriteAll(out, overwrite, files...); err == nil {
				written = append(written, files...)
			}
		}
	}
	if err == nil {
		if err = atomicfile.WriteAll("", overwrite, r.tables(out)...); err == nil {
			return nil
		}
	}
	for _, p := range written {
		if info, statErr := os.Lstat(p.Path); statErr == nil && !overwrite {
			err = errors.Join(err, atomicfile.Remove(p.Path, info))
		}
	}
	atomicfile.RemoveEmpty(out, []string{filepath.Join(out, figureFolder), filepath.Join(out, experiment.RandomnessFolder)})
	return err
}

// Occupied returns a file of a folder that a run could want to write: a table, a report, or a picture; or "".
func Occupied(folder string) (string, error) {
	for _, t := range (*Report)(nil).tables(folder) {
		if _, err := os.Lstat(t.Path); err == nil {
			return t.Path, nil
		}
	}
	for _, dir := range []string{folder, filepath.Join(folder, figureFolder), filepath.Join(folder, experiment.RandomnessFolder)} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		for _, e := range entries {
			if strings.EqualFold(filepath.Ext(e.Name()), ".png") || strings.HasPrefix(e.Name(), experiment.RandomnessReport) {
				return filepath.Join(dir, e.Name()), nil
			}
		}
	}
	return "", nil
}

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}
