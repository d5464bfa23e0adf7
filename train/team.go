package train

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	torch "keygan/gotorch"
	"keygan/gotorch/dist"
	"keygan/internal/failure"
	"keygan/train/config"
	"keygan/train/launch"
)

// team is the processes that train together, as one of them sees them. All have the same weights and draw the same random numbers. Each
// computes the gradients of its share of a batch, and all make the same update with their sum. The nil team is a process that trains
// alone.
type team struct {
	launch.Part
	batch  int    // images in a batch, over all processes
	device string // of this process, as in a configuration

	store *dist.Store
	watch *dist.Watch
	group *dist.Group
	ended chan struct{} // closed by end
}

const (
	joining = 10 * time.Minute // how long the processes wait for each other at the start
	longest = 30 * time.Minute // what the others wait for rank 0 when it writes samples and checkpoints
	grace   = 10 * time.Second // for a process to end by itself once another one is lost
)

// joinTeam meets the other processes, if there are any. When one of them is lost later and this process waits where it cannot be told,
// abort is called with the reason.
func joinTeam(ctx context.Context, p launch.Part, c config.Config, abort func(error)) (t *team, err error) {
	if p.Alone() {
		return nil, nil
	}
	if p.World > c.Train.Batch {
		return nil, failure.Usagef("train.batch: %d images cannot be divided among %d processes", c.Train.Batch, p.World)
	}
	t = &team{Part: p, batch: c.Train.Batch, ended: make(chan struct{})}
	if t.device, err = p.Device(c.Device, torch.CUDADeviceCount()); err != nil {
		return nil, err
	}
	if err = t.meet(ctx); err != nil {
		return nil, fmt.Errorf("rank %d of %d: %w", p.Rank, p.World, err)
	}
	context.AfterFunc(t.watch.Context(), func() {
		select {
		case <-t.ended:
		case <-time.After(grace):
			abort(t.named(context.Cause(t.watch.Context())))
		}
	})
	return t, nil
}

func (t *team) meet(ctx context.Context) (err error) {
	if t.store, err = dist.Open(t.Host, t.Port, t.Serve, t.Prefix, joining); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, joining, errors.New("timeout"))
	defer cancel()
	if n, err := t.store.Add("here", 1); err != nil {
		return err
	} else if n > int64(t.World) {
		return fmt.Errorf("process %d of %d has come to %s:%d: another run meets at this port", n, t.World, t.Host, t.Port)
	}
	if err := t.store.WaitFor(ctx, "here", int64(t.World)); err != nil {
		n, _ := t.store.Add("here", 0)
		text := fmt.Sprintf("%d of %d processes have come to %s:%d", n, t.World, t.Host, t.Port)
		if errors.Is(ctx.Err(), context.Canceled) {
			return failure.Interrupted("interrupted when " + text)
		}
		return fmt.Errorf("only %s: %w", text, err)
	}
	beats, err := dist.Open(t.Host, t.Port, false, t.Prefix, joining)
	if err != nil {
		return err
	}
	if t.watch, err = beats.Watch(t.Rank, t.World, t.Patience); err != nil {
		return err
	}
	address, err := dist.Address(t.Host)
	if err != nil {
		return err
	}
	device, err := deviceOf(t.device)
	if err == nil {
		t.group, err = t.store.Group("train", t.Rank, t.World, device, address, longest)
	}
	return err
}

// leads reports whether this process writes the run's folder.
func (t *team) leads() bool { return t == nil || t.Rank == 0 }

// processes is how many train together; 0: this one alone.
func (t *team) processes() int {
	if t == nil {
		return 0
	}
	return t.World
}

// shard is the part of a batch of n images that is this process's: from from up to to.
func (t *team) shard(n int) (from, to int) {
	if t == nil {
		return 0, n
	}
	return t.Shard(n)
}

// weight is the share of the batch's images that this process has. The mean over a batch is the sum of each process's mean times this.
func (t *team) weight() float64 {
	from, to := t.Shard(t.batch)
	return float64(to-from) / float64(t.batch)
}

// weigh makes of the mean over this process's images what it adds to the mean over the batch.
func (t *team) weigh(loss torch.Tensor) torch.Tensor {
	if t == nil {
		return loss
	}
	return loss.MulScalar(t.weight())
}

