package raster

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// triangle is the filter as its definition has it, in floating point: one axis of n samples to m.
func triangle(in []float64, m int) []float64 {
	n := len(in)
	scale := float64(n) / float64(m)
	support := max(scale, 1)
	out := make([]float64, m)
	for i := range out {
		centre := (float64(i) + 0.5) * scale
		sum, total := 0.0, 0.0
		for x, v := range in {
			if w := 1 - math.Abs(float64(x)+0.5-centre)/support; w > 0 {
				sum, total = sum+w*v, total+w
			}
		}
		out[i] = sum / total
	}
	return out
}

// Integer weights of 16 bits stay within a few parts in 65536 of the definition: exact at 8 bits but for ties, and within
// some levels of 65535 at 16.
func TestResizeFollowsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyImage(t)
		width, height := rapid.IntRange(1, 60).Draw(t, "to width"), rapid.IntRange(1, 60).Draw(t, "to height")
		got := m.Resize(width, height)
		if got.Width != width || got.Height != height || got.Channels != m.Channels || got.Depth != m.Depth {
			t.Fatalf("got %v of %v", got, m)
		}
		within := 0.51
		if m.Depth == 16 {
			within = 60
		}
		for c := range m.Channels {
			narrow := make([][]float64, m.Height)
			for y := range narrow {
				line := make([]float64, m.Width)
				for x := range line {
					line[x] = float64(m.Sample((y*m.Width+x)*m.Channels + c))
				}
				narrow[y] = triangle(line, width)
			}
			for x := range width {
				column := make([]float64, m.Height)
				for y := range column {
					column[y] = narrow[y][x]
				}
				for y, want := range triangle(column, height) {
					if v := got.Sample((y*width+x)*m.Channels + c); math.Abs(float64(v)-want) > within {
						t.Fatalf("%v to %d×%d: sample (%d, %d, %d) is %d, want %.3f", m, width, height, x, y, c, v, want)
					}
				}
			}
		}
	})
}

// resizedWhole is Resize in two passes over the whole image, to which the rows as they come must amount.
func resizedWhole(m *Image, width, height int) *Image {
	out := NewImage(width, height, m.Channels, m.Depth)
	columns, rows := triangleWeights(m.Width, width), triangleWeights(m.Height, height)
	for y, vertical := range rows {
		for x, horizontal := range columns {
			for c := range m.Channels {
				sum := uint64(1) << (2*weightBits - 1)
				for j, v := range vertical.weights {
					for i, h := range horizontal.weights {
						at := ((vertical.first+j)*m.Width+horizontal.first+i)*m.Channels + c
						sum += uint64(m.Sample(at)) * uint64(h) * uint64(v)
					}
				}
				out.SetSample((y*width+x)*m.Channels+c, int(sum>>(2*weightBits)))
			}
		}
	}
	return out
}

func TestResizeEqualsTwoPassesOverTheWholeImage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyImage(t)
		width, height := rapid.IntRange(1, 50).Draw(t, "new width"), rapid.IntRange(1, 50).Draw(t, "new height")
		if diff := cmp.Diff(resizedWhole(m, width, height), m.Resize(width, height)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestResizeKeepsFlatImagesAndSameSizes(t *testing.T) {
	for _, depth := range []int{8, 16} {
		m := NewImage(37, 11, 3, depth)
		for i := range m.Pix {
			m.Pix[i] = 0xfd
		}
		for _, size := range [][2]int{{1, 1}, {36, 12}, {5, 100}, {74, 22}} {
			for i, v := range m.Resize(size[0], size[1]).Pix {
				if v != 0xfd {
					t.Fatalf("%v to %v: byte %d is %d", m, size, i, v)
				}
			}
		}
	}
	m := NewImage(4, 4, 1, 8)
	same := m.Resize(4, 4)
	same.Pix[0] = 9
	if m.Pix[0] != 0 {
		t.Error("a resize to the same size shares its pixels")
	}
}

// The widest image there may be: the weights' products need more than 64 bits.
func TestResizeVeryWide(t *testing.T) {
	m := NewImage(1<<24, 1, 1, 8)
	for i := range m.Pix {
		m.Pix[i] = 200
	}
	if got := m.Resize(1, 1).Pix[0]; got != 200 {
		t.Errorf("got %d", got)
	}
	if got := scaledRatio(1<<60, 1<<61); got != 1<<(weightBits-1) {
		t.Errorf("half is %d", got)
	}
}

// The result is part of the keys' contract: the same bytes on every machine, for ever.
func TestResizeGolden(t *testing.T) {
	m := NewImage(301, 203, 3, 16)
	state := uint32(1)
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		m.Pix[i] = byte(state >> 24)
	}
	hash := sha256.New()
	for _, size := range [][2]int{{256, 256}, {64, 100}, {400, 300}} {
		hash.Write(m.Resize(size[0], size[1]).Pix)
	}
	const want = "c05bc2343929ab2793f417865625889da715ca8deaccf2d6bbd9662d4ba19bd0"
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestFloatsAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyImage(t)
		for _, channels := range []int{1, 3} {
			x := m.Floats(channels)
			back := FromFloats(x, channels, m.Height, m.Width)
			want := m.Convert(channels)
			for i := range want.Samples() {
				v := want.Sample(i)
				if m.Depth == 16 { // reduced: 65535 is 255 × 257
					v = (v + 128) / 257
				}
				if back.Sample(i) != v {
					t.Fatalf("%v: sample %d is %d, want %d", m, i, back.Sample(i), v)
				}
			}
		}
	})
}

func TestConvert(t *testing.T) {
	rgba := &Image{1, 1, 4, 8, []byte{255, 128, 0, 77}}
	if diff := cmp.Diff([]byte{255, 128, 0}, rgba.Convert(3).Pix); diff != "" {
		t.Error(diff)
	}
	// 0.299·255 + 0.587·128 = 151.4
	if got := rgba.Convert(1).Pix[0]; got != 151 {
		t.Errorf("luma %d, want 151", got)
	}
	deep := &Image{1, 1, 2, 16, []byte{1, 2, 3, 4}}
	if got := deep.Convert(3).Pix; !bytes.Equal(got, []byte{1, 2, 1, 2, 1, 2}) {
		t.Errorf("got %v", got)
	}
	for _, v := range []int{0, 1, 254, 255} {
		if luma16(v, v, v) != v {
			t.Errorf("grey %d becomes %d", v, luma16(v, v, v))
		}
	}
}

func BenchmarkResize(b *testing.B) {
	for _, size := range [][2]int{{512, 512}, {1024, 1246}, {4020, 4892}} {
		m := NewImage(size[0], size[1], 1, 8)
		b.Run(m.String(), func(b *testing.B) {
			b.SetBytes(int64(len(m.Pix)))
			for b.Loop() {
				m.Resize(256, 256)
			}
		})
	}
}

// anyImage draws an image of any shape; its content is noise, a ramp or flat, since filters treat them differently.
func anyImage(t *rapid.T) *Image {
	m := NewImage(rapid.IntRange(1, 40).Draw(t, "width"), rapid.IntRange(1, 40).Draw(t, "height"),
		rapid.IntRange(1, 4).Draw(t, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(t, "depth"))
	step := rapid.IntRange(0, 7).Draw(t, "step")
	noise := rapid.Bool().Draw(t, "noise")
	state := rapid.Uint32().Draw(t, "state")
	for i := range m.Pix {
		m.Pix[i] = byte(i * step / 3)
		if noise {
			state = state*1664525 + 1013904223
			m.Pix[i] = byte(state >> 24)
		}
	}
	return m
}
