package train

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

// Plan says what Run would do: the configuration, the networks' sizes, a step's memory and arithmetic, the steps, and the time that they
// would take on this machine. It writes only to w. Where data is missing it returns an error, after all that can be said without it.
func Plan(c config.Config, w io.Writer) error {
	fmt.Fprint(w, strings.TrimRight(string(c.YAML()), "\n"), "\n")
	e := estimateOf(c)
	var weights []string
	for _, n := range e.networks {
		weights = append(weights, fmt.Sprintf("%s: %d weights", n.Name, n.Arch.Parameters()))
	}
	fmt.Fprintf(w, "# %s\n", strings.Join(weights, ", "))
	fmt.Fprintf(w, "# memory, estimated: %s for weights, gradients and Adam's moments, %s for what a step makes of batch %d\n",
		mebibytes(e.weightBytes), mebibytes(e.activationBytes), c.Train.Batch)
	fmt.Fprintf(w, "#   on the CPU, a process of %s; on a GPU, %s and what CUDA takes for itself\n",
		mebibytes(e.processBytes()), mebibytes(e.weightBytes+e.activationBytes))
	fmt.Fprintf(w, "# arithmetic: %s a step\n", flops(e.stepFLOP))
	step, device, err := e.measure(c)
	if err != nil { // the run may be for another machine
		fmt.Fprintf(w, "# time: not estimated: %v\n", err)
	} else {
		fmt.Fprintf(w, "# time, estimated from single layers measured on %s: %s a step\n", device, roughTime(step))
	}
	images, err := inputs.CountSources(context.Background(), c)
	if err != nil {
		return err
	}
	perEpoch := c.StepsPerEpoch(images)
	total := c.TotalSteps(perEpoch)
	fmt.Fprintf(w, "# %d source images, %d steps per epoch, %d steps in all\n", images, perEpoch, total)
	if step > 0 {
		fmt.Fprintf(w, "# time, estimated: %s an epoch, %s in all\n", roughTime(step*float64(perEpoch)), roughTime(step*float64(total)))
	}
	return nil
}

// Cost is about what a run takes on this machine.
type Cost struct {
	Steps  int           // in all
	Time   time.Duration // 0: not known, and Unknown says why
	Memory float64       // bytes: of a process on the CPU, or of a GPU
	Disk   float64       // bytes, of its checkpoints
	OnGPU  bool

	Unknown error
}

// CostOf estimates what a run takes, from the shapes of its layers and the time of the heaviest. The error is about missing data.
func CostOf(ctx context.Context, c config.Config) (cost Cost, err error) {
	e := estimateOf(c)
	d, err := deviceOf(c.Device)
	cost.OnGPU = strings.HasPrefix(c.Device, "cuda") || err == nil && d.IsCUDA()
	cost.Memory = e.processBytes()
	if cost.OnGPU {
		cost.Memory = e.weightBytes + e.activationBytes
	}
	images, err := inputs.CountSources(ctx, c)
	if err != nil {
		return cost, err
	}
	cost.Steps = c.TotalSteps(c.StepsPerEpoch(images))
	kept := c.Train.KeepCheckpoints + len(BestMeasures())
	cost.Disk = 0.75 * e.weightBytes * float64(min(kept, cost.Steps+1)) // a checkpoint has no gradients
	step, _, err := e.measure(c)
	cost.Time, cost.Unknown = time.Duration(step*float64(cost.Steps)*float64(time.Second)), err
	return cost, nil
}

// estimate is what a step takes, as far as it follows from the shapes of the layers.
type estimate struct {
	networks                               []plannedNetwork
	weightBytes, activationBytes, stepFLOP float64
}

// plannedNetwork is one network of an objective.
type plannedNetwork struct {
	config.NetworkCost
	layers []plannedLayer
	flop   float64 // of a pass
	kept   float64 // bytes that a forward pass keeps for going back
}

// plannedLayer is a layer at the size that it has here.
type plannedLayer struct {
	infer.Layer
	size int     // side of its input
	flop float64 // of a batch, a multiplication and an addition being two
}

// processBytes is the memory of a process on the CPU: libtorch itself, and the tensors with what its allocator cannot give back: a third, as
// measured.
func (e estimate) processBytes() float64 { return 200<<20 + 1.35*(e.weightBytes+e.activationBytes) }

func estimateOf(c config.Config) (e estimate) {
	var phases []float64 // bytes kept in each
	for _, cost := range c.Description().Cost(c) {
		n := plan(cost, c)
		e.networks = append(e.networks, n)
		e.stepFLOP += float64(c.Train.Accumulate) * n.Passes * n.flop
		copies := 4.0 // the weights, their gradients, two moments
		if n.Mean {
			copies++
		}
		e.weightBytes += 4 * copies * float64(n.Arch.Parameters())
		for i, graphs := range n.Graphs {
			if i == len(phases) {
				phases = append(phases, 0)
			}
			phases[i] += graphs * n.kept
		}
	}
	e.activationBytes = slices.Max(phases)
	return e
}

