package report

import (
	"fmt"
	"strings"

	"keygan/evaluate/experiment"
)

// checklist judges the claims TC1 to TC5: the test cases in the README of the published WGAN-GP system, restated so that they can be
// measured. The verdicts are those of the systems that XOR with the raw key; the evidence names the others beside them.
func checklist(r *Report) []Check {
	checks := []Check{r.keyEntropy(), r.oneTimePad(), r.exactDecryption(), r.fidelity(), r.confusionAndDiffusion()}
	for i := range checks {
		if len(checks[i].Evidence) == 0 {
			checks[i].Evidence = []string{"Not measured."}
		}
	}
	return checks
}

// say adds a sentence to the evidence.
func (c *Check) say(format string, values ...any) {
	c.Evidence = append(c.Evidence, fmt.Sprintf(format, values...))
}

// judge adds what was measured of rows to the evidence, with more about it, and lets their verdict count. Without rows it says so.
func (c *Check) judge(what string, rows rowSet, more string) {
	if len(rows) == 0 {
		c.say("%s: not measured.", what)
		return
	}
	c.say("%s: %s%s.", what, tally(rows), more)
	c.join(rows.verdict())
}

// join fails a check for good, or passes it when nothing was said before.
func (c *Check) join(v experiment.Verdict) {
	if c.Verdict != experiment.Fail && v != experiment.None {
		c.Verdict = v
	}
}

func passIf(passes bool) experiment.Verdict {
	if passes {
		return experiment.Pass
	}
	return experiment.Fail
}

// tally is "measured 1 to 2 bits (expected 3, threshold ≥ 4), 5 of 6 series pass".
func tally(rows rowSet) string {
	exactly := func(row *experiment.Row) string { return valueText(row, row.Digits) }
	text := strings.TrimSpace(fmt.Sprintf("measured %s %s", rows.textRange(exactly), rows[0].Unit))
	var against []string
	if e := expectedText(rows[0], rows[0].Digits); e != "" {
		against = append(against, "expected "+e)
	}
	if t := thresholdText(rows[0]); t != "" {
		against = append(against, "threshold "+t)
	}
	if len(against) > 0 {
		text += " (" + strings.Join(against, ", ") + ")"
	}
	if rows.verdict() != experiment.None {
		text += fmt.Sprintf(", %d of %d series pass", len(rows.Passed()), len(rows))
	}
	return text
}

func (r *Report) keyEntropy() Check {
	c := Check{ID: "TC1", Claim: "Key entropy: the raw keys are as random as random bytes"}
	c.judge("Entropy of the raw keys", r.rows(experiment.IDEntropy, ofKeys), "")
	c.judge("χ² of the raw keys", r.rows(experiment.IDChiSquare, ofKeys), "")
	for _, row := range r.Randomness {
		if row.Subject != experiment.RawKeys || row.NotMeasured != "" {
			continue
		}
		failed, made := failedTests(row)
		c.say("SP 800-22 on the raw keys of %s: %d of %d tests fail over %d sequences of %d bits.",
			row.Generator, len(failed), made, row.Sequences, row.Bits)
		if made > 0 {
			c.join(passIf(len(failed) == 0))
		}
	}
	c.Pictures = r.picturesIn(SectionHistograms, true)
	return c
}

func (r *Report) oneTimePad() Check {
	c := Check{ID: "TC2",
		Claim: "One-time pad: every image has a key of its own, other training gives other keys, and a wrong key shows nothing"}
	c.judge("Bytes that differ between the keys of two images", r.rows(experiment.IDNPCRKeyKey, ofKeys), "")
	c.judge("Bytes that differ between the keys of one image by generators of different training (this takes two generators)",
		r.rows(experiment.IDNPCRGenerators, ofKeys), "")
	c.judge("Bytes that differ between the keys of images one bit apart", r.rows(experiment.IDNPCRKeyOneBit, ofKeys), "")
	if wrong := r.rows(experiment.IDSSIMWrongKey, ofSchemes); len(wrong) == 0 {
		c.say("Decryption with a wrong key: not measured.")
	} else {
		c.say("What a wrong key decrypts has a similarity (SSIM) of %s with the plain image under %s.", wrong.Range(), r.Names(wrong))
	}
	for _, number := range []int{5, 7} {
		if s, succeeded := r.attacked(number); s != "" {
			c.say("%s", s)
			c.join(passIf(!succeeded))
		}
	}
	c.Pictures = append(r.picturesIn(SectionKeys, false), r.picturesIn(SectionStrips, true)...)
	return c
}

