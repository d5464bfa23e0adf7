package cipher

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"keygan/data/raster"
)

// The keystream is what a system makes of black images, one secret an image, or one for all. Every system that says it has one is tried.
func TestKeystreamOf(t *testing.T) {
	const side, images = PaperSide, 3
	for _, c := range systems {
		info := c.Info()
		inputs := func() func() (Input, error) {
			random, key := rand.NewChaCha8([32]byte{1}), rand.NewChaCha8([32]byte{2})
			return func() (Input, error) {
				in := Input{Plain: raster.NewImage(side, side, 3, 8), Params: Params{Iterations: DefaultIterations}, Random: random}
				if info.Takes == KeyImage {
					in.Key = raster.NewImage(side, side, 3, 8)
					key.Read(in.Key.Pix)
				}
				return in, nil
			}
		}
		if info.Name == constantKey.about.Name {
			continue // it is there to repeat itself
		}
		stream, err := KeystreamOf(c, inputs())
		if info.Keystream == NoKeystream {
			if err == nil {
				t.Errorf("%s: no error", info.Name)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", info.Name, err)
			continue
		}
		var want []byte
		next := inputs()
		for range images {
			in, _ := next()
			height := side
			if info.Kept() {
				height = side * images
			}
			secret, err := c.NewSecret(in)
			if err != nil {
				t.Fatal(err)
			}
			out, err := secret.Encrypt(raster.NewImage(side, height, 3, 8))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, out.Pix...)
			if info.Kept() {
				break
			}
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(stream, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: another keystream (%v)", info.Name, err)
		}
		if slices.Equal(got[:1000], got[len(got)/images:][:1000]) {
			t.Errorf("%s: the stream repeats", info.Name)
		}
	}
}
