package main

import (
	"fmt"
	"io"

	"keygan/infer"
	"keygan/internal/atomicfile"

	"github.com/spf13/cobra"
)

func (a *app) exportONNXCommand() *cobra.Command {
	var (
		out   string
		force bool
	)
	c := &cobra.Command{
		Use:   "export-onnx GENERATOR.npz -o generator.onnx",
		Short: "Write a generator as an ONNX model, for other runtimes",
		Long: `Write a generator as an ONNX model (operator set 13). Its input is image, float32 [batch, channels, height, width]: samples in the
value range that keygan inspect shows, height and width multiples of 4. Its output is key, of the same shape. Where the key is made
from noise only, the input is latent, [batch, numbers, 1, 1]. Other noise is an input as well, normally distributed: noise, of the
shape of the image, and noise_1, noise_2, … [batch, 1, h, w] for the layers that add it.

Another runtime adds up in another order. Its keys may differ from keygan's by a grey level here and there, and then open nothing
that was encrypted with keygan's.`,
		Args: oneArg("generator"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case out == "":
				return hinted{usagef("export-onnx: no output file given"), "-o generator.onnx names it"}
			case identity(out) == identity(args[0]):
				return hinted{usagef("export-onnx: %s: the output would be the input", out), "-o names another file"}
			case !force && exists(out):
				return fmt.Errorf("export-onnx: %s: %w", out, atomicfile.ErrExists)
			}
			m, err := loadGenerator(args[0])
			if err != nil {
				return fmt.Errorf("export-onnx: %w", err)
			}
			err = a.write(cmd.Context(), "", force, atomicfile.File{Path: out, Perm: public, Write: func(w io.Writer) error {
				return infer.WriteONNX(w, m)
			}})
			if err != nil {
				return fmt.Errorf("export-onnx: %w", err)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write")
	addForce(c, &force)
	return c
}
