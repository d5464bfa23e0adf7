package experiment

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"keygan/evaluate/metrics"
	"keygan/evaluate/sp80090b"
)

// minEntropy is the assessed min-entropy of A's samples, in bits a byte.
func minEntropy(o Observation) (float64, error) {
	r, err := sp80090b.Assess(o.A.Pix, sp80090b.Options{SymbolBits: 8})
	if err != nil {
		return 0, fmt.Errorf("min-entropy is %w: %w", metrics.ErrUndefined, err)
	}
	return r.MinEntropy, nil
}

var (
	ofRandom     = map[int]float64{} // by the number of bytes
	ofRandomLock sync.Mutex
)

// randomMinEntropy is what one string of n random bytes gets, the same each time. n is a number that can be assessed.
func randomMinEntropy(n int) float64 {
	ofRandomLock.Lock()
	defer ofRandomLock.Unlock()
	if _, known := ofRandom[n]; !known {
		p := make([]byte, n)
		rand.NewChaCha8([32]byte{90}).Read(p)
		r, err := sp80090b.Assess(p, sp80090b.Options{SymbolBits: 8})
		if err != nil {
			panic(err)
		}
		ofRandom[n] = r.MinEntropy
	}
	return ofRandom[n]
}
