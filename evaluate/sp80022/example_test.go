package sp80022_test

import (
	"fmt"

	"keygan/evaluate/sp80022"
)

// Bits that alternate are as many ones as zeros, but change too often.
func Example() {
	alternating := make([]byte, 128)
	for i := range alternating {
		alternating[i] = 0b01010101
	}
	for _, r := range sp80022.Run(sp80022.FromBytes(alternating)) {
		switch r.Name {
		case "Frequency", "Runs":
			fmt.Printf("%s: p = %.3f, passed: %v\n", r.Name, r.PValues[0], r.Passed())
		case "Rank":
			fmt.Printf("%s: %s\n", r.Name, r.Skipped)
		}
	}
	// Output:
	// Frequency: p = 1.000, passed: true
	// Runs: p = 0.000, passed: false
	// Rank: 1024 bits are too few: it takes at least 38912
}
