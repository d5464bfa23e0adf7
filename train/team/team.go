// Package team is the other processes of a training of several: a batch is divided among them, and gradients, values and decisions are those
// of all. The nil Team is a process that trains alone: its methods then leave everything as it is.
//
//	t, err := team.Join(ctx, part, team.Options{Batch: 16, Device: "auto", Open: openDevice, Abort: exit})
//	...
//	err = t.End(err, err == nil)
package team

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	torch "keygan/gotorch"
	"keygan/gotorch/dist"
	"keygan/internal/failure"
	"keygan/train/launch"
)

// Team is the processes that train together, as one of them sees them. All have the same weights and draw the same random numbers. Each
// computes the gradients of its share of a batch, and all make the same update with their sum.
type Team struct {
	launch.Part
	Batch  int    // images in a batch, over all processes
	Device string // of this process, as in a configuration

	store *dist.Store
	watch *dist.Watch
	Group *dist.Group
	ended chan struct{} // closed by end
}

const (
	joining = 10 * time.Minute // how long the processes wait for each other at the start
	longest = 30 * time.Minute // what the others wait for rank 0 when it writes samples and checkpoints
	grace   = 10 * time.Second // for a process to end by itself once another one is lost
)

// Options are what a training says about itself.
type Options struct {
	Batch  int    // images in a batch, over all processes
	Device string // as in the configuration
	Open   func(device string) (torch.Device, error)
	Abort  func(error) // ends the process: another one is lost, and this one waits where it cannot be told
}

// Join meets the other processes, if there are any; without, the Team is nil.
func Join(ctx context.Context, p launch.Part, o Options) (t *Team, err error) {
	if p.Alone() {
		return nil, nil
	}
	if p.World > o.Batch {
		return nil, failure.Usagef("train.batch: %d images cannot be divided among %d processes", o.Batch, p.World)
	}
	t = &Team{Part: p, Batch: o.Batch, ended: make(chan struct{})}
	if t.Device, err = p.Device(o.Device, torch.CUDADeviceCount()); err != nil {
		return nil, err
	}
	device, err := o.Open(t.Device)
	if err != nil {
		return nil, err
	}
	if err = t.meet(ctx, device, o.Abort); err == nil {
		return t, nil
	}
	if t.watch != nil { // the others wait in their group
		t.watch.Blame(p.Rank, "has failed: "+err.Error())
		close(t.ended)
		t.watch.Close()
	}
	return nil, fmt.Errorf("rank %d of %d: %w", p.Rank, p.World, err)
}

func (t *Team) meet(ctx context.Context, device torch.Device, abort func(error)) (err error) {
	if t.store, err = dist.Open(t.Host, t.Port, t.Serve, t.Prefix, joining); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, joining, errors.New("timeout"))
	defer cancel()
	if n, err := t.store.Add("here", 1); err != nil {
		return err
	} else if n > int64(t.World) {
		return fmt.Errorf("process %d of %d has come to %s:%d: another run uses this port", n, t.World, t.Host, t.Port)
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
	// From here on a call may wait for ever for a rank that is gone.
	context.AfterFunc(t.watch.Context(), func() {
		select {
		case <-t.ended:
		case <-time.After(grace):
			abort(t.named(context.Cause(t.watch.Context())))
		}
	})
	address, err := dist.Address(t.Host)
	if err != nil {
		return err
	}
	t.Group, err = t.store.Group("train", t.Rank, t.World, device, address, longest)
	return err
}

// Leads reports whether this process writes the run's folder.
func (t *Team) Leads() bool { return t == nil || t.Rank == 0 }

// Processes is how many train together; 0: this one alone.
func (t *Team) Processes() int {
	if t == nil {
		return 0
	}
	return t.World
}

// Shard is the part of a batch of n images that is this process's: from from up to to.
func (t *Team) Shard(n int) (from, to int) {
	if t == nil {
		return 0, n
	}
	return t.Part.Shard(n)
}

// weight is the share of the batch's images that this process has. The mean over a batch is the sum of each process's mean times this.
func (t *Team) weight() float64 {
	from, to := t.Shard(t.Batch)
	return float64(to-from) / float64(t.Batch)
}

// Weigh makes of the mean over this process's images what it adds to the mean over the batch.
func (t *Team) Weigh(loss torch.Tensor) torch.Tensor {
	if t == nil {
		return loss
	}
	return loss.MulScalar(t.weight())
}

