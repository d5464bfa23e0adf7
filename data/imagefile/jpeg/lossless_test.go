package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// losslessFile encodes samples as T.81, annex H, has it, in one scan. Each size of a difference has a code of 5 bits. Restart markers stand
// after rows, if that is not 0. Samples must have shift zeros at the end.
func losslessFile(s Samples, predictor, shift, rows int) []byte {
	b := fmt.Appendf(nil, "\xff\xd8\xff\xc4\x00\x24\x00%s\x11%s", "\x00\x00\x00\x00", make([]byte, 11))
	for size := range 17 {
		b = append(b, byte(size))
	}
	b = binary.BigEndian.AppendUint16(append(b, 0xff, markerDRI, 0, 4), uint16(rows*s.Width))
	b = append(b, 0xff, markerSOF3, 0, byte(8+3*s.Components), byte(s.Bits), 0, byte(s.Height), 0, byte(s.Width), byte(s.Components))
	for c := range s.Components {
		b = append(b, byte(c), 0x11, 0)
	}
	b = append(b, 0xff, markerSOS, 0, byte(6+2*s.Components), byte(s.Components))
	for c := range s.Components {
		b = append(b, byte(c), 0)
	}
	b = append(b, byte(predictor), 0, byte(shift))
	var word uint64
	n := 0
	put := func(v, size int) {
		for word, n = word<<size|uint64(v), n+size; n >= 8; n -= 8 {
			if b = append(b, byte(word>>(n-8))); b[len(b)-1] == 0xff {
				b = append(b, 0)
			}
		}
	}
	at := func(x, y, c int) int { return int(s.Values[(y*s.Width+x)*s.Components+c]) >> shift }
	for y := range s.Height {
		first := y == 0
		if rows > 0 && y > 0 && y%rows == 0 {
			put(1<<(8-n)-1, (8-n)%8)
			b, n, first = append(b, 0xff, byte(markerRST0+(y/rows-1)%8)), 0, true
		}
		for x := range s.Width {
			for c := range s.Components {
				prediction := 1 << (s.Bits - shift - 1)
				switch {
				case first && x == 0:
				case first:
					prediction = at(x-1, y, c)
				case x == 0:
					prediction = at(x, y-1, c)
				default:
					left, above, corner := at(x-1, y, c), at(x, y-1, c), at(x-1, y-1, c)
					prediction = [...]int{0, left, above, corner, left + above - corner, left + (above-corner)>>1, above + (left-corner)>>1, (left + above) / 2}[predictor]
				}
				difference := int(int16(at(x, y, c) - prediction))
				if difference == -32768 {
					put(16, 5)
					continue
				}
				size := bits.Len(uint(max(difference, -difference)))
				put(size, 5)
				put((difference+min(difference>>63, 0))&(1<<size-1), size)
			}
		}
	}
	if n > 0 {
		put(1<<(8-n)-1, 8-n)
	}
	return append(b, 0xff, markerEOI)
}

func TestLossless(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		s := Samples{Width: 1 + r.IntN(20), Height: 1 + r.IntN(20), Components: []int{1, 3}[i%2], Bits: 2 + i%15}
		predictor, rows, shift := 1+i%7, i%4, r.IntN(2)
		level, wild := r.IntN(1<<s.Bits), i%3 == 0
		for range s.Width * s.Height * s.Components {
			if level += r.IntN(9) - 4; wild {
				level = r.IntN(1 << s.Bits)
			}
			s.Values = append(s.Values, uint16(min(max(level, 0), 1<<s.Bits-1))>>shift<<shift)
		}
		file := losslessFile(s, predictor, shift, rows)
		got, err := Lossless(file)
		if err != nil {
			t.Fatalf("predictor %d, %d bits, restart after %d rows: %v", predictor, s.Bits, rows, err)
		}
		if !slices.Equal(got.Values, s.Values) || got.Bits != s.Bits || got.Components != s.Components {
			t.Fatalf("predictor %d, %d bits, %d components, restart after %d rows, shift %d: other samples", predictor, s.Bits, s.Components, rows, shift)
		}
		if width, height, err := LosslessSize(file); width != s.Width || height != s.Height || err != nil {
			t.Errorf("%d×%d, %v", width, height, err)
		}
		for n := 2; n < len(file)-2; n += 1 + n/20 {
			if _, err := Lossless(file[:n]); err == nil {
				t.Fatalf("%d of %d bytes are a picture", n, len(file))
			}
		}
	}
}

func TestLosslessRefuses(t *testing.T) {
	s := Samples{Width: 5, Height: 4, Components: 1, Bits: 12, Values: make([]uint16, 20)}
	file := losslessFile(s, 1, 0, 2)
	scan := bytes.Index(file, []byte("\xff\xda"))
	for _, test := range []struct {
		name, want string
		file       []byte
	}{
		{"baseline", "not a lossless", files(t)["grey.jpg"]},
		{"predictor", "predictor 0", replaced(t, file, "\x00\x00\x01\x00\x00", "\x00\x00\x00\x00\x00")},
		{"point transform", "transform of 12", replaced(t, file, "\x00\x00\x01\x00\x00", "\x00\x00\x01\x00\x0c")},
		{"bits", "17 bits", replaced(t, file, "\xff\xc3\x00\x0b\x0c", "\xff\xc3\x00\x0b\x11")},
		{"restart in a row", "whole rows", replaced(t, file, "\xff\xdd\x00\x04\x00\x0a", "\xff\xdd\x00\x04\x00\x07")},
		{"large", "EOF", replaced(t, losslessFile(s, 1, 0, 0), "\x0c\x00\x04\x00\x05", "\x0c\xff\xff\xff\xfa")},
		{"no table", "Huffman", replaced(t, file, "\xff\xc4\x00\x24\x00", "\xff\xc4\x00\x24\x01")},
		{"no scan", "missing", append(bytes.Clone(file[:scan]), 0xff, markerEOI)},
	} {
		m, err := Lossless(test.file)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", test.name, m, err)
		}
	}
}

// Components are as they were before a conversion of colours: here cjpeg's RGB and YCbCr of the same picture.
func TestComponents(t *testing.T) {
	all := files(t)
	for name, converted := range map[string]bool{"sample-1x1.jpg": true, "sample-2x2.jpg": true, "rgb.jpg": false, "grey.jpg": false} {
		m, _, err := Components(all[name])
		if err != nil {
			t.Fatal(err)
		}
		if converted {
			ToRGB(m.Pix)
		}
		if want, err := Decode(all[name]); err != nil || !bytes.Equal(m.Pix, want.Pix) {
			t.Errorf("%s: other samples; %v", name, err)
		}
	}
	if m, transform, err := Components(all["ycck-2.jpg"]); err != nil || m.Channels != 4 || transform != 2 {
		t.Errorf("%v, %d, %v", m, transform, err)
	}
}

// Whatever the bytes, there are samples of honest size or an error.
func FuzzLossless(f *testing.F) {
	f.Add(losslessFile(Samples{Width: 9, Height: 8, Components: 1, Bits: 12, Values: make([]uint16, 72)}, 4, 0, 2))
	f.Add(losslessFile(Samples{Width: 9, Height: 8, Components: 3, Bits: 8, Values: make([]uint16, 216)}, 7, 1, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		if width, height, err := LosslessSize(b); err != nil || width*height > 1<<20 {
			return
		}
		if s, err := Lossless(b); err == nil && len(s.Values) != s.Width*s.Height*s.Components {
			t.Errorf("%d×%d×%d with %d values", s.Width, s.Height, s.Components, len(s.Values))
		}
	})
}
