package batch

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"syscall"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/internal/failure"
)

// KeystreamOptions say which keystream is written, and how much of it.
type KeystreamOptions struct {
	Scheme    string
	Bytes     int64   // 0: without end
	Seed      *uint64 // makes the stream repeatable; nil: secrets come from crypto/rand
	Generator GeneratorOptions
}

// keystreamSide is the width and height of the black images that a scheme without a key image encrypts, in pixels: 3 MiB in RGB.
const keystreamSide = 1024

// Keystream writes the keystream of a scheme to w, until a reader closes the pipe. A scheme that takes a key image gets those of drawn
// X-rays, a new one for each 256×256 image.
func Keystream(ctx context.Context, w io.Writer, o KeystreamOptions) error {
	system, err := cipher.ByName(o.Scheme)
	if err != nil {
		return &failure.UsageError{Err: err}
	}
	next, err := o.inputs(system.Info())
	if err != nil {
		return err
	}
	stream, err := cipher.KeystreamOf(system, next)
	if err != nil {
		return failure.Hint(&failure.UsageError{Err: err}, "see the schemes in: keygan help keystream")
	}
	if o.Bytes > 0 {
		stream = io.LimitReader(stream, o.Bytes)
	}
	buffer, written := make([]byte, 1<<16), int64(0)
	for {
		if ctx.Err() != nil {
			return failure.ErrInterrupted
		}
		n, err := io.ReadFull(stream, buffer)
		written += int64(n)
		if _, err := w.Write(buffer[:n]); errors.Is(err, syscall.EPIPE) {
			return nil
		} else if err != nil {
			return err
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return err
		case written < o.Bytes || o.Bytes == 0:
			return errors.New("the keystream ends after one image, because every image has the same")
		default:
			return nil
		}
	}
}

// inputs returns what makes the secrets of one image after the other.
func (o KeystreamOptions) inputs(info cipher.Info) (func() (cipher.Input, error), error) {
	in := cipher.Input{Params: cipher.Params{Iterations: cipher.DefaultIterations}}
	seed := rand.Uint64()
	if o.Seed != nil {
		seed = *o.Seed
		var key [32]byte
		binary.BigEndian.PutUint64(key[:], seed)
		in.Random = rand.NewChaCha8(key)
	}
	if info.Takes != cipher.KeyImage {
		if o.Generator != (GeneratorOptions{}) {
			return nil, failure.Usagef("the scheme %s takes no generator here, so --weights and --noise-seed do not apply", info.Name)
		}
		in.Plain = raster.NewImage(keystreamSide, keystreamSide, 3, 8)
		return func() (cipher.Input, error) { return in, nil }, nil
	}
	generator, err := newGenerator(o.Generator)
	if err != nil {
		return nil, err
	}
	if generator.noiseSeed == nil && generator.model.TakesNoise() {
		generator.noiseSeed = o.Seed
	}
	images, err := synthetic.New("xray", 1<<30, cipher.PaperSide, seed)
	if err != nil {
		return nil, err
	}
	made := 0
	return func() (cipher.Input, error) {
		image, err := images.Image(made)
		if err != nil {
			return in, err
		}
		made++
		in.Key, err = generator.key(image)
		in.Plain = in.Key // of the shape that takes all bytes of the key
		return in, err
	}, nil
}
