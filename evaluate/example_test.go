package evaluate_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"keygan/data/dataset"
	"keygan/evaluate"
	"keygan/evaluate/experiment"
)

// A run measures AES-256-GCM on a drawn image and writes its report.
func Example() {
	out, err := os.MkdirTemp("", "keygan-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(out)
	cfg := experiment.Config{
		Sources: []experiment.Source{{Name: "mri", Spec: dataset.Spec{Synthetic: "mri", Count: 1}}},
		Schemes: []string{"aes-256-gcm"}, Size: 32, Changes: 2, Randomness: experiment.Randomness{Sequences: 1, Bits: 1000},
	}
	r, err := evaluate.Run(context.Background(), cfg, out, evaluate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("One-bit changes spread:", r.Row("mri", experiment.System{Scheme: "aes-256-gcm"}, experiment.IDNPCR).Verdict)
	_, err = os.Stat(filepath.Join(out, "report.html"))
	fmt.Println("The report is there:", err == nil)
	// Output:
	// One-bit changes spread: pass
	// The report is there: true
}
