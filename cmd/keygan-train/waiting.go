package main

import (
	"context"
	"os"
	"syscall"

	"keygan/train/config"
)

// waitPassively starts the program anew, in the same process, with OpenMP's threads told to sleep while they wait for each other. They
// spin otherwise, and a training beside another busy program then takes several times as long. OpenMP reads the variable when it
// is loaded, which is before main. The user's own choice stays. Where the program cannot start anew, it goes on as it is.
func waitPassively(ctx context.Context, c config.Config) {
	if c.Threads == 1 || ctx.Err() != nil { // nobody waits, or a signal has come, which the new program would not know
		return
	}
	for _, name := range []string{"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} {
		if _, chosen := os.LookupEnv(name); chosen {
			return
		}
	}
	if program, err := os.Executable(); err == nil {
		syscall.Exec(program, os.Args, append(os.Environ(), "OMP_WAIT_POLICY=passive"))
	}
}
