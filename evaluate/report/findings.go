package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
)

// findings puts the measured values into sentences. Each is there only when the values say so.
func findings(r *Report) []string {
	var out []string
	for _, f := range []func(*Report) string{
		findNotMeasured, findNPCRClaims, findSSIMClaims, findAttacks, findDiffusion, findSameKey, findPapersNPCR, findUniformity, findCorrelation,
		findRandomness, findDecryption, findWrongKey, findKeySensitivity, findRobustness, findKeySpace, findKeyCost,
	} {
		if s := f(r); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// rows collects the measured rows of a metric over all sources, of cipher images or of one scheme column.
func (r *Report) rows(metric string, of func(scheme string) bool) []*experiment.Row {
	var out []*experiment.Row
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Metric == metric && of(row.Scheme) && row.Measured != nil {
			out = append(out, row)
		}
	}
	return out
}

// bytes is the size of the samples of a system's images.
func (r *Report) bytes(of experiment.System) int {
	for _, s := range r.Systems {
		if s.System == of {
			return r.Config.Size * r.Config.Size * s.Channels
		}
	}
	return 0
}

func ofSchemes(scheme string) bool {
	return scheme != experiment.PlainImage && scheme != experiment.RawKey
}
func ofKeys(scheme string) bool  { return scheme == experiment.RawKey }
func ofPlain(scheme string) bool { return scheme == experiment.PlainImage }

// span is "a" or "a to b" over the means of the rows, with the decimals of a sentence; exactSpan has those of the thresholds.
func span(rows []*experiment.Row) string {
	return spanOf(rows, func(row *experiment.Row) string { return withDigits(row, row.Brief) })
}
func exactSpan(rows []*experiment.Row) string { return spanOf(rows, valueText) }

func spanOf(rows []*experiment.Row, text func(*experiment.Row) string) string {
	by := func(a, b *experiment.Row) int {
		if *a.Measured < *b.Measured {
			return -1
		}
		return 1
	}
	low, high := slices.MinFunc(rows, by), slices.MaxFunc(rows, by)
	if text(low) == text(high) {
		return text(low)
	}
	return text(low) + " to " + text(high)
}

// split separates rows by verdict.
func split(rows []*experiment.Row) (passed, failed []*experiment.Row) {
	for _, row := range rows {
		if row.Verdict == experiment.Fail {
			failed = append(failed, row)
		} else {
			passed = append(passed, row)
		}
	}
	return passed, failed
}

// name is a system in a sentence: its scheme, with the generator where there are several with that scheme.
func (r *Report) name(of experiment.System) string {
	for _, s := range r.Systems {
		if s.Scheme == of.Scheme && s.Generator != of.Generator {
			return fmt.Sprintf("`%s` with %s", of.Scheme, escape(of.Generator))
		}
	}
	return "`" + of.Scheme + "`"
}

// who names the systems of rows, and the sources where it is not all of them: "`xor`, `paper` (mri)".
func (r *Report) who(rows []*experiment.Row) string {
	sources := map[experiment.System][]string{}
	for _, row := range rows {
		if of := row.System(); !slices.Contains(sources[of], row.Source) {
			sources[of] = append(sources[of], row.Source)
		}
	}
	var out []string
	for _, system := range r.Systems {
		switch s := sources[system.System]; len(s) {
		case 0:
		case len(r.Sources):
			out = append(out, r.name(system.System))
		default:
			out = append(out, fmt.Sprintf("%s (%s)", r.name(system.System), escape(strings.Join(s, ", "))))
		}
	}
	return strings.Join(out, ", ")
}

// where keeps the rows that say yes.
func where(rows []*experiment.Row, yes func(*experiment.Row) bool) []*experiment.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(row *experiment.Row) bool { return !yes(row) })
}

// keysOf are the rows of a metric of the raw keys that failing systems are encrypted with, where the keys fail, too.
func (r *Report) keysOf(systems []*experiment.Row, metric string) []*experiment.Row {
	_, failed := split(r.rows(metric, ofKeys))
	return where(failed, func(key *experiment.Row) bool {
		return slices.ContainsFunc(systems, func(row *experiment.Row) bool { return usesRawKey(row.System()) && row.Generator == key.Generator })
	})
}

// usesRawKey says whether a system's ciphertext is an XOR with the raw key.
func usesRawKey(of experiment.System) bool {
	info := cipher.Describe(of.Scheme)
	return info.Keystream == cipher.RawKeystream && info.OnlyAttacks == nil
}

// isNetwork says whether a network encrypts by itself.
func isNetwork(of experiment.System) bool {
	return cipher.Describe(of.Scheme).Takes == cipher.EncryptingNetwork
}

