package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"keygan/cipher/sealed"
	"keygan/data/imagefile/pngstream"
	"keygan/internal/atomicfile"

	"filippo.io/age"
)

// stream encrypts one input when - stands for standard input or output.
func (e *encrypt) stream(ctx context.Context, args []string) error {
	switch {
	case !e.sealed() || e.pixels:
		return usagef("encrypt: only files sealed as they are can be read from or written to - (standard input and output)")
	case len(args) != 1:
		return usagef("encrypt: - is one file, and %d are named", len(args))
	case e.resume || e.shard.count > 1:
		return usagef("encrypt: --resume and --shard are for folders")
	case e.out == "-" && e.keyOut == "":
		return hinted{usagef("encrypt: the cipher image goes to standard output, and the key file nowhere"), "--key-out FILE names it"}
	}
	in, size, err := e.openStream(args[0])
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	defer in.Close()
	o := in.options
	comment := ""
	if args[0] != "-" {
		if comment, err = e.lookAt(&o, args[0]); err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
	}
	defer clear(o.NetworkKey)
	key, err := sealed.NewFileKey(size, o)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	defer key.Wipe()
	keyFile, err := e.keyFile(key)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	image := atomicfile.File{Perm: public, Write: func(w io.Writer) error { return writeSealed(w, key, untilInterrupted{ctx, in, args[0]}, in.note...) }}
	if in.before != nil {
		image = in.before.unchanged(image)
	}
	if e.out != "-" {
		if !strings.HasSuffix(strings.ToLower(e.out), ".png") {
			return usagef("encrypt: %s: standard input has no name, so -o names the cipher image: FILE.png, or -", e.out)
		}
		p := pair{root: filepath.Dir(e.out), image: e.out, key: e.keyOut}
		if p.key == "" {
			p.key = keyFileBeside(e.out, e.sealedKeySuffix())
		}
		if err := e.checkOutputs(args[0], p.image, p.key); err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		if err := e.app.locked(ctx, func() error { clean(p.root, []string{p.key, p.image}); return nil }); err != nil {
			return err
		}
		if err := p.write(ctx, e.app, e.force, bytesOutput("", secret, keyFile), image); err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		return e.listing.single(e.app.stdout, "encrypt", args[0], []string{p.image, p.key}, comment)
	}
	if err := e.checkOutputs(args[0], e.keyOut); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	// A key file is not replaced, even with --force: nobody knows whether what goes to standard output arrives.
	err = neverReplaced(e.keyOut, e.app.locked(ctx, func() error {
		return atomicfile.WriteBefore(bytesOutput(e.keyOut, secret, keyFile), func() error {
			out := bufio.NewWriterSize(e.app.stdout, 1<<16)
			err := image.Write(out)
			if err == nil {
				err = out.Flush()
			}
			if err != nil {
				return named("standard output", err)
			}
			return nil
		})
	}))
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	return nil
}

// checkOutputs refuses outputs that are the input, each other or what the command was given.
func (e *encrypt) checkOutputs(in string, outputs ...string) error {
	if in == "-" {
		in = "/dev/stdin"
	}
	if err := conflicts([]job{{input: in, outputs: outputs}})[0]; err != nil {
		return err
	}
	return e.protected().refuse(outputs)
}

// streamInput is the one input of a command that reads or writes -.
type streamInput struct {
	io.Reader
	close   func() error
	options sealed.Options
	before  *snapshot // nil for standard input
	note    []pngstream.Text
}

func (s *streamInput) Close() error { return s.close() }

// openStream opens a file, or standard input, whose length it finds out.
func (e *encrypt) openStream(path string) (in *streamInput, size int64, err error) {
	if path == "-" {
		return spool(os.Stdin)
	}
	if err := refuseIdentity(path); err != nil {
		return nil, 0, err
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, 0, err
	}
	before, err := snapshotOf(path, f)
	if err == nil {
		in = &streamInput{Reader: f, close: f.Close, before: &before, note: before.note(e.how())}
		in.options, err = e.options(path, before)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return in, before.info.Size(), nil
}

// spool keeps standard input until its length is known, which a PNG says in its header. It lies on the disk encrypted, under a key
// that is in this process's memory only, in a file that has no name any more.
func spool(r io.Reader) (*streamInput, int64, error) {
	fail := func(f *os.File, err error) (*streamInput, int64, error) {
		if f != nil {
			f.Close()
		}
		return nil, 0, named("standard input", err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return fail(nil, err)
	}
	f, err := os.CreateTemp("", ".keygan-spool-*")
	if err != nil {
		return fail(nil, err)
	}
	remove := func() error { return nil }
	if os.Remove(f.Name()) != nil { // Windows removes no open file
		remove = func() error { return os.Remove(f.Name()) }
	}
	w, err := age.Encrypt(f, id.Recipient())
	if err != nil {
		return fail(f, err)
	}
	in := bufio.NewReaderSize(r, maxIdentityFile)
	if start, _ := in.Peek(maxIdentityFile); secretKey.Match(start) {
		return fail(f, errIdentity)
	}
	size, err := io.Copy(w, in)
	if err = errors.Join(err, w.Close()); err != nil {
		return fail(f, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fail(f, err)
	}
	plain, err := age.Decrypt(f, id)
	if err != nil {
		return fail(f, err)
	}
	return &streamInput{Reader: plain, close: func() error { return errors.Join(f.Close(), remove()) }}, size, nil
}
