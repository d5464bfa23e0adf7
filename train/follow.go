package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/launch"
	"keygan/train/team"
)

// joinTeam meets the other processes, if there are any. When one of them is lost later and this process waits where it cannot be told,
// abort is called with the reason.
func joinTeam(ctx context.Context, p launch.Part, c config.Config, abort func(error)) (*team.Team, error) {
	return team.Join(ctx, p, team.Options{Batch: c.Train.Batch, Device: c.Device, Open: deviceOf, Abort: abort})
}

// endTeam leaves the others with an error, or with nil, and returns what this process has to report.
func endTeam(t *team.Team, err error) error {
	return t.End(err, err == nil || errors.Is(err, ErrInterrupted) || errors.Is(err, ErrFinished))
}

// shared is what rank 0 tells the others before the first step.
type shared struct {
	Meta           checkpointMeta
	RNG, DeviceRNG []byte
	ResumedFrom    string
}

// follow gives all processes the state of rank 0, which it began with or read from a checkpoint: step, weights, moments, random numbers.
func (t *Training) follow() error {
	if t.team == nil {
		return nil
	}
	var text []byte
	if t.team.Leads() {
		s := shared{Meta: t.meta(), RNG: torch.RNGState(torch.Device{}), ResumedFrom: t.resumedFrom}
		if t.device.IsCUDA() {
			s.DeviceRNG = torch.RNGState(t.device)
		}
		var err error
		if text, err = json.Marshal(s); err != nil {
			return err
		}
	}
	told, err := t.team.Tell("state", string(text))
	if err != nil {
		return err
	}
	if !t.team.Leads() {
		if err := t.take(told); err != nil {
			return err
		}
	}
	torch.Scope(func() {
		torch.NoGrad(func() {
			for _, model := range t.Objective.Models() {
				t.team.Copy(tensorsOf(model.arrays()))
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
	if len(s.Meta.EpochSums) != len(t.columns) || len(s.Meta.EpochCounts) != len(t.columns) || s.Meta.Step < 0 {
		return errors.New("the state of rank 0 is not that of such a run")
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
