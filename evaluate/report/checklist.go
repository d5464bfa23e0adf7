package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// checklist judges the claims of the README of the published WGAN-GP system: its test cases TC1 to TC5 and what it says besides. The
// verdicts are those of the systems that XOR with the raw key; the evidence names the others beside them.
func checklist(r *Report) []Check {
	checks := append([]Check{r.keyEntropy(), r.oneTimePad(), r.exactDecryption(), r.fidelity(), r.confusionAndDiffusion()}, r.furtherClaims()...)
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

// seenSSIM is the SSIM with the plain image from which on an image shows something of it. That of noise is about 0.01.
const seenSSIM = 0.03

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
	c := Check{
		ID: "TC1", Claim: "Key entropy: the raw keys are as random as random bytes",
		Claimed: "The histogram of each key is spread over 0 to 255: at least 95 % of the 256 values occur in it",
	}
	c.claim("Byte values that occur in a key", r.rows(experiment.IDKeyLevels, ofKeys), atLeast(0.95*256))
	c.control(r.randomKeys(experiment.IDKeyLevels), atLeast(0.95*256))
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
	for _, row := range r.rows(experiment.IDMinEntropy, ofKeys) {
		if row.Expected != nil {
			c.say("Min-entropy of the keys of %s on %s: %s bits a byte; as many random bytes get %s.", row.Generator, row.Source,
				valueText(row, row.Brief), expectedText(row, row.Brief))
			c.join(passIf(*row.Measured >= leastMinEntropy**row.Expected))
		}
	}
	c.Pictures = r.picturesIn(SectionHistograms, true)
	return c
}

// leastMinEntropy is the share of the min-entropy of random bytes below which keys fail. Estimates for random bytes of the length of a
// key lie within a sixth of each other.
const leastMinEntropy = 0.75

func (r *Report) oneTimePad() Check {
	c := Check{
		ID: "TC2", Claim: "One-time pad: the keys of two images, and of two trainings, are as far apart as random bytes; none serves twice; " +
			"who knows the network cannot predict them",
		Claimed: "Each image has a key of its own, and another training gives another key for the same image: the keys differ",
	}
	differ := func(row *experiment.Row) bool { return *row.Measured > 0 }
	c.claim("Keys of two images differ", r.rows(experiment.IDNPCRKeyKey, ofKeys), differ)
	c.control(r.randomKeys(experiment.IDNPCRKeyKey), differ)
	if c.claim("Keys of one image by two trainings differ", r.sameRow(), differ); len(r.sameRow()) == 0 {
		c.unmeasured = "another training: not measured"
	}
	c.judge("Bytes that differ between the keys of two images", r.rows(experiment.IDNPCRKeyKey, ofKeys), "")
	c.judge("Bytes that differ between the keys of one image by two trainings with the same objective and network (this takes two generators; "+
		overSeeds+")", r.sameRow(), "")
	c.judge("Bytes that differ between the keys of images one bit apart", r.rows(experiment.IDNPCRKeyOneBit, ofKeys), "")
	if wrong := r.rows(experiment.IDSSIMWrongKey, ofSchemes); len(wrong) == 0 {
		c.say("Decryption with a wrong key: not measured.")
	} else {
		c.say("What a wrong key decrypts has a similarity (SSIM) of %s with the plain image under %s.", wrong.Range(), r.Names(wrong))
	}
	for _, number := range []int{5, 7, 13} {
		if s, succeeded := r.attacked(number); s != "" {
			c.say("%s", s)
			c.join(passIf(!succeeded))
		}
	}
	c.Pictures = append(r.picturesIn(SectionKeys, false), r.picturesIn(SectionStrips, true)...)
	return c
}

