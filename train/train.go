// Package train trains a key generator and leaves a run folder that says everything about it.
//
// A run is described by a Config (ReadConfig) and started, or resumed, with Run:
//
//	config, err := train.ReadConfig("configs/demo.yaml", "train.batch=8")
//	...
//	err = train.Run(ctx, config, train.Options{Log: os.Stderr})
//
// The folder Output/Name then holds config.yaml (resolved), run.json (what the run is and was made with), metrics.csv (one row
// an epoch, the published columns), metrics.jsonl (one line a step), event files for TensorBoard, samples/, plots/, checkpoints/
// and, at the end, generator.npz, which package infer reads. All but the growing logs are written whole or not at all, and while
// a process trains in the folder no other can; Watch shows how it stands. When ctx ends, the step under way is finished, a
// checkpoint written, and Run returns ErrInterrupted; resumed from any checkpoint, on the CPU with the same libtorch and thread
// count, a run goes on bit for bit as if it had never stopped.
//
// The loop in run.go knows nothing of losses: an Objective owns its networks, losses and updates, and one more objective
// is one more file and one line in objectives. Checkpoints, logs, samples, plots and progress hang on the loop as hooks.
package train
