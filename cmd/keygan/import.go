package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"keygan/batch"
	"keygan/batch/job"
	"keygan/cmd/internal/cli"
	"keygan/infer"
	"keygan/infer/statedict"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"

	"github.com/spf13/cobra"
)

// conversion is what import and export-onnx share: one file is made of another.
type conversion struct {
	app   *app
	out   string
	force bool
}

func (v *conversion) addFlags(c *cobra.Command) {
	c.Flags().StringVarP(&v.out, "output", "o", "", "the file to write")
	cli.AddForce(c, &v.force)
}

// check checks what can be checked before the input is read.
func (v *conversion) check(path, example string) error {
	switch {
	case v.out == "":
		return failure.Hint(failure.Usagef("no output file given"), "-o "+example+" names it")
	case job.SameName(v.out, path):
		return failure.Hint(failure.Usagef("%s: the output would be the input", v.out), "name another file with -o")
	case !v.force && job.Exists(v.out):
		return fmt.Errorf("%s: %w", v.out, atomicfile.ErrExists)
	}
	return nil
}

func (v *conversion) write(ctx context.Context, write func(io.Writer) error) error {
	return v.app.Guard(ctx, func() error {
		return atomicfile.WriteAll("", v.force, atomicfile.File{Path: v.out, Perm: batch.Public, Write: write})
	})
}

func (a *app) exportONNXCommand() *cobra.Command {
	v := conversion{app: a}
	c := &cobra.Command{
		Use:   "export-onnx GENERATOR.npz -o generator.onnx",
		Short: "Write a generator as an ONNX model, for other runtimes",
		Long: `Write a generator as an ONNX model (operator set 13). Its input is image, float32 [batch, channels, height, width]: samples
in the value range that keygan inspect shows, height and width multiples of 4. Its output is key, of the same shape. Where the key is made
from noise only, the input is latent, [batch, numbers, 1, 1]. Other noise is an input as well, normally distributed: noise, of the shape
of the image, and noise_1, noise_2, … [batch, 1, h, w] for the layers that add it.

Another runtime adds up in another order. Its keys may differ from keygan's by a grey level here and there, and then open nothing
that was encrypted with keygan's.`,
		Args: cli.OneArg("generator"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := v.check(args[0], "generator.onnx"); err != nil {
				return err
			}
			m, err := batch.LoadGenerator(args[0])
			if err != nil {
				return err
			}
			return v.write(cmd.Context(), func(w io.Writer) error { return infer.WriteONNX(w, m) })
		},
	}
	v.addFlags(c)
	return c
}

type importer struct {
	conversion
	key        string
	options    statedict.Options
	sizeChosen bool
}

func (a *app) importCommand() *cobra.Command {
	i := importer{conversion: conversion{app: a}}
	c := &cobra.Command{
		Use:   "import MODEL.pth -o generator.npz [--key NAME] [--image-size N] [--input-noise SIGMA]",
		Short: "Turn weights that PyTorch saved into generator.npz",
		Long: `Turn a PyTorch state dict into generator.npz. The file is one of torch.save, new (zip) or old, and holds a resnet, dcgan or
chaos generator, by itself or in a checkpoint: under generator_state_dict or another usual name, or under the one that --key gives. The
prefixes of DataParallel and torch.compile are taken off.

  keygan import generator.pth -o generator.npz
  keygan import checkpoint.pth --key netG -o generator.npz

The names and shapes of the tensors tell the network, its width, residual blocks, channels and latent numbers, biases, batch norm,
instance norm with parameters, and noise after residual blocks. Each tensor is checked. Flags give what leaves no trace in a state
dict: the size of the training images; the noise that chaos adds to the image; LeakyReLU, of slope 0.2, in place of ReLU; and norms
without parameters, for which instance norm is assumed. Numbers become float32: float16 and bfloat16 exactly, float64 rounded.
num_batches_tracked is left out.

A PyTorch file can hold a program. keygan never runs any of it: it refuses a file that asks for more than tensors and containers.`,
		Args: cli.OneArg("PyTorch file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			i.sizeChosen = cmd.Flags().Changed("image-size")
			return i.run(cmd, args[0])
		},
	}
	i.addFlags(c)
	c.Flags().StringVar(&i.key, "key", "", "the entry of the checkpoint that is the generator's state dict")
	c.Flags().IntVar(&i.options.ImageSize, "image-size", 256, "side of the training images, in pixels; dcgan's follows from its layers")
	c.Flags().StringVar(&i.options.Norm, "norm", infer.NormInstance, "norm of a network whose norms have no tensors: instance or none")
	c.Flags().StringVar(&i.options.Activation, "activation", infer.ActivationReLU,
		"activation of a resnet or dcgan, except the last layer: relu or leaky_relu")
	c.Flags().Float32Var(&i.options.InputNoise, "input-noise", 0,
		"σ of the noise that a chaos generator adds to the image, as a share of the value range")
	return c
}