// attacked says on which of the claimed systems an attack succeeded, and on which not; "" where it was not made.
func (r *Report) attacked(number int) (sentence string, succeeded bool) {
	var broken, others []string
	name := ""
	for _, a := range r.Attacks {
		if a.Number != number || a.NotRun != "" || !usesRawKey(a.System) {
			continue
		}
		name = a.Name
		if a.Succeeded {
			broken = append(broken, r.name(a.System))
		} else {
			others = append(others, r.name(a.System))
		}
	}
	if name == "" {
		return "", false
	}
	outcome := "fails on " + strings.Join(others, ", ")
	if len(broken) > 0 {
		outcome = strings.TrimSuffix("succeeds on "+strings.Join(broken, ", ")+", and "+outcome, ", and fails on ")
	}
	return fmt.Sprintf("Attack %d (%s) %s.", number, name, outcome), len(broken) > 0
}

func (r *Report) exactDecryption() Check {
	c := Check{ID: "TC3", Claim: "Exact decryption: every image comes back bit for bit", Pictures: r.picturesIn(SectionStrips, true)}
	rows := r.rows(experiment.IDExact, ofSchemes)
	c.join(rows.RawKeyed().verdict())
	if passed := rows.Passed(); len(passed) > 0 {
		c.say("Every image came back bit for bit under %s.", r.Names(passed))
	}
	if failed := rows.Failed(); len(failed) > 0 {
		c.say("Under %s %s %% of the images did.", r.Names(failed), failed.Range())
	}
	return c
}

func (r *Report) fidelity() Check {
	c := Check{ID: "TC4", Claim: "Fidelity of decryption: SSIM 1 and MSE 0 between the plain and the decrypted image"}
	for _, m := range []struct{ what, id string }{{"SSIM", experiment.IDSSIMDecrypted}, {"MSE", experiment.IDMSEDecrypted}} {
		rows := r.rows(m.id, ofSchemes)
		c.join(rows.RawKeyed().verdict())
		for _, part := range []rowSet{rows.Passed(), rows.Failed()} {
			if len(part) > 0 {
				c.say("%s of %s under %s.", m.what, part.Range(), r.Names(part))
			}
		}
	}
	return c
}

func (r *Report) confusionAndDiffusion() Check {
	c := Check{
		ID: "TC5", Claim: "Confusion and diffusion: the ciphertext looks random, and one changed bit of the image changes all of it",
		Pictures: r.picturesIn(SectionScatter, true),
	}
	for _, m := range []struct {
		what string
		ids  []string
	}{
		{"NPCR with one bit changed", []string{experiment.IDNPCR}}, {"UACI with one bit changed", []string{experiment.IDUACI}},
		{"χ² of the ciphertexts", []string{experiment.IDChiSquare}},
		{"Correlation of neighbours in the ciphertexts", experiment.IDCorrelation[:]},
	} {
		var rows rowSet
		for _, id := range m.ids {
			rows = append(rows, r.rows(id, ofSchemes)...)
		}
		more := " under " + r.Names(rows.RawKeyed())
		others := rows.Passed().filter(func(row *experiment.Row) bool { return !usesRawKey(row.System()) })
		if len(others) > 0 {
			more += fmt.Sprintf(". Of the others %d series pass: %s", len(others), r.Names(others))
		}
		c.judge(m.what, rows.RawKeyed(), more)
	}
	return c
}

// picturesIn are the files of a section, or only those of systems for which the claims are made.
func (r *Report) picturesIn(section string, onlyClaimed bool) []string {
	var out []string
	for _, p := range r.Pictures {
		if p.Section == section && (!onlyClaimed || usesRawKey(p.of)) {
			out = append(out, p.File)
		}
	}
	return out
}
