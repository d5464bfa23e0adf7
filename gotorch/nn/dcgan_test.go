package nn_test

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	torch "keygan/gotorch"
	nn "keygan/gotorch/nn"
	F "keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
)

// The program of this file is a DCGAN in the way in which programs for github.com/wangkuiyi/gotorch are written: modules in
// a Sequential, first weights through reflection, losses with torch.Tensor{} for no weight, Backward, Step, Item. It must
// compile and learn with nothing but the import path changed.

func relu(in torch.Tensor) torch.Tensor { return F.Relu(in, true) }

func leaky(in torch.Tensor) torch.Tensor { return F.LeakyRelu(in, 0.2, true) }

// newGenerator maps noise [N, z, 1, 1] to images [N, 1, 8, 8].
func newGenerator(z, width int64) *nn.SequentialModule {
	return nn.Sequential(
		nn.ConvTranspose2d(z, width*2, 4, 1, 0, 0, 1, false, 1, "zero"),
		nn.BatchNorm2d(width*2, 1e-5, 0.1, true, true),
		nn.Functional(relu),
		nn.ConvTranspose2d(width*2, 1, 4, 2, 1, 0, 1, false, 1, "zero"),
		nn.Functional(torch.Tanh),
	)
}

func newDiscriminator(width int64) *nn.SequentialModule {
	return nn.Sequential(
		nn.Conv2d(1, width, 4, 2, 1, 1, 1, false, "zeros"),
		nn.Functional(leaky),
		nn.Conv2d(width, width*2, 3, 1, 1, 1, 1, false, "zeros"),
		nn.BatchNorm2d(width*2, 1e-5, 0.1, true, true),
		nn.Functional(leaky),
		nn.Conv2d(width*2, 1, 4, 1, 0, 1, 1, false, "zeros"),
		nn.Functional(torch.Sigmoid),
	)
}

func firstWeights(m nn.IModule) {
	fill := map[string]func(w *torch.Tensor){}
	switch {
	case strings.Contains(m.Name(), "Conv"):
		fill["Weight"] = func(w *torch.Tensor) { initializer.Normal(w, 0.0, 0.02) }
	case strings.Contains(m.Name(), "BatchNorm"):
		fill["Weight"] = func(w *torch.Tensor) { initializer.Normal(w, 1.0, 0.02) }
		fill["Bias"] = func(w *torch.Tensor) { initializer.Zeros(w) }
	}
	v := reflect.ValueOf(m.(*nn.Module).Outer()).Elem()
	for i := 0; i < v.NumField(); i++ {
		if f := fill[v.Type().Field(i).Name]; f != nil {
			w := v.Field(i).Interface().(torch.Tensor)
			f(&w)
		}
	}
}

// dcgan trains for some steps on images whose left half is dark, and returns the losses and the last images.
func dcgan(steps int, device torch.Device) (lossesD, lossesG []float32, samples torch.Tensor) {
	initializer.ManualSeed(999)
	z, batch := int64(8), int64(8)
	fixed := torch.RandN([]int64{4, z, 1, 1}, false).CopyTo(device)

	netG := newGenerator(z, 8)
	netG.To(device)
	netG.Apply(firstWeights)
	netD := newDiscriminator(8)
	netD.To(device)
	netD.Apply(firstWeights)

	optimizerD := torch.Adam(0.002, 0.5, 0.999, 0.0)
	optimizerD.AddParameters(netD.Parameters())
	optimizerG := torch.Adam(0.002, 0.5, 0.999, 0.0)
	optimizerG.AddParameters(netG.Parameters())

	halves := torch.NewTensor([]float32{-1, -1, -1, -1, 1, 1, 1, 1})
	data := torch.ExpandAs(halves, torch.Ones([]int64{batch, 1, 8, 8}, false)).CopyTo(device)
	for i := 0; i < steps; i++ {
		torch.GC()
		optimizerD.ZeroGrad()
		label := torch.Empty([]int64{data.Shape()[0]}, false).CopyTo(device)
		initializer.Ones(&label)
		output := netD.Forward(data).(torch.Tensor).View(-1, 1).Squeeze(1)
		errDReal := F.BinaryCrossEntropy(output, label, torch.Tensor{}, "mean")
		errDReal.Backward()

		noise := torch.RandN([]int64{data.Shape()[0], z, 1, 1}, false).CopyTo(device)
		fake := netG.Forward(noise).(torch.Tensor)
		initializer.Zeros(&label)
		output = netD.Forward(fake.Detach()).(torch.Tensor).View(-1, 1).Squeeze(1)
		errDFake := F.BinaryCrossEntropy(output, label, torch.Tensor{}, "mean")
		errDFake.Backward()
		errD := errDReal.Item().(float32) + errDFake.Item().(float32)
		optimizerD.Step()

		optimizerG.ZeroGrad()
		initializer.Ones(&label)
		output = netD.Forward(fake).(torch.Tensor).View(-1, 1).Squeeze(1)
		errG := F.BinaryCrossEntropy(output, label, torch.Tensor{}, "mean")
		errG.Backward()
		optimizerG.Step()
		_ = fmt.Sprintf("Loss_D: %2.4f Loss_G: %2.4f", errD, errG.Item())
		lossesD, lossesG = append(lossesD, errD), append(lossesG, errG.Item().(float32))
	}
	samples = netG.Forward(fixed).(torch.Tensor).Detach()
	torch.FinishGC()
	return lossesD, lossesG, samples
}

func TestDCGANProgram(t *testing.T) {
	var device torch.Device = torch.NewDevice("cpu")
	lossesD, lossesG, samples := dcgan(120, device)
	for i := range lossesD {
		if d, g := float64(lossesD[i]), float64(lossesG[i]); math.IsNaN(d+g) || math.IsInf(d+g, 0) {
			t.Fatalf("step %d: losses %v and %v", i, d, g)
		}
	}
	// It learns what it is shown: the left half darker than the right.
	half := func(columns ...int64) float64 { return samples.IndexSelect(3, torch.NewTensor(columns)).Mean().Float() }
	left, right := half(0, 1, 2, 3), half(4, 5, 6, 7)
	if right-left < 0.4 {
		t.Errorf("means of the halves %v and %v after training", left, right)
	}
	path := filepath.Join(t.TempDir(), "sample.pt")
	samples.Save(path)
	if !torch.Equal(torch.Load(path), samples) {
		t.Error("the saved samples differ")
	}
	// The same seed gives the same run.
	again, _, _ := dcgan(5, device)
	if !slices.Equal(again, lossesD[:5]) {
		t.Errorf("losses %v, then %v", lossesD[:5], again)
	}
}
