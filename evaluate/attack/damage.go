package attack

import (
	"fmt"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A damage is what happens to a cipher image on its way.
type damage struct {
	name  string
	share float64 // of the pixels that are lost
	do    func(b *bench, m *raster.Image)
}

var damages = []damage{
	{"salt and pepper", 0.05, func(b *bench, m *raster.Image) { saltAndPepper(b, m, 0.05) }},
	{"crop 1/16", 1. / 16, func(_ *bench, m *raster.Image) { crop(m, 4) }},
	{"crop 1/4", 1. / 4, func(_ *bench, m *raster.Image) { crop(m, 2) }},
}

// saltAndPepper makes a share of the pixels black or white.
func saltAndPepper(b *bench, m *raster.Image, share float64) {
	r := b.random("salt and pepper")
	for p := range m.Width * m.Height {
		if r.Float64() >= share {
			continue
		}
		v := byte(255 * r.IntN(2))
		for c := range m.Channels {
			m.Pix[p*m.Channels+c] = v
		}
	}
}

// crop makes a square in the middle black, of 1/part of the image's side.
func crop(m *raster.Image, part int) {
	n := m.Width / part
	from := (m.Width - n) / 2
	for x := from; x < from+n; x++ {
		clear(m.Pix[(x*m.Width+from)*m.Channels:][:n*m.Channels])
	}
}

// damaged is attack 14, rather a price than an attack: what survives when the cipher image is damaged. A cryptosystem that lets chance
// change the image in silence lets an attacker do so as well.
func damaged(b *bench, t *target) Result {
	plain := t.plain[0]
	r := Result{
		Expected:  "weak: the image degrades gently, PSNR ≈ 22.5, 21.5 and 15.5 dB; strong: it is refused, which is a trade-off",
		Criterion: "a damaged cipher image is opened, and the plain image is seen in what comes out, r ≥ 0.3",
	}
	secret := b.secretOf(t, plain)
	cipherImage := must(secret.Encrypt(plain))
	lost, refused := metrics.ExpectedMSE(plain), 0
	for _, d := range damages {
		m := cipherImage.Clone()
		d.do(b, m)
		found, err := secret.Decrypt(m)
		if err != nil {
			refused++
			continue
		}
		f := judge(found, plain)
		psnr := must(metrics.PSNR(found, plain))
		r.Succeeded = r.Succeeded || f.visible()
		r.Measured = append(r.Measured, Value{"PSNR after " + d.name, psnr, "dB"},
			Value{"expected of a uniform key after " + d.name, metrics.PSNROf(d.share*lost, plain.Max()), "dB"})
		r.Pictures = append(r.Pictures, Picture{slug(d.name), "decrypted after " + d.name, found})
	}
	switch {
	case refused > 0:
		r.Measured = append(r.Measured, Value{"damaged images", float64(len(damages)), ""},
			Value{"damaged images refused", float64(refused), ""})
		r.Conclusion = fmt.Sprintf("%d of %d damaged cipher images are refused. This is the price of authentication: a bit that is "+
			"wrong anywhere, and the image does not open. Keep copies.",
			refused, len(damages))
	case r.Succeeded:
		r.Conclusion = fmt.Sprintf("A damaged cipher image opens, with the damage spread or in its place: PSNR %.1f, %.1f and %.1f dB. "+
			"The same holds for what an attacker changes.",
			r.Measured[0].Value, r.Measured[2].Value, r.Measured[4].Value)
	default:
		r.Conclusion = "A damaged cipher image opens, and what comes out does not show the plain image."
	}
	return r
}