func (i *importer) run(cmd *cobra.Command, path string) error {
	if err := i.checkFlags(path); err != nil {
		return err
	}
	d, err := statedict.ReadFile(path, i.key)
	if err != nil {
		return withImportHint(err)
	}
	arch, params, err := statedict.Generator(d, i.options)
	if err == nil {
		err = i.checkUsed(arch)
	}
	if err != nil {
		return withImportHint(fileerr.Named(path, err))
	}
	// Wrong numbers are the fault of the file that was read. They are found before the other file is begun.
	var file bytes.Buffer
	if err := infer.Write(&file, arch, params); err != nil {
		return fileerr.Named(path, err)
	}
	err = i.write(cmd.Context(), func(w io.Writer) error { _, err := file.WriteTo(w); return err })
	if err == nil && !i.app.Quiet {
		fmt.Fprintf(i.app.Stderr, "keygan: import: %s: %s\n", cli.Shown(i.out), describeImport(d, arch))
	}
	return err
}

// checkFlags checks what can be checked without the file.
func (i *importer) checkFlags(path string) error {
	for _, choice := range []struct {
		what, value string
		known       [2]string
	}{
		{"norm", i.options.Norm, [2]string{infer.NormInstance, statedict.NoNorm}},
		{"activation", i.options.Activation, [2]string{infer.ActivationReLU, infer.ActivationLeakyReLU}},
	} {
		if !slices.Contains(choice.known[:], choice.value) {
			return failure.Usagef("unknown %s %q, known: %s, %s", choice.what, choice.value, choice.known[0], choice.known[1])
		}
	}
	return i.check(path, "generator.npz")
}

// checkUsed refuses flags that the network in the file has no use for.
func (i *importer) checkUsed(a infer.Arch) error {
	withParameters := func(l infer.Layer) bool { return l.Norm == infer.NormBatch || l.Norm == infer.NormInstanceAffine }
	switch {
	case i.options.InputNoise != 0 && a.Network != infer.NetworkChaos:
		return failure.Usagef("--input-noise is for chaos generators, this is a %s generator", a.Network)
	case i.sizeChosen && a.ImageSize != i.options.ImageSize:
		return failure.Usagef("--image-size is %d, but the layers make images of %d", i.options.ImageSize, a.ImageSize)
	case i.options.Norm == statedict.NoNorm && slices.ContainsFunc(a.Layers, withParameters):
		return failure.Usagef("--norm is none, but there are norms with parameters")
	}
	return nil
}

// describeImport says what was found, and what was assumed.
func describeImport(d *statedict.Dict, a infer.Arch) string {
	s := fmt.Sprintf("a %s generator, %d parameters, %d channels, %d×%d", a.Network, a.Parameters(), a.Channels, a.ImageSize, a.ImageSize)
	if a.Layers[0].Norm == infer.NormInstance {
		s += "; no norm has a tensor, so instance norm is assumed"
	}
	var others []string
	for _, p := range a.Params() {
		if t := d.Type(p.Name); t != "float32" && !slices.Contains(others, t) {
			others = append(others, t)
		}
	}
	if len(others) > 0 {
		s += "; converted from " + strings.Join(others, ", ")
	}
	return s
}

// withImportHint names the likely fix of a file that is refused.
func withImportHint(err error) error {
	var refused *statedict.RefusedError
	var key *statedict.KeyError
	switch {
	case errors.As(err, &refused):
		return failure.Hint(err, `save only the weights, in Python: torch.save(generator.state_dict(), "generator.pth")`)
	case errors.As(err, &key) && len(key.Keys) > 0:
		return failure.Hint(err, fmt.Sprintf("state dicts are under %.300q; --key names the generator's", key.Keys))
	}
	return err
}
