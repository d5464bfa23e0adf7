// Command keygan makes keys from medical images, encrypts and decrypts images with them, and measures how good that is. It
// needs no libtorch and no C.
//
//	keygan samples  -o images -n 2                                  built-in synthetic images
//	keygan keygen   scan.png -w generator.npz                       scan.key.png
//	keygan keypair  -o me.identity                                  an age identity; its recipient on standard error
//	keygan encrypt  scan.png -o out -r age1…                        out/scan.cipher.png and out/scan.key.age
//	keygan decrypt  out/scan.cipher.png -o back -i me.identity      back/scan.png
//	keygan rekey    scan.key.age -i me.identity -r age1…            a key file for another recipient
//	keygan inspect  out/scan.key.age -i me.identity                 what a weights, key or image file holds
//	keygan metrics  scan.png out/scan.cipher.png                    entropy, correlation, NPCR, PSNR, …
//	keygan randomness scan.key.png                                  the 15 tests of NIST SP 800-22
//	keygan evaluate -c configs/paper.yaml -o runs/paper             the result tables
//	keygan import   model.pth -o generator.npz                      weights that PyTorch saved
//	keygan export-onnx generator.npz -o generator.onnx              a generator for other runtimes
//
// Results go to standard output, progress and messages to standard error. It exits with 0 when all was done, 1 when
// something failed, 2 when the command line or a configuration was wrong, 130 or 143 when it was interrupted (SIGINT, SIGTERM).
// Nothing is overwritten without --force, and a file is there whole or not at all, whatever happens.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"keygan/version"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

// app is what the commands share.
type app struct {
	stdout, stderr io.Writer
	quiet          bool        // no progress, no messages but warnings and errors
	understood     atomic.Bool // the command line made sense; what goes wrong from here on is no wrong usage

	// writing is held for reading while files are being written. An interrupt takes it for writing before the process
	// ends, so that it never ends in the middle.
	writing sync.RWMutex
}

func run() int {
	stdout := &checkedWriter{w: os.Stdout}
	a := &app{stdout: stdout, stderr: os.Stderr}
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		stop(interruption{<-signals})
		signal.Stop(signals) // a second signal ends the process at once
	}()

	done := make(chan error, 1)
	go func() { done <- a.command().ExecuteContext(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		// A key may take minutes and cannot be stopped midway. It has written nothing, so there is no need to wait for it.
		a.writing.Lock()
		err = errInterrupted
		if !a.quiet && isTerminal(a.stderr) {
			fmt.Fprintln(a.stderr) // the progress bar's line is not ended
		}
	}
	if err == nil && stdout.err != nil {
		err = named("standard output", stdout.err)
	}
	if err == nil {
		return 0
	}
	if by := (interruption{}); errors.As(context.Cause(ctx), &by) && errors.Is(err, errInterrupted) {
		a.report(errInterrupted)
		return by.exitCode()
	}
	if !a.understood.Load() && !errors.Is(err, errInterrupted) {
		err = usageError{err}
		if hintFor(err) == "" {
			err = hinted{err, suggestion(os.Args[1:]) + "keygan --help lists the commands, keygan COMMAND --help what each takes"}
		}
	}
	a.report(err)
	if usage := (usageError{}); errors.As(err, &usage) {
		return 2
	}
	return 1
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:                "keygan",
		Short:              "Keys for images from a generative network: make, use and measure them",
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // they would make an error many lines; see suggestion
		Version:            version.String(),
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("json") && c.Flags().Changed("print0") {
				return usagef("%s: --json and -0 do not go together", c.Name())
			}
			a.understood.Store(true)
			return nil
		},
	}
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no messages but warnings and errors")
	root.AddCommand(
		a.samplesCommand(), a.keygenCommand(), a.encryptCommand(), a.decryptCommand(),
		a.inspectCommand(), a.metricsCommand(), a.randomnessCommand(), a.evaluateCommand(), a.importCommand(), a.exportONNXCommand(),
		a.keypairCommand(), a.rekeyCommand(), a.versionCommand(),
	)
	root.SetVersionTemplate("keygan {{.Version}}\n")
	root.SetFlagErrorFunc(unknownFlag)
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" { // cobra's own prints the usage of keygan for a command that there is not, and is content
			c.Args = func(_ *cobra.Command, args []string) error {
				_, _, err := root.Find(args)
				return err
			}
		}
	}
	return root
}

// interruption is the signal that told the process to end.
type interruption struct{ signal os.Signal }

func (i interruption) Error() string { return i.signal.String() }

// exitCode is that of shells: 128 and the signal's number, 130 for Ctrl-C and 143 for SIGTERM.
func (i interruption) exitCode() int {
	if s, ok := i.signal.(syscall.Signal); ok {
		return 128 + int(s)
	}
	return 1
}

// checkedWriter remembers the first error, so that printing need not look at each.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

// locked runs f, which writes files, unless the process has been told to end.
func (a *app) locked(ctx context.Context, f func() error) error {
	a.writing.RLock()
	defer a.writing.RUnlock()
	if ctx.Err() != nil {
		return errInterrupted
	}
	return f()
}
