package gotorch_test

import (
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/torchtest"
)

func TestCUDA(t *testing.T) {
	d := torchtest.CUDA(t)
	if !d.IsCUDA() || d.String() != "cuda:0" || torch.CUDADeviceName(0) == "" {
		t.Errorf("cuda:0 is %v", d)
	}
	if err := torch.Try(func() { torch.NewDevice("cuda:99") }); err == nil {
		t.Error("cuda:99 exists")
	}
	if err := torch.ResetCUDAPeak(d); err != nil {
		t.Error(err)
	}
	torch.Scope(func() {
		old := torch.GetCurrentCUDAStream(d)
		defer torch.SetCurrentCUDAStream(old)
		stream := torch.NewCUDAStream(d)
		torch.SetCurrentCUDAStream(stream)
		x := torch.RandN([]int64{1 << 20}, false).PinMemory()
		y := x.CUDA(d, true)
		stream.Synchronize()
		if !stream.Query() || y.Device() != d || !torch.Equal(y.To(torch.Device{}), x) {
			t.Error("a copy from pinned memory on a stream is late, elsewhere or wrong")
		}
		if allocated, reserved, peak, err := torch.CUDAMemory(d); err != nil || allocated < 4<<20 || reserved < allocated || peak < allocated {
			t.Errorf("memory: %d allocated, %d reserved, peak %d, error %v", allocated, reserved, peak, err)
		}
	})
	torch.Synchronize(d)
}
