package train

import (
	"fmt"
	"sort"

	torch "keygan/gotorch"
)

// Batch is what one step sees: source and target images, [N, C, H, W] in [−1, 1].
type Batch struct {
	Source, Target torch.Tensor
}

// Objective owns networks, losses and updates.
type Objective interface {
	// Step makes one generator update, with the critic updates that go with it, and returns the values of Columns.
	Step(b Batch) []float64
	// Columns names what Step returns, as metrics.csv calls it.
	Columns() []string
	// Models lists what is trained, in a fixed order; checkpoints hold all of it.
	Models() []Model
	// Generate turns source images into keys, with no gradient kept.
	Generate(source torch.Tensor) torch.Tensor
}

// Model is a network with its optimizer.
type Model struct {
	Name      string
	Network   *Network
	Optimizer torch.Optimizer
}

// close frees the weights and the optimizer's state now, rather than when the garbage collector comes round.
func (m Model) close() {
	for _, p := range m.Network.Params {
		p.Tensor.Close()
	}
	m.Optimizer.Close()
}

// objectives makes each objective from a configuration, on a device.
var objectives = map[string]func(Config, torch.Device) Objective{
	"gan":     newGAN,
	"wgan-gp": newWGANGP,
}

// Objectives lists the names that a configuration can give.
func Objectives() []string {
	names := make([]string, 0, len(objectives))
	for name := range objectives {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func newObjective(c Config, device torch.Device) Objective {
	make, ok := objectives[c.Objective.Name]
	if !ok {
		panic(fmt.Sprintf("train: no objective is called %q", c.Objective.Name)) // validate has seen to it
	}
	return make(c, device)
}
