package gotorch

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// adamRun is one run of torch.optim.Adam, written by testdata/adam.py.
type adamRun struct {
	LR          float64 `json:"lr"`
	Beta1       float64 `json:"beta1"`
	Beta2       float64 `json:"beta2"`
	WeightDecay float64 `json:"weight_decay"`
	Params      [][]float32
	Steps       []struct {
		Grads  [][]float32 // null: none in this step
		Params [][]float32 // after the step
	}
	Step     int64
	ExpAvg   [][]float32 `json:"exp_avg"`
	ExpAvgSq [][]float32 `json:"exp_avg_sq"`
}

func adamRuns(t *testing.T) []adamRun {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "adam.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Runs []adamRun }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Runs) != 3 || len(file.Runs[0].Steps) != 10 {
		t.Fatal("testdata/adam.json does not hold 3 runs of 10 steps")
	}
	return file.Runs
}

// ulps is how many float32 values lie between a and b.
func ulps(a, b float32) int64 {
	order := func(x float32) int64 {
		if i := int64(int32(math.Float32bits(x))); i >= 0 {
			return i
		} else {
			return math.MinInt32 - i
		}
	}
	d := order(a) - order(b)
	return max(d, -d)
}

func wantULPs(t *testing.T, what string, got, want []float32, most int64) {
	t.Helper()
	for i := range want {
		if d := ulps(got[i], want[i]); d > most {
			t.Errorf("%s, element %d: %v, PyTorch has %v, %d ulp apart", what, i, got[i], want[i], d)
		}
	}
}

func parameters(values [][]float32) []Tensor {
	ps := make([]Tensor, len(values))
	for i, v := range values {
		ps[i] = FromFloats(v, int64(len(v))).SetRequiresGrad(true)
	}
	return ps
}

func gradients(values [][]float32) []Tensor {
	gs := make([]Tensor, len(values))
	for i, v := range values {
		if v != nil {
			gs[i] = FromFloats(v, int64(len(v)))
		}
	}
	return gs
}

// TestAdamAgainstPyTorch takes the same gradients by StepWith and, in a second optimizer, by .grad.
func TestAdamAgainstPyTorch(t *testing.T) {
	for _, run := range adamRuns(t) {
		Scope(func() {
			with, from := parameters(run.Params), parameters(run.Params)
			a, b := Adam(run.LR, run.Beta1, run.Beta2, run.WeightDecay), Adam(run.LR, run.Beta1, run.Beta2, run.WeightDecay)
			defer a.Close()
			defer b.Close()
			a.AddParameters(with[:1])
			a.AddParameters(with[1:])
			b.AddParameters(from)
			for _, step := range run.Steps {
				grads := gradients(step.Grads)
				a.StepWith(grads)
				b.ZeroGrad()
				for i, g := range grads {
					if g.T != nil {
						from[i].Mul(g).Sum().Backward() // whose gradient is g
					}
				}
				b.Step()
				for i := range with {
					wantULPs(t, "parameter", with[i].Floats(), step.Params[i], 4)
					if !Equal(with[i], from[i]) {
						t.Error("Step and StepWith differ")
					}
				}
			}
			n, m, v := a.State()
			if n != run.Step {
				t.Errorf("%d steps, PyTorch has %d", n, run.Step)
			}
			for i := range with {
				wantULPs(t, "exp_avg", m[i].Floats(), run.ExpAvg[i], 4)
				wantULPs(t, "exp_avg_sq", v[i].Floats(), run.ExpAvgSq[i], 4)
			}
		})
	}
}

// TestAdamGoesOnFromItsState compares ten steps with five, a restart from the state, and five more: bit for bit.
func TestAdamGoesOnFromItsState(t *testing.T) {
	run := adamRuns(t)[0]
	Scope(func() {
		whole, parts := parameters(run.Params)[:1], parameters(run.Params)[:1]
		a, b := Adam(run.LR, run.Beta1, run.Beta2, 0), Adam(run.LR, run.Beta1, run.Beta2, 0)
		a.AddParameters(whole)
		b.AddParameters(parts)
		for i, step := range run.Steps {
			g := gradients(step.Grads)[:1]
			a.StepWith(g)
			if i == 5 {
				n, m, v := b.State()
				b.Close()
				b = Adam(run.LR, run.Beta1, run.Beta2, 0)
				b.AddParameters(parts)
				if err := b.SetState(n, [][]float32{m[0].Floats()}, [][]float32{v[0].Floats()}); err != nil {
					t.Fatal(err)
				}
			}
			b.StepWith(g)
		}
		if !Equal(whole[0], parts[0]) {
			t.Errorf("without a stop %v, with one %v", whole[0], parts[0])
		}
	})
}

// TestAdamTakesAnyLayout gives gradients, as Grad may, that do not lie in memory as their parameters do.
func TestAdamTakesAnyLayout(t *testing.T) {
	Scope(func() {
		ManualSeed(8)
		g := RandN([]int64{4, 3}, false)
		var results []Tensor
		for _, grad := range []Tensor{g.Transpose(0, 1).Contiguous(), g.Transpose(0, 1), g.Transpose(0, 1).CastTo(Double)} {
			p := Ones([]int64{3, 4}, true)
			a := Adam(0.1, 0.5, 0.9, 0)
			a.AddParameters([]Tensor{p})
			for range 3 {
				a.StepWith([]Tensor{grad})
			}
			results = append(results, p)
			p.SetData(p.CastTo(Double))
			a.StepWith([]Tensor{grad.CastTo(Double)}) // the state follows the parameter's type
			if p.Dtype() != Double || !AllFinite([]Tensor{p}) {
				t.Errorf("a parameter that turned to float64 is %v", p)
			}
		}
		if !Equal(results[0], results[1]) || !Equal(results[0], results[2]) {
			t.Errorf("the gradient's layout changes the result: %v", results)
		}
	})
}

