package main

import "keygan/infer"

// loadGenerator reads the weights at path. Without a path it is to give the generator built into the program, of which
// there is none yet.
func loadGenerator(path string) (*infer.Model, error) {
	if path == "" {
		return nil, hinted{usagef("no weights given"), "-w generator.npz names those that keygan-train has exported"}
	}
	m, err := infer.ReadFile(path)
	if err != nil {
		return nil, hinted{err, "weights are made by keygan-train, and again by: keygan-train export RUN -o generator.npz"}
	}
	return m, nil
}
