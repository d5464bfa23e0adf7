//go:build !race

package gotorch

// memoryGrowth is how much larger the process may be after 500 steps than after 50.
const memoryGrowth = 1.05
