package evaluate

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"keygan/cipher"
	"keygan/data"
	"keygan/evaluate/metrics"
	"keygan/infer"
)

// A keyGenerator makes a key image of an image, and of noise if it takes any; *infer.Model is one.
type keyGenerator interface {
	KeyFrom(img *data.Image, seed infer.Seed) (*data.Image, error)
}

// experiment measures the sources one after the other. Keys are what takes the time: each is made once and serves every
// scheme. No more than a few images are in memory at a time.
type experiment struct {
	cfg      Config
	channels int // of the plain images and of the keys
	keys     keyGenerator
	schemes  []cipher.Scheme
	progress func(done, total int, what string)
	done     int // keys made
	total    int
}

// specimen is an image with all that was made of it.
type specimen struct {
	plain, key *data.Image
	noise      infer.Seed  // of the key, and of those of its one-bit changes
	encrypted  []encrypted // by scheme
}

type encrypted struct {
	scheme    string
	scrambled *data.Image // after the cat map; nil where the scheme has none
	cipher    *data.Image
	decrypted *data.Image
}

// measured is the outcome for one source.
type measured struct {
	info    SourceInfo
	results results
	first   *specimen
}

// noise is the seed of the keys of one image of a source, for generators that take noise. A copy with one bit changed has the
// same, so that what is compared is what the generator makes of the bit: with other noise any two keys would differ.
func (e *experiment) noise(source string, index int) infer.Seed {
	b := []byte("keygan evaluate noise 1\n")
	b = binary.BigEndian.AppendUint64(b, e.cfg.Seed)
	b = binary.BigEndian.AppendUint64(b, uint64(index))
	return sha256.Sum256(append(b, source...))
}

// key makes one key, and counts it.
func (e *experiment) key(ctx context.Context, plain *data.Image, noise infer.Seed, what string) (*data.Image, time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if e.progress != nil {
		e.progress(e.done, e.total, what)
	}
	start := time.Now()
	key, err := e.keys.KeyFrom(plain, noise)
	if err != nil {
		return nil, 0, fmt.Errorf("key: %w", err)
	}
	e.done++
	return key, time.Since(start), nil
}

// planned is how many images of a source will be measured.
func (e *experiment) planned(src data.Source) int { return min(e.cfg.Images, src.Len()) }

// source measures one source. Images are drawn without replacement; one that cannot be read is noted and the next taken.
func (e *experiment) source(ctx context.Context, s Source, src data.Source) (*measured, error) {
	name := fnv.New64a()
	io.WriteString(name, s.Name)
	rng := rand.New(rand.NewPCG(e.cfg.Seed, name.Sum64()))
	order := rng.Perm(src.Len())
	count := e.planned(src)
	slices.Sort(order[:count]) // as a reader would list them

	out := &measured{info: SourceInfo{Name: s.Name, From: s.Spec.String(), Available: src.Len()}, results: results{}}
	var previous *data.Image // key of the image before
	for _, index := range order {
		k := len(out.info.Images)
		if k == count {
			break
		}
		plain, err := e.plain(src, index)
		if err != nil {
			out.info.Unreadable = append(out.info.Unreadable, err.Error())
			continue
		}
		sp, err := e.image(ctx, out.results, plain, e.noise(s.Name, index), fmt.Sprintf("%s: image %d of %d", s.Name, k+1, count))
		if err != nil {
			return nil, fmt.Errorf("source %s, %s: %w", s.Name, src.Name(index), err)
		}
		if previous != nil {
			if err := differential(out.results, RawKey, idNPCRKeyKey, idUACIKeyKey, previous, sp.key); err != nil {
				return nil, err
			}
		}
		previous = sp.key
		// The changes are dealt out over the images like cards.
		changes := e.cfg.Changes / count
		if k < e.cfg.Changes%count {
			changes++
		}
		if err := e.oneBitChanges(ctx, out.results, sp, changes, rng, fmt.Sprintf("%s: one-bit changes, image %d of %d", s.Name, k+1, count)); err != nil {
			return nil, fmt.Errorf("source %s, %s: %w", s.Name, src.Name(index), err)
		}
		out.info.Changes += changes
		if out.first == nil {
			out.first = sp
		}
		out.info.Images = append(out.info.Images, src.Name(index))
	}
	if len(out.info.Images) == 0 {
		return nil, fmt.Errorf("source %s: none of its %d images can be read; the first: %s", s.Name, src.Len(), out.info.Unreadable[0])
	}
	if len(out.info.Images) == 1 {
		for _, id := range []string{idNPCRKeyKey, idUACIKeyKey} {
			out.results.at(RawKey, id).reason = "not measured: it takes two images"
		}
	}
	return out, nil
}

// plain reads an image and brings it to what the generator and the schemes take: size × size, the generator's channels,
// 8 bits.
func (e *experiment) plain(src data.Source, index int) (*data.Image, error) {
	m, err := src.Image(index)
	if err != nil {
		return nil, err
	}
	m = m.Convert(e.channels)
	if m.Width != e.cfg.Size || m.Height != e.cfg.Size {
		m = m.Resize(e.cfg.Size, e.cfg.Size)
	}
	return eightBits(m), nil
}

// eightBits rounds 16-bit samples to the nearest of 256 levels.
func eightBits(m *data.Image) *data.Image {
	if m.Depth == 8 {
		return m
	}
	out := data.NewImage(m.Width, m.Height, m.Channels, 8)
	for i := range out.Pix {
		out.Pix[i] = byte((m.Sample(i)*255 + 65535/2) / 65535)
	}
	return out
}