// plan works out a network's layers for a batch of c.
func plan(cost config.NetworkCost, c config.Config) plannedNetwork {
	n := plannedNetwork{NetworkCost: cost}
	size := c.Image.Size
	if cost.Arch.Latent > 0 {
		size = 1
	}
	batch := float64(c.Train.Batch)
	for _, l := range cost.Arch.Layers {
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

// keptCopies is how many tensors of its output's size a layer makes: one an operation. All stay until the step is over, even those
// that going back does not need.
func keptCopies(l infer.Layer) float64 {
	copies := 1.0
	noise, drop := l.Noise != "", l.Dropout > 0
	for _, made := range []bool{l.Norm != "", l.Activation != "", l.BeforeAdd != "", l.Residual == infer.ResidualEnd, drop, drop, noise, noise} {
		if made {
			copies++
		}
	}
	return copies
}

// measure gives the seconds of a step: each network's arithmetic at the rate at which its heaviest layers run.
func (e estimate) measure(c config.Config) (seconds float64, device string, err error) {
	d, err := useDevice(c)
	if err != nil {
		return 0, "", err
	}
	setThreads(c, 0, 1)
	err = torch.Try(func() {
		for _, n := range e.networks {
			seconds += float64(c.Train.Accumulate) * n.Passes * n.flop / rateOf(n, c.Train.Batch, placeOf(c, d))
		}
	})
	return seconds, deviceName(d, c), err
}

// rateOf is the FLOP a second of a network's heaviest layers, forward and back.
func rateOf(n plannedNetwork, batch int, at place) float64 {
	layers := slices.Clone(n.layers)
	slices.SortStableFunc(layers, func(a, b plannedLayer) int { return cmp.Compare(b.flop, a.flop) })
	layers = slices.CompactFunc(layers, func(a, b plannedLayer) bool { return a.flop == b.flop && a.size == b.size })
	var flop, seconds float64
	for _, l := range layers[:min(3, len(layers))] {
		took := l.time(batch, at)
		for _, same := range n.layers { // it counts by its share of the network
			if same.flop == l.flop && same.size == l.size {
				flop, seconds = flop+3*l.flop, seconds+took
			}
		}
	}
	return flop / seconds
}

// time measures the seconds that the layer takes for a batch, forward and back, with its norm and activation. On the CPU, where
// a few images run at nearly the rate of many, it tries no more than it must.
func (l plannedLayer) time(batch int, at place) float64 {
	const long, much = 100 * time.Millisecond, 4e9 // FLOP
	share := 1.0
	if !at.device.IsCUDA() {
		fewer := min(max(int(float64(batch)*much/(3*l.flop)), 1), batch)
		share, batch = float64(fewer)/float64(batch), fewer
	}
	bare := l.Layer
	bare.Residual, bare.BeforeAdd, bare.Noise = "", "", ""
	n := newNetwork(infer.Arch{Layers: []infer.Layer{bare}}, at)
	defer n.close()
	once := func() {
		torch.Scope(func() {
			x := torch.RandN(int64s([]int{batch, l.In, l.size, l.size}), false).To(at.device).Detach().SetRequiresGrad(true)
			y := n.Forward(x).Mean()
			grads := torch.Grad([]torch.Tensor{y}, append(n.tensors(), x), nil, false, false)
			grads[0].Sum().Floats() // waits for the device
		})
	}
	began, times := time.Now(), 1.0
	once() // chooses algorithms and grows memory pools
	if at.device.IsCUDA() || time.Since(began) <= 3*long {
		began, times = time.Now(), 0
		for times == 0 || time.Since(began) < long {
			once()
			times++
		}
	}
	return time.Since(began).Seconds() / times / share
}

func mebibytes(n float64) string { return scaled(n/(1<<20), 1<<10, "MiB", "GiB") }

func flops(n float64) string { return scaled(n, 1000, "FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP") }

// scaled writes n in the unit that leaves less than factor of it, or in the last.
func scaled(n, factor float64, units ...string) string {
	for len(units) > 1 && n >= factor {
		n, units = n/factor, units[1:]
	}
	return fmt.Sprintf("%.3g %s", n, units[0])
}

func roughTime(seconds float64) string {
	if seconds < 60 {
		return fmt.Sprintf("%.2gs", seconds)
	}
	return runlog.Roughly(time.Duration(min(seconds, 1e9) * float64(time.Second)))
}
