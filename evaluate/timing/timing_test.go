package timing

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"keygan/cipher"
	"keygan/data/raster"
)

// Times are those of the work: a network that waits is that slow, one that gets too slow is left out from the next size on, and so is
// what a network or a scheme does not take.
func TestRun(t *testing.T) {
	network := func(name string, took func(side int) time.Duration) *cipher.Network {
		return &cipher.Network{Name: name, Hash: strings.Repeat("0", 64), Channels: 3, Key: func(m *raster.Image) (*raster.Image, error) {
			d := took(m.Width)
			if d < 0 {
				return nil, errors.New("not this size")
			}
			time.Sleep(d)
			return raster.NewImage(m.Width, m.Height, 3, 8), nil
		}}
	}
	networks := []*cipher.Network{
		network("one size", func(side int) time.Duration {
			if side != 128 {
				return -1
			}
			return 0
		}),
		network("waits", func(side int) time.Duration { return time.Duration(side) * time.Millisecond }),
		network("slow", func(side int) time.Duration { return time.Duration(side) * 13 * time.Millisecond }),
	}
	plain := raster.NewImage(100, 100, 3, 8)
	rows, err := Run(t.Context(), plain, []string{"xor", "logistic", "sealed"}, networks, cipher.Params{Iterations: 30, X0: cipher.LogisticX0, R: cipher.LogisticR}, []int{64, 128})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, r := range rows {
		got[fmt.Sprintf("%s%s %d", r.Scheme, r.Network, r.Size)] = r.Time
	}
	for name, least := range map[string]float64{
		"waits 64": 64, "waits 128": 128, "slow 64": 832, "one size 128": 0, "xor 64": 0, "xor 128": 0, "logistic 64": 0, "logistic 128": 0,
		"sealed 64": 0, "sealed 128": 0,
	} {
		if v, there := got[name]; !there || v < least || v > 5000+least {
			t.Errorf("%s: %v ms, want %v or more", name, v, least)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("more than that: %v", got)
	}
}
