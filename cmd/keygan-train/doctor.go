package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"keygan/cmd/internal/cli"
	torch "keygan/gotorch"
)

// doctorCommand prints what libtorch reports about itself, and tries one operation. scripts/doctor calls it after its own checks.
func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "doctor",
		Short:  "Show what libtorch offers on this machine",
		Args:   cli.NoArgs,
		Hidden: true, // users run make doctor
		RunE: func(*cobra.Command, []string) error {
			row := func(what, format string, args ...any) { fmt.Printf("%-12s %s\n", what, fmt.Sprintf(format, args...)) }
			row("running", "libtorch %s, %d threads", torch.Version(), torch.NumThreads())
			if !torch.IsCUDAAvailable() {
				row("CUDA", "no")
			}
			for i := range torch.CUDADeviceCount() {
				row(fmt.Sprintf("cuda:%d", i), "%s", torch.CUDADeviceName(i))
			}
			return torch.Try(func() {
				var on []string
				for _, s := range torch.Settings() {
					if s.On() {
						on = append(on, s.Name)
					}
				}
				row("defaults", "libtorch starts with %s", strings.Join(on, ", "))
				torch.Scope(func() {
					x := torch.RandN([]int64{256, 256}, false)
					row("product", "256×256 matrices multiply: %v", torch.AllFinite([]torch.Tensor{torch.MM(x, x)}))
				})
			})
		},
	}
}
