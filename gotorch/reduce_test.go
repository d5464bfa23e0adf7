package gotorch

import (
	"math"
	"slices"
	"testing"
)

func TestReductions(t *testing.T) {
	Scope(func() {
		a := FromFloats([]float32{1, 5, 3, 4, 2, 6}, 2, 3)
		values, indices := TopK(a, 2, 1, true, true)
		for _, c := range []struct {
			name  string
			got   Tensor
			shape []int64
			want  []float32
		}{
			{"sum", Sum(a), []int64{}, []float32{21}},
			{"sum by option", Sum(a, map[string]any{"dim": 0}), []int64{3}, []float32{5, 7, 9}},
			{"sum kept", a.Sum(map[string]any{"dim": 1, "keepDim": true}), []int64{2, 1}, []float32{9, 12}},
			{"sum dims", a.SumDims([]int64{0, 1}, true), []int64{1, 1}, []float32{21}},
			{"mean", Mean(a), []int64{}, []float32{3.5}},
			{"mean dims", a.MeanDims([]int64{-1}, false), []int64{2}, []float32{3, 4}},
			{"argmax", a.Argmax(), []int64{}, []float32{5}},
			{"argmin along", a.Argmin(1), []int64{2}, []float32{0, 1}},
			{"argmax kept", a.Argmax(int64(0), true), []int64{1, 3}, []float32{1, 0, 1}},
			{"topk", values, []int64{2, 2}, []float32{5, 3, 6, 4}},
			{"topk where", indices, []int64{2, 2}, []float32{1, 2, 2, 0}},
			{"log softmax", LogSoftmax(FromFloats([]float32{0, math.Ln2, 0, 0, 0, math.Ln2}, 2, 3), 1), []int64{2, 3},
				[]float32{-2 * math.Ln2, -math.Ln2, -2 * math.Ln2, -2 * math.Ln2, -2 * math.Ln2, -math.Ln2}},
		} {
			if got := c.got.Floats(); !near(got, c.want) || !slices.Equal(c.got.Shape(), c.shape) {
				t.Errorf("%s: %v of shape %v, want %v of %v", c.name, got, c.got.Shape(), c.want, c.shape)
			}
		}
	})
}

func TestWhere(t *testing.T) {
	Scope(func() {
		a, b := FromFloats([]float32{1, 2, 3}, 3), FromFloats([]float32{4, 5, float32(math.NaN())}, 3)
		if got := Where(a.Gt(1), a, b).Floats(); !slices.Equal(got, []float32{4, 2, 3}) {
			t.Errorf("where a > 1: %v", got)
		}
		if got := Where(Finite([]Tensor{b}).Gt(0), b, a).Floats(); !slices.Equal(got, []float32{1, 2, 3}) {
			t.Errorf("one answer for all elements: %v", got)
		}
	})
}

func TestAllFinite(t *testing.T) {
	Scope(func() {
		inf, nan := float32(math.Inf(1)), float32(math.NaN())
		good := []Tensor{FromFloats([]float32{3, -4}, 2), Zeros([]int64{0}, false), FromFloats([]float32{math.MaxFloat32}, 1)}
		if !AllFinite(good) || !AllFinite(nil) {
			t.Error("finite tensors are called not finite")
		}
		for _, x := range []float32{inf, -inf, nan} {
			// At the beginning and at the end: the order of comparisons with NaN must not matter.
			for _, v := range [][]float32{{x, 1, 2}, {1, x, 2}, {1, 2, x}} {
				if AllFinite([]Tensor{good[0], FromFloats(v, 3)}) {
					t.Errorf("%v is called finite", v)
				}
			}
		}
	})
}
