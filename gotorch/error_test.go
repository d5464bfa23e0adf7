package gotorch

import (
	"errors"
	"strings"
	"testing"
)

// wantError expects f to panic with an *Error of operation op whose message holds part.
func wantError(t *testing.T, op, part string, f func()) {
	t.Helper()
	err := Try(f)
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: no error, want one about %q", op, part)
		return
	}
	if e.Op != op || !strings.Contains(e.Msg, part) {
		t.Errorf("error %q of operation %s, want %s about %q", e.Msg, e.Op, op, part)
	}
	if strings.Contains(e.Msg, "frame #") || strings.Contains(e.Msg, ".cpp") {
		t.Errorf("%s: the message has a C++ backtrace: %s", op, e.Msg)
	}
}

func TestErrors(t *testing.T) {
	before := base()
	Scope(func() {
		a, b := Ones([]int64{2, 3}, false), Ones([]int64{4}, false)
		closed := Ones([]int64{2}, false)
		closed.Close()
		var none Tensor
		for _, c := range []struct {
			op, part string
			f        func()
		}{
			{"mm", "2x3", func() { MM(a, a) }},
			{"add", "size", func() { a.Add(b, 1) }},
			{"conv2d", "channels", func() {
				Conv2d(Ones([]int64{1, 3, 8, 8}, false), Ones([]int64{4, 2, 3, 3}, false), none, one, one, one, 1)
			}},
			{"conv2d", "stride [1 2 3]", func() { Conv2d(a, a, none, []int64{1, 2, 3}, one, one, 1) }},
			{"conv2d", "zero Tensor", func() { Conv2d(a, none, none, one, one, one, 1) }},
			{"view", "shape", func() { a.View(5) }},
			{"empty", "negative", func() { Empty([]int64{-1}, false) }},
			{"empty", "", func() { Empty([]int64{1 << 50, 1 << 50}, false) }},
			{"item", "", func() { a.Float() }},
			{"backward", "grad", func() { a.Sum().Backward() }},
			{"cat", "", func() { Cat(nil, 0) }},
			{"index", "2 numbers", func() { a.Index(1) }},
			{"index", "", func() { a.Index(1, 7) }},
			{"squeeze", "at most one", func() { a.Squeeze(0, 1) }},
			{"mse_loss", "median", func() { MSELoss(a, a, "median") }},
			{"pad", "wrap", func() { Pad(a, []int64{1, 1, 1, 1}, "wrap", 0) }},
			{"argmax", "dimension", func() { a.Argmax("x") }},
			{"sum", "dim", func() { a.Sum(map[string]any{"dim": 1.5}) }},
			{"relu", "freed", func() { closed.Relu() }},
			{"add", "freed", func() { a.Add(closed, 1) }},
			{"stack", "freed", func() { Stack([]Tensor{a, closed}, 0) }},
			{"grad", "freed", func() { Grad([]Tensor{closed}, []Tensor{a}, nil, false, false) }},
			{"shape", "zero Tensor", func() { none.Shape() }},
			{"relu", "zero Tensor", func() { none.Relu() }},
			{"cat", "zero Tensor", func() { Cat([]Tensor{a, none}, 0) }},
			{"from_blob", "no memory", func() { FromBlob(nil, Float, []int64{3}) }},
			{"to", "dtype has the number -1", func() { a.CastTo(-1) }},
			{"to", "dtype has the number 99", func() { a.CastTo(99) }},
			{"from_floats", "needs 6", func() { FromFloats([]float32{1}, 2, 3) }},
			{"from_floats", "too large", func() { FromFloats(nil, 1<<40, 1<<40) }},
			{"set_floats", "memory 7", func() { a.SetFloats(make([]float32, 7)) }},
			{"tensor", "side by side", func() { NewTensor([][]float32{{1, 2}, {3}}) }},
			{"tensor", "string", func() { NewTensor([]string{"a"}) }},
			{"tensor", "type int", func() { NewTensor([]int{1}) }},
			{"cuda", "got cpu", func() { a.CUDA(Device{}, false) }},
			{"tensor", "slice", func() { NewTensor(3) }},
			{"device", `"tpu"`, func() { NewDevice("tpu") }},
			{"device", `"cudax"`, func() { NewDevice("cudax") }},
			{"set_num_threads", "positive", func() { SetNumThreads(0) }},
			{"adam", "betas", func() { Adam(1e-3, 0.5, 1, 0) }},
			{"step", "missing", func() { Optimizer{}.Step() }},
			{"stream_query", "missing", func() { CUDAStream{}.Query() }},
			{"load", "no such file", func() { Load("testdata/missing.pt") }},
			{"load", "adam.py", func() { Load("testdata/adam.py") }},
		} {
			wantError(t, c.op, c.part, c.f)
		}
	})
	if n := LiveTensors() - before; n != 0 {
		t.Errorf("%d tensors left by operations that failed", n)
	}
}

func TestTryPassesOtherPanics(t *testing.T) {
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
	}()
	Try(func() { panic("mine") })
	t.Error("Try swallowed a panic that is not its own")
}

func TestTryWithoutError(t *testing.T) {
	if err := Try(func() {}); err != nil {
		t.Error(err)
	}
}
