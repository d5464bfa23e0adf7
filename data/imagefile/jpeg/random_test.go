package jpeg

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// bitWriter writes coded data.
type bitWriter struct {
	out  []byte
	bits uint64
	n    int
}

func (w *bitWriter) put(v, size int) {
	w.bits = w.bits<<size | uint64(v)
	for w.n += size; w.n >= 8; w.n -= 8 {
		b := byte(w.bits >> (w.n - 8))
		if w.out = append(w.out, b); b == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

// number writes a number behind the code of its size and a run, which is they themselves in so many bits.
func (w *bitWriter) number(run, v, codeBits int) {
	size := 0
	for ; max(v, -v)>>size > 0; size++ {
	}
	w.put(run<<4|size, codeBits)
	if v < 0 {
		v += 1<<size - 1
	}
	w.put(v, size)
}

// anySampling draws sampling factors that divide the largest.
func anySampling(r *rand.Rand, n int) [][2]int {
	most := [2]int{1 + r.IntN(4), 1 + r.IntN(4)}
	factors := make([][2]int, n)
	for i := range factors {
		for axis, m := range most {
			f := 1 + r.IntN(m)
			for m%f != 0 {
				f--
			}
			factors[i][axis] = f
		}
	}
	factors[r.IntN(n)] = most
	return factors
}

// anyFile draws a sequential file with one, three or four components, coded in ways that no encoder here chooses: any sampling factors and
// colour markers, sparse coefficients of any size, tables of 8 and 16 bits, scans of one component and of several.
func anyFile(r *rand.Rand) (file []byte, what string) {
	n := []int{1, 3, 3, 4}[r.IntN(4)]
	width, height, factors := 1+r.IntN(70), 1+r.IntN(70), anySampling(r, n)
	ids := []string{"\x01\x02\x03\x04", "RGBA", "abcd"}[r.IntN(3)]
	b := []byte{0xff, markerSOI}
	if r.IntN(3) == 0 {
		b = append(b, "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	}
	if r.IntN(2) == 0 {
		b = append(b, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"...)
		b = append(b, []byte{1: 0, 3: byte(r.IntN(2)), 4: byte(2 * r.IntN(2))}[n])
	}
	what = fmt.Sprintf("%d×%d of %v, start %q", width, height, factors, b)
	step := 1 + r.IntN(300)
	b = append(b, 0xff, markerDQT, 0, 2+1+128, 0x10)
	for range 64 {
		b = binary.BigEndian.AppendUint16(b, uint16(step))
	}
	b = append(b, 0xff, markerSOF0+1, 0, byte(8+3*n), 8, 0, byte(height), 0, byte(width), byte(n))
	blocks, hMost, vMost := 0, 0, 0
	for i, f := range factors {
		b = append(b, ids[i], byte(f[0]<<4|f[1]), 0)
		blocks += f[0] * f[1]
		hMost, vMost = max(hMost, f[0]), max(vMost, f[1])
	}
	b = append(b, flatTable(0, 5, 16)...)
	b = append(b, flatTable(0x10, 9, 256)...)
	scan := func(members []int, mcus, times func(i int) int) {
		b = append(b, 0xff, markerSOS, 0, byte(6+2*len(members)), byte(len(members)))
		for _, i := range members {
			b = append(b, ids[i], 0)
		}
		b = append(b, 0, 63, 0)
		var w bitWriter
		dc := map[int]int{}
		for range mcus(members[0]) {
			for _, i := range members {
				for range times(i) {
					dc[i] = anyBlock(r, &w, step, dc[i])
				}
			}
		}
		w.put(0x7f, 7)
		b = append(b, w.out...)
	}
	if n > 1 && blocks <= 10 && r.IntN(3) > 0 {
		all := []int{0, 1, 2, 3}[:n]
		scan(all, func(int) int { return ceil(width, 8*hMost) * ceil(height, 8*vMost) }, func(i int) int { return factors[i][0] * factors[i][1] })
	} else {
		for i := range n {
			scan([]int{i}, func(i int) int {
				return ceil(ceil(width*factors[i][0], hMost), 8) * ceil(ceil(height*factors[i][1], vMost), 8)
			}, func(int) int { return 1 })
		}
	}
	return append(b, 0xff, markerEOI), what
}

// flatTable gives each of n symbols itself as code.
func flatTable(class byte, bits, n int) []byte {
	b := append([]byte{0xff, markerDHT, 0, 0, class}, make([]byte, 16)...)
	binary.BigEndian.PutUint16(b[2:], uint16(2+17+n))
	if n == 256 { // a count is a byte: one symbol gets a code of ten bits, 0x1fe
		b[5+bits-1], b[5+bits] = 255, 1
	} else {
		b[5+bits-1] = byte(n)
	}
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

// anyBlock writes a block whose samples are mostly in range.
func anyBlock(r *rand.Rand, w *bitWriter, step, before int) (dc int) {
	most := 1 + 1000/step
	dc = r.IntN(2*most+1) - most
	w.number(0, dc-before, 5)
	k := 1
	for range r.IntN(1 + r.IntN(20)) {
		run := r.IntN(1 + r.IntN(16))
		v := (1 + r.IntN(1+most/(1+r.IntN(20)))) * (1 - 2*r.IntN(2))
		if k += run + 1; k > 64 {
			k -= run + 1
			break
		}
		w.number(run, v, 9)
	}
	if k < 64 {
		w.put(0, 9)
	}
	return dc
}

// Files that no encoder writes are what djpeg shows as well.
func TestDjpegOfAnyFile(t *testing.T) {
	if _, err := exec.LookPath("djpeg"); err != nil {
		t.Skip("djpeg is not installed (Debian: libjpeg-turbo-progs)")
	}
	for seed := range uint64(500) {
		file, what := anyFile(rand.New(rand.NewPCG(seed, 3)))
		compare(t, fmt.Sprintf("%d: %s", seed, what), file)
		if t.Failed() && seed > 20 {
			return
		}
	}
}