// attacked says on which of the claimed systems an attack succeeded, and on which not; "" where it was not made. Only the published use
// counts: that a kept key breaks a system is said, and is no verdict on who never keeps one.
func (r *Report) attacked(number int) (sentence string, succeeded bool) {
	var broken, shown, others, misused []string
	name := ""
	for _, a := range r.Attacks {
		if a.Number != number || a.NotRun != "" || !usesRawKey(a.System) {
			continue
		}
		name = a.Name
		switch {
		case a.Use == attack.KeptKey && a.Succeeded:
			misused = append(misused, r.name(a.System))
		case a.Use == attack.KeptKey:
		case a.Succeeded:
			broken = append(broken, r.name(a.System))
		case a.Harms():
			shown = append(shown, r.name(a.System))
		default:
			others = append(others, r.name(a.System))
		}
	}
	var outcomes []string
	for _, o := range []struct {
		how string
		of  []string
	}{{"succeeds on", broken}, {"recovers no image, but shows something, on", shown}, {"fails on", others}, {"with a kept key, which is misuse, succeeds on", misused}} {
		if len(o.of) > 0 {
			outcomes = append(outcomes, o.how+" "+strings.Join(o.of, ", "))
		}
	}
	if len(outcomes) == 0 {
		return "", false
	}
	return fmt.Sprintf("Attack %d (%s) %s.", number, name, strings.Join(outcomes, "; ")), len(broken)+len(shown) > 0
}

func (r *Report) exactDecryption() Check {
	c := Check{
		ID: "TC3", Claim: "Exact decryption: every image comes back bit for bit", Pictures: r.picturesIn(SectionStrips, true),
		Claimed: "The image is recovered: the SSIM of the decrypted image is 0.99 or more",
	}
	c.claim("SSIM of the decrypted images", r.rows(experiment.IDSSIMDecrypted, ofSchemes).RawKeyed(), atLeast(0.99))
	c.control(r.underRandomKeys(experiment.IDSSIMDecrypted), atLeast(0.99))
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
	c := Check{
		ID: "TC4", Claim: "Structure: SSIM 1 and MSE 0 between plain and decrypted image, and nothing of it in what a wrong key gives (SSIM below 0.03)",
		Claimed: "SSIM and MSE of the decrypted image confirm that it is similar: the SSIM is 0.9 or more",
	}
	c.claim("SSIM of the decrypted images", r.rows(experiment.IDSSIMDecrypted, ofSchemes).RawKeyed(), atLeast(0.9))
	c.control(r.underRandomKeys(experiment.IDSSIMDecrypted), atLeast(0.9))
	for _, m := range []struct{ what, id string }{{"SSIM", experiment.IDSSIMDecrypted}, {"MSE", experiment.IDMSEDecrypted}} {
		rows := r.rows(m.id, ofSchemes)
		c.join(rows.RawKeyed().verdict())
		for _, part := range []rowSet{rows.Passed(), rows.Failed()} {
			if len(part) > 0 {
				c.say("%s of %s under %s.", m.what, part.Range(), r.Names(part))
			}
		}
	}
	if wrong := r.rows(experiment.IDSSIMWrongKey, ofSchemes).RawKeyed(); len(wrong) > 0 {
		c.say("What a wrong key decrypts has an SSIM of %s with the plain image under %s.", wrong.Range(), r.Names(wrong))
		c.join(passIf(len(wrong.From(seenSSIM)) == 0))
	}
	return c
}

