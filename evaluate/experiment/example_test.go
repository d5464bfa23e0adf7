package experiment_test

import (
	"context"
	"fmt"

	"keygan/data/dataset"
	"keygan/evaluate/experiment"
)

// The logistic map makes one keystream for all images: a changed bit of the image changes one byte of the ciphertext.
func Example() {
	results, err := experiment.Run(context.Background(), experiment.Config{
		Sources: []experiment.Source{{Name: "mri", Spec: dataset.Spec{Synthetic: "mri", Count: 1}}},
		Schemes: []string{"logistic"}, Size: 32, Changes: 2, Randomness: experiment.Randomness{Sequences: 1, Bits: 1000}, Quick: true,
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	row := results.Row("mri", experiment.System{Scheme: "logistic"}, experiment.IDNPCR)
	fmt.Printf("%s: %.4f %s, random data gives %.2f: %s\n", row.Name, *row.Measured, row.Unit, *row.Expected, row.Verdict)
	// Output: NPCR one bit: 0.0326 %, random data gives 99.61: fail
}
