package attack_test

import (
	"context"
	"fmt"
	"log"

	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/evaluate/attack"
)

// The cat map alone, which is always attacked, gives its pictures away. AES-256-GCM does not.
func Example() {
	src, err := synthetic.New("xray", 2, 32, 1)
	if err != nil {
		log.Fatal(err)
	}
	var plain []*raster.Image
	for i := range src.Len() {
		m, err := src.Image(i)
		if err != nil {
			log.Fatal(err)
		}
		plain = append(plain, m.Convert(1))
	}
	results, err := attack.Run(context.Background(), attack.Options{Plain: plain, Schemes: []string{"aes-256-gcm"}, Quick: true}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		switch {
		case r.Number > 3:
		case r.NotRun != "":
			fmt.Printf("%s on %s: not run: %s\n", r.Name, r.System.String(), r.NotRun)
		default:
			fmt.Printf("%s on %s: succeeded: %v\n", r.Name, r.System.String(), r.Succeeded)
		}
	}
	// Output:
	// every iteration count on cat map alone: succeeded: true
	// every iteration count on aes-256-gcm: not run: It moves no pixels.
	// histogram on cat map alone: succeeded: true
	// histogram on one-time key: succeeded: false
	// histogram on aes-256-gcm: succeeded: false
	// histogram on aes-256-gcm, kept key and nonce: succeeded: false
	// chosen images on a permutation on cat map alone: succeeded: true
	// chosen images on a permutation on aes-256-gcm: not run: It moves no pixels.
}
