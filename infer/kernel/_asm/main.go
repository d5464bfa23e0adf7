// Command asm writes the vector kernels of package kernel: go generate in the folder above runs it.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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

// peakChains is the number of chains that hide the latency of a multiply-add: four cycles, two a cycle, and some to spare.
const peakChains = 12

// peak does nothing but multiply and add, in registers.
func (s vectorShape) peak() {
	TEXT("peak"+s.suffix, attr.NOSPLIT, "func(rounds int)")
	Doc(fmt.Sprintf("peak%s takes %d chains of multiply-adds one step further in each round.", s.suffix, peakChains))
	rounds := Load(Param("rounds"), GP64())
	x := s.vector()
	zero(s.bytes, x)
	chains := make([]VecVirtual, peakChains)
	for i := range chains {
		chains[i] = s.vector()
		zero(s.bytes, chains[i])
	}
	Label("round")
	for _, c := range chains {
		VFMADD231PS(x, x, c)
	}
	DECQ(rounds)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	RET()
}
