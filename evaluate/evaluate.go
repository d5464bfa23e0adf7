// Package evaluate measures images and how well they are encrypted, and writes the tables.
//
// There are two layers. The metrics, of package metrics, are plain functions of one or two images:
//
//	h := evaluate.Entropy(cipher)            // bits a byte
//	n, err := evaluate.NPCR(cipher1, cipher2) // percent
//	s, err := evaluate.SSIM(plain, decrypted, evaluate.Gaussian11)
//
// beside each stand the values that random data would give and the critical values at a significance level, computed
// for the number of bytes or samples at hand ([NPCRCritical], [UACIBand], [EntropyFloor], [ChiSquareBand], [CorrelationBand]).
// [Measure] and [Compare] gather them for one and for two images, in a form that goes to JSON.
//
// [Run] is the experiment: images in; keys from generators, every scheme with each of them, every metric, SP 800-22 and the
// attacks; results.md, .csv, .json and .tex, report.html and the pictures out.
//
//	cfg, err := evaluate.ReadConfig("configs/paper.yaml")
//	report, err := evaluate.Run(ctx, cfg, "results", evaluate.Options{})
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

// Alpha is the significance level of the verdicts in the tables.
const Alpha = 0.01
