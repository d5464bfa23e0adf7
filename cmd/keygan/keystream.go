package main

import (
	"strings"

	"keygan/batch"
	"keygan/cipher"
	"keygan/cmd/internal/cli"
	"keygan/internal/failure"
	"keygan/internal/fileerr"

	"github.com/spf13/cobra"
)

func (a *app) keystreamCommand() *cobra.Command {
	var o batch.KeystreamOptions
	var seed uint64
	c := &cobra.Command{
		Use:   "keystream --scheme S [--bytes N] [--seed N]",
		Short: "Write the keystream of a scheme to standard output, for tests of randomness",
		Long: `Write the keystream of a scheme to standard output, where PractRand, TestU01 or dieharder can read it. The keystream is what the
scheme makes of black images. Without --bytes it has no end; when the reader closes the pipe, keygan ends as well.

  keygan keystream --scheme sealed | dieharder -a -g 200
  keygan keystream --scheme logistic --bytes 15000000 | keygan randomness /dev/stdin --bits 1000000 --sequences 120

Each stream has fresh random keys. --seed makes the stream repeatable: use it for experiments only. A scheme that keeps one key for
all images has one stream. A scheme that makes a key for each image gives one image after the other, each with its own key; its
authentication tags are left out. Where a generator makes the keys, it makes them from X-rays of 256×256 pixels that keygan draws.

The schemes are ` + strings.Join(keystreamSchemes(), ", ") + `.`,
		Args: cli.NoArgs,
	}
	generator := addGenerator(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		changed := cmd.Flags().Changed
		out := a.Stdout
		if w, ok := out.(*fileerr.Writer); ok { // it would remember that the reader has gone, which is no error here
			out = w.W
		}
		switch {
		case o.Scheme == "":
			return failure.Hint(failure.Usagef("no scheme given"), "--scheme names one of "+strings.Join(keystreamSchemes(), ", "))
		case changed("bytes") && o.Bytes < 1:
			return failure.Usagef("--bytes %d: it must be at least 1", o.Bytes)
		case cli.IsTerminal(out):
			return failure.Hint(failure.Usagef("standard output is a terminal"), "pipe the bytes to a program, or into a file")
		case changed("seed"):
			o.Seed = &seed
		}
		o.Generator = generator()
		return batch.Keystream(cmd.Context(), out, o)
	}
	c.Flags().StringVar(&o.Scheme, "scheme", "", "whose keystream")
	c.Flags().Int64Var(&o.Bytes, "bytes", 0, "write `N` bytes (default: without end)")
	c.Flags().Uint64Var(&seed, "seed", 0, "a number that makes the stream repeatable, for experiments only")
	cli.Complete(c, "scheme", keystreamSchemes()...)
	return c
}

// keystreamSchemes are the schemes that have a keystream.
func keystreamSchemes() (names []string) {
	for _, name := range cipher.Names() {
		if cipher.Describe(name).Keystream != cipher.NoKeystream {
			names = append(names, name)
		}
	}
	return names
}
