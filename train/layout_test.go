package train

import (
	"math"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/torchtest"
	"keygan/train/internal/traintest"
)

// Measuring steps leaves no tensors, and gives a time.
func TestStepTime(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.Accumulate = 2
	live := torch.LiveTensors()
	if ms := stepTime(c, place{}); ms <= 0 || math.IsInf(ms, 0) {
		t.Errorf("%v ms a step", ms)
	}
	if now := torch.LiveTensors(); now != live {
		t.Errorf("%d tensors live afterwards, %d before", now, live)
	}
}

// What the configuration says is not measured.
func TestChooseLayout(t *testing.T) {
	c := traintest.SmallConfig(t)
	for format, want := range map[string]bool{"auto": false, contiguous: false, channelsLast: true} {
		c.MemoryFormat = format
		if at, measured := chooseLayout(c, place{}); at.channelsLast != want || measured != "" {
			t.Errorf("%s: channels last %v, measured %q", format, at.channelsLast, measured)
		}
	}
}

// Both layouts compute the same, and Adam goes on with either.
func TestChannelsLast(t *testing.T) {
	c := traintest.SmallConfig(t)
	device := torchtest.Device()
	var rows [][]float64
	for _, last := range []bool{false, true} {
		torch.ManualSeed(3)
		o := newObjective(c, place{device: device, channelsLast: last})
		torch.Scope(func() {
			b := Batch{device.RandN(2, 3, 24, 24), device.RandN(2, 3, 24, 24)}
			o.Step([]Batch{b})
			rows = append(rows, numbers(o.Step([]Batch{b})))
		})
		closeModels(o)
	}
	for i, want := range rows[0] {
		if math.Abs(rows[1][i]-want) > 1e-3*max(1, math.Abs(want)) {
			t.Errorf("value %d is %v, with channels last %v", i, want, rows[1][i])
		}
	}
}

// On a GPU, auto measures both.
func TestLayoutOnGPU(t *testing.T) {
	device := torchtest.CUDA(t)
	if at, measured := chooseLayout(traintest.SmallConfig(t), place{device: device}); measured == "" || at.layoutName() == "" {
		t.Errorf("layout %q, measured %q", at.layoutName(), measured)
	}
}
