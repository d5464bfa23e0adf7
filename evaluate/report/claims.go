package report

import (
	"fmt"
	"strings"

	"keygan/evaluate/experiment"
)

// findNPCRClaims says of each published NPCR whether it is met by the definition that it most likely has, and what it is by the
// field's. The two answers stand in one finding, so that neither is read without the other.
func findNPCRClaims(r *Report) string {
	out := r.claims(experiment.IDNPCRPlainCipher, func(p PublishedFigure, rows []*experiment.Row) string {
		claimed := func(row *experiment.Row) bool { return row.Scheme == p.Scheme && usesRawKey(row.System()) }
		byField := where(r.rows(experiment.IDNPCR, ofSchemes), claimed)
		if len(byField) == 0 {
			return ""
		}
		_, failed := split(byField)
		verdict := "holds up"
		if len(failed) > 0 {
			verdict = "**does not hold**"
		}
		return fmt.Sprintf(" By the field's definition, two ciphertexts of images one bit apart, it is %s %%, where random data gives %s %%: as a claim of diffusion the figure %s.",
			span(byField), expectedBriefly(byField[0]), verdict)
	})
	if out == "" {
		return ""
	}
	return out + " " + howNear
}

// findSSIMClaims does so for the published SSIM, of which it is not said between which images they are.
func findSSIMClaims(r *Report) string {
	out := r.claims(experiment.IDSSIMDecrypted, func(p PublishedFigure, rows []*experiment.Row) string {
		s := ""
		if ciphers := where(r.rows(experiment.IDSSIM, ofSchemes), func(row *experiment.Row) bool { return row.Scheme == p.Scheme }); len(ciphers) > 0 {
			s = fmt.Sprintf(" Between plain image and ciphertext it is %s.", span(ciphers))
		}
		return s
	})
	if out == "" {
		return ""
	}
	return out + " The publication does not say which two images its SSIM compares. A lossless scheme gives 1 after decryption, whatever its key: a lower figure means that something was lost, or that something else was compared."
}

// howNear says what it takes for a published figure to be reproduced.
const howNear = "Reproduced means: no farther from the measured mean than one unit of the published figure's last digit and two standard deviations between images. The publications' images, weights and definitions are not the ones here."

// claims has a sentence for each published figure of a metric that was measured, and after it what more there is to say of it.
func (r *Report) claims(metric string, more func(PublishedFigure, []*experiment.Row) string) string {
	var out []string
	for _, p := range r.Published {
		if p.Metric != metric {
			continue
		}
		rows := where(r.rows(p.Metric, ofSchemes), func(row *experiment.Row) bool { return row.Published == p.Value && row.Scheme == p.Scheme })
		if len(rows) == 0 {
			continue
		}
		verdict := "is not reproduced"
		switch near := where(rows, p.near); {
		case len(near) == len(rows):
			verdict = "is reproduced"
		case len(near) > 0:
			verdict = "is reproduced in part: " + r.who(near)
		}
		out = append(out, fmt.Sprintf("**The published %s of %s (%s) %s** as %s: measured %s%s with %s.%s",
			p.kind(), p.Value, p.System, verdict, rows[0].Name, span(rows), unitOf(rows[0]), r.who(rows), more(p, rows)))
	}
	return strings.Join(out, " ")
}
