package seeds

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// learnt is by how much what an attacker restores may be better from the right cipher image than from another, in SSIM, where nothing of the
// image gets through: a fiftieth of the scale from nothing in common to the whole image.
const learnt = 0.02

// restoredRow is how an assessment calls what an attacker restores.
const restoredRow = "restored"

// resistsLearning judges whether images stay hidden from an attacker, a network that was trained on pairs.
func (r *Report) resistsLearning(s System) (c Claim, measured bool) {
	h := r.heldOutOf(s.Row, restoredRow)
	if s.Victim == "" || h == nil || h.Guess == nil {
		return c, false
	}
	knows := "with networks of other seeds"
	if s.Pairs {
		knows = "with pairs of the attacked network"
	}
	c = Claim{Claim: "Hides images from a network that was trained " + knows, Of: r.attackedTitle(s), Test: fmt.Sprintf("on held-out images, what it restores "+
		"is less than %g SSIM better than what it makes of another image's cipher image, with the whole 95 %% interval over seeds. Who learns nothing "+
		"of an image restores both alike; whether what is restored is also better than the mean image, and so of use, is in the table of attackers. "+
		"Where it holds, this network has not learnt to restore the images; a larger one, or one that is trained for longer, may", learnt)}
	if slices.Contains(h.Guess.Learnt, !s.Pairs) {
		c.Verdict = NotMeasured
		c.Evidence = []string{"By their weights, the networks that it has learnt from are not those that it should have: train it anew."}
		return c, true
	}
	c.Verdict = within(h.Guess.Leak, math.Inf(-1), learnt, 1)
	c.Evidence = []string{fmt.Sprintf("%d images held out of the attacked training: SSIM restored %s, mean image %s, from another cipher image %s, which is less by %s; better than both by %s.",
		h.Images, h.SSIM.text(3), h.Guess.MeanSSIM.text(3), h.Guess.AnotherSSIM.text(3), h.Guess.Leak.text(3), h.Guess.Gain.text(3))}
	return c, true
}

// attackedTitle is a victim with the scheme under which it was attacked.
func (r *Report) attackedTitle(s System) string {
	v := r.system(s.Victim)
	v.Scheme = s.Attacks
	return v.Title()
}

// writeAttackers has a line for each attacker.
func (r *Report) writeAttackers(p printer) {
	var lines []string
	for _, s := range r.Systems {
		h := r.heldOutOf(s.Row, restoredRow)
		if s.Victim == "" || h == nil || h.Guess == nil {
			continue
		}
		g, knows := h.Guess, "networks of the other seeds"
		if s.Pairs {
			knows = "pairs of the attacked network"
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %d | %s | %s | %s | %s | %s | %s | %s |\n", r.attackedTitle(s), s.Row, knows, h.Images, plusMinus(h.SSIM, 4),
			plusMinus(g.MeanSSIM, 4), plusMinus(g.AnotherSSIM, 4), g.Leak.text(4), g.Gain.text(4), plusMinus(h.PSNR, 2), plusMinus(g.MeanPSNR, 2)))
	}
	if len(lines) == 0 {
		return
	}
	p("### Attackers who have learnt to restore images\n\nEach attacker is a network trained on pairs of images that are not the victim's. They were encrypted with the " +
		"networks that the table names. He then gets images that were held out of the attacked training, encrypted with the attacked network, " +
		"at the size that he was trained with. SSIM and PSNR are those with the plain image; the two guesses need nothing of the cipher image.\n\n")
	p("| attacked | attacker | trained with | images | SSIM restored | SSIM of the mean image | SSIM from another cipher image | better than that by | better than both guesses by | PSNR restored, dB | PSNR of the mean image, dB |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	p("%s\n", strings.Join(lines, ""))
}
