package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"keygan/cmd/internal/cli"
	torch "keygan/gotorch"
	"keygan/train"
)

// doctorCommand prints what libtorch reports about itself, and tries one operation. It fails if libtorch cannot be used. scripts/doctor
// calls it after its own checks, and Docker from time to time.
func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "doctor",
		Short:  "Show what libtorch offers on this machine",
		Args:   cli.NoArgs,
		Hidden: true, // users run make doctor
		RunE: func(*cobra.Command, []string) error {
			row := func(what, format string, args ...any) { fmt.Printf("%-12s %s\n", what, fmt.Sprintf(format, args...)) }
			row("running", "libtorch %s, %d threads; the C++ side was built for %s", torch.Version(), torch.NumThreads(), torch.BuiltVersion())
			if err := train.Usable(); err != nil {
				return err
			}
			if !torch.IsCUDAAvailable() {
				row("CUDA", "no")
			}
			for i := range torch.CUDADeviceCount() {
				row(fmt.Sprintf("cuda:%d", i), "%s", torch.CUDADeviceName(i))
			}
			whole := false
			failed := torch.Try(func() {
				var on []string
				for _, s := range torch.Settings() {
					if s.On() {
						on = append(on, s.Name)
					}
				}
				row("defaults", "libtorch starts with %s", strings.Join(on, ", "))
				torch.Scope(func() {
					x := torch.RandN([]int64{256, 256}, false)
					whole = torch.AllFinite([]torch.Tensor{torch.MM(x, x)})
				})
				row("product", "256×256 matrices multiply: %v", whole)
			})
			if failed == nil && !whole {
				return errors.New("a product of two random matrices is infinite or NaN: this libtorch or this processor is broken")
			}
			return failed
		},
	}
}
