// Package kernel holds the inner loops of package infer: matrix products by chains of fused multiply-adds, Winograd's transforms, and what
// follows a convolution. Each exists in Go, which defines the result, and as vectors for AVX2 and AVX-512, with the same bits.
//
//	k := kernel.Best()
//	k.Product(&kernel.Product{...})
//
// Activations are channels last: the channels of a pixel lie side by side, Block of them to a vector, so a vector always runs
// across outputs, never along a sum. Slices must hold what the sizes beside them say; a kernel panics before it leaves one.
//
// The program in _asm, a module of its own, writes the assembly. The build tag purego leaves it out.
package kernel

//go:generate go -C _asm run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg kernel

// Block is the number of channels that are stored and computed together.
const Block = 16

// Set is one implementation of all kernels.
type Set struct {
	name         string
	rows, panels int // of the largest tile of a product
	vectors      int // to a block of float32
}

var (
	goSet     = &Set{name: "go", rows: 2, panels: 1, vectors: 1}
	avx2Set   = &Set{name: "avx2", rows: 6, panels: 1, vectors: 2}
	avx512Set = &Set{name: "avx512", rows: 14, panels: 2, vectors: 1}
)

// String is "go", "avx2" or "avx512".
func (s *Set) String() string { return s.name }

// Sets lists what this machine can run, the fastest last. The first is always plain Go.
func Sets() []*Set { return sets }

// Best is the fastest set of this machine.
func Best() *Set { return sets[len(sets)-1] }

func need[T float32 | float64](what string, x []T, n int) {
	if len(x) < n {
		panic("kernel: " + what + " is too short")
	}
}

// Blocks is how many blocks hold n channels.
func Blocks(n int) int { return (n + Block - 1) / Block }
