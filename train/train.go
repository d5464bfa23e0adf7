// Package train trains a key generator and leaves a run folder that says everything about it.
//
// A run is described by a config.Config and started, or resumed, with Run:
//
//	c, err := config.Read("configs/demo.yaml", "train.batch=8")
//	...
//	err = train.Run(ctx, c, train.Options{Log: os.Stderr})
//
// The run's folder then holds what package runlog lists and, at the end, generator.npz, which package infer reads. While a process trains
// in the folder no other can. When ctx ends, the step under way is finished, a checkpoint is written, and Run returns ErrInterrupted.
// Resumed from any checkpoint, on the CPU with the same libtorch and thread count, a run goes on bit for bit as if it had never stopped.
//
// The loop in run.go knows nothing of losses: an Objective owns its networks, losses and updates. A new objective is one file and
// one line in objective.go. Checkpoints, logs, samples, plots and progress hang on the loop as hooks.
package train
