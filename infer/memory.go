package infer

import "keygan/infer/kernel"

// Memory is about how many bytes a pass with a number of threads takes beside the weights, for an image of height × width; it is
// rather too high than too low. It counts the four largest activations (the input, the output and the residual of a layer may be
// there at once, and one that none of them fits into), the image, its noise and the key, and what the algorithms work in. It is 0
// for a size that has no key.
func (m *Model) Memory(threads, height, width int) int64 {
	if height < 1 || width < 1 || height > maxActivation/width {
		return 0
	}
	shapes, err := m.arch.shapes(height, width)
	if err != nil {
		return 0
	}
	const number, sums = 4, 16 // bytes: a float32; Σx and Σx² in float64
	var largest [4]int         // numbers of activations
	var rows, work int         // sums of rows; numbers of a layer's workspace
	for i, l := range m.arch.Layers {
		s := shapes[i+1]
		channels := roundUp(l.Out, kernel.Block)
		n := channels * (s.height + 3) * (s.width + 3) // with a border
		for i, m := range largest {
			largest[i], n = max(m, n), min(m, n)
		}
		rows += channels * s.height
		if workspace := l.algorithm().workspace; workspace != nil {
			work = max(work, workspace(l, threads, s))
		}
	}
	activations := largest[0] + largest[1] + largest[2] + largest[3]
	images := 3 * m.arch.Channels * height * width
	return number*int64(activations+work+images) + sums*int64(rows)
}
