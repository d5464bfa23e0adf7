package gotorch

import (
	"slices"
	"testing"
)

func TestShapes(t *testing.T) {
	Scope(func() {
		a := Arange(0, 6, 1, false).View(2, 3)
		row := FromFloats([]float32{7, 8, 9}, 1, 3)
		square := Arange(0, 4, 1, false).View(1, 1, 2, 2)
		for _, c := range []struct {
			name  string
			got   Tensor
			shape []int64
			want  []float32
		}{
			{"view", View(a, 3, -1), []int64{3, 2}, []float32{0, 1, 2, 3, 4, 5}},
			{"permute", a.Permute([]int64{1, 0}), []int64{3, 2}, []float32{0, 3, 1, 4, 2, 5}},
			{"transpose", Transpose(a, 0, 1).Contiguous(), []int64{3, 2}, []float32{0, 3, 1, 4, 2, 5}},
			{"flatten", Flatten(square, 1, -1), []int64{1, 4}, []float32{0, 1, 2, 3}},
			{"squeeze", Squeeze(square), []int64{2, 2}, []float32{0, 1, 2, 3}},
			{"squeeze one", square.Squeeze(1), []int64{1, 2, 2}, []float32{0, 1, 2, 3}},
			{"expand as", ExpandAs(row, a), []int64{2, 3}, []float32{7, 8, 9, 7, 8, 9}},
			{"index select", IndexSelect(a, 1, NewTensor([]int64{2, 0})), []int64{2, 2}, []float32{2, 0, 5, 3}},
			{"index", a.Index(1, 2), []int64{}, []float32{5}},
			{"stack", Stack([]Tensor{row, row}, 0), []int64{2, 1, 3}, []float32{7, 8, 9, 7, 8, 9}},
			{"cat", Cat([]Tensor{a, row}, 0), []int64{3, 3}, []float32{0, 1, 2, 3, 4, 5, 7, 8, 9}},
			{"pad", Pad(square, []int64{1, 0}, "constant", 9), []int64{1, 1, 2, 3}, []float32{9, 0, 1, 9, 2, 3}},
			{"reflect", Pad(square, []int64{1, 0, 0, 1}, "reflect", 0), []int64{1, 1, 3, 3}, []float32{1, 0, 1, 3, 2, 3, 1, 0, 1}},
			{"replicate", Pad(square, []int64{0, 1, 0, 0}, "replicate", 0), []int64{1, 1, 2, 3}, []float32{0, 1, 1, 2, 3, 3}},
			{"mm", MM(a, Transpose(row, 0, 1)), []int64{2, 1}, []float32{26, 98}},
			{"eye", Eye(2, 3, false), []int64{2, 3}, []float32{1, 0, 0, 0, 1, 0}},
			{"linspace", Linspace(0, 1, 5, false), []int64{5}, []float32{0, 0.25, 0.5, 0.75, 1}},
			{"logspace", Logspace(0, 3, 4, 2, false), []int64{4}, []float32{1, 2, 4, 8}},
			{"full", Full([]int64{2}, 0.5, false), []int64{2}, []float32{0.5, 0.5}},
		} {
			if got := c.got.Floats(); !near(got, c.want) || !slices.Equal(c.got.Shape(), c.shape) {
				t.Errorf("%s: %v of shape %v, want %v of %v", c.name, got, c.got.Shape(), c.want, c.shape)
			}
		}
		if a.View(6).FillI(42); a.Index(1, 2).Float() != 42 {
			t.Error("a view has its own memory")
		}
	})
}
