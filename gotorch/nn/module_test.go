package nn

import (
	"bytes"
	"encoding/gob"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
)

// block has a field of every kind that the state of a module can hang on.
type block struct {
	Module
	W      torch.Tensor
	Absent torch.Tensor
	S      torch.Tensor `gotorch:"buffer"`
	First  *LinearModule
	None   *LinearModule
	Any    IModule
	Many   []*LinearModule
	Loose  [2]torch.Tensor
	Seq    *SequentialModule
	width  int
}

func newBlock() *block {
	b := &block{
		W: torch.Ones([]int64{2}, true), S: torch.Zeros([]int64{1}, false), First: Linear(2, 3, true), Any: Linear(3, 2, false),
		Many:  []*LinearModule{Linear(2, 2, false), Linear(2, 2, true)},
		Loose: [2]torch.Tensor{torch.Ones([]int64{1}, true), torch.Ones([]int64{1}, true)},
		Seq:   Sequential(BatchNorm2d(2, 1e-5, 0.1, true, true), Functional(torch.Relu), Conv2d(2, 1, 1, 1, 0, 1, 1, false, "zeros")),
		width: 2,
	}
	b.Init(b)
	return b
}

var blockNames = []string{
	"block.W", "block.S", "block.First.Weight", "block.First.Bias", "block.Any.Weight", "block.Many[0].Weight",
	"block.Many[1].Weight", "block.Many[1].Bias", "block.Loose[0]", "block.Loose[1]",
	"block.Seq.Modules[0].Weight", "block.Seq.Modules[0].Bias", "block.Seq.Modules[0].RunningMean",
	"block.Seq.Modules[0].RunningVar", "block.Seq.Modules[2].Weight",
}

func isBuffer(name string) bool { return name == "block.S" || strings.Contains(name, "Running") }

func TestNamesAreInTheOrderOfTheFields(t *testing.T) {
	torch.Scope(func() {
		b := newBlock()
		var got []string
		for _, n := range b.named(true, true) {
			got = append(got, n.name)
		}
		if !slices.Equal(got, blockNames) {
			t.Errorf("names %q, want %q", got, blockNames)
		}
		var params, buffers []torch.Tensor
		for _, n := range b.named(true, true) {
			if isBuffer(n.name) {
				buffers = append(buffers, n.tensor)
			} else {
				params = append(params, n.tensor)
			}
		}
		if !slices.Equal(b.Parameters(), params) || !slices.Equal(b.Buffers(), buffers) || len(buffers) != 3 {
			t.Error("Parameters and Buffers are not those tensors in that order")
		}
		if len(b.NamedParameters()) != len(params) || len(b.NamedBuffers()) != len(buffers) ||
			len(b.StateDict()) != len(blockNames) || b.StateDict()["block.W"] != b.W {
			t.Error("the maps by name miss tensors")
		}
		if b.width != 2 {
			t.Error("a field that is no tensor was touched")
		}
	})
}

func TestApplyTrainAndNames(t *testing.T) {
	torch.Scope(func() {
		b := newBlock()
		var names []string
		b.Apply(func(m IModule) {
			if m.(*Module).Outer() == nil {
				t.Error("a module without an outer one")
			}
			names = append(names, m.Name())
		})
		want := []string{"nn.block", "nn.LinearModule", "nn.LinearModule", "nn.LinearModule", "nn.LinearModule",
			"nn.SequentialModule", "nn.BatchNorm2dModule", "nn.FunctionalModule", "nn.Conv2dModule"}
		if !slices.Equal(names, want) {
			t.Errorf("visited %q, want %q", names, want)
		}
		if b.Outer() != IModule(b) || !b.Seq.Modules[0].IsTraining() {
			t.Error("a new module is not in training, or not its own outer")
		}
		b.Train(false)
		if b.IsTraining() || b.Seq.Modules[0].IsTraining() || b.Any.IsTraining() {
			t.Error("Train(false) does not reach every module")
		}
	})
}

