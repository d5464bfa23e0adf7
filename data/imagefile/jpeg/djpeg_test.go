package jpeg

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"keygan/data/raster"
)

// picture is a PPM or PGM file of waves, edges and noise.
func picture(width, height, channels int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	fx, fy, phase, noise := 0.02+0.4*r.Float64(), 0.02+0.4*r.Float64(), 6*r.Float64(), 60*r.Float64()
	b := fmt.Appendf(nil, "P%d\n%d %d\n255\n", map[int]int{1: 5, 3: 6}[channels], width, height)
	for y := range height {
		for x := range width {
			for c := range channels {
				v := 128 + 140*math.Sin(fx*float64(x)+phase*float64(c))*math.Cos(fy*float64(y)+float64(c)) + noise*(r.Float64()-0.5)
				if (x/9+y/7)%5 == c {
					v = 255 - v
				}
				b = append(b, byte(max(0, min(255, v))))
			}
		}
	}
	return b
}

// command runs a program of libjpeg-turbo and returns its output.
func command(t testing.TB, input []byte, name string, args ...string) []byte {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = bytes.NewReader(input)
	var problem bytes.Buffer
	c.Stderr = &problem
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %q: %v %s", name, args, err, problem.Bytes())
	}
	return out
}

// pnm writes an image as djpeg does.
func pnm(m *raster.Image) []byte {
	return append(fmt.Appendf(nil, "P%d\n%d %d\n255\n", map[int]int{1: 5, 3: 6}[m.Channels], m.Width, m.Height), m.Pix...)
}

// compare decodes a file here and with djpeg.
func compare(t *testing.T, what string, file []byte) {
	t.Helper()
	want := command(t, file, "djpeg", "-pnm")
	m, err := Decode(file)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	got := pnm(m)
	if bytes.Equal(got, want) {
		return
	}
	different, most := 0, 0
	for i := range min(len(got), len(want)) {
		if d := int(got[i]) - int(want[i]); d != 0 {
			different++
			most = max(most, d, -d)
		}
	}
	t.Errorf("%s: %d of %d bytes differ from djpeg's, by at most %d (%d bytes)", what, different, len(got), most, len(want))
}

// Every mode that cjpeg writes, at many sizes and qualities, is what djpeg shows.
func TestDjpeg(t *testing.T) {
	for _, program := range []string{"cjpeg", "djpeg"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("cjpeg and djpeg are not installed (Debian: libjpeg-turbo-progs)")
		}
	}
	apart := filepath.Join(t.TempDir(), "scans")
	if err := os.WriteFile(apart, []byte("2;\n0;\n1;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	modes := map[string][]string{
		"baseline": nil, "optimized": {"-optimize"}, "progressive": {"-progressive"}, "apart": {"-scans", apart}, "restarts": {"-restart", "3B"},
		"progressive restarts": {"-progressive", "-restart", "1"},
	}
	sizes := [][2]int{{1, 1}, {2, 1}, {1, 2}, {3, 3}, {4, 5}, {5, 4}, {7, 9}, {8, 8}, {9, 16}, {16, 17}, {17, 15}, {31, 33}, {33, 32}, {48, 5}, {65, 33}, {100, 70}}
	seed := uint64(0)
	for _, sample := range []string{"grey", "rgb", "1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x4", "3x1", "2x2,2x1,1x2", "1x1,2x2,1x1", "4x1,2x1,1x1", "2x1,1x2,2x2"} {
		t.Run(sample, func(t *testing.T) {
			for mode, options := range modes {
				for i, size := range sizes {
					quality := []string{"1", "20", "50", "75", "90", "100"}[(int(seed)+i)%6]
					seed++
					args := append([]string{"-quality", quality}, options...)
					channels := 3
					switch sample {
					case "grey":
						channels = 1
						if mode == "apart" {
							continue
						}
					case "rgb":
						args = append(args, "-rgb")
					default:
						args = append(args, "-sample", sample)
					}
					file := command(t, picture(size[0], size[1], channels, seed), "cjpeg", args...)
					compare(t, fmt.Sprint(size, args), file)
				}
			}
		})
	}
}
