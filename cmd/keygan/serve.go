package main

import (
	"fmt"
	"os/exec"
	"runtime"

	"keygan/cmd/internal/cli"
	"keygan/internal/failure"
	"keygan/web"

	"github.com/spf13/cobra"
)

const serveHelp = `Show keygan in a browser, on this machine only: pages that encrypt and decrypt files, show how an image becomes noise, and compare
images, and follow trainings. Nothing is sent over the network.

  keygan serve
  keygan serve results
  keygan serve --runs runs

With DIR, keygan can also write the results into that folder; it replaces nothing there. The page opens in your browser. With
--no-browser keygan prints its address instead, which works once: open it before anybody else does. keygan ends with Ctrl-C, or half a
minute after the last tab was closed; with --stay it goes on.

With --runs, the page shows the training runs in a folder, while they train and afterwards, and the reports of keygan evaluate. It only
reads there, and follows no link out of the folder.

By default, only this machine can reach keygan. If --addr is one that other machines can reach, --cert and --key must name the PEM
files of a TLS certificate for that host and of its private key.`

func (a *app) serveCommand() *cobra.Command {
	var o web.Options
	var noBrowser bool
	c := &cobra.Command{
		Use:   "serve [DIR] [--runs DIR] [--addr HOST:PORT] [--no-browser] [--stay]",
		Short: "Show keygan in a browser",
		Long:  serveHelp,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return failure.Usagef("takes one folder, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Folder = args[0]
			}
			if !noBrowser {
				o.Open = openInBrowser
			}
			o.Ready = a.tellAddress
			// An interrupt waits until the server has ended, so that nothing half done is left.
			return a.Guard(cmd.Context(), func() error { return web.Serve(cmd.Context(), o) })
		},
	}
	c.Flags().StringVar(&o.Addr, "addr", "127.0.0.1:0", "the address to listen on; port 0: any free port")
	c.Flags().StringVar(&o.Runs, "runs", "", "a folder of training runs and evaluations to show")
	c.Flags().StringVarP(&o.Weights, "weights", "w", "", "the generator, made by keygan-train; default: the one built in")
	c.Flags().BoolVar(&noBrowser, "no-browser", false, "print the page's address instead of opening it")
	c.Flags().BoolVar(&o.Stay, "stay", false, "do not end when the last tab is closed")
	c.Flags().StringVar(&o.Cert, "cert", "", "a TLS certificate, as a PEM file")
	c.Flags().StringVar(&o.Key, "key", "", "its private key, as a PEM file")
	return c
}

// tellAddress says where the page is. Only the launch address, which works once, goes to standard output.
func (a *app) tellAddress(address, file, launch string) {
	switch {
	case launch != "":
		fmt.Fprintln(a.Stdout, launch)
	case !a.Quiet:
		fmt.Fprintf(a.Stderr, "keygan: serve: your browser opens %s; if it does not, open the file %s. Ctrl-C ends keygan\n", address, cli.Shown(file))
	}
}

// openInBrowser shows a file in the user's browser. It does not wait for the browser to end.
func openInBrowser(path string) error {
	opener := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
	if opener == nil {
		opener = []string{"xdg-open"}
	}
	c := exec.Command(opener[0], append(opener[1:], path)...)
	if err := c.Start(); err != nil {
		return err
	}
	go c.Wait()
	return nil
}
