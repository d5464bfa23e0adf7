package train

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	torch "keygan/gotorch"
	"keygan/infer"
)

// Plan says what Run would do: the resolved configuration, the size of the networks, what memory and arithmetic a step takes,
// the number of steps, and how long they would take on this machine. Nothing is written but to w. Data that is not there is an
// error, after all that can be said without it.
func Plan(c Config, w io.Writer) error {
	fmt.Fprint(w, strings.TrimRight(string(c.YAML()), "\n"), "\n")
	e := estimateOf(c)
	var weights []string
	for _, n := range e.networks {
		weights = append(weights, fmt.Sprintf("%s: %d weights", n.name, n.arch.Parameters()))
	}
	fmt.Fprintf(w, "# %s\n", strings.Join(weights, ", "))
	fmt.Fprintf(w, "# memory, estimated: %s for weights, gradients and Adam's moments, %s for what a step makes of batch %d\n",
		gibibytes(e.weightBytes), gibibytes(e.activationBytes), c.Train.Batch)
	fmt.Fprintf(w, "#   on the CPU, a process of %s; on a GPU, %s and what CUDA takes for itself\n",
		gibibytes(e.processBytes()), gibibytes(e.weightBytes+e.activationBytes))
	fmt.Fprintf(w, "# arithmetic: %s a step\n", flops(e.stepFLOP()))
	step, device, err := e.measure(c)
	if err != nil { // the run may be for another machine
		fmt.Fprintf(w, "# time: not estimated: %v\n", err)
	} else {
		fmt.Fprintf(w, "# time, estimated from single layers measured on %s: %s a step\n", device, roughTime(step))
	}
	images, err := c.countSources()
	if err != nil {
		return err
	}
	perEpoch := c.stepsPerEpoch(images)
	total := c.totalSteps(perEpoch)
	fmt.Fprintf(w, "# %d source images, %d steps an epoch, %d steps in all\n", images, perEpoch, total)
	if step > 0 {
		fmt.Fprintf(w, "# time, estimated: %s an epoch, %s in all\n", roughTime(step*float64(perEpoch)), roughTime(step*float64(total)))
	}
	return nil
}

// countSources is how many images there are to train with, if all can be read.
func (c Config) countSources() (int, error) {
	source, err := openSpecs("source", c.Source, c.Image)
	if err != nil {
		return 0, err
	}
	if !c.Paired() {
		if _, err := openSpecs("target", specsOf(c.Target), c.Image); err != nil {
			return 0, err
		}
	}
	r := &setReader{ctx: context.Background(), c: c}
	if source, _, err = r.split(source); err != nil {
		return 0, err
	}
	return source.Len(), nil
}

// estimate is what a step takes, as far as it follows from the shapes of the layers.
type estimate struct {
	networks                     []plannedNetwork
	weightBytes, activationBytes float64
	accumulate                   float64
}

// plannedNetwork is one network of an objective. A pass is the arithmetic of running it forward on one batch; going back takes
// one pass more for the gradients of the input, and one for those of the weights.
type plannedNetwork struct {
	name   string
	arch   infer.Arch
	layers []plannedLayer
	passes float64 // of one batch, in a step
	flop   float64 // of a pass
	kept   float64 // bytes that a forward pass keeps for going back
}

// plannedLayer is a layer at the size that it has here.
type plannedLayer struct {
	infer.Layer
	size int     // side of its input
	flop float64 // of a batch, a multiplication and an addition being two
}

func estimateOf(c Config) estimate {
	generator, critic := plan("generator", c.arch(), c), plan("critic", c.criticArch(), c)
	steps := float64(c.Objective.CriticSteps)
	// Forward and back; of several batches, each goes through the generator once more without going back.
	generator.passes = 3
	if c.Train.Accumulate > 1 {
		generator.passes = 4
	}
	// Each critic step goes forward and back for real and for fake images; the generator's, forward and back to the image.
	critic.passes = 6*steps + 2
	judged := 2.0 // batches whose graphs a critic step keeps at a time
	if c.Objective.Name == "wgan-gp" {
		// The penalty goes forward, back to the image, and back through both of these.
		critic.passes += 6 * steps
		judged += 4 // itself, its gradient, and what going back through that makes on the way
	}
	e := estimate{networks: []plannedNetwork{generator, critic}, accumulate: float64(c.Train.Accumulate)}
	training := judged * critic.kept
	updating := critic.kept
	if c.Objective.Name == "chaos-gan" {
		reconstructor := generator
		reconstructor.name, reconstructor.passes = "reconstructor", 3
		e.networks = append(e.networks, reconstructor)
		updating += reconstructor.kept
	}
	if c.Train.Accumulate > 1 { // then the generator's graph is made anew after the critic's steps
		e.activationBytes = max(training, generator.kept+updating)
	} else {
		e.activationBytes = generator.kept + max(training, updating)
	}
	for _, n := range e.networks {
		copies := 4.0 // itself, its gradient, two moments
		if c.Generator.EMA > 0 && n.name != "critic" {
			copies++
		}
		e.weightBytes += 4 * copies * float64(n.arch.Parameters())
	}
	return e
}

