// Package evaluate measures how well cryptosystems encrypt images, and writes the tables.
//
//	cfg, err := experiment.ReadConfig("configs/paper.yaml")
//	report, err := evaluate.Run(ctx, cfg, "results", evaluate.Options{})
//
// Package experiment measures and package report writes. They rest on metrics (functions of one or two images, with the values that
// random data gives), sp80022, attack and figure.
//
// What the package promises:
//
//   - Where a paper defines a metric differently from the field, both are measured, under different names. The field's
//     NPCR compares two ciphertexts of plain images that differ in one bit. Many papers' NPCR compares a plain image
//     with its ciphertext, which any scheme with a random-looking key passes.
//   - A published figure stands beside the measured one, never instead of it. It stands only where
//     scheme, network and objective are the publication's, and a line says whether the measured interval agrees with it.
//   - What was not measured says so. What is undefined (the correlation of a constant image, the PSNR of identical ones)
//     says why. NaN and infinities never reach an output file.
//   - The same configuration, seed, images and weights give the same numbers, except times and speeds. Secrets that a
//     user would draw at random come from the seed.
//   - What cannot be measured, because a generator is missing or an image cannot be read, is named, and the rest goes on.
//
// Entropies, χ² and histograms are over the bytes of an image. NPCR, UACI, MSE, PSNR, SSIM and correlation are over samples.
// The experiment brings every image to 8 bits first.
package evaluate

import (
	"context"
	"fmt"
	"time"

	"keygan/evaluate/experiment"
	"keygan/evaluate/report"
	"keygan/internal/atomicfile"
)

// Options of a run beside what is measured.
type Options struct {
	Overwrite bool                      // replaces the files of an earlier run
	Command   string                    // the command line, for the report
	Progress  func(experiment.Progress) // if not nil, is called now and then
}

// Run measures the schemes of cfg on its sources, with keys made by its generators, and writes the report into the folder out, which it
// makes. Nothing is written when the run is cancelled or fails. Without Overwrite, a folder that is [report.Occupied] is an error that
// wraps atomicfile.ErrExists.
//
// Images and generators that cannot be read are left out and named in the report. Then Run returns both the report and an error that
// wraps [experiment.ErrUnreadable] or [experiment.ErrGenerator]. With any other error the report is nil. The error of a cancelled
// context wraps ctx.Err().
func Run(ctx context.Context, cfg experiment.Config, out string, o Options) (*report.Report, error) {
	began := time.Now()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if file, err := report.Occupied(out); err == nil && file != "" && !o.Overwrite {
		return nil, fmt.Errorf("%s: %w", file, atomicfile.ErrExists)
	}
	if err := atomicfile.Probe(out); err != nil {
		return nil, err
	}
	results, err := experiment.Run(ctx, cfg, o.Progress)
	if err != nil {
		return nil, err
	}
	r, err := report.New(results, o.Command, began)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.Write(out, o.Overwrite); err != nil {
		return nil, err
	}
	return r, r.Incomplete()
}
