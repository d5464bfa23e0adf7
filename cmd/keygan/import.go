package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"keygan/infer"
	"keygan/infer/statedict"
	"keygan/internal/atomicfile"

	"github.com/spf13/cobra"
)

type importer struct {
	app               *app
	out, key          string
	options           statedict.Options
	force, sizeChosen bool
}

func (a *app) importCommand() *cobra.Command {
	i := importer{app: a}
	c := &cobra.Command{
		Use:   "import MODEL.pth -o generator.npz [--key NAME] [--image-size N] [--input-noise SIGMA]",
		Short: "Turn weights that PyTorch saved into generator.npz",
		Long: `Turn a PyTorch state dict into generator.npz. The file is one of torch.save, new (zip) or old, and holds a resnet, dcgan or chaos
generator, by itself or in a checkpoint: under generator_state_dict or another usual name, or under the one that --key gives. The
prefixes of DataParallel and torch.compile are taken off.

The names and shapes of the tensors tell the network, its width, residual blocks, channels and latent numbers, biases, batch norm,
instance norm with parameters, and noise after residual blocks. Each tensor is checked. Flags give what leaves no trace in a state
dict: the size of the training images; the noise that chaos adds to the image; LeakyReLU, of slope 0.2, in place of ReLU; and norms
without parameters, for which instance norm is assumed. Numbers become float32: float16 and bfloat16 exactly, float64 rounded.
num_batches_tracked is left out.

A PyTorch file can hold a program. keygan never runs any of it: it refuses a file that asks for more than tensors and containers.`,
		Args: oneArg("file of PyTorch"),
		RunE: func(cmd *cobra.Command, args []string) error {
			i.sizeChosen = cmd.Flags().Changed("image-size")
			return i.run(cmd, args[0])
		},
	}
	c.Flags().StringVarP(&i.out, "output", "o", "", "the file to write")
	c.Flags().StringVar(&i.key, "key", "", "the entry of the checkpoint that is the generator's state dict")
	c.Flags().IntVar(&i.options.ImageSize, "image-size", 256, "side of the training images, in pixels; dcgan's follows from its layers")
	c.Flags().StringVar(&i.options.Norm, "norm", infer.NormInstance, "norm of a network whose norms have no tensors: instance or none")
	c.Flags().StringVar(&i.options.Activation, "activation", infer.ActivationReLU, "activation of a resnet or dcgan, except the last layer: relu or leaky_relu")
	c.Flags().Float32Var(&i.options.InputNoise, "input-noise", 0, "σ of the noise that a chaos generator adds to the image, as a share of the value range")
	addForce(c, &i.force)
	return c
}

// oneArg asks for one argument.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return hinted{usagef("%s takes one %s", c.Name(), what), "keygan " + c.Use}
		}
		return nil
	}
}

func (i *importer) run(cmd *cobra.Command, path string) error {
	if err := i.checkFlags(path); err != nil {
		return err
	}
	d, err := statedict.ReadFile(path, i.key)
	if err != nil {
		return importHint(fmt.Errorf("import: %w", err))
	}
	arch, params, err := statedict.Generator(d, i.options)
	if err == nil {
		err = i.checkUsed(arch)
	}
	if err != nil {
		return importHint(fmt.Errorf("import: %w", named(path, err)))
	}
	// Numbers that are wrong are the fault of the file that was read, so they are found before the other is begun.
	var file bytes.Buffer
	if err := infer.Write(&file, arch, params); err != nil {
		return fmt.Errorf("import: %w", named(path, err))
	}
	err = i.app.write(cmd.Context(), "", i.force, atomicfile.File{Path: i.out, Perm: public, Write: func(w io.Writer) error {
		_, err := file.WriteTo(w)
		return err
	}})
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if !i.app.quiet {
		fmt.Fprintf(i.app.stderr, "keygan: %s: %s\n", i.out, describeImport(d, arch))
	}
	return nil
}

// checkFlags checks what can be checked without the file.
func (i *importer) checkFlags(path string) error {
	switch {
	case i.out == "":
		return hinted{usagef("import: no output file given"), "-o generator.npz names it"}
	case identity(i.out) == identity(path):
		return hinted{usagef("import: %s: the output would be the input", i.out), "-o names another file"}
	case i.options.Norm != infer.NormInstance && i.options.Norm != statedict.NoNorm:
		return usagef("import: unknown norm %q, known: %s, %s", i.options.Norm, infer.NormInstance, statedict.NoNorm)
	case i.options.Activation != infer.ActivationReLU && i.options.Activation != infer.ActivationLeakyReLU:
		return usagef("import: unknown activation %q, known: %s, %s", i.options.Activation, infer.ActivationReLU, infer.ActivationLeakyReLU)
	case !i.force && exists(i.out):
		return fmt.Errorf("import: %s: %w", i.out, atomicfile.ErrExists)
	}
	return nil
}

// checkUsed refuses flags that the network in the file has no use for.
func (i *importer) checkUsed(a infer.Arch) error {
	norms := func(norm string) bool {
		return slices.ContainsFunc(a.Layers, func(l infer.Layer) bool { return l.Norm == norm })
	}
	switch {
	case i.options.InputNoise != 0 && a.Network != infer.NetworkChaos:
		return usagef("--input-noise is for chaos generators, this is a %s generator", a.Network)
	case i.sizeChosen && a.ImageSize != i.options.ImageSize:
		return usagef("--image-size is %d, but the layers make images of %d", i.options.ImageSize, a.ImageSize)
	case i.options.Norm == statedict.NoNorm && (norms(infer.NormBatch) || norms(infer.NormInstanceAffine)):
		return usagef("--norm is none, but there are norms with parameters")
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

// weightsHint names the likely fix for a file that does not hold weights, or not as this program reads them.
func weightsHint(path string) string {
	if statedict.IsFile(path) {
		return fmt.Sprintf("it is a file of PyTorch; turn it into weights with: keygan import %s -o generator.npz", path)
	}
	return "keygan-train makes weights, and writes those of a run again with: keygan-train export RUN -o generator.npz"
}

// importHint names the likely fix of a file that is refused.
func importHint(err error) error {
	var (
		refused *statedict.RefusedError
		key     *statedict.KeyError
	)
	switch {
	case errors.As(err, &refused):
		return hinted{err, `save the weights alone, in Python: torch.save(generator.state_dict(), "generator.pth")`}
	case errors.As(err, &key) && len(key.Keys) > 0:
		return hinted{err, fmt.Sprintf("state dicts are under %.300q; --key names the generator's", key.Keys)}
	}
	return err
}
