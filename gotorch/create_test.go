package gotorch

import (
	"bytes"
	"encoding/gob"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

func TestNewTensor(t *testing.T) {
	Scope(func() {
		for _, c := range []struct {
			data  any
			dtype int8
			shape []int64
			want  []float32
		}{
			{[]float32{1, 2}, Float, []int64{2}, []float32{1, 2}},
			{[][]float64{{1, 2, 3}, {4, 5, 6}}, Double, []int64{2, 3}, []float32{1, 2, 3, 4, 5, 6}},
			{[][][]int64{{{1}, {2}}}, Long, []int64{1, 2, 1}, []float32{1, 2}},
			{[]int32{-7}, Int, []int64{1}, []float32{-7}},
			{[]int16{-7}, Short, []int64{1}, []float32{-7}},
			{[]int8{-7}, Char, []int64{1}, []float32{-7}},
			{[]uint8{200}, Byte, []int64{1}, []float32{200}},
			{[]bool{true, false}, Bool, []int64{2}, []float32{1, 0}},
			{[]uint16{0x3c00}, Half, []int64{1}, []float32{1}},
			{[2][2]float32{{1, 2}, {3, 4}}, Float, []int64{2, 2}, []float32{1, 2, 3, 4}},
			{[][]float32{{}, {}}, Float, []int64{2, 0}, nil},
		} {
			got := NewTensor(c.data)
			if got.Dtype() != c.dtype || !slices.Equal(got.Shape(), c.shape) || !near(got.Floats(), c.want) {
				t.Errorf("%v: dtype %d, shape %v, %v", c.data, got.Dtype(), got.Shape(), got)
			}
		}
		if b := NewTensor([]uint16{0x3f80}, map[string]any{"dtype": BFloat16}); b.Item() != float32(1) {
			t.Errorf("bfloat16: %v", b)
		}
		if !NewTensor([]float32{1}, map[string]any{"requires_grad": true}).RequiresGrad() {
			t.Error("requires_grad is ignored")
		}
		wantError(t, "tensor", "does not fit", func() { NewTensor([]uint16{1}, map[string]any{"dtype": Float}) })
	})
}

func TestItemTypes(t *testing.T) {
	Scope(func() {
		for dtype, want := range map[int8]any{Byte: byte(3), Char: int8(3), Short: int16(3), Int: int32(3), Long: int64(3),
			Half: float32(3), BFloat16: float32(3), Float: float32(3), Double: float64(3), Bool: true} {
			if got := Full([]int64{1}, 3, false).CastTo(dtype).Item(); got != want {
				t.Errorf("dtype %d: %T %v, want %T %v", dtype, got, got, want, want)
			}
		}
	})
}

func TestFromBlobCopies(t *testing.T) {
	Scope(func() {
		data := []float32{1, 2, 3, 4}
		a := FromBlob(unsafe.Pointer(&data[0]), Float, []int64{2, 2})
		data[0] = 9
		if !near(a.Floats(), []float32{1, 2, 3, 4}) {
			t.Errorf("%v shares Go's memory", a)
		}
	})
}

func TestFloatsBothWays(t *testing.T) {
	Scope(func() {
		a := FromFloats([]float32{0, 1, 2, 3, 4, 5}, 2, 3)
		turned := a.Transpose(0, 1) // not contiguous
		if got := turned.Floats(); !near(got, []float32{0, 3, 1, 4, 2, 5}) {
			t.Errorf("copied %v", got)
		}
		turned.SetFloats([]float32{10, 13, 11, 14, 12, 15})
		if !near(a.Floats(), []float32{10, 11, 12, 13, 14, 15}) {
			t.Errorf("set %v", a)
		}
		p := Zeros([]int64{2}, true)
		p.SetFloats([]float32{1, 2})
		if !p.RequiresGrad() || !near(p.Floats(), []float32{1, 2}) {
			t.Errorf("a parameter set: %v", p)
		}
		d := a.CastTo(Double)
		d.SetFloats([]float32{1, 2, 3, 4, 5, 6})
		if !near(d.Floats(), []float32{1, 2, 3, 4, 5, 6}) {
			t.Errorf("float64 set: %v", d)
		}
		if b := FromBytes([]byte{0, 127, 255}, 3); !bytes.Equal(b.Bytes(), []byte{0, 127, 255}) || b.Dtype() != Byte {
			t.Errorf("bytes %v", b)
		}
		if e := Zeros([]int64{0, 3}, false); len(e.Floats()) != 0 || len(FromFloats(nil, 0).Floats()) != 0 {
			t.Error("no elements")
		}
	})
}

func TestTo(t *testing.T) {
	Scope(func() {
		a := FromFloats([]float32{1.5, -2.5}, 2)
		if b := To(a, NewDevice("cpu"), Long); b.Dtype() != Long || !near(b.Floats(), []float32{1, -2}) {
			t.Errorf("to int64: %v", b)
		}
		if b := a.CopyTo(a.Device()).PinMemory(); !near(b.Floats(), a.Floats()) || b.Dtype() != Float {
			t.Errorf("copied: %v", b)
		}
		if s := a.String(); !strings.Contains(s, "1.5") || !strings.Contains(s, "CPUFloatType") || (Tensor{}).String() != "Tensor{}" {
			t.Errorf("printed as %q", s)
		}
	})
}

func TestRandomFillings(t *testing.T) {
	Scope(func() {
		ManualSeed(1)
		n := []int64{20000}
		u := Rand(n, false)
		if v := u.Floats(); slices.Min(v) < 0 || slices.Max(v) >= 1 || math.Abs(u.Mean().Float()-0.5) > 0.02 {
			t.Error("Rand is not even on [0, 1)")
		}
		u.UniformI(-3, -1)
		if v := u.Floats(); slices.Min(v) < -3 || slices.Max(v) >= -1 || math.Abs(u.Mean().Float()+2) > 0.02 {
			t.Error("UniformI is not even on its interval")
		}
		g := RandN(n, false)
		if m, s := g.Mean().Float(), g.Square().Mean().Float(); math.Abs(m) > 0.05 || math.Abs(s-1) > 0.05 {
			t.Errorf("RandN has mean %v and square mean %v", m, s)
		}
		g.NormalI(5, 0.1)
		if m := g.Mean().Float(); math.Abs(m-5) > 0.01 {
			t.Errorf("NormalI has mean %v", m)
		}
		if e := g.CastTo(Double).EmptyLike(); e.Dtype() != Double || e.Numel() != n[0] {
			t.Errorf("like: %v", e)
		}
	})
}

func TestSaveLoadAndGob(t *testing.T) {
	Scope(func() {
		python := Load(filepath.Join("testdata", "saved.pt"))
		want := []float32{0, 0.25, 0.5, 0.75, 1, 1.25}
		if !slices.Equal(python.Shape(), []int64{2, 3}) || !near(python.Floats(), want) {
			t.Errorf("PyTorch's file holds %v", python)
		}
		path := filepath.Join(t.TempDir(), "a.pt")
		a := RandN([]int64{3, 4}, false).CastTo(Double)
		a.Save(path)
		if b := Load(path); !Equal(a, b) {
			t.Errorf("saved %v, loaded %v", a, b)
		}
		wantError(t, "save", "no such", func() { a.Save(filepath.Join(t.TempDir(), "no", "a.pt")) })

		var buf bytes.Buffer
		if err := gob.NewEncoder(&buf).Encode(map[string]Tensor{"a": a}); err != nil {
			t.Fatal(err)
		}
		var back map[string]Tensor
		if err := gob.NewDecoder(&buf).Decode(&back); err != nil || !Equal(back["a"], a) {
			t.Errorf("gob: %v, %v", back, err)
		}
		if _, err := (Tensor{}).GobEncode(); err == nil {
			t.Error("the zero Tensor was encoded")
		}
		if err := new(Tensor).GobDecode([]byte("no pickle")); err == nil {
			t.Error("nonsense was decoded")
		}
	})
}