func TestOptimizerMisuse(t *testing.T) {
	Scope(func() {
		p := Ones([]int64{3}, true)
		a := Adam(1e-3, 0.9, 0.999, 0)
		a.AddParameters([]Tensor{p})
		n, m, v := a.State()
		if n != 0 || !near(m[0].Floats(), make([]float32, 3)) || !near(v[0].Floats(), make([]float32, 3)) {
			t.Error("the state before the first step is not zero")
		}
		for _, state := range [][][]float32{nil, {{1, 2}}, {{1, 2, 3}, {4}}} {
			if err := a.SetState(1, state, state); err == nil {
				t.Errorf("state %v was taken", state)
			}
		}
		if err := a.SetState(-1, [][]float32{{1, 2, 3}}, [][]float32{{1, 2, 3}}); err == nil {
			t.Error("a negative step was taken")
		}
		if err := a.SetState(1, [][]float32{{1, 2, 3}}, nil); err == nil {
			t.Error("first moments without second ones were taken")
		}
		if n, m, _ := a.State(); n != 0 || m[0].Sum().Float() != 0 {
			t.Error("a state that was refused changed something")
		}
		wantError(t, "step", "1 gradients, got 0", func() { a.StepWith(nil) })
		wantError(t, "step", "shape", func() { a.StepWith([]Tensor{Ones([]int64{2}, false)}) })
		a.StepWith([]Tensor{{}})
		a.StepWith([]Tensor{p.Grad()}) // undefined
		a.Step()
		if !near(p.Floats(), []float32{1, 1, 1}) {
			t.Error("a step without gradients moved the parameter")
		}
		s := SGD(0.1, 0, 0, 0, false)
		wantError(t, "state", "not Adam", func() { s.State() })
		wantError(t, "sgd", "Nesterov", func() { SGD(0.1, 0, 0, 0, true) })
		a.Close()
		a.Close()
		wantError(t, "step", "after Close", func() { a.Step() })
	})
}

// TestSGD follows two steps by hand: d = g + 0.5·θ; b = d, then 0.9·b + 0.75·d; θ ← θ − 0.1·b, or with Nesterov's momentum
// and no dampening θ − 0.1·(d + 0.9·b).
func TestSGD(t *testing.T) {
	for _, c := range []struct {
		nesterov  bool
		dampening float64
		want      []float32
	}{
		// θ0 = 2, g = 1: d = 2, b = 2, θ1 = 1.8; then d = 1.9, b = 0.9·2 + 0.75·1.9 = 3.225, θ2 = 1.4775.
		{false, 0.25, []float32{1.8, 1.4775}},
		// d = 2, b = 2, θ1 = 2 − 0.1·(2 + 1.8) = 1.62; then d = 1.81, b = 3.61, θ2 = 1.62 − 0.1·(1.81 + 3.249) = 1.1141.
		{true, 0, []float32{1.62, 1.1141}},
	} {
		Scope(func() {
			p := FromFloats([]float32{2}, 1).SetRequiresGrad(true)
			s := SGD(0.1, 0.9, c.dampening, 0.5, c.nesterov)
			s.AddParameters([]Tensor{p})
			var got []float32
			for range 2 {
				s.ZeroGrad()
				p.Sum().Backward()
				s.Step()
				got = append(got, p.Floats()...)
			}
			if !near(got, c.want) {
				t.Errorf("nesterov %v: %v, want %v", c.nesterov, got, c.want)
			}
			s.SetLR(0)
			s.Step()
			if !slices.Equal(p.Floats(), got[1:]) {
				t.Error("a learning rate of 0 moves the parameter")
			}
		})
	}
}

// A step that is left out changes and counts nothing.
func TestStepUnless(t *testing.T) {
	train := func(skips ...float32) (w []float32, step int64) {
		Scope(func() {
			p := FromFloats([]float32{1, -2}, 2)
			opt := Adam(0.1, 0.5, 0.9, 0)
			defer opt.Close()
			opt.AddParameters([]Tensor{p})
			for _, skip := range skips {
				g := []float32{0.5, 3}
				if skip == 1 {
					g[0] = float32(math.NaN())
				}
				opt.StepUnless(FromFloats([]float32{skip}, 1).View(), []Tensor{FromFloats(g, 2)})
			}
			w = p.Floats()
			step, _, _ = opt.State()
		})
		return w, step
	}
	want, _ := train(0, 0)
	if got, step := train(0, 1, 0, 1); step != 2 || !slices.Equal(got, want) {
		t.Errorf("%v after %d steps, want %v after 2", got, step, want)
	}
	Scope(func() {
		opt := SGD(0.1, 0, 0, 0, false)
		defer opt.Close()
		p := Ones([]int64{1}, false)
		opt.AddParameters([]Tensor{p})
		wantError(t, "step", "SGD", func() { opt.StepUnless(Zeros(nil, false), []Tensor{p}) })
	})
}
