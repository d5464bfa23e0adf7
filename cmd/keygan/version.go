package main

import (
	"fmt"
	"runtime"
	"strings"

	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/infer"
	"keygan/version"

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
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo{version.String(), runtime.Version(), runtime.GOOS, runtime.GOARCH, cipher.Writable(), infer.FormatVersion, sealed.Version, cipher.KeyFileVersion}
			if asJSON {
				return writeJSON(a.stdout, v)
			}
			fmt.Fprintf(a.stdout, "keygan %s, %s, %s/%s\nschemes: %s\nformats: weights up to %d, sealed key files up to %d, research key files up to %d\n",
				v.Version, v.Go, v.OS, v.Arch, strings.Join(v.Schemes, ", "), v.Weights, v.Sealed, v.KeyFile)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}
