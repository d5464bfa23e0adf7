package infer

import "keygan/infer/kernel"

// Memory is about how many bytes a pass on so many threads takes beside the weights, for an image of height × width: rather too
// many than too few. It counts the four largest activations (the input, the output and the residual of a layer may be there at
// once, and one that none of them fits into), the image and the key, and what the convolutions work in. It is 0 for an image of
// a size that has no key.
func (m *Model) Memory(threads, height, width int) int64 {
	if height < 1 || width < 1 || height > maxActivation/width {
		return 0
	}
	const number, sums = 4, 16 // bytes: a float32; Σx and Σx² in float64
	channels := func(n int) int { return n }
	if m.fast != nil {
		channels = func(n int) int { return kernel.Blocks(n) * kernel.Block }
	}
	var largest [4]int // numbers of activations
	var rows, work int // sums of rows; numbers of a layer's workspace
	err := m.arch.trace(roundUp(height, sizeMultiple), roundUp(width, sizeMultiple), func(l Layer, s shape3) {
		n := channels(l.Out) * (s.height + 2) * (s.width + 2) // with a border
		for i, m := range largest {
			largest[i], n = max(m, n), min(m, n)
		}
		rows += channels(l.Out) * s.height
		if l.Algorithm == AlgorithmWinograd {
			in, out := channels(l.In), channels(l.Out)
			high, wide := winogradTiles(s)
			tiles := min(unitTiles, high*wide)
			work = max(work, kernel.Frequencies*(in*out+threads*tiles*(in+out)))
		}
	})
	if err != nil {
		return 0
	}
	activations := largest[0] + largest[1] + largest[2] + largest[3]
	image := m.arch.Channels * height * width
	return number*int64(activations+work+3*image) + sums*int64(rows)
}
