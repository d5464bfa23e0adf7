package main

import (
	"fmt"

	"github.com/spf13/cobra"

	torch "keygan/gotorch"
)

// doctorCommand says what libtorch itself reports, and tries it: make doctor prints this below what it finds on the disk.
func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "doctor",
		Short:  "Say what libtorch offers on this machine",
		Args:   noArgs,
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
				torch.Scope(func() {
					x := torch.RandN([]int64{256, 256}, false)
					row("product", "256×256 matrices multiply: %v", torch.AllFinite([]torch.Tensor{torch.MM(x, x)}))
				})
			})
		},
	}
}
