// Command asm writes the vector kernels of package kernel: go generate in the folder above runs it.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("amd64,!purego")
	for _, s := range productShapes {
		product(s)
	}
	for _, s := range vectorShapes {
		s.winogradInput()
		s.winogradOutput()
		s.winogradWeights()
		s.rowSums()
		s.affine()
		s.tanh()
		s.peak()
	}
	Generate()
}
