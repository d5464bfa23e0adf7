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

type versionInfo struct {
	Version string   `json:"version"`
	Go      string   `json:"go"`
	OS      string   `json:"os"`
	Arch    string   `json:"arch"`
	Schemes []string `json:"schemes"`
	Weights int      `json:"weights_format"`
	Sealed  int      `json:"sealed_format"`
	KeyFile int      `json:"key_file_format"`
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version [--json]",
		Short: "Print the version, and the schemes and file formats it knows",
		Args:  cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo{
				Version: version.String(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Schemes: cipher.Writable(),
				Weights: infer.FormatVersion, Sealed: sealed.Version, KeyFile: cipher.KeyFileVersion,
			}
			if asJSON {
				return cli.WriteJSON(a.Stdout, v)
			}
			fmt.Fprintf(a.Stdout, "keygan %s, %s, %s/%s\n", v.Version, v.Go, v.OS, v.Arch)
			fmt.Fprintf(a.Stdout, "schemes: %s\n", strings.Join(v.Schemes, ", "))
			fmt.Fprintf(a.Stdout, "formats: weights up to %d, sealed key files up to %d, research key files up to %d\n", v.Weights, v.Sealed, v.KeyFile)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}
