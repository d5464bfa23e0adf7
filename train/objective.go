package train

import (
	"fmt"
	"math"

	torch "keygan/gotorch"
	"keygan/infer"
)

// Batch is what one step sees: source and target images, [N, C, H, W] in [−1, 1].
type Batch struct {
	Source, Target torch.Tensor
}

// Objective owns networks, losses and updates.
type Objective interface {
	// Step makes one generator update, with the critic updates that go with it, from the mean gradients of some batches of one
	// size, and returns the values of Columns.
	Step(batches []Batch) []float64
	// Columns names what Step returns, as metrics.csv calls it.
	Columns() []string
	// Models lists what is trained, in a fixed order; checkpoints hold all of it.
	Models() []*Model
	// Outputs lists what a complete run leaves for package infer: the generator first.
	Outputs() []Output
	// Show is what a sample shows of some source images besides themselves: the keys, and what is made on the way to them or of
	// them. The images are those from number first on of however many there are: each number has noise of its own, which is the
	// same each time.
	Show(source torch.Tensor, first int) []Row
}

// Output is a network that package infer can run: a file in the run's folder, and the model whose weights it holds.
type Output struct {
	File, Model string
	Arch        infer.Arch
}

// Row is one row of a sample: images [N, C, H, W] in [−1, 1], and what they are.
type Row struct {
	Name   string
	Images torch.Tensor
}

// Model is a network with its optimizer and, where it is asked for, the running mean of its weights.
type Model struct {
	Name      string
	Network   *Network
	Optimizer torch.Optimizer
	Mean      []Param // of Network.Params over the steps; nil: none
	Skipped   int     // updates left out because their gradients were not finite

	decay   float64 // of Mean, a step
	skipNaN bool
}

// newModel gives a network an Adam and, with a decay above 0, a running mean.
func newModel(name string, n *Network, c Config, decay float64) *Model {
	o := c.Optimizer
	m := &Model{Name: name, Network: n, Optimizer: torch.Adam(o.LearningRate, o.Beta1, o.Beta2, 0), decay: decay, skipNaN: c.Train.OnNaN == "skip"}
	m.Optimizer.AddParameters(n.tensors())
	if decay == 0 {
		return m
	}
	for _, p := range n.Params {
		torch.Scope(func() {
			mean := p.Tensor.Detach().EmptyLike().CopyI(p.Tensor.Detach())
			m.Mean = append(m.Mean, Param{p.Name, mean.Keep()})
		})
	}
	return m
}

// update moves the weights by gradients, in the order of Network.Params, and returns the gradients' norm.
func (m *Model) update(grads []torch.Tensor) (norm torch.Tensor) {
	squares := make([]torch.Tensor, len(grads))
	for i, g := range grads {
		squares[i] = g.Square().Sum()
	}
	norm = torch.Stack(squares, 0).Sum().Sqrt()
	if m.skipNaN { // else the step goes on without waiting for the device, and the loop stops at what it logs
		if v := float64(norm.Floats()[0]); math.IsNaN(v) || math.IsInf(v, 0) {
			m.Skipped++
			return norm
		}
	}
	m.Optimizer.StepWith(grads)
	torch.NoGrad(func() {
		for i, mean := range m.Mean {
			mean.Tensor.LerpI(m.Network.Params[i].Tensor.Detach(), 1-m.decay)
		}
	})
	return norm
}

// best is the network with the weights that keys are made with: their running mean where there is one.
func (m *Model) best() *Network {
	if m.Mean == nil {
		return m.Network
	}
	return m.Network.with(m.Mean)
}

// close frees the weights and the optimizer's state now, rather than when the garbage collector comes round.
func (m *Model) close() {
	for _, p := range append(m.Network.state(), m.Mean...) {
		p.Tensor.Close()
	}
	m.Optimizer.Close()
}

// objectives makes each objective from a configuration, on a device.
var objectives = map[string]func(Config, torch.Device) Objective{
	"chaos-gan": newChaosGAN,
	"gan":       newGAN,
	"wgan-gp":   newWGANGP,
}

// Objectives lists the names that a configuration can give.
func Objectives() []string { return names(objectives) }

func newObjective(c Config, device torch.Device) Objective {
	make, ok := objectives[c.Objective.Name]
	if !ok {
		panic(fmt.Sprintf("train: no objective is called %q", c.Objective.Name)) // validate has seen to it
	}
	return make(c, device)
}
