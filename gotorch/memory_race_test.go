//go:build race

package gotorch

// The race detector's shadow of the memory grows as goroutines touch more of it.
const memoryGrowth = 1.25