// findDiffusion is about the field's NPCR and UACI, and where a change gets lost.
func findDiffusion(r *Report) string {
	passed, failed := split(r.rows(experiment.IDNPCR, ofSchemes))
	var s strings.Builder
	if len(failed) > 0 {
		fmt.Fprintf(&s, "**One-bit changes do not spread** under %s: with one bit of the plain image changed and key generation run again, %s %% of the cipher bytes change (random: %s %%).",
			r.who(failed), span(failed), expectedBriefly(failed[0]))
		s.WriteString(r.whyNoDiffusion(failed))
	}
	if len(passed) > 0 {
		fmt.Fprintf(&s, " The field's NPCR is passed by %s: %s %% of the cipher bytes change with one bit of the plain image.", r.who(passed), span(passed))
		if fresh := where(passed, experiment.FreshSecret); len(fresh) > 0 {
			fmt.Fprintf(&s, " With %s that is because every encryption draws a fresh secret.", r.who(fresh))
		}
	}
	return strings.TrimSpace(s.String())
}

// whyNoDiffusion explains failures, each system by what it is encrypted with.
func (r *Report) whyNoDiffusion(failed []*experiment.Row) string {
	var s strings.Builder
	// The explanation holds where the keys fail, too.
	if keys := r.keysOf(failed, experiment.IDNPCRKeyOneBit); len(keys) > 0 {
		moved := r.keysOf(failed, experiment.IDUACIKeyOneBit)
		by := where(failed, func(row *experiment.Row) bool { return usesRawKey(row.System()) })
		fmt.Fprintf(&s, " Of %s: neither a permutation nor an XOR carries a change from one byte to another, so all but the changed byte itself comes from the key, and the generator is too smooth: the bit changes %s %% of the key's bytes (random: %s %%)",
			r.who(by), span(keys), expectedBriefly(keys[0]))
		if len(moved) > 0 {
			fmt.Fprintf(&s, "; over all bytes, changed or not, the mean change is %s %% of a byte's range (random: %s %%)", span(moved), expectedBriefly(moved[0]))
		}
		s.WriteString(".")
	}
	if fixed := where(failed, func(row *experiment.Row) bool { return row.Generator == "" }); len(fixed) > 0 {
		fmt.Fprintf(&s, " Of %s: the keystream does not depend on the image, and so the changed byte is all that changes.", r.who(fixed))
	}
	if lossy := where(failed, func(row *experiment.Row) bool { return isNetwork(row.System()) }); len(lossy) > 0 {
		fmt.Fprintf(&s, " Of %s: the network answers a small change of the image with a small change of its output.", r.who(lossy))
	}
	return s.String()
}

// findSameKey is about what the schemes themselves spread.
func findSameKey(r *Report) string {
	rows := r.rows(experiment.IDNPCRSameKey, ofSchemes)
	single := where(rows, func(row *experiment.Row) bool { return *row.Measured <= 1.5*100/float64(r.bytes(row.System())) })
	if len(single) == 0 {
		return ""
	}
	s := fmt.Sprintf("**Were a key kept**, secret and raw key of the unchanged image, one changed bit would change one byte of the ciphertext and no other under %s: no image may be encrypted under the key of another.", r.who(single))
	if fresh := where(single, experiment.FreshSecret); len(fresh) > 0 {
		s += fmt.Sprintf(" With %s that does not happen: every image gets a fresh secret, and the row “same key” is what a broken implementation would show.", r.who(fresh))
	}
	return s
}

// findPapersNPCR says what the papers' definition is worth, beside the value.
func findPapersNPCR(r *Report) string {
	rows := r.rows(experiment.IDNPCRPlainCipher, ofSchemes)
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
		expectedBriefly(rows[0]), 100/float64(r.bytes(rows[0].System())))
}

// findUniformity is about the histograms of ciphertexts and of the keys that they come from.
func findUniformity(r *Report) string {
	chi := r.rows(experiment.IDChiSquare, ofSchemes)
	if len(chi) == 0 {
		return ""
	}
	passed, failed := split(chi)
	var s strings.Builder
	if len(failed) > 0 {
		lower, upper := metrics.ChiSquareBand(r.Alpha)
		fmt.Fprintf(&s, "**The ciphertexts are not uniform** under %s: χ² of %s, where %g %% of random data lie between %.1f and %.1f.",
			r.who(failed), span(failed), 100*(1-2*r.Alpha), lower, upper)
		if keys := r.keysOf(failed, experiment.IDChiSquare); len(keys) > 0 {
			fmt.Fprintf(&s, " The raw keys of %s are not uniform either: an entropy of %s bits a byte and a χ² of %s.",
				r.who(where(failed, func(row *experiment.Row) bool { return usesRawKey(row.System()) })), span(r.rows(experiment.IDEntropy, ofKeys)), span(keys))
		}
	}
	if len(passed) > 0 {
		fmt.Fprintf(&s, " Histograms pass for uniform under %s (χ² of %s).", r.who(passed), span(passed))
	}
	return strings.TrimSpace(s.String())
}

// findCorrelation is about neighbours.
func findCorrelation(r *Report) string {
	var all, plain []*experiment.Row
	for _, id := range experiment.IDCorrelation {
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
		len(failed), len(all), valueText(worst), worst.System(), escape(worst.Source), strings.TrimPrefix(worst.Name, "correlation, "), span(plain), 100*(1-r.Alpha), decimal(*worst.High, 4))
}
