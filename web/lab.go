package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"keygan/batch"
	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/evaluate/metrics"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"
)

// labSide is the width and height of the images in the key lab, in pixels: those of the published scheme.
const labSide = cipher.PaperSide

// alpha is the chance that random bytes fail one of the lab's tests.
const alpha = 0.01

// bench is an image in the key lab, and its key.
type bench struct {
	image      *raster.Image     // as it came, or in another window
	window     *imagefile.Window // in which it came; nil: none
	plain, key *raster.Image     // plain has the channels that the scheme and the key have
	service    *batch.Service    // whose network makes the key
	own        bool              // it is not the server's
	generator  string            // the SHA-256 of the network
}

// shown is a picture and what it looks like to a statistician.
type shown struct {
	PNG       []byte   `json:"png"`
	Histogram [256]int `json:"histogram"`
	Figures   []figure `json:"figures"`
}

// A figure is a measured value beside what random bytes have.
type figure struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Random string `json:"random"` // the range of 99 % of random images
	Passed bool   `json:"passed"`
}

func show(m *raster.Image) (*shown, error) {
	if m == nil {
		return nil, nil
	}
	var b bytes.Buffer
	if err := imagefile.EncodePNG(&b, m); err != nil {
		return nil, err
	}
	f := metrics.Measure(m)
	low, high := metrics.ChiSquareBand(alpha)
	floor := metrics.EntropyFloor(f.Bytes, alpha)
	s := &shown{PNG: b.Bytes(), Histogram: metrics.Histogram(m), Figures: []figure{
		{"Entropy, bits per byte", fmt.Sprintf("%.4f", f.Entropy), fmt.Sprintf("from %.4f", floor), f.Entropy >= floor},
		{"χ² of the histogram", fmt.Sprintf("%.0f", f.ChiSquare), fmt.Sprintf("%.0f to %.0f", low, high), low <= f.ChiSquare && f.ChiSquare <= high},
	}}
	if r := f.Correlation.Horizontal; r != nil {
		band := metrics.CorrelationBand((m.Width-1)*m.Height*m.Channels, alpha)
		s.Figures = append(s.Figures, figure{"Correlation of neighbours", fmt.Sprintf("%.4f", *r), fmt.Sprintf("%.4f to %.4f", -band, band), -band <= *r && *r <= band})
	}
	return s, nil
}

// all shows several pictures, by name; what is nil is left out.
func all(pictures map[string]*raster.Image, into map[string]any) (map[string]any, error) {
	for name, m := range pictures {
		s, err := show(m)
		if err != nil {
			return nil, err
		}
		if s != nil {
			into[name] = s
		}
	}
	return into, nil
}

// lab puts an image on the bench: an upload, one that keygan draws, or that of another bench. Its key is made by an item's network, or by
// that which the server has.
func (s *server) lab(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		File, Sample, Bench, Generator string
		Center, Width                  float64 // the window of File; width 0: its own
	}
	if err := question(w, r, &in); err != nil {
		return err
	}
	if in.Width != 0 && in.Width < 1 {
		return errRequest
	}
	b := &bench{service: s.service}
	if in.Generator != "" {
		i, done, err := s.shelf.use(in.Generator)
		if err != nil {
			return err
		}
		defer done()
		if b.service, b.own = i.generator, true; b.service == nil {
			return errGone
		}
	}
	err := s.fill(r.Context(), b, in.File, in.Sample, in.Bench, in.Center, in.Width)
	if err != nil {
		return err
	}
	plain := b.plain
	if b.key, b.generator, err = b.service.Key(r.Context(), plain); err != nil {
		return err
	}
	var schemes []scheme
	for _, name := range cipher.Writable() {
		schemes = append(schemes, schemeCalled(name))
	}
	out, err := all(map[string]*raster.Image{"plain": plain, "key": b.key}, map[string]any{
		"period": catmap.Period(labSide, 1, 1), "iterations": cipher.DefaultIterations, "schemes": schemes, "window": b.window,
	})
	if err != nil {
		return err
	}
	if out["id"], err = s.shelf.put(&item{bench: b}); err != nil {
		return err
	}
	return answer(w, out)
}

