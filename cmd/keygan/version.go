package main

import (
	"fmt"
	"runtime"
	"strings"

	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/cmd/internal/cli"
	"keygan/infer"
	"keygan/internal/version"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version [--json]",
		Short: "Print the version, and the schemes and file formats it knows",
		Args:  cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string   `json:"version"`
				Go      string   `json:"go"`
				OS      string   `json:"os"`
				Arch    string   `json:"arch"`
				Schemes []string `json:"schemes"`
				Weights int      `json:"weights_format"`
				Sealed  int      `json:"sealed_format"`
				KeyFile int      `json:"key_file_format"`
			}{
				version.String(), runtime.Version(), runtime.GOOS, runtime.GOARCH, cipher.Writable(),
				infer.FormatVersion, sealed.Version, cipher.KeyFileVersion,
			}
			if asJSON {
				return cli.WriteJSON(a.Stdout, v)
			}
			fmt.Fprintf(a.Stdout, "keygan %s, %s, %s/%s\nschemes: %s\n", v.Version, v.Go, v.OS, v.Arch, strings.Join(v.Schemes, ", "))
			fmt.Fprintf(a.Stdout, "formats: weights up to %d, sealed key files up to %d, research key files up to %d\n",
				v.Weights, v.Sealed, v.KeyFile)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}
