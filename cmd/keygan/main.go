// Command keygan makes keys from medical images, encrypts and decrypts images with them, and measures how good that is. It
// needs no libtorch and no C.
//
//	keygan samples  -o images -n 2                                  built-in synthetic images
//	keygan keygen   scan.png -w generator.npz                       scan.key.png
//	keygan keypair  -o me.identity                                  an age identity; its recipient on standard error
//	keygan encrypt  scan.png -o out -r age1…                        out/scan.png.cipher.png and out/scan.png.key.age
//	keygan decrypt  out/scan.png.cipher.png -o back -i me.identity  back/scan.png
//	keygan rekey    scan.png.key.age -i me.identity -r age1…        a key file for another recipient
//	keygan dicom-secure scan.dcm --cert hospital.pem -o out         a Secure DICOM File, as the standard has it
//	keygan dicom-open out/scan.dcm.p7m --key me.pem -o back         back/scan.dcm
//	keygan inspect  out/scan.png.key.age -i me.identity             what a weights, key or image file holds
//	keygan metrics  scan.png out/scan.png.cipher.png                entropy, correlation, NPCR, PSNR, …
//	keygan randomness scan.key.png                                  the 15 tests of NIST SP 800-22
//	keygan serve    results                                         the same in a browser
//	keygan keystream --scheme logistic --bytes 1000000              a scheme's keystream, for other tests of randomness
//	keygan evaluate -c configs/paper.yaml -o runs/paper             the result tables
//	keygan import   model.pth -o generator.npz                      weights that PyTorch saved
//	keygan export-onnx generator.npz -o generator.onnx              a generator for other runtimes
//
// Results go to standard output, progress and messages to standard error. Nothing is overwritten without --force, and a file is there
// whole or not at all, whatever happens. Package cmd/internal/cli has the exit codes.
package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"keygan/batch/job"
	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/cmd/internal/cli"
	"keygan/infer"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/version"

	"github.com/spf13/cobra"
)

func main() {
	a := newApp()
	os.Exit(a.Main(a.command()))
}

// app is what the commands share.
type app struct{ cli.Program }

func newApp() *app { return &app{cli.Program{Name: "keygan", Hint: hintFor, CommandNames: true}} }

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:     "keygan",
		Short:   "Keys for images from a generative network: make, use and measure them",
		Version: version.String(),
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("json") && c.Flags().Changed("print0") {
				return failure.Usagef("--json and -0 cannot be combined")
			}
			return nil
		},
	}
	root.PersistentFlags().BoolVarP(&a.Quiet, "quiet", "q", false, "no progress and no messages but warnings and errors")
	root.AddCommand(
		a.samplesCommand(), a.keygenCommand(), a.encryptCommand(), a.decryptCommand(),
		a.inspectCommand(), a.metricsCommand(), a.randomnessCommand(), a.keystreamCommand(), a.evaluateCommand(), a.importCommand(), a.exportONNXCommand(),
		a.keypairCommand(), a.rekeyCommand(), a.dicomSecureCommand(), a.dicomOpenCommand(), a.serveCommand(), a.versionCommand(),
	)
	root.SetVersionTemplate("keygan {{.Version}}\n")
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" { // cobra's own accepts a command that does not exist
			c.Args = func(_ *cobra.Command, args []string) error {
				_, _, err := root.Find(args)
				return err
			}
		}
	}
	return root
}

// hintFor names the likely fix of an error that has no hint of its own.
func hintFor(err error) string {
	const again = "--force makes again what is not verified"
	var (
		size        *cipher.SizeError
		side        *infer.SizeError
		format      *cipher.FormatError
		version     *sealed.VersionError
		notVerified *job.NotVerifiedError
	)
	switch {
	case errors.As(err, &notVerified):
		if hint := hintFor(notVerified.Err); hint != "" && !errors.Is(err, sealed.ErrRefused) {
			return hint
		} else if hint != "" {
			return hint + "; " + again
		}
		return again
	case errors.Is(err, atomicfile.ErrExists):
		return "--force replaces what exists"
	case errors.As(err, &size):
		return fmt.Sprintf("--resize %d resizes the image first", size.Side)
	case errors.As(err, &side):
		return fmt.Sprintf("--resize %d resizes the image first", side.Side)
	case errors.As(err, &format):
		return "convert the image to 8-bit grey or RGB first, with a program that shows what is lost"
	case errors.As(err, &version):
		return "a newer keygan reads it"
	case errors.Is(err, sealed.ErrRefused):
		return "is it the right identity or passphrase? " +
			"-p is for key files under a passphrase, -i for all others; a damaged file needs another copy"
	case errors.Is(err, cipher.ErrMismatch):
		return "only the key file written with a cipher image opens it; --key FILE names another key file"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space, or write to another disk with -o"
	case errors.Is(err, syscall.EFBIG):
		return "the size of files is limited here; see ulimit -f"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EROFS):
		return "see the permissions of the file and its folder, or write to another with -o"
	}
	return ""
}
