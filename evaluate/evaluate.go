// Package evaluate measures how well cryptosystems encrypt images, and writes the tables.
//
// [Run] is the whole of it: images in; keys from generators, every cryptosystem with each of them, every metric, SP 800-22 and
// the attacks; results.md, .csv, .json and .tex, report.html and the pictures out.
//
//	cfg, err := experiment.ReadConfig("configs/paper.yaml")
//	report, err := evaluate.Run(ctx, cfg, "results", evaluate.Options{})
//
// The work is done below: package experiment measures, package report writes. They rest on metrics (plain functions of one or two
// images, with the values that random data would give), sp80022, attack and figure.
//
// What the package promises:
//
//   - Where a paper defines a metric differently from the field, both are measured, under different names. The field's
//     NPCR compares two ciphertexts of plain images that differ in one bit; many papers' NPCR compares a plain image
//     with its ciphertext, which any scheme with a random-looking key passes.
//   - A published figure stands by itself, beside the measured one, never instead of it. The findings say whether it is
//     reproduced by the definition that it most likely has, and what it is by the field's. What was not
//     measured says so, and what is undefined (the correlation of a constant image, the PSNR of identical ones) says
//     why. NaN and infinities never reach an output file.
//   - The same configuration, seed, images and weights give the same numbers, all but times and speeds. For that, what a user's
//     secrets are drawn from is here a stream made of the seed.
//   - What cannot be measured, because a generator is missing or an image cannot be read, is named, and the rest goes on.
//
// Entropies, χ² and histograms are over the bytes of an image: an RGB pixel of 8 bits is three bytes, one of 16 bits six.
// NPCR, UACI, fidelity (MSE, PSNR, SSIM) and correlation are over samples, in the range 0 to 255 or 0 to 65535. Alpha is a
// channel like any other. The experiment brings every image to 8 bits first.
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
	Overwrite bool                      // files of an earlier run are replaced
	Command   string                    // the command line, for the report
	Progress  func(experiment.Progress) // if not nil, is told now and then how far the run is
}

// Run measures the schemes of cfg on its sources, with keys made by its generators, and writes into the folder out, which it
// makes: the tables, a report, and pictures of the first image of each source. They appear all together, and
// none when the run is cancelled or fails. Without Overwrite, a folder that is [report.Occupied] is an error that wraps
// atomicfile.ErrExists.
//
// What cannot be read is left out and named in the report: images, with an error that wraps [experiment.ErrUnreadable], and generators,
// with one that wraps [experiment.ErrGenerator]. Then Run returns both report and error. With any other error the report is nil. The
// error of a cancelled context wraps ctx.Err().
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