// sum adds up gradients, all in one go, over all processes.
func (t *team) sum(grads []torch.Tensor) []torch.Tensor {
	if t == nil {
		return grads
	}
	sums := inOneGo(grads, t.group.AllReduce)
	for i, g := range grads { // in the order in memory that the weights have
		sums[i] = g.EmptyLike().CopyI(sums[i])
	}
	return sums
}

// inOneGo lays tensors behind each other, lets do change that, and returns what has become of each.
func inOneGo(ts []torch.Tensor, do func(torch.Tensor)) []torch.Tensor {
	flat := make([]torch.Tensor, len(ts))
	for i, x := range ts {
		flat[i] = x.Contiguous().View(-1)
	}
	all := torch.Cat(flat, 0)
	do(all)
	changed, at := make([]torch.Tensor, len(ts)), int64(0)
	for i, x := range ts {
		n := x.Numel()
		changed[i] = all.Narrow(0, at, n).View(x.Shape()...)
		at += n
	}
	return changed
}

// mean makes the means over the batch of a row of means over this process's images.
func (t *team) mean(row torch.Tensor) torch.Tensor {
	if t == nil {
		return row
	}
	row = row.MulScalar(t.weight())
	t.group.AllReduce(row)
	return row
}

// stops reports whether a process was told to stop. All get the same answer, and so they stop after the same step.
func (t *team) stops(ctx context.Context) (stop bool) {
	if t == nil {
		return ctx.Err() != nil
	}
	torch.Scope(func() {
		told := torch.Zeros([]int64{1}, false)
		if ctx.Err() != nil {
			told.FillI(1)
		}
		t.group.AllReduce(told)
		stop = told.Floats()[0] > 0
	})
	return stop
}

// batchNorm normalises x, [n, C, H, W], by the mean and variance of each channel over the images of all processes, and moves the running
// ones towards them, as F.BatchNorm does in training.
func (t *team) batchNorm(x, runningMean, runningVar, weight, bias torch.Tensor, momentum, eps float64) torch.Tensor {
	s, over := x.Shape(), []int64{0, 2, 3}
	count := float64(t.ofAll(s[0]) * s[2] * s[3]) // values of a channel
	mean := t.group.Sum(x.SumDims(over, true)).DivScalar(count)
	x = torch.Sub(x, mean, 1)
	variance := t.group.Sum(x.Square().SumDims(over, true)).DivScalar(count)
	torch.NoGrad(func() {
		runningMean.LerpI(mean.Detach().View(-1), momentum)
		runningVar.LerpI(variance.Detach().View(-1).MulScalar(count/(count-1)), momentum)
	})
	x = torch.Div(x, variance.AddScalar(eps).Sqrt())
	return torch.Add(torch.Mul(x, weight.View(1, -1, 1, 1)), bias.View(1, -1, 1, 1), 1)
}

// ofAll is how many images all processes have where this one has n: those of one batch, or of several side by side.
func (t *team) ofAll(n int64) int64 {
	from, to := t.Shard(t.batch)
	return n / int64(to-from) * int64(t.batch)
}

