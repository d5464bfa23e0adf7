package infer

import "math"

const normEpsilon = 1e-5

// sumLanes is the number of chains that the sums of a row are spread over, whatever the machine has.
const sumLanes = 16

// instanceNorm brings a channel, height rows of width, to mean 0 and variance 1: (x − mean) / √(variance + eps), the
// variance biased, as PyTorch's InstanceNorm2d without scale and shift.
func instanceNorm(plane []float32, height, width int) {
	mean, variance := moments(plane, height, width)
	m, scale := float32(mean), float32(1/math.Sqrt(variance+normEpsilon))
	for i, x := range plane {
		plane[i] = float32(x-m) * scale
	}
}

// affineNorm is a channel's (x − mean) / √(variance + eps) · weight + bias.
func affineNorm(plane []float32, mean, variance float64, weight, bias float32) {
	m, scale := float32(mean), float32(float64(weight)/math.Sqrt(variance+normEpsilon))
	for i, x := range plane {
		plane[i] = float32(float32(x-m)*scale) + bias
	}
}

// moments are the mean and the biased variance of a channel, height rows of width. Sums are in float64: of each row over 16
// lanes, element x in lane x mod 16, which a fixed tree adds up; then of the rows, in order. So rows may be summed in any
// order and by any number of threads, and lanes by vectors of any width, with the same result.
func moments(plane []float32, height, width int) (mean, variance float64) {
	var sum, squares float64
	for y := range height {
		s, q := rowSums(plane[y*width:][:width])
		sum += s
		squares += q
	}
	n := float64(height * width)
	mean = sum / n
	return mean, max(0, squares/n-float64(mean*mean))
}

// rowSums returns the sum of x and of its squares.
func rowSums(x []float32) (sum, squares float64) {
	var s, q [sumLanes]float64
	for lane := 0; lane < sumLanes; lane += 4 {
		var s0, s1, s2, s3, q0, q1, q2, q3 float64
		for i := lane; i < len(x); i += sumLanes {
			var v [4]float64 // zeros past the end of the row add nothing
			if i+4 <= len(x) {
				w := (*[4]float32)(x[i:])
				v = [4]float64{float64(w[0]), float64(w[1]), float64(w[2]), float64(w[3])}
			} else {
				for j, w := range x[i:] {
					v[j] = float64(w)
				}
			}
			s0, s1, s2, s3 = s0+v[0], s1+v[1], s2+v[2], s3+v[3]
			// The square of a float32 is exact in float64, so that fusing would change nothing.
			q0, q1 = q0+float64(v[0]*v[0]), q1+float64(v[1]*v[1])
			q2, q3 = q2+float64(v[2]*v[2]), q3+float64(v[3]*v[3])
		}
		s[lane], s[lane+1], s[lane+2], s[lane+3] = s0, s1, s2, s3
		q[lane], q[lane+1], q[lane+2], q[lane+3] = q0, q1, q2, q3
	}
	for half := sumLanes / 2; half > 0; half /= 2 {
		for i := range half {
			s[i] += s[i+half]
			q[i] += q[i+half]
		}
	}
	return s[0], q[0]
}