func (r *Report) confusionAndDiffusion() Check {
	c := Check{
		ID: "TC5", Claim: "Confusion and diffusion: the ciphertext looks random, and one changed bit of the image changes all of it",
		Claimed: "Neighbours are drastically less correlated than in the plain image, by a factor of ten or more; NPCR and UACI between plain " +
			"image and ciphertext are high: at least 99 %, and at least nine tenths of what a uniform cipher gives",
		Pictures: r.picturesIn(SectionScatter, true),
	}
	c.claim("Correlation of neighbours in the ciphertexts", r.correlations().RawKeyed(), r.tenthOfPlain)
	c.claim("NPCR plain–cipher", r.rows(experiment.IDNPCRPlainCipher, ofSchemes).RawKeyed(), atLeast(99))
	high := func(row *experiment.Row) bool { return row.Expected == nil || *row.Measured >= 0.9**row.Expected }
	c.claim("UACI plain–cipher", r.rows(experiment.IDUACIPlainCipher, ofSchemes).RawKeyed(), high)
	c.control(r.underRandomKeys(experiment.IDCorrelation[:]...), r.tenthOfPlain)
	c.control(r.underRandomKeys(experiment.IDNPCRPlainCipher), atLeast(99))
	c.control(r.underRandomKeys(experiment.IDUACIPlainCipher), high)
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

// overSeeds says where claims about trainings are tested.
const overSeeds = "over seeds: keygan-train reproduce"

// furtherClaims are about trainings, and no single report can judge them. Each has what this one shows.
func (r *Report) furtherClaims() []Check {
	better := Check{
		ID: "better-keys", Claimed: "WGAN-GP makes better keys than a GAN",
		Claim: "The keys of the two objectives differ in quality by more than trainings with different seeds do",
	}
	collapse := Check{
		ID: "no-mode-collapse", Claimed: "The training does not collapse: different images get different keys",
		Claim: "Keys of different images are as far apart as random bytes, in every training",
	}
	overfitting := Check{
		ID: "no-overfitting", Claimed: "The network does not overfit",
		Claim: "Keys of held-out images and of training images have the same statistics, in every training",
	}
	for _, row := range r.rows(experiment.IDEntropy, ofKeys) {
		i := slices.IndexFunc(r.Generators, func(g experiment.GeneratorInfo) bool { return g.Name == row.Generator })
		if i >= 0 && r.Generators[i].Objective != "" {
			better.say("Entropy of the keys of %s (objective %s) on %s: %s bits a byte.", row.Generator, r.Generators[i].Objective, row.Source, valueText(row, row.Digits))
		}
	}
	if rows := r.rows(experiment.IDNPCRKeyKey, ofKeys); len(rows) > 0 {
		collapse.say("Keys of two images differ in %s %% of their bytes here; random ones in %s %%.", rows.Range(), rows.Expected())
	}
	out := []Check{better, collapse, overfitting}
	for i := range out {
		out[i].OverSeeds = true
		out[i].say("One training cannot decide it; keygan-train reproduce compares several seeds.")
	}
	return out
}

// claim judges what a publication says, in the words that Claimed gives it, and adds to the evidence what speaks for the verdict.
func (c *Check) claim(what string, rows rowSet, holds func(*experiment.Row) bool) {
	if len(rows) == 0 {
		return
	}
	kept := len(rows.filter(holds))
	c.say("As claimed: %s: measured %s; it holds for %d of %d series.", what, strings.TrimSpace(rows.Range()+" "+rows[0].Unit), kept, len(rows))
	if c.ClaimedVerdict != experiment.Fail {
		c.ClaimedVerdict = passIf(kept == len(rows))
	}
}

func atLeast(v float64) func(*experiment.Row) bool {
	return func(row *experiment.Row) bool { return *row.Measured >= v }
}

// tenthOfPlain says whether a correlation is at most a tenth of that of the plain images.
func (r *Report) tenthOfPlain(row *experiment.Row) bool {
	plain := r.Row(row.Source, experiment.System{Scheme: experiment.PlainImage}, row.Metric)
	return plain == nil || plain.Measured == nil || math.Abs(*row.Measured) <= math.Abs(*plain.Measured)/10
}

func (r *Report) correlations() (out rowSet) {
	for _, id := range experiment.IDCorrelation {
		out = append(out, r.rows(id, ofSchemes)...)
	}
	return out
}

// sameRow compares the keys of the first generator with those of others that were trained with the same objective and network: other rows
// of a publication's table are no second training of the first.
func (r *Report) sameRow() rowSet {
	kind := func(name string) [2]string {
		for _, g := range r.Generators {
			if g.Name == name {
				return [2]string{g.Objective, g.Network}
			}
		}
		return [2]string{}
	}
	all := r.rows(experiment.IDNPCRGenerators, ofKeys)
	first := [2]string{}
	for _, g := range r.Generators {
		if g.Missing == "" && g.Channels > 0 && !slices.ContainsFunc(r.Systems, func(s experiment.SystemInfo) bool { return s.Generator == g.Name && isNetwork(s.System) }) {
			first = kind(g.Name)
			break
		}
	}
	return all.filter(func(row *experiment.Row) bool { return kind(row.Generator) == first })
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
