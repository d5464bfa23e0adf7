package kernel

import (
	"runtime"
	"testing"
)

// Go's compiler for arm64 fuses: were it to stop, keys would stay the same, but take several times as long.
func TestPair8FusesOnARM64(t *testing.T) {
	if runtime.GOARCH == "arm64" && !fuses {
		t.Error("pair8 does not fuse")
	}
	t.Logf("pair8 fuses: %v", fuses)
}

// goPaths runs f with the products in Go as they are, and with those that need no compiler that fuses.
func goPaths(t *testing.T, f func()) {
	before := fuses
	t.Cleanup(func() { fuses = before })
	f()
	fuses = false
	f()
	fuses = before
}