// inTurn has one process of each machine call f before the others: what it puts into the cache need not be made again.
func (t *team) inTurn(f func() error) error {
	if t == nil {
		return f()
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	key := "opened/" + host
	if t.LocalRank > 0 {
		if _, err := t.store.Wait(t.watch.Context(), key); err != nil {
			return err
		}
	}
	if err := f(); err != nil {
		return err
	}
	return t.store.Set(key, "")
}

// shared is what rank 0 tells the others before the first step.
type shared struct {
	Meta           checkpointMeta
	RNG, DeviceRNG []byte
	ResumedFrom    string
}

// follow gives all processes the state of rank 0, which it began with or read from a checkpoint: step, weights, moments, random numbers.
func (t *Training) follow() error {
	m := t.team
	switch {
	case m == nil:
		return nil
	case m.Rank == 0:
		s := shared{Meta: t.meta(), RNG: torch.RNGState(torch.Device{}), ResumedFrom: t.resumedFrom}
		if t.device.IsCUDA() {
			s.DeviceRNG = torch.RNGState(t.device)
		}
		text, err := json.Marshal(s)
		if err == nil {
			err = m.store.Set("state", string(text))
		}
		if err != nil {
			return err
		}
	default:
		text, err := m.store.Wait(m.watch.Context(), "state")
		if err != nil {
			return err
		}
		if err := t.take(text); err != nil {
			return err
		}
	}
	torch.Scope(func() {
		torch.NoGrad(func() {
			for _, model := range t.Objective.Models() {
				own := tensorsOf(model.arrays())
				for i, x := range inOneGo(own, m.group.Broadcast) {
					own[i].CopyI(x)
				}
			}
		})
	})
	return nil
}

// take makes the state of rank 0 this process's own, but for the arrays. Both must have the same configuration, data and libtorch.
func (t *Training) take(text string) error {
	var s shared
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	own := t.meta()
	for _, c := range []struct{ what, here, rank0 string }{
		{"configuration", own.ConfigHash, s.Meta.ConfigHash},
		{"source set", own.Data[0], s.Meta.Data[0]},
		{"target set", own.Data[1], s.Meta.Data[1]},
		{"libtorch", own.Libtorch, s.Meta.Libtorch},
	} {
		if c.here != c.rank0 {
			return fmt.Errorf("the %s differs from that of rank 0: %.12s, not %.12s", c.what, c.here, c.rank0)
		}
	}
	t.adopt(s.Meta, s.ResumedFrom)
	for _, m := range t.Objective.Models() {
		if err := m.makeMoments(s.Meta.AdamSteps[m.Name]); err != nil {
			return err
		}
	}
	if err := torch.SetRNGState(torch.Device{}, s.RNG); err != nil || s.DeviceRNG == nil {
		return err
	}
	return torch.SetRNGState(t.device, s.DeviceRNG)
}

// compare makes sure that all processes have learnt the same, bit for bit, and that they will draw the same numbers.
func (t *team) compare(step int, models []*Model, device torch.Device) (err error) {
	if t == nil {
		return nil
	}
	torch.Scope(func() {
		h := sha256.New()
		h.Write(torch.RNGState(device))
		for _, m := range models {
			for _, p := range m.arrays() {
				binary.Write(h, binary.LittleEndian, p.Tensor.Floats())
			}
		}
		sums := make([]int64, t.World) // each process writes its own place, and gets all
		sums[t.Rank] = int64(binary.LittleEndian.Uint64(h.Sum(nil)))
		all := torch.NewTensor(sums)
		t.group.AllReduce(all)
		first := all.Index(0).Item()
		for rank := range t.World {
			if all.Index(int64(rank)).Item() != first {
				err = fmt.Errorf("step %d: the weights of rank %d are no longer those of rank 0", step, rank)
				return
			}
		}
	})
	return err
}

// end leaves the others: when all have made their steps, or with an error, of which they are told. It returns what this process has to
// report.
func (t *team) end(err error) error {
	if t == nil {
		return err
	}
	defer func() {
		close(t.ended)
		t.group.Close()
		t.store.Close()
	}()
	done := err == nil || errors.Is(err, ErrInterrupted) || errors.Is(err, ErrFinished)
	if done {
		if e := t.part(); e != nil {
			err, done = e, false
		}
	}
	if _, ofTorch := errors.AsType[*torch.Error](err); ofTorch {
		err = t.watch.Explain(err)
	}
	if _, lost := errors.AsType[*dist.LostError](err); !lost && !done {
		t.watch.Blame(t.Rank, "has failed: "+err.Error())
	}
	t.watch.Close()
	switch {
	case done && (err == nil || t.Rank == 0):
		return err
	case done:
		return failure.Told(err)
	}
	return t.named(err)
}

func (t *team) named(err error) error { return fmt.Errorf("rank %d: %w", t.Rank, err) }

// part waits until rank 0 has written everything, and rank 0 until nobody needs the store any more.
func (t *team) part() error {
	if t.Rank == 0 {
		if err := t.store.Set("written", ""); err != nil || !t.Serve {
			return err
		}
		ctx, cancel := context.WithTimeout(t.watch.Context(), grace)
		defer cancel()
		t.store.WaitFor(ctx, "left", int64(t.World-1)) // who has not left by then has an error of its own
		return nil
	}
	if _, err := t.store.Wait(t.watch.Context(), "written"); err != nil {
		return err
	}
	_, err := t.store.Add("left", 1)
	return err
}