func TestStateDictBothWays(t *testing.T) {
	torch.Scope(func() {
		a, b := newBlock(), newBlock()
		initializer.Normal(&a.W, 0, 1)
		var file bytes.Buffer
		if err := gob.NewEncoder(&file).Encode(a.StateDict()); err != nil {
			t.Fatal(err)
		}
		var sd map[string]torch.Tensor
		if err := gob.NewDecoder(&file).Decode(&sd); err != nil {
			t.Fatal(err)
		}
		params := b.Parameters()
		if err := b.SetStateDict(sd); err != nil {
			t.Fatal(err)
		}
		for i, n := range b.named(true, true) {
			if !torch.Equal(n.tensor, a.named(true, true)[i].tensor) {
				t.Errorf("%s differs from the value read", n.name)
			}
		}
		if !slices.Equal(params, b.Parameters()) || !b.W.RequiresGrad() {
			t.Error("reading a state replaced the tensors, which an optimizer may hold")
		}
		for name, spoil := range map[string]func(){
			"no value for block.Any.Weight": func() { delete(sd, "block.Any.Weight") },
			"nothing here is named x":       func() { sd["x"] = b.W },
			"shape [3 1]":                   func() { sd["block.W"] = torch.Ones([]int64{3, 1}, false) },
			"zero Tensor":                   func() { sd["block.W"] = torch.Tensor{} },
		} {
			sd = a.StateDict()
			spoil()
			if err := b.SetStateDict(sd); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v, want one about %q", err, name)
			}
		}
	})
}

func TestToKeepsTheTensors(t *testing.T) {
	torch.Scope(func() {
		b := newBlock()
		live := torch.LiveTensors()
		w := b.W
		b.To(torch.NewDevice("cpu"), torch.Double)
		for _, n := range b.named(true, true) {
			if n.tensor.Dtype() != torch.Double {
				t.Errorf("%s is not float64", n.name)
			}
		}
		if b.W != w || !w.RequiresGrad() || torch.LiveTensors() != live {
			t.Error("To replaced tensors, or left some behind")
		}
	})
}

func TestKeepAModule(t *testing.T) {
	var l *LinearModule
	torch.Scope(func() {
		l = Linear(2, 1, true)
		l.Keep()
	})
	if l.Weight.Shape()[1] != 2 || len(l.Bias.Floats()) != 1 {
		t.Error("a kept module lost its tensors")
	}
	for _, p := range l.Parameters() {
		p.Close()
	}
}

// loner has a tensor that nobody can see.
type loner struct {
	Module
	w torch.Tensor
}

// byPointer embeds a pointer.
type byPointer struct{ *Module }

func TestMisuse(t *testing.T) {
	torch.Scope(func() {
		hidden := &loner{w: torch.Ones([]int64{1}, true)}
		hidden.Init(hidden)
		twice := &loner{}
		for what, f := range map[string]func(){
			"before Init":                        func() { new(block).Parameters() },
			"not exported":                       func() { hidden.Parameters() },
			"by value":                           func() { p := byPointer{&Module{}}; p.Init(&p) },
			"expected a pointer":                 func() { twice.Init(nil) },
			"no modules":                         func() { Sequential().Forward(hidden.w) },
			"no method Forward":                  func() { Sequential(hidden).Forward(hidden.w) },
			"cannot be split":                    func() { Conv2d(3, 4, 3, 1, 1, 1, 2, false, "zeros") },
			"expected reflect, replicate, zeros": func() { Conv2d(1, 1, 3, 1, 1, 1, 1, false, "wrap") },
			"expected zeros":                     func() { ConvTranspose2d(1, 1, 3, 1, 1, 0, 1, false, 1, "reflect") },
			"the tensor is nil":                  func() { initializer.Zeros(nil) },
			"zero Tensor":                        func() { initializer.Ones(&torch.Tensor{}) },
			"unknown mode fan":                   func() { w := torch.Ones([]int64{1, 1}, true); initializer.KaimingUniform(&w, 0, "fan", "relu") },
			"2 or more dimensions":               func() { initializer.KaimingUniform(&hidden.w, 0, "fan_in", "relu") },
			"unknown nonlinearity gl":            func() { w := torch.Ones([]int64{1, 1}, true); initializer.KaimingUniform(&w, 0, "fan_in", "gl") },
		} {
			var e *torch.Error
			if err := torch.Try(f); !errors.As(err, &e) || !strings.Contains(e.Msg, what) {
				t.Errorf("error %v, want one about %q", err, what)
			}
		}
	})
}