// Sum adds up the gradients of weights, all in one go, over all processes.
func (t *Team) Sum(grads, weights []torch.Tensor) []torch.Tensor {
	if t == nil {
		return grads
	}
	return t.Group.AllReduceAll(grads, weights)
}

// Mean makes the means over the batch of a row of means over this process's images.
func (t *Team) Mean(row torch.Tensor) torch.Tensor {
	if t == nil {
		return row
	}
	row = row.MulScalar(t.weight())
	t.Group.AllReduce(row)
	return row
}

// Stops reports whether a process was told to stop. All get the same answer, and so they stop after the same step.
func (t *Team) Stops(ctx context.Context) (stop bool) {
	if t == nil {
		return ctx.Err() != nil
	}
	torch.Scope(func() {
		told := torch.Zeros([]int64{1}, false)
		if ctx.Err() != nil {
			told.FillI(1)
		}
		t.Group.AllReduce(told)
		stop = told.Floats()[0] > 0
	})
	return stop
}

// BatchNorm normalises x, [n, C, H, W], by the mean and variance of each channel over the images of all processes, and moves the running
// ones towards them, as F.BatchNorm does in training.
func (t *Team) BatchNorm(x, runningMean, runningVar, weight, bias torch.Tensor, momentum, eps float64) torch.Tensor {
	s, over := x.Shape(), []int64{0, 2, 3}
	count := float64(t.OfAll(s[0]) * s[2] * s[3]) // values of a channel
	mean := t.Group.Sum(x.SumDims(over, true)).DivScalar(count)
	x = torch.Sub(x, mean, 1)
	variance := t.Group.Sum(x.Square().SumDims(over, true)).DivScalar(count)
	torch.NoGrad(func() {
		runningMean.LerpI(mean.Detach().View(-1), momentum)
		runningVar.LerpI(variance.Detach().View(-1).MulScalar(count/(count-1)), momentum)
	})
	x = torch.Div(x, variance.AddScalar(eps).Sqrt())
	return torch.Add(torch.Mul(x, weight.View(1, -1, 1, 1)), bias.View(1, -1, 1, 1), 1)
}

// OfAll is how many images all processes have where this one has n: those of one batch, or of several side by side.
func (t *Team) OfAll(n int64) int64 {
	from, to := t.Shard(t.Batch)
	return n / int64(to-from) * int64(t.Batch)
}

// InTurn has one process of each machine call f before the others: what it puts into the cache need not be made again.
func (t *Team) InTurn(f func() error) error {
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

// Tell gives all processes what rank 0 says.
func (t *Team) Tell(key, text string) (string, error) {
	if t.Rank == 0 {
		return text, t.store.Set(key, text)
	}
	return t.store.Wait(t.watch.Context(), key)
}

// Copy makes tensors what they are in rank 0, all in one go.
func (t *Team) Copy(ts []torch.Tensor) {
	flat := make([]torch.Tensor, len(ts))
	for i, x := range ts {
		flat[i] = x.Contiguous().View(-1)
	}
	all, at := torch.Cat(flat, 0), int64(0)
	t.Group.Broadcast(all)
	for _, x := range ts {
		n := x.Numel()
		x.CopyI(all.Narrow(0, at, n).View(x.Shape()...))
		at += n
	}
}

// Compare makes sure that all processes have learnt the same, bit for bit, and that they will draw the same numbers.
func (t *Team) Compare(step int, device torch.Device, learnt []torch.Tensor) (err error) {
	if t == nil {
		return nil
	}
	torch.Scope(func() {
		h := sha256.New()
		h.Write(torch.RNGState(device))
		for _, x := range learnt {
			binary.Write(h, binary.LittleEndian, x.Floats())
		}
		sums := make([]int64, t.World) // each process writes its own place, and gets all
		sums[t.Rank] = int64(binary.LittleEndian.Uint64(h.Sum(nil)))
		all := torch.NewTensor(sums)
		t.Group.AllReduce(all)
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

// End leaves the others: done, when all have made their steps, whatever err says of them; else with an error, of which they are told. It
// returns what this process has to report.
func (t *Team) End(err error, done bool) error {
	if t == nil {
		return err
	}
	defer func() {
		t.Group.Close() // may wait for ever for a rank that is gone
		close(t.ended)
		t.store.Close()
	}()
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

func (t *Team) named(err error) error { return fmt.Errorf("rank %d: %w", t.Rank, err) }

// part waits until rank 0 has written everything, and rank 0 until nobody needs the store any more.
func (t *Team) part() error {
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
