package evaluate

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// findings puts the measured values into sentences. Each is there only when the values say so.
func findings(r *Report) []string {
	var out []string
	for _, f := range []func(*Report) string{
		findDiffusion, findPapersNPCR, findUniformity, findCorrelation, findDecryption, findKeyCost, findPublished,
	} {
		if s := f(r); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// rows collects the measured rows of a metric over all sources, of cipher images or of one scheme column.
func (r *Report) rows(metric string, of func(scheme string) bool) []*Row {
	var out []*Row
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Metric == metric && of(row.Scheme) && row.Measured != nil {
			out = append(out, row)
		}
	}
	return out
}

// bytes is the size of an image's samples.
func (r *Report) bytes() int { return r.Config.Size * r.Config.Size * r.Generator.Channels }

func ofSchemes(scheme string) bool { return scheme != PlainImage && scheme != RawKey }
func ofKeys(scheme string) bool    { return scheme == RawKey }
func ofPlain(scheme string) bool   { return scheme == PlainImage }

// span is "a" or "a to b" over the means of the rows.
func span(rows []*Row) string {
	by := func(a, b *Row) int {
		if *a.Measured < *b.Measured {
			return -1
		}
		return 1
	}
	low, high := slices.MinFunc(rows, by), slices.MaxFunc(rows, by)
	if low.value() == high.value() {
		return low.value()
	}
	return low.value() + " to " + high.value()
}

// split separates rows by verdict.
func split(rows []*Row) (passed, failed []*Row) {
	for _, row := range rows {
		if row.Verdict == Fail {
			failed = append(failed, row)
		} else {
			passed = append(passed, row)
		}
	}
	return passed, failed
}

// who names the schemes of rows, and the sources where it is not all of them: "xor, paper (mri)".
func (r *Report) who(rows []*Row) string {
	sources := map[string][]string{}
	for _, row := range rows {
		sources[row.Scheme] = append(sources[row.Scheme], row.Source)
	}
	var out []string
	for _, scheme := range r.Config.Schemes {
		s := sources[scheme]
		switch len(s) {
		case 0:
		case len(r.Sources):
			out = append(out, "`"+scheme+"`")
		default:
			out = append(out, fmt.Sprintf("`%s` (%s)", scheme, escape(strings.Join(s, ", "))))
		}
	}
	return strings.Join(out, ", ")
}

// findDiffusion is about the field's NPCR and UACI, and where a change gets lost.
func findDiffusion(r *Report) string {
	passed, failed := split(r.rows(idNPCR, ofSchemes))
	var s strings.Builder
	if len(failed) > 0 {
		fmt.Fprintf(&s, "**One-bit changes do not spread** under %s: with one bit of the plain image changed and key generation run again, %s %% of the cipher bytes change (random: %s %%).",
			r.who(failed), span(failed), failed[0].expected())
		// The explanation holds where the keys fail, too.
		if _, keys := split(r.rows(idNPCRKeyOneBit, ofKeys)); len(keys) > 0 {
			_, moved := split(r.rows(idUACIKeyOneBit, ofKeys))
			fmt.Fprintf(&s, " Neither a permutation nor an XOR carries a change from one byte to another, so all but the changed byte itself comes from the key, and the generator is too smooth: the bit changes %s %% of the key's bytes (random: %s %%)",
				span(keys), keys[0].expected())
			if len(moved) > 0 {
				fmt.Fprintf(&s, "; over all bytes, changed or not, the mean change is %s %% of a byte's range (random: %s %%)", span(moved), moved[0].expected())
			}
			s.WriteString(".")
		}
	}
	if len(passed) > 0 {
		fmt.Fprintf(&s, " %s passes the field's NPCR: %s %% of the cipher bytes change with one bit of the plain image.", r.who(passed), span(passed))
	}
	return strings.TrimSpace(s.String())
}

// findPapersNPCR says what the papers' definition is worth, beside the value.
func findPapersNPCR(r *Report) string {
	rows := r.rows(idNPCRPlainCipher, ofSchemes)
	if len(rows) == 0 {
		return ""
	}
	passed, failed := split(rows)
	s := fmt.Sprintf("**NPCR between plain image and ciphertext**, as many papers take it, is %s %%", span(rows))
	switch {
	case len(failed) == 0:
		s += " and passes everywhere."
	case len(passed) == 0:
		s += " and even so fails everywhere: too many bytes are left as they were."
	default:
		s += fmt.Sprintf("; it passes for %s and fails for %s, where too many bytes are left as they were.", r.who(passed), r.who(failed))
	}
	return s + fmt.Sprintf(" Passing it is no evidence of diffusion: XOR with random bytes fixed once for all images gives %s %%, and its one-bit NPCR is %.2g %%.",
		rows[0].expected(), 100/float64(r.bytes()))
}

// findUniformity is about the histograms of ciphertexts and of the keys that they come from.
func findUniformity(r *Report) string {
	chi := r.rows(idChiSquare, ofSchemes)
	if len(chi) == 0 {
		return ""
	}
	passed, failed := split(chi)
	var s strings.Builder
	if len(failed) > 0 {
		lower, upper := ChiSquareBand(r.Alpha)
		fmt.Fprintf(&s, "**The ciphertexts are not uniform** under %s: χ² of %s, where %g %% of random data lie between %.1f and %.1f.",
			r.who(failed), span(failed), 100*(1-2*r.Alpha), lower, upper)
		if _, keys := split(r.rows(idChiSquare, ofKeys)); len(keys) > 0 {
			fmt.Fprintf(&s, " The raw keys that they are XORed with are not uniform either: an entropy of %s bits a byte and a χ² of %s.",
				span(r.rows(idEntropy, ofKeys)), span(keys))
		}
	}
	if len(passed) > 0 {
		fmt.Fprintf(&s, " Histograms pass for uniform under %s (χ² of %s).", r.who(passed), span(passed))
	}
	return strings.TrimSpace(s.String())
}

// findCorrelation is about neighbours.
func findCorrelation(r *Report) string {
	var all, plain []*Row
	for _, id := range idCorrelation {
		all, plain = append(all, r.rows(id, ofSchemes)...), append(plain, r.rows(id, ofPlain)...)
	}
	if len(all) == 0 || len(plain) == 0 {
		return ""
	}
	passed, failed := split(all)
	if len(failed) == 0 {
		return fmt.Sprintf("Neighbouring samples are correlated by %s in the plain images and no more than chance gives in the ciphertexts (%s).", span(plain), span(passed))
	}
	worst := failed[0]
	for _, row := range failed {
		if math.Abs(*row.Measured) > math.Abs(*worst.Measured) {
			worst = row
		}
	}
	return fmt.Sprintf("**Neighbouring samples of the ciphertexts are still correlated** in %d of %d series (up to %s, `%s` on %s, %s; plain images: %s). %g %% of random samples lie within ± %s.",
		len(failed), len(all), worst.value(), worst.Scheme, escape(worst.Source), strings.TrimPrefix(worst.Name, "correlation, "), span(plain), 100*(1-r.Alpha), decimal(*worst.High, 4))
}

// findDecryption is about getting the image back.
func findDecryption(r *Report) string {
	rows := r.rows(idExact, ofSchemes)
	if len(rows) == 0 {
		return ""
	}
	if _, failed := split(rows); len(failed) > 0 {
		return fmt.Sprintf("**Not every image came back** bit for bit: %s.", r.who(failed))
	}
	return fmt.Sprintf("Every image came back bit for bit under %s: MSE 0, PSNR ∞, SSIM 1.", r.who(rows))
}

// findKeyCost is about what the receiver must get beside the ciphertext.
func findKeyCost(r *Report) string {
	rows := r.rows(idKeyBytes, ofSchemes)
	if len(rows) == 0 {
		return ""
	}
	image := r.bytes()
	var large []*Row
	for _, row := range rows {
		if *row.Measured >= float64(image) {
			large = append(large, row)
		}
	}
	if len(large) == 0 {
		return fmt.Sprintf("The key file takes %s bytes for an image of %d.", span(rows), image)
	}
	return fmt.Sprintf("**The key is as large as the image** under %s: %s bytes must reach the receiver in secret for an image of %d bytes, for the key is made from the plain image, which the receiver does not have. Whoever can send that in secret can send the image.",
		r.who(large), span(large), image)
}

// findPublished says where measured and published values part.
func findPublished(r *Report) string {
	var parts []string
	for _, p := range r.Published {
		rows := r.rows(p.Metric, func(scheme string) bool { return scheme == p.Scheme })
		if len(rows) == 0 {
			continue
		}
		unit := ""
		if rows[0].Unit != "" {
			unit = " " + rows[0].Unit
		}
		parts = append(parts, fmt.Sprintf("%s %s%s measured beside %s published for %s", rows[0].Name, span(rows), unit, p.Value, p.System))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Beside the published figures: " + strings.Join(parts, "; ") +
		". The publications' images, weights and definitions are not the ones here, so that neither confirms nor refutes the other."
}