func TestBatchNormInTrainingAndUse(t *testing.T) {
	torch.Scope(func() {
		torch.ManualSeed(2)
		x := torch.RandN([]int64{4, 3, 5, 5}, false).MulScalar(3).AddScalar(1)
		b := BatchNorm2d(3, 1e-5, 0.5, true, true)
		y := b.Forward(x)
		if m := y.Mean().Float(); math.Abs(m) > 1e-5 {
			t.Errorf("mean %v after batch norm in training", m)
		}
		// Half of the way from 0 to the batch's mean.
		mean := x.MeanDims([]int64{0, 2, 3}, false).MulScalar(0.5)
		if !torch.AllClose(b.RunningMean, mean) {
			t.Errorf("running mean %v, want %v", b.RunningMean, mean)
		}
		b.Train(false)
		want := functional.BatchNorm(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias, false, 0, 1e-5)
		if !torch.Equal(b.Forward(x), want) || !torch.AllClose(b.RunningMean, mean) {
			t.Error("batch norm in use heeds the batch")
		}
	})
}

// largest returns the largest absolute value.
func largest(t torch.Tensor) float64 {
	var most float64
	for _, x := range t.Floats() {
		most = max(most, math.Abs(float64(x)))
	}
	return most
}

func TestFirstWeights(t *testing.T) {
	torch.Scope(func() {
		torch.ManualSeed(4)
		for _, c := range []struct {
			m     interface{ Parameters() []torch.Tensor }
			bound float64 // 1/√(inputs of an output)
		}{
			{Conv2d(8, 16, 3, 1, 1, 1, 2, true, "zeros"), 1 / math.Sqrt(4*9)},
			{ConvTranspose2d(8, 16, 3, 2, 1, 1, 1, true, 1, "zeros"), 1 / math.Sqrt(16*9)},
			{Linear(64, 32, true), 1. / 8},
		} {
			ps := c.m.Parameters()
			if most := largest(ps[0]); most > c.bound || most < 0.95*c.bound {
				t.Errorf("%T: weights up to %v, want %v", c.m, most, c.bound)
			}
			if most := largest(ps[1]); most > c.bound || most < 0.5*c.bound {
				t.Errorf("%T: biases up to %v, want %v", c.m, most, c.bound)
			}
		}
		w := torch.Empty([]int64{100, 50}, true)
		initializer.KaimingUniform(&w, 0, "fan_out", "relu")
		if most, bound := largest(w), math.Sqrt(6./100); most > bound || most < 0.99*bound || !w.RequiresGrad() {
			t.Errorf("Kaiming for ReLU up to %v, want %v", most, bound)
		}
	})
}

func TestConvModules(t *testing.T) {
	torch.Scope(func() {
		x := torch.RandN([]int64{1, 2, 6, 6}, false)
		c := Conv2d(2, 3, 3, 2, 1, 1, 1, true, "reflect")
		want := functional.Conv2d(functional.Pad(x, []int64{1, 1, 1, 1}, "reflect", 0), c.Weight, c.Bias, []int64{2, 2}, []int64{0, 0},
			[]int64{1, 1}, 1)
		if !torch.Equal(c.Forward(x), want) {
			t.Error("padding by reflection")
		}
		d := ConvTranspose2d(3, 2, 3, 2, 1, 1, 1, false, 1, "zero")
		if y := d.Forward(c.Forward(x)); !slices.Equal(y.Shape(), x.Shape()) {
			t.Errorf("there and back has shape %v", y.Shape())
		}
	})
}
