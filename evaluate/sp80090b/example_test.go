package sp80090b_test

import (
	"fmt"

	"keygan/evaluate/sp80090b"
)

// A counter has each byte equally often, and 8 bits of Shannon entropy. Whoever looks at what came after the last byte guesses the next.
func Example() {
	counter := make([]byte, 20_000)
	for i := range counter {
		counter[i] = byte(i)
	}
	r, err := sp80090b.Assess(counter, sp80090b.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range r.Estimates {
		if e.Name == "most_common_value" || e.Name == "multi_mmc" {
			fmt.Printf("%s: %.3f bits a symbol\n", e.Name, e.Original)
		}
	}
	fmt.Printf("min-entropy: %.3f bits a symbol\n", r.MinEntropy)
	// Output:
	// most_common_value: 7.617 bits a symbol
	// multi_mmc: 0.000 bits a symbol
	// min-entropy: 0.000 bits a symbol
}
