package report

import (
	"fmt"
	"slices"
	"strings"

	"keygan/evaluate/experiment"
)

// findDecryption is about getting the image back.
func findDecryption(r *Report) string {
	rows := r.rows(experiment.IDExact, ofSchemes)
	if len(rows) == 0 {
		return ""
	}
	passed, failed := split(rows)
	var out []string
	if len(failed) > 0 {
		s := fmt.Sprintf("**Not every image came back** bit for bit: %s.", r.who(failed))
		same := func(metric string) []*experiment.Row {
			return where(r.rows(metric, ofSchemes), func(row *experiment.Row) bool {
				return slices.ContainsFunc(failed, func(f *experiment.Row) bool { return f.Source == row.Source && f.System() == row.System() })
			})
		}
		if mse, ssim := same(experiment.IDMSEDecrypted), same(experiment.IDSSIMDecrypted); len(mse) > 0 && len(ssim) > 0 {
			s += fmt.Sprintf(" What comes back has an MSE of %s and an SSIM of %s.", span(mse), span(ssim))
		}
		out = append(out, s)
	}
	if len(passed) > 0 {
		out = append(out, fmt.Sprintf("Every image came back bit for bit under %s: MSE 0, PSNR ∞, SSIM 1.", r.who(passed)))
	}
	return strings.Join(out, " ")
}

// refused are the rows of a metric in which the scheme gave nothing out.
func (r *Report) refused(metric string) []*experiment.Row {
	var out []*experiment.Row
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Metric == metric && row.Note == experiment.Refusal {
			out = append(out, row)
		}
	}
	return out
}

// shows is the SSIM with the plain image from which on a picture shows something of it: that of noise is about 0.01.
const shows = 0.03

// findWrongKey is about what a wrong key decrypts.
func findWrongKey(r *Report) string {
	rows := r.rows(experiment.IDSSIMWrongKey, ofSchemes)
	visible := where(rows, func(row *experiment.Row) bool { return *row.Measured >= shows })
	hidden := where(rows, func(row *experiment.Row) bool { return *row.Measured < shows })
	var out []string
	if len(visible) > 0 {
		out = append(out, fmt.Sprintf("**A wrong key shows something of the image** under %s: what it decrypts has an SSIM of %s with the plain image.", r.who(visible), span(visible)))
	}
	if len(hidden) > 0 {
		out = append(out, fmt.Sprintf("The SSIM of what a wrong key decrypts is near that of noise under %s (%s), which does not exclude outlines (see the pictures), and nobody is told that the key is wrong.", r.who(hidden), span(hidden)))
	}
	if refused := r.refused(experiment.IDSSIMWrongKey); len(refused) > 0 {
		out = append(out, fmt.Sprintf("Under %s a wrong key is refused.", r.who(refused)))
	}
	return strings.Join(out, " ")
}

// findKeySensitivity is about one wrong bit of the key.
func findKeySensitivity(r *Report) string {
	passed, failed := split(r.rows(experiment.IDKeySensitivityDecrypted, ofSchemes))
	open := where(failed, func(row *experiment.Row) bool { return *row.Measured < 50 })
	some := where(failed, func(row *experiment.Row) bool { return *row.Measured >= 50 })
	var out []string
	if len(open) > 0 {
		out = append(out, fmt.Sprintf("**A key that is wrong in one bit opens nearly all that the right one opens** under %s: %s %% of the decrypted bytes change (random: %s %%).",
			r.who(open), span(open), expectedBriefly(open[0])))
	}
	if len(some) > 0 {
		out = append(out, fmt.Sprintf("**Not every bit of the key counts** under %s: on average one wrong bit changes %s %% of the decrypted bytes (random: %s %%).",
			r.who(some), span(some), expectedBriefly(some[0])))
	}
	if len(passed) > 0 {
		out = append(out, fmt.Sprintf("One wrong bit of the key changes %s %% of the decrypted bytes under %s.", span(passed), r.who(passed)))
	}
	if refused := r.refused(experiment.IDKeySensitivityDecrypted); len(refused) > 0 {
		out = append(out, fmt.Sprintf("Under %s a key with one wrong bit is refused.", r.who(refused)))
	}
	return strings.Join(out, " ")
}

// findRobustness is about damaged cipher images, a trade-off and no virtue.
func findRobustness(r *Report) string {
	var out []string
	if noisy := r.rows(experiment.IDPSNRSaltPepper, ofSchemes); len(noisy) > 0 {
		out = append(out, fmt.Sprintf("A damaged cipher image still opens under %s: %s dB after 5 %% of salt and pepper, %s dB without its middle 1/16, %s dB without its middle quarter. That is the same property that lets anybody change the image in transit unnoticed.",
			r.who(noisy), span(noisy), span(r.rows(experiment.IDPSNRCrop16, ofSchemes)), span(r.rows(experiment.IDPSNRCrop4, ofSchemes))))
	}
	if refused := r.refused(experiment.IDPSNRSaltPepper); len(refused) > 0 {
		out = append(out, fmt.Sprintf("Under %s it is refused: the price of noticing every change is that a damaged file must be sent again.", r.who(refused)))
	}
	return strings.Join(out, " ")
}