// fill puts the image on the bench.
func (s *server) fill(ctx context.Context, b *bench, file, sample, other string, center, width float64) (err error) {
	switch {
	case other != "":
		i, done, err := s.shelf.use(other)
		if err != nil {
			return err
		}
		defer done()
		if i.bench == nil {
			return errGone
		}
		b.image, b.window = i.bench.image, i.bench.window
	case file != "":
		defer s.shelf.drop(file)
		i, done, err := s.shelf.file(file)
		if err != nil {
			return err
		}
		defer done()
		if b.image, b.window, err = s.service.Picture(ctx, i.batchContent(), labSide, center, width); err != nil {
			return err
		}
	default:
		src, err := synthetic.New(sample, 1, labSide, uint64(time.Now().UnixNano()))
		if err != nil {
			return errRequest
		}
		if b.image, err = src.Image(0); err != nil {
			return err
		}
	}
	channels := 3
	if b.image.Channels < 3 || b.service.Arch().Channels < 3 {
		channels = 1
	}
	b.plain = b.image.Fit(labSide, channels).EightBits()
	return nil
}

const mostWeights = 256 << 20 // bytes of a file of weights; the published generator has 31 MB

// generator takes the network in an upload, or in a run's generator.npz.
func (s *server) generator(w http.ResponseWriter, r *http.Request) error {
	var in struct{ File, Run string }
	if err := question(w, r, &in); err != nil {
		return err
	}
	c, done, err := s.weights(in.File, in.Run)
	if err != nil {
		return err
	}
	defer done()
	if c.File.Size() > mostWeights {
		return fmt.Errorf("%s: is larger than %d bytes", c.Name, mostWeights)
	}
	service, err := s.service.With(r.Context(), c)
	if err != nil {
		return err
	}
	id, err := s.shelf.put(&item{name: c.Name, generator: service})
	if errors.Is(err, errTooMany) {
		err = failure.Hint(fmt.Errorf("at most %d networks besides the program's own are held at a time", mostGenerators), "Close other tabs.")
	}
	if err != nil {
		return err
	}
	a := service.Arch()
	return answer(w, map[string]any{"id": id, "network": a.Network, "size": a.ImageSize, "channels": a.Channels})
}

// weights opens an upload, which is forgotten afterwards, or a run's file.
func (s *server) weights(file, run string) (c batch.Content, done func(), err error) {
	if file != "" {
		i, free, err := s.shelf.file(file)
		if err != nil {
			return c, nil, err
		}
		return i.batchContent(), func() { free(); s.shelf.drop(file) }, nil
	}
	if _, err := s.runs.view(run); err != nil {
		return c, nil, err
	}
	name := path.Join(run, "generator.npz")
	f, err := regularfile.OpenIn(s.runs.Root, name)
	if err != nil {
		return c, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return c, nil, fileerr.Named(name, err)
	}
	return batch.Content{Name: name, File: io.NewSectionReader(f, 0, info.Size())}, func() { f.Close() }, nil
}

// trial is an image that is encrypted with a scheme.
type trial struct {
	bench
	system cipher.Cryptosystem
	params cipher.Params
	done   func()
}

// try reads a request about the bench.
func (s *server) try(w http.ResponseWriter, r *http.Request) (t trial, what string, err error) {
	var in struct {
		ID, Scheme, What string
		Iterations       int
	}
	if err := question(w, r, &in); err != nil {
		return t, "", err
	}
	if t.system, err = cipher.WritableByName(in.Scheme); err != nil {
		return t, "", errRequest
	}
	i, done, err := s.shelf.use(in.ID)
	if err != nil {
		return t, "", err
	}
	if i.bench == nil {
		done()
		return t, "", errGone
	}
	leave, err := enter(r.Context(), s.trials)
	if err != nil {
		done()
		return t, "", err
	}
	t.bench, t.done, t.params = *i.bench, func() { leave(); done() }, cipher.Params{Iterations: in.Iterations}
	return t, in.What, nil
}

func (t trial) secret(plain, key *raster.Image) (cipher.Secret, error) {
	in := cipher.Input{Plain: plain, Params: t.params}
	if t.system.Info().Takes != cipher.Nothing {
		in.Key, in.Network = key, &cipher.Network{Hash: t.generator}
	}
	if err := t.system.Check(plain, t.params); err != nil {
		return nil, err
	}
	return t.system.NewSecret(in)
}

