package gotorch_test

import (
	"math"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/torchtest"
)

func TestCUDA(t *testing.T) {
	d := torchtest.CUDA(t)
	if !d.IsCUDA() || d.String() != "cuda:0" || torch.CUDADeviceName(0) == "" {
		t.Errorf("cuda:0 is %v", d)
	}
	if err := torch.Try(func() { torch.NewDevice("cuda:99") }); err == nil {
		t.Error("cuda:99 exists")
	}
	if err := torch.ResetCUDAPeak(d); err != nil {
		t.Error(err)
	}
	torch.Scope(func() {
		old := torch.GetCurrentCUDAStream(d)
		defer torch.SetCurrentCUDAStream(old)
		stream := torch.NewCUDAStream(d)
		torch.SetCurrentCUDAStream(stream)
		x := torch.Device{}.RandN(1 << 20).PinMemory()
		y := x.CUDA(d, true)
		stream.Synchronize()
		if !stream.Query() || y.Device() != d || !torch.Equal(y.To(torch.Device{}), x) {
			t.Error("a copy from pinned memory on a stream is late, elsewhere or wrong")
		}
		if allocated, reserved, peak, err := torch.CUDAMemory(d); err != nil || allocated < 4<<20 || reserved < allocated || peak < allocated {
			t.Errorf("memory: %d allocated, %d reserved, peak %d, error %v", allocated, reserved, peak, err)
		}
	})
	torch.Synchronize(d)
}

// A stream waits for an event of another, and a copy from pinned memory runs beside the host.
func TestCUDAEvents(t *testing.T) {
	d := torchtest.CUDA(t)
	torch.Scope(func() {
		main, copies, copied := torch.GetCurrentCUDAStream(d), torch.NewCUDAStream(d), torch.NewCUDAEvent()
		pinned, there := torch.Device{}.RandN(1<<20).PinMemory(), d.Zeros(1<<20)
		torch.Synchronize(d) // there's zeros are written on the main stream
		torch.SetCurrentCUDAStream(copies)
		there.CopyAsyncI(pinned)
		copied.Record(copies)
		torch.SetCurrentCUDAStream(main)
		main.Wait(copied)
		double := there.MulScalar(2)
		copied.Synchronize()
		if !torch.Equal(double.To(torch.Device{}), pinned.MulScalar(2)) {
			t.Error("the main stream did not wait for the copy")
		}
	})
}

// A captured step of Adam through a gradient of a gradient, with random numbers, does what the same steps do one by one: it follows the
// learning rate, and leaves out what is not finite.
func TestCUDAGraph(t *testing.T) {
	d := torchtest.CUDA(t)
	main := torch.GetCurrentCUDAStream(d)
	defer torch.SetCurrentCUDAStream(main)
	torch.SetCurrentCUDAStream(torch.NewCUDAStream(d))
	if !torch.GraphsFollowRate() {
		t.Skip("this libtorch's graphs keep the learning rate of their capture")
	}
	const steps, broken = 8, 5
	train := func(graphed bool) (w []float32, done int64) {
		torch.ManualSeed(7)
		torch.Scope(func() {
			x, weight := d.Zeros(4, 3), torch.Ones([]int64{3, 2}, false).To(d).SetRequiresGrad(true)
			opt := torch.Adam(0.1, 0.5, 0.9, 0)
			defer opt.Close()
			opt.AddParameters([]torch.Tensor{weight})
			step := func() {
				torch.Scope(func() {
					mixed := torch.Add(x, d.RandN(4, 3), 0.1).SetRequiresGrad(true)
					y := torch.MM(mixed, weight).Tanh()
					g := torch.Grad([]torch.Tensor{y.Sum()}, []torch.Tensor{mixed}, nil, true, true)[0]
					loss := torch.Add(y.Mean(), g.Square().Sum().AddScalar(1e-12).Sqrt(), 1)
					grads := torch.Grad([]torch.Tensor{loss}, []torch.Tensor{weight}, nil, false, false)
					opt.StepUnless(torch.Finite(grads).Neg().AddScalar(1), grads)
				})
			}
			var g torch.CUDAGraph
			for i := range steps {
				opt.SetLR(0.1 / float64(i+1))
				value := float64(i)
				if i == broken {
					value = math.NaN()
				}
				x.FillI(value)
				switch {
				case !graphed || i < 3:
					step()
				default:
					if i == 3 {
						g = torch.CaptureCUDAGraph(d, step)
						defer func() { torch.Synchronize(d); g.Close() }()
					}
					g.Replay()
				}
			}
			w = weight.Floats()
			done, _, _ = opt.State()
		})
		return w, done
	}
	eager, eagerSteps := train(false)
	replayed, replayedSteps := train(true)
	for i := range eager {
		if math.Abs(float64(eager[i]-replayed[i])) > 1e-6 {
			t.Fatalf("weights after replays %v, without %v", replayed, eager)
		}
	}
	if eagerSteps != steps-1 || replayedSteps != steps-1 {
		t.Errorf("Adam counts %d and %d steps, expected %d: one was left out", eagerSteps, replayedSteps, steps-1)
	}
}

// What waits for the device cannot be captured, and the device goes on afterwards.
func TestCUDAGraphRefuses(t *testing.T) {
	d := torchtest.CUDA(t)
	main := torch.GetCurrentCUDAStream(d)
	torch.SetCurrentCUDAStream(torch.NewCUDAStream(d))
	x := d.Zeros(3)
	err := torch.Try(func() { torch.CaptureCUDAGraph(d, func() { x.Sum().Float() }) })
	torch.SetCurrentCUDAStream(main)
	if err == nil {
		t.Error("a capture with a wait for the device succeeded")
	}
	if err := torch.Try(func() { torch.Synchronize(d) }); err != nil {
		t.Error(err)
	}
}
