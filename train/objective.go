package train

import (
	"slices"

	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/runlog"
)

// kind joins the description of an objective to what makes one from a configuration, at a place.
type kind struct {
	config.Objective
	make func(config.Config, place) Objective
}

var kinds []kind

// The first objective is the default.
func init() { register(wganGPKind, ganKind, chaosGANKind, restoreKind) }

// register adds objectives. It returns a function that takes them away again, for tests.
func register(more ...kind) (remove func()) {
	before := kinds
	kinds = slices.Concat(kinds, more)
	var descriptions []config.Objective
	for _, k := range more {
		descriptions = append(descriptions, k.Objective)
	}
	forget := config.Register(descriptions...)
	return func() {
		kinds = before
		forget()
	}
}

func newObjective(c config.Config, at place) Objective {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.Name == c.Objective.Name }) // config.Read has checked it
	return kinds[i].make(c, at)
}

// Batch is what one step sees: source and target images, [N, C, H, W] in [−1, 1]. Where images are restored, the source is encrypted.
type Batch struct {
	Source, Target torch.Tensor
}

// Objective owns networks, losses and updates.
type Objective interface {
	// Step makes one generator update, with the critic updates that go with it, from the mean gradients of some batches of one
	// size. It returns the values of the columns that the description names, [columns], on the device.
	Step(batches []Batch) torch.Tensor
	// Models lists what is trained, in a fixed order. Checkpoints hold all of it.
	Models() []*Model
	// Outputs lists what a complete run leaves for package infer: the generator first.
	Outputs() []Output
	// Keys are those of some source images, [N, C, H, W] in [−1, 1], as they are made after the training. The images are numbered from
	// first on. Each number has noise of its own, which is the same each time, and no part in the training's random numbers.
	Keys(source torch.Tensor, first int) torch.Tensor
	// Show is what a sample shows of some source images besides themselves: the keys, and what is made on the way to them or from
	// them. They are numbered as those of Keys.
	Show(source torch.Tensor, first int) []Row
}

// Output is a model that package infer can run, and its file in the run's folder.
type Output struct {
	File  string
	Model *Model
}

// Row is one row of a sample: images [N, C, H, W] in [−1, 1], and what they are.
type Row struct {
	Name     string
	Images   torch.Tensor
	Restored bool // they should be the plain images again
}

// Model is a network with its optimizer and, where the configuration asks for it, the running mean of its weights.
type Model struct {
	Name      string
	Network   *Network
	Optimizer torch.Optimizer
	Mean      []Param // of Network.Params over the steps; nil: none
	Skipped   int     // updates left out because their gradients were not finite; on a GPU, until the last report

	decay   float64 // of Mean, a step
	skipNaN bool
	left    torch.Tensor   // [1], updates left out so far, where the device decides that; else Tensor{}
	counted []torch.Tensor // with skipNaN: Network.Buffers after the last step that left them finite
}

// newModel gives a network an Adam and, with a decay above 0, a running mean.
func newModel(name string, n *Network, c config.Config, decay float64) *Model {
	o := c.Optimizer
	adam := torch.Adam(o.LearningRate, o.Beta1, o.Beta2, 0)
	adam.AddParameters(n.tensors())
	m := &Model{Name: name, Network: n, Optimizer: adam, decay: decay, skipNaN: c.Train.OnNaN == "skip"}
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
	var squares []torch.Tensor
	for _, g := range grads {
		squares = append(squares, g.Square().Sum())
	}
	norm = torch.Stack(squares, 0).Sum().Sqrt()
	var skip torch.Tensor // 1 on the device: leave the update out
	switch {
	case m.left.T != nil:
		skip = torch.Finite([]torch.Tensor{norm}).Neg().AddScalar(1)
		m.left.AddI(skip, 1)
	case m.skipNaN && !runlog.Finite(float64(norm.Floats()[0])):
		m.Skipped++
		return norm
	}
	m.Optimizer.StepUnless(skip, grads)
	torch.NoGrad(func() {
		for i, mean := range m.Mean {
			now := m.Network.Params[i].Tensor.Detach()
			if skip.T == nil {
				mean.Tensor.LerpI(now, 1-m.decay)
				continue
			}
			next := mean.Tensor.EmptyLike().CopyI(mean.Tensor).LerpI(now, 1-m.decay)
			mean.Tensor.CopyI(torch.Where(skip.Gt(0), mean.Tensor, next))
		}
	})
	return norm
}

// prepareSkips makes what leaving updates out needs, from the model's state: onDevice, the device decides and counts.
func (m *Model) prepareSkips(onDevice bool) {
	torch.Scope(func() {
		for _, b := range m.Network.Buffers {
			m.counted = append(m.counted, b.Tensor.EmptyLike().CopyI(b.Tensor).Keep())
		}
		if onDevice {
			m.left = m.Network.Params[0].Tensor.Device().Zeros(1).FillI(float64(m.Skipped)).Keep()
		}
	})
}

// keepFinite puts back what batch norms had counted before the step, if that is not finite any more.
func (m *Model) keepFinite() {
	if len(m.counted) == 0 {
		return
	}
	torch.NoGrad(func() {
		finite := torch.Finite(tensorsOf(m.Network.Buffers)).Gt(0)
		for i, b := range m.Network.Buffers {
			b.Tensor.CopyI(torch.Where(finite, b.Tensor, m.counted[i]))
			m.counted[i].CopyI(b.Tensor)
		}
	})
}

// best is the network with the weights that keys are made with: their running mean where there is one.
func (m *Model) best() *Network {
	if m.Mean == nil {
		return m.Network
	}
	return m.Network.with(m.Mean)
}

// arrays is everything that the model has learnt, under its name in a checkpoint: weights and what batch norms have counted
// ("encoder.0.weight"), Adam's first and second moments after its first step ("adam.m/…", "adam.v/…"), and the running mean of the
// weights ("ema/…"). What is written into a tensor changes the model. The moments' handles belong to the scope that is running.
func (m *Model) arrays() []Param {
	all := m.Network.state()
	if step, first, second := m.Optimizer.State(); step > 0 {
		for i, p := range m.Network.Params {
			all = append(all, Param{"adam.m/" + p.Name, first[i]}, Param{"adam.v/" + p.Name, second[i]})
		}
	}
	for _, p := range m.Mean {
		all = append(all, Param{"ema/" + p.Name, p.Tensor})
	}
	return all
}

// close frees the weights and the optimizer's state now, rather than when the garbage collector comes round.
func (m *Model) close() {
	m.Network.close()
	closeAll(m.Mean)
	for _, x := range append(m.counted, m.left) {
		x.Close()
	}
	m.Optimizer.Close()
}