// scramble shows the image after so many iterations of the cat map, which may be a whole period.
func (s *server) scramble(w http.ResponseWriter, r *http.Request) error {
	t, _, err := s.try(w, r)
	if err != nil {
		return err
	}
	defer t.done()
	if k := t.params.Iterations; k < 0 || k > catmap.Period(labSide, 1, 1) {
		return errRequest
	}
	out, err := all(map[string]*raster.Image{"scrambled": catmap.Apply(t.plain, 1, 1, t.params.Iterations)}, map[string]any{})
	if err != nil {
		return err
	}
	return answer(w, out)
}

// attempt encrypts the image and decrypts it again.
func (s *server) attempt(w http.ResponseWriter, r *http.Request) error {
	t, _, err := s.try(w, r)
	if err != nil {
		return err
	}
	defer t.done()
	secret, err := t.secret(t.plain, t.key)
	if err != nil {
		return err
	}
	c, err := secret.Encrypt(t.plain)
	if err != nil {
		return err
	}
	back, err := secret.Decrypt(c)
	if err != nil {
		return err
	}
	pictures := map[string]*raster.Image{"cipher": c, "decrypted": back}
	if l, ok := secret.(cipher.LayeredSecret); ok {
		pictures["stream"], pictures["scrambled"] = l.Layers(t.plain)
	}
	out, err := all(pictures, map[string]any{"same": bytes.Equal(back.Pix, t.plain.Pix)})
	if err != nil {
		return err
	}
	return answer(w, out)
}

// flip changes one bit of the image or of the key, and shows what that changes.
func (s *server) flip(w http.ResponseWriter, r *http.Request) error {
	t, what, err := s.try(w, r)
	if err != nil {
		return err
	}
	defer t.done()
	secret, err := t.secret(t.plain, t.key)
	if err != nil {
		return err
	}
	c, err := secret.Encrypt(t.plain)
	if err != nil {
		return err
	}
	var before, after *raster.Image
	switch what {
	case "image":
		before = c
		after, err = encryptFlipped(r.Context(), t, secret)
	case "key":
		before = t.plain
		var other cipher.Secret
		if other, err = secret.Flip(func(n int) int { return n / 2 }); err == nil {
			after, err = other.Decrypt(c)
		}
		if errors.Is(err, cipher.ErrRefused) {
			return answer(w, map[string]any{"refused": err.Error()})
		}
	default:
		err = errRequest
	}
	if err != nil {
		return err
	}
	found, err := metrics.Compare(before, after)
	if err != nil {
		return err
	}
	npcr, _ := metrics.NPCRExpected(before.Samples(), before.Max())
	uaci, _ := metrics.UACIExpected(before.Samples(), before.Max())
	out, err := all(map[string]*raster.Image{"after": after, "difference": difference(before, after)}, map[string]any{
		"npcr": found.NPCR, "uaci": found.UACI, "randomNPCR": npcr, "randomUACI": uaci, "fresh": t.system.Info().Fresh, "kept": t.system.Info().Kept(),
	})
	if err != nil {
		return err
	}
	return answer(w, out)
}

// encryptFlipped encrypts the image with the lowest bit of its middle sample changed: under the key that the network makes of that, or
// under the same secret, if a scheme keeps one for all images.
func encryptFlipped(ctx context.Context, t trial, kept cipher.Secret) (*raster.Image, error) {
	plain := t.plain.Clone()
	plain.Pix[len(plain.Pix)/2+plain.Width*plain.Channels/2] ^= 1
	if t.system.Info().Kept() {
		return kept.Encrypt(plain)
	}
	key, _, err := t.service.Key(ctx, plain)
	if err != nil {
		return nil, err
	}
	secret, err := t.secret(plain, key)
	if err != nil {
		return nil, err
	}
	return secret.Encrypt(plain)
}

// difference is white where two images differ.
func difference(a, b *raster.Image) *raster.Image {
	d := raster.NewImage(a.Width, a.Height, 1, 8)
	for i := range a.Pix {
		if a.Pix[i] != b.Pix[i] {
			d.Pix[i/a.Channels] = 255
		}
	}
	return d
}