// image takes every metric of one image that needs only its own key.
func (e *experiment) image(ctx context.Context, r results, plain *data.Image, noise infer.Seed, what string) (*specimen, error) {
	key, took, err := e.key(ctx, plain, noise, what)
	if err != nil {
		return nil, err
	}
	r.add(RawKey, idKeyTime, milliseconds(took))
	statisticsOf(r, PlainImage, plain)
	statisticsOf(r, RawKey, key)
	sp := &specimen{plain: plain, key: key, noise: noise}
	for _, s := range e.schemes {
		one, err := e.scheme(r, s, plain, key)
		if err != nil {
			return nil, fmt.Errorf("scheme %s: %w", s.Name(), err)
		}
		sp.encrypted = append(sp.encrypted, one)
	}
	return sp, nil
}

func (e *experiment) params() cipher.Params { return e.cfg.params() }

// scheme encrypts and decrypts one image and compares the three.
func (e *experiment) scheme(r results, s cipher.Scheme, plain, key *data.Image) (encrypted, error) {
	name := s.Name()
	start := time.Now()
	secret, keyFile, err := s.Encrypt(plain, key, e.params())
	if err != nil {
		return encrypted{}, err
	}
	r.add(name, idEncryptTime, milliseconds(time.Since(start)))
	decrypted, err := s.Decrypt(secret, keyFile)
	if err != nil {
		return encrypted{}, err
	}
	var size byteCount
	if err := keyFile.Write(&size); err != nil {
		return encrypted{}, err
	}
	r.add(name, idKeyBytes, float64(size))
	statisticsOf(r, name, secret)
	if err := plainAgainstCipher(r, name, plain, secret); err != nil {
		return encrypted{}, err
	}
	if err := plainAgainstDecrypted(r, name, plain, decrypted); err != nil {
		return encrypted{}, err
	}
	out := encrypted{scheme: name, cipher: secret, decrypted: decrypted}
	if p := keyFile.Params; p.Iterations > 0 {
		out.scrambled = cipher.CatMap(plain, p.A, p.B, p.Iterations)
	}
	return out, nil
}

// oneBitChanges runs everything again, key generation included, for copies of an image with one bit of one sample
// changed at a random place, and compares keys and ciphertexts with the unchanged image's.
func (e *experiment) oneBitChanges(ctx context.Context, r results, sp *specimen, count int, rng *rand.Rand, what string) error {
	for range count {
		plain := sp.plain.Clone()
		plain.Pix[rng.IntN(len(plain.Pix))] ^= 1 << rng.IntN(8)
		key, took, err := e.key(ctx, plain, sp.noise, what)
		if err != nil {
			return err
		}
		r.add(RawKey, idKeyTime, milliseconds(took))
		if err := differential(r, RawKey, idNPCRKeyOneBit, idUACIKeyOneBit, sp.key, key); err != nil {
			return err
		}
		for i, s := range e.schemes {
			secret, _, err := s.Encrypt(plain, key, e.params())
			if err != nil {
				return err
			}
			if err := differential(r, s.Name(), idNPCR, idUACI, sp.encrypted[i].cipher, secret); err != nil {
				return err
			}
		}
	}
	return nil
}

// statisticsOf adds entropy, χ² and the correlations of an image.
func statisticsOf(r results, scheme string, m *data.Image) {
	r.add(scheme, idEntropy, Entropy(m))
	r.add(scheme, idChiSquare, ChiSquare(m))
	for c := range m.Channels {
		for _, d := range Directions {
			v, err := Correlation(m, c, d)
			if errors.Is(err, ErrUndefined) {
				r.addUndefined(scheme, idCorrelation[d], err)
				continue
			}
			r.add(scheme, idCorrelation[d], v)
		}
	}
}

// differential adds the NPCR and the UACI of two images.
func differential(r results, scheme, npcrID, uaciID string, a, b *data.Image) error {
	npcr, err := NPCR(a, b)
	if err != nil {
		return err
	}
	uaci, err := UACI(a, b)
	if err != nil {
		return err
	}
	r.add(scheme, npcrID, npcr)
	r.add(scheme, uaciID, uaci)
	return nil
}

func plainAgainstCipher(r results, scheme string, plain, secret *data.Image) error {
	c, err := Compare(plain, secret)
	if err != nil {
		return err
	}
	expected := ExpectedMSE(plain)
	r.add(scheme, idNPCRPlainCipher, c.NPCR)
	r.addExpected(scheme, idUACIPlainCipher, c.UACI, ExpectedUACI(plain))
	r.addExpected(scheme, idMSE, c.MSE, expected)
	r.addExpected(scheme, idPSNR, metrics.PSNROf(c.MSE, plain.Max()), metrics.PSNROf(expected, plain.Max()))
	for id, v := range map[string]*float64{idSSIM: c.SSIM, idSSIMUniform7: c.SSIMUniform7} {
		if v != nil {
			r.add(scheme, id, *v)
		}
	}
	return nil
}

func plainAgainstDecrypted(r results, scheme string, plain, decrypted *data.Image) error {
	mse, err := MSE(plain, decrypted)
	if err != nil {
		return err
	}
	ssim, err := SSIM(plain, decrypted, Gaussian11)
	if err != nil {
		return err
	}
	r.add(scheme, idMSEDecrypted, mse)
	r.add(scheme, idPSNRDecrypted, metrics.PSNROf(mse, plain.Max()))
	r.add(scheme, idSSIMDecrypted, ssim)
	exact := 0.0
	if slices.Equal(plain.Pix, decrypted.Pix) {
		exact = 100
	}
	r.add(scheme, idExact, exact)
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// byteCount is a writer that only counts.
type byteCount int

func (c *byteCount) Write(p []byte) (int, error) {
	*c += byteCount(len(p))
	return len(p), nil
}
