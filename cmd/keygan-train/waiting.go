package main

import (
	"fmt"
	"os"
	"syscall"

	"keygan/train/config"
)

// waitPassively starts the program anew, in the same process, with OpenMP's threads told to sleep while they wait for each other. They
// spin otherwise, and a training beside another busy program then takes several times as long. OpenMP reads the variable when it
// is loaded, which is before main. The user's own choice stays.
func waitPassively(c config.Config) error {
	if c.Threads == 1 {
		return nil // nobody waits
	}
	for _, name := range []string{"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} {
		if os.Getenv(name) != "" {
			return nil
		}
	}
	program, err := os.Executable()
	if err == nil {
		err = syscall.Exec(program, os.Args, append(os.Environ(), "OMP_WAIT_POLICY=passive"))
	}
	return fmt.Errorf("starting anew with OMP_WAIT_POLICY=passive: %w", err)
}