// enoughBits is the size of a key space below which keys can be tried out.
const enoughBits = 100

// findKeySpace is about guessing keys.
func findKeySpace(r *Report) string {
	rows := r.rows(experiment.IDKeySpacePublic, ofSchemes)
	small := where(rows, func(row *experiment.Row) bool { return *row.Measured < enoughBits })
	if len(small) == 0 {
		return ""
	}
	nominal := where(r.rows(experiment.IDKeySpace, ofSchemes), func(row *experiment.Row) bool {
		return slices.ContainsFunc(small, func(s *experiment.Row) bool { return s.System() == row.System() })
	})
	return fmt.Sprintf("**The key space is smaller than it looks** under %s: the key is of %s bits, but with the weights published it is a function of the plain image, and %s bits are left to guess for whoever knows or guesses that (it should be more than %d). A nominal size says nothing about how many keys come out of the network.",
		r.who(small), span(nominal), span(small), enoughBits)
}

// findKeyCost is about what the receiver must get beside the ciphertext.
func findKeyCost(r *Report) string {
	rows := r.rows(experiment.IDKeyBytes, ofSchemes)
	once := where(rows, func(row *experiment.Row) bool { return isNetwork(row.System()) })
	each := where(rows, func(row *experiment.Row) bool { return !isNetwork(row.System()) })
	large := where(each, func(row *experiment.Row) bool { return *row.Measured >= float64(r.bytes(row.System())) })
	small := where(each, func(row *experiment.Row) bool { return *row.Measured < float64(r.bytes(row.System())) })
	var out []string
	if len(large) > 0 {
		out = append(out, fmt.Sprintf("**The key is as large as the image** under %s: %s bytes must reach the receiver in secret for an image of %d bytes, for the key is made from the plain image, which the receiver does not have. Whoever can send that in secret can send the image.",
			r.who(large), span(large), r.bytes(large[0].System())))
	}
	if len(small) > 0 {
		out = append(out, fmt.Sprintf("The key takes %s bytes for an image of %d under %s.", span(small), r.bytes(small[0].System()), r.who(small)))
	}
	if len(once) > 0 {
		out = append(out, fmt.Sprintf("Under %s it is the reconstruction network, %s bytes, which serves for all images.", r.who(once), span(once)))
	}
	return strings.Join(out, " ")
}

// findRandomness counts the tests of SP 800-22 that the bits fail.
func findRandomness(r *Report) string {
	var good, bad []string
	for _, row := range r.Randomness {
		made, failed := 0, []string{}
		for _, t := range row.Tests {
			if t.Made > 0 {
				made++
			}
			if t.Verdict == experiment.Fail {
				failed = append(failed, t.Name)
			}
		}
		of := row.Subject + " of " + r.name(row.System)
		if row.Scheme == experiment.RawKey {
			of = "raw keys by " + escape(row.Generator)
		}
		switch {
		case made == 0:
		case len(failed) > 0:
			bad = append(bad, fmt.Sprintf("%s (%d of %d tests)", of, len(failed), made))
		default:
			good = append(good, fmt.Sprintf("%s (%d tests)", of, made))
		}
	}
	var out []string
	if len(bad) > 0 {
		out = append(out, "**SP 800-22 rejects** "+strings.Join(bad, ", ")+".")
	}
	if len(good) > 0 {
		out = append(out, "SP 800-22 does not reject "+strings.Join(good, ", ")+". That is no proof of randomness.")
	}
	return strings.Join(out, " ")
}

// findAttacks counts the attacks that succeeded.
func findAttacks(r *Report) string {
	type count struct{ won, made int }
	counts := map[string]*count{}
	var order []string
	for _, a := range r.Attacks {
		if a.NotRun != "" {
			continue
		}
		if counts[a.Scheme] == nil {
			counts[a.Scheme] = &count{}
			order = append(order, a.Scheme)
		}
		counts[a.Scheme].made++
		if a.Succeeded {
			counts[a.Scheme].won++
		}
	}
	var parts []string
	for _, s := range order {
		parts = append(parts, fmt.Sprintf("%d of %d on `%s`", counts[s].won, counts[s].made, s))
	}
	if len(parts) == 0 {
		return ""
	}
	return "**Attacks that succeeded**: " + strings.Join(parts, ", ") + "."
}

// findNotMeasured counts and names what is missing.
func findNotMeasured(r *Report) string {
	var parts []string
	for _, s := range r.Systems {
		if s.NotMeasured != "" {
			parts = append(parts, fmt.Sprintf("`%s` (%s)", s.System, escape(strings.TrimPrefix(s.NotMeasured, "not measured: "))))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("Not measured, %d of %d: %s.", len(parts), len(r.Systems), strings.Join(parts, "; "))
}