// plan works out a network's layers for a batch of c.
func plan(name string, arch infer.Arch, c Config) plannedNetwork {
	n := plannedNetwork{name: name, arch: arch}
	size := c.Image.Size
	if arch.Latent > 0 {
		size = 1
	}
	batch := float64(c.Train.Batch)
	for _, l := range arch.Layers {
		out := l.OutputSize(size)
		p := plannedLayer{l, size, batch * l.Operations(size, size)}
		values := batch * float64(l.Out) * float64(out) * float64(out)
		n.kept += 4 * values * keptCopies(l)
		n.flop += p.flop
		n.layers = append(n.layers, p)
		size = out
	}
	return n
}

// keptCopies is how many tensors of its output's size a layer makes: one an operation. All stay until the step is over, those
// that going back does not need, too.
func keptCopies(l infer.Layer) float64 {
	copies := 1.0
	for _, made := range []bool{l.Norm != "", l.Activation != "", l.BeforeAdd != "", l.Residual == infer.ResidualEnd, l.Dropout > 0, l.Dropout > 0, l.Noise != "", l.Noise != ""} {
		if made {
			copies++
		}
	}
	return copies
}

// processBytes is the peak of a process on the CPU: libtorch itself, and the tensors with what its allocator cannot give back, by
// experience a third.
func (e estimate) processBytes() float64 { return 200<<20 + 1.35*(e.weightBytes+e.activationBytes) }

func (e estimate) stepFLOP() (sum float64) {
	for _, n := range e.networks {
		sum += e.accumulate * n.passes * n.flop
	}
	return sum
}

// measure gives the seconds of a step: each network's arithmetic at the rate at which its heaviest layers run.
func (e estimate) measure(c Config) (seconds float64, device string, err error) {
	t := Training{Config: c}
	if t.device, err = pickDevice(c.Device); err != nil {
		return 0, "", err
	}
	if c.Threads > 0 {
		torch.SetNumThreads(int32(c.Threads))
	}
	torch.SetTF32(c.TF32)
	err = torch.Try(func() {
		for _, n := range e.networks {
			seconds += e.accumulate * n.passes * n.flop / rateOf(n, c.Train.Batch, t.device)
		}
	})
	return seconds, t.deviceName(), err
}

// rateOf is the FLOP a second of a network's heaviest layers, forward and back.
func rateOf(n plannedNetwork, batch int, device torch.Device) float64 {
	layers := slices.Clone(n.layers)
	slices.SortStableFunc(layers, func(a, b plannedLayer) int {
		switch {
		case a.flop > b.flop:
			return -1
		case a.flop < b.flop:
			return 1
		}
		return 0
	})
	layers = slices.CompactFunc(layers, func(a, b plannedLayer) bool { return a.flop == b.flop && a.size == b.size })
	var flop, seconds float64
	for _, l := range layers[:min(3, len(layers))] {
		took := l.time(batch, device)
		// A layer counts by its share of the network, not by the time that it was tried.
		for _, same := range n.layers {
			if same.flop == l.flop && same.size == l.size {
				flop, seconds = flop+3*l.flop, seconds+took
			}
		}
	}
	return flop / seconds
}

// time measures the seconds that the layer takes for a batch, forward and back, with its norm and activation. On the CPU, where
// a few images run at nearly the rate of many, it tries no more than it must.
func (l plannedLayer) time(batch int, device torch.Device) float64 {
	const long, much = 100 * time.Millisecond, 4e9 // FLOP
	share := 1.0
	if !device.IsCUDA() {
		fewer := min(max(int(float64(batch)*much/(3*l.flop)), 1), batch)
		share, batch = float64(fewer)/float64(batch), fewer
	}
	alone := l.Layer
	alone.Residual, alone.BeforeAdd, alone.Noise = "", "", ""
	n := newNetwork(infer.Arch{Layers: []infer.Layer{alone}}, device)
	defer func() {
		for _, p := range n.state() {
			p.Tensor.Close()
		}
	}()
	once := func() {
		torch.Scope(func() {
			x := torch.RandN([]int64{int64(batch), int64(l.In), int64(l.size), int64(l.size)}, false).To(device).Detach().SetRequiresGrad(true)
			y := n.Forward(x).Mean()
			grads := torch.Grad([]torch.Tensor{y}, append(n.tensors(), x), nil, false, false)
			grads[0].Sum().Floats() // waits for the device
		})
	}
	began := time.Now()
	once() // chooses algorithms and grows memory pools
	if took := time.Since(began); took > 3*long && !device.IsCUDA() {
		return took.Seconds() / share
	}
	began = time.Now()
	times := 0
	for times == 0 || time.Since(began) < long {
		once()
		times++
	}
	return time.Since(began).Seconds() / float64(times) / share
}

func gibibytes(n float64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%.3g MiB", n/(1<<20))
	}
	return fmt.Sprintf("%.3g GiB", n/(1<<30))
}

func flops(n float64) string {
	for _, unit := range []string{"FLOP", "kFLOP", "MFLOP", "GFLOP"} {
		if n < 1000 {
			return fmt.Sprintf("%.3g %s", n, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.3g TFLOP", n)
}

func roughTime(seconds float64) string {
	if seconds < 60 {
		return fmt.Sprintf("%.2gs", seconds)
	}
	return roughly(time.Duration(min(seconds, 1e9) * float64(time.Second)))
}
