// Package builtin holds the generator that keygan uses unless the user names another. README.md beside it is its model
// card: what it was trained on, and what its keys are like. configs/default-generator.yaml trains it again.
package builtin

import (
	_ "embed"
	"sync"

	"keygan/infer"
)

//go:embed generator.npz
var weights []byte

// Name stands for the built-in generator in messages and tables.
const Name = "built-in generator"

// Objective and Seed are those of the training, as configs/default-generator.yaml has them.
const (
	Objective = "wgan-gp"
	Seed      = 1
)

// Generator returns the generator; the first call reads it.
var Generator = sync.OnceValue(func() *infer.Model {
	m, err := infer.Read(Name, weights)
	if err != nil {
		panic(err) // a test reads it
	}
	return m
})
