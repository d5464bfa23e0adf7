package attack

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A Learned attacker is a network that was trained to restore the cipher images of one scheme, on pairs of a cipher image and its plain
// image that he made himself: with the scheme, its published networks, and keys of his own.
type Learned struct {
	Name     string
	Scheme   string
	Networks []string      // hashes of the networks that encrypted his pairs
	Channels int           // of the images that he restores
	Mean     *raster.Image // the mean of the plain images of his pairs: what he would guess without a cipher image
	Restore  func(cipherImage *raster.Image) (*raster.Image, error)
}

// learnedAlarm is the probability with which attack 16 takes chance for success.
const learnedAlarm = 1e-4

// victimsPairs says whether the attacker has learnt from pairs of the victim's own key, which is a network that encrypts by itself.
func (l *Learned) victimsPairs(t *target) bool {
	return t.info.Takes == cipher.EncryptingNetwork && slices.Contains(l.Networks, t.network.Hash)
}

// hasLearned says why no attacker has learnt to attack the target, or "".
func hasLearned(t *target) string {
	if len(t.learned) == 0 {
		return "No attacker was trained on this scheme: none was given, as in -w attacker=runs/restore-small."
	}
	for _, l := range t.learned {
		if channels := t.plain[0].Channels; l.Channels != channels {
			return fmt.Sprintf("The attacker %s restores images of %d channels, and these have %d.", l.Name, l.Channels, channels)
		}
	}
	return ""
}

// learned is attack 16. Each attacker restores cipher images that the victim makes under his own keys. What is restored counts by its SSIM
// with the plain image, beside two guesses: the mean image, and what the same network makes of another image's cipher image, which is all
// that it knows of images in general. Without information in the cipher image, neither can be beaten but by chance.
func learned(b *bench, t *target) Result {
	r := Result{
		Expected: "weak: images are restored better than by guessing; strong: not",
		Criterion: fmt.Sprintf("an attacker without pairs of the victim's own key restores images with a higher mean SSIM than the mean image has, and "+
			"than what he makes of another cipher image has: both with p < %.0e (paired t-test over the images, one-sided)", learnedAlarm),
	}
	for i, l := range t.learned {
		f := b.restoreAll(t, l)
		succeeded := f.beatsMean.p < learnedAlarm && f.beatsOther.p < learnedAlarm
		pairs := l.victimsPairs(t)
		r.Succeeded = r.Succeeded || succeeded && !pairs
		at := ""
		if i > 0 {
			at = ", " + l.Name
		}
		for _, v := range f.values {
			r.Measured = append(r.Measured, Value{v.Name + at, v.Value, v.Unit})
		}
		r.Conclusion += fmt.Sprintf("%s%s restores images with an SSIM of %.3f; the mean image has %.3f, what he makes of another cipher image %.3f: %s. ",
			l.Name, either(pairs, ", who has pairs of the victim's own key,", ""), f.ssim, f.mean, f.other,
			either(succeeded, "more than chance", "no more than chance"))
		for _, p := range f.pictures {
			p.Name = fmt.Sprintf("%s-%d", p.Name, i+1)
			p.Caption += either(at == "", "", " ("+l.Name+")")
			r.Pictures = append(r.Pictures, p)
		}
	}
	r.Conclusion = r.Conclusion[:len(r.Conclusion)-1]
	return r
}

// restored is what an attacker achieves, in means over the images.
type restored struct {
	ssim, mean, other     float64 // of what he restores, of the mean image, of what he makes of another cipher image
	beatsMean, beatsOther gain
	values                []Value
	pictures              []Picture
}

func (b *bench) restoreAll(t *target, l *Learned) (f restored) {
	encrypt := b.victim(t)
	n := len(t.many)
	ciphers, found := make([]*raster.Image, n), make([]*raster.Image, n)
	for i, m := range t.many {
		check(b.ctx.Err())
		ciphers[i] = encrypt(m)
		found[i] = must(l.Restore(ciphers[i]))
	}
	guess := l.Mean.Fit(b.side(), l.Channels)
	own, mean, other := make([]float64, n), make([]float64, n), make([]float64, n)
	var psnr, correlation []float64
	for i, m := range t.many {
		own[i] = must(metrics.SSIM(m, found[i], metrics.Gaussian11))
		mean[i] = must(metrics.SSIM(m, guess, metrics.Gaussian11))
		other[i] = must(metrics.SSIM(m, found[(i+1)%n], metrics.Gaussian11))
		psnr = append(psnr, must(metrics.PSNR(m, found[i])))
		correlation = append(correlation, pearson(m, found[i]))
	}
	f.ssim, f.mean, f.other = stat.Mean(own, nil), stat.Mean(mean, nil), stat.Mean(other, nil)
	f.beatsMean, f.beatsOther = gainOf(own, mean), gainOf(own, other)
	f.values = []Value{
		{"images", float64(n), ""}, {"SSIM restored", f.ssim, ""}, {"SSIM of the mean image", f.mean, ""},
		{"SSIM of what is made of another cipher image", f.other, ""},
		{"gain over the mean image", f.beatsMean.mean, ""}, {"gain over the mean image, least (95 %)", f.beatsMean.low, ""},
		{"gain over the mean image, most (95 %)", f.beatsMean.high, ""}, {"p-value against the mean image", f.beatsMean.p, ""},
		{"p-value against another cipher image", f.beatsOther.p, ""},
		{"PSNR restored", stat.Mean(psnr, nil), "dB"}, {"correlation restored", stat.Mean(correlation, nil), ""},
	}
	f.pictures = []Picture{
		{"cipher", "what the attacker has", ciphers[0]}, {"guess", "the mean image of his pairs", guess},
		{"restored", "what the network restores", found[0]}, {"plain", "the plain image", t.many[0]},
	}
	return f
}

// gain is the mean of paired differences, with its 95 % interval, and the probability of one as large where there is no gain (Student's t,
// one-sided).
type gain struct{ mean, low, high, p float64 }

func gainOf(a, b []float64) gain {
	n := float64(len(a))
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	mean, sd := stat.MeanStdDev(d, nil)
	if sd == 0 || n < 2 { // equal differences: of none, nothing follows
		return gain{mean, mean, mean, map[bool]float64{true: 0, false: 1}[mean > 0 && n >= 2]}
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}
	margin := t.Quantile(0.975) * sd / math.Sqrt(n)
	return gain{mean, mean - margin, mean + margin, t.Survival(mean * math.Sqrt(n) / sd)}
}
