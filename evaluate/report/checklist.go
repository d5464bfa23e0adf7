package report

import (
	"fmt"
	"strings"

	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// checklist judges the claims TC1 to TC5 that are made for keys from a network and XOR with them. The verdicts are those of the
// systems that XOR with the raw key; the evidence names the others beside them. All of it is computed from the rows, the
// tests of randomness and the attacks of the report.
func checklist(r *Report) []Check {
	checks := []Check{r.keyEntropy(), r.oneTimePad(), r.exactDecryption(), r.fidelity(), r.confusionAndDiffusion()}
	for i := range checks {
		c := &checks[i]
		if len(c.Evidence) == 0 {
			c.Evidence = []string{"Not measured."}
		}
	}
	return checks
}

// claimed are the rows of the systems for which the claims are made.
func claimed(rows []*experiment.Row) []*experiment.Row {
	return where(rows, func(row *experiment.Row) bool { return usesRawKey(row.System()) })
}

// add puts a sentence on rows into the evidence, and their verdict into that of the check when it counts. Without rows it says so.
func (c *Check) add(what string, rows []*experiment.Row, counts bool, sentence func() string) {
	if len(rows) == 0 {
		c.Evidence = append(c.Evidence, what+": not measured.")
		return
	}
	c.Evidence = append(c.Evidence, sentence())
	if counts {
		c.join(verdictOf(rows))
	}
}

// join fails a check for good, or passes it when nothing was said before.
func (c *Check) join(v experiment.Verdict) {
	if c.Verdict != experiment.Fail && v != experiment.None {
		c.Verdict = v
	}
}

// verdictOf fails when one of the rows does.
func verdictOf(rows []*experiment.Row) experiment.Verdict {
	v := experiment.None
	for _, row := range rows {
		if row.Verdict == experiment.Fail {
			return experiment.Fail
		}
		if row.Verdict == experiment.Pass {
			v = experiment.Pass
		}
	}
	return v
}

// tally is "measured 1 to 2 bits (random: 3; threshold ≥ 4): 5 of 6 series pass".
func tally(rows []*experiment.Row) string {
	_, failed := split(rows)
	s := fmt.Sprintf("measured %s%s", exactSpan(rows), unitOf(rows[0]))
	var against []string
	if e := expectedText(rows[0]); e != "" {
		against = append(against, "expected "+e)
	}
	if t := thresholdText(rows[0]); t != "" {
		against = append(against, "threshold "+t)
	}
	if len(against) > 0 {
		s += " (" + strings.Join(against, ", ") + ")"
	}
	if verdictOf(rows) != experiment.None {
		s += fmt.Sprintf(", %d of %d series pass", len(rows)-len(failed), len(rows))
	}
	return s
}

func unitOf(row *experiment.Row) string {
	if row.Unit == "" {
		return ""
	}
	return " " + row.Unit
}

func (r *Report) keyEntropy() Check {
	c := Check{ID: "TC1", Claim: "Key entropy: the raw keys are as random as random bytes"}
	for _, m := range []struct{ what, id string }{{"Entropy of the raw keys", experiment.IDEntropy}, {"χ² of the raw keys", experiment.IDChiSquare}} {
		rows := r.rows(m.id, ofKeys)
		c.add(m.what, rows, true, func() string { return m.what + ": " + tally(rows) + "." })
	}
	for _, row := range r.Randomness {
		if row.Subject != experiment.RawKeys || row.NotMeasured != "" {
			continue
		}
		failed, made := 0, 0
		for _, t := range row.Tests {
			if t.Verdict != experiment.None {
				made++
			}
			if t.Verdict == experiment.Fail {
				failed++
			}
		}
		c.Evidence = append(c.Evidence, fmt.Sprintf("SP 800-22 on the raw keys of %s: %d of %d tests fail over %d sequences of %d bits.", escape(row.Generator), failed, made, row.Sequences, row.Bits))
		if made > 0 {
			c.join(map[bool]experiment.Verdict{true: experiment.Pass, false: experiment.Fail}[failed == 0])
		}
	}
	c.Pictures = r.picturesIn(SectionHistograms, true)
	return c
}

func (r *Report) oneTimePad() Check {
	c := Check{ID: "TC2", Claim: "One-time pad: every image has a key of its own, other training gives other keys, and a wrong key shows nothing"}
	keys := r.rows(experiment.IDNPCRKeyKey, ofKeys)
	c.add("Keys of different images", keys, true, func() string { return "Bytes that differ between the keys of two images: " + tally(keys) + "." })
	retrained := r.rows(experiment.IDNPCRGenerators, ofKeys)
	c.add("Keys of one image by generators of different training (it takes two generators)", retrained, true, func() string {
		return "Bytes that differ between the keys of one image by two generators: " + tally(retrained) + "."
	})
	changed := r.rows(experiment.IDNPCRKeyOneBit, ofKeys)
	c.add("Keys of images one bit apart", changed, true, func() string {
		return "Bytes that differ between the keys of images one bit apart: " + tally(changed) + "."
	})
	wrong := r.rows(experiment.IDSSIMWrongKey, ofSchemes)
	c.add("Decryption with a wrong key", wrong, false, func() string {
		return "Similarity (SSIM) of what a wrong key decrypts with the plain image: " + span(wrong) + " under " + r.who(wrong) + "."
	})
	for _, number := range []int{5, 7} {
		if s, succeeded := r.attacked(number); s != "" {
			c.Evidence = append(c.Evidence, s)
			c.join(map[bool]experiment.Verdict{true: experiment.Fail, false: experiment.Pass}[succeeded])
		}
	}
	c.Pictures = append(r.picturesIn(SectionKeys, false), r.picturesIn(SectionStrips, true)...)
	return c
}

// attacked says on which of the claimed systems an attack succeeded, and on which not; "" where it was not made.
func (r *Report) attacked(number int) (sentence string, succeeded bool) {
	var made []attack.Result
	var broken, others []string
	for _, a := range r.Attacks {
		if a.Number != number || a.NotRun != "" || !usesRawKey(experiment.System{Scheme: a.Scheme}) {
			continue
		}
		made = append(made, a)
		if name := r.name(experiment.System{Scheme: a.Scheme, Generator: a.Generator}); a.Succeeded {
			broken = append(broken, name)
		} else {
			others = append(others, name)
		}
	}
	if len(made) == 0 {
		return "", false
	}
	s := fmt.Sprintf("Attack %d (%s)", number, escape(made[0].Name))
	if len(broken) > 0 {
		s += " succeeds on " + strings.Join(broken, ", ")
	}
	if len(others) > 0 {
		s += map[bool]string{true: ", and", false: ""}[len(broken) > 0] + " fails on " + strings.Join(others, ", ")
	}
	return s + ".", len(broken) > 0
}

func (r *Report) exactDecryption() Check {
	c := Check{ID: "TC3", Claim: "Exact decryption: every image comes back bit for bit"}
	all := r.rows(experiment.IDExact, ofSchemes)
	c.join(verdictOf(claimed(all)))
	passed, failed := split(all)
	if len(passed) > 0 {
		c.Evidence = append(c.Evidence, fmt.Sprintf("Every image came back bit for bit under %s.", r.who(passed)))
	}
	if len(failed) > 0 {
		c.Evidence = append(c.Evidence, fmt.Sprintf("Not under %s: %s %% of the images did.", r.who(failed), span(failed)))
	}
	c.Pictures = r.picturesIn(SectionStrips, true)
	return c
}

func (r *Report) fidelity() Check {
	c := Check{ID: "TC4", Claim: "Fidelity of decryption: SSIM 1 and MSE 0 between the plain and the decrypted image"}
	for _, m := range []struct{ what, id string }{{"SSIM", experiment.IDSSIMDecrypted}, {"MSE", experiment.IDMSEDecrypted}} {
		rows := r.rows(m.id, ofSchemes)
		c.join(verdictOf(claimed(rows)))
		passed, failed := split(rows)
		for _, part := range [][]*experiment.Row{passed, failed} {
			if len(part) > 0 {
				c.Evidence = append(c.Evidence, fmt.Sprintf("%s of %s under %s.", m.what, span(part), r.who(part)))
			}
		}
	}
	return c
}

func (r *Report) confusionAndDiffusion() Check {
	c := Check{ID: "TC5", Claim: "Confusion and diffusion: the ciphertext looks random, and one changed bit of the image changes all of it"}
	for _, m := range []struct {
		what string
		ids  []string
	}{
		{"NPCR with one bit changed", []string{experiment.IDNPCR}}, {"UACI with one bit changed", []string{experiment.IDUACI}},
		{"χ² of the ciphertexts", []string{experiment.IDChiSquare}}, {"Correlation of neighbours in the ciphertexts", experiment.IDCorrelation[:]},
	} {
		var rows []*experiment.Row
		for _, id := range m.ids {
			rows = append(rows, r.rows(id, ofSchemes)...)
		}
		own := claimed(rows)
		c.add(m.what, own, true, func() string {
			s := m.what + ": " + tally(own) + " under " + r.who(own) + "."
			if passed, _ := split(where(rows, func(row *experiment.Row) bool { return !usesRawKey(row.System()) })); len(passed) > 0 {
				s += " It passes in " + fmt.Sprintf("%d series of %s.", len(passed), r.who(passed))
			}
			return s
		})
	}
	c.Pictures = r.picturesIn(SectionScatter, true)
	return c
}

// picturesIn are the files of a section, or only those of systems for which the claims are made.
func (r *Report) picturesIn(section string, onlyClaimed bool) []string {
	var out []string
	for _, p := range r.Pictures {
		if p.Section != section {
			continue
		}
		of := strings.TrimPrefix(p.File, section+"-"+experiment.FileName(p.Source)+"-")
		if !onlyClaimed || strings.HasPrefix(of, "xor-") || strings.HasPrefix(of, "paper-") {
			out = append(out, p.File)
		}
	}
	return out
}
