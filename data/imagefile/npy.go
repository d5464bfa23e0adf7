package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"keygan/data/raster"
	"keygan/internal/npz"
)

var npyFormat = Format{Name: "NumPy array", Extensions: []string{".npy"}, Matches: startsWith("\x93NUMPY"), Stack: stackOfNPY}

// stackOfNPY reads an array of shape [H, W], [H, W, 3], [N, H, W] or [N, H, W, 3]. A last axis of 1 is grey, one of 4 RGBA. Samples of
// uint8 are taken as they are. All other numbers go through a window over the whole array to 8 bits, as in volumes. Of those, [H, W, 4] is
// not an image with alpha but four maps, one for each region of the head, as in the arrays of the HMS-HBAC set.
func stackOfNPY(file *io.SectionReader, _ string) (*Stack, error) {
	b, err := content(file)
	if err != nil {
		return nil, err
	}
	rest := bytes.NewReader(b)
	head, err := npz.ReadHeader(rest)
	if err != nil {
		return nil, err
	}
	body := b[len(b)-rest.Len():]
	el, err := npyElement(head.Descr.Type)
	if err != nil {
		return nil, err
	}
	raw, shape := strings.HasSuffix(head.Descr.Type, "u1"), head.Descr.Shape
	place := cOrder(shape, head.Descr.Fortran)
	if len(shape) == 3 && shape[2] == 4 && !raw {
		inFile, plane := place, max(1, shape[0]*shape[1])
		place = func(i int) int { return inFile(i%plane*4 + i/plane) }
		shape = []int{4, shape[0], shape[1]}
	}
	s, err := npyStack(shape, len(body), el.bytes)
	if err != nil {
		return nil, err
	}
	at := func(i int) float64 { return el.value(body[i*el.bytes:]) }
	level := func(i int) byte { return body[i] }
	if !raw {
		w := raster.WindowOf(len(s.Pix), at)
		level = func(i int) byte { return w.Level(at(i)) }
	}
	for i := range s.Pix {
		s.Pix[i] = level(place(i))
	}
	return s, nil
}

// npyElement reads a type such as "<f4": byte order, kind, bytes.
func npyElement(descr string) (element, error) {
	if strings.Contains(descr, "O") {
		return element{}, errors.New("a pickled object array, not numbers: reading it would mean running it; " +
			"save each array of it on its own with numpy.save")
	}
	var order binary.ByteOrder = binary.LittleEndian
	if strings.HasPrefix(descr, ">") {
		order = binary.BigEndian
	}
	if el, ok := elementOf(strings.TrimLeft(descr, "<>|="), order); ok {
		return el, nil
	}
	return element{}, fmt.Errorf("elements of type %q are not supported; keygan reads integers, floats and booleans", descr)
}

// npyStack makes a stack of an array's shape if body, in bytes, has room for its elements.
func npyStack(shape []int, body, elementBytes int) (*Stack, error) {
	bad := fmt.Errorf("shape %v is not [H, W], [H, W, 3], [N, H, W] or [N, H, W, 3]", shape)
	n := 1
	for _, d := range shape {
		if d <= 0 {
			return nil, bad
		}
		if d > maxPixels/n {
			return nil, fmt.Errorf("shape %v is more than the %d numbers that keygan reads", shape, maxPixels)
		}
		n *= d
	}
	dims := shape
	channels := 1
	if last := len(shape) - 1; last >= 2 && (shape[last] == 1 || shape[last] == 3 || shape[last] == 4) {
		dims, channels = shape[:last], shape[last]
	}
	single := len(dims) == 2
	if single {
		dims = append([]int{1}, dims...)
	}
	if len(dims) != 3 {
		return nil, bad
	}
	if body < n*elementBytes {
		return nil, errTruncated
	}
	s := NewStack(dims[0], dims[1], dims[2], channels, 8)
	s.Single = single
	return s, nil
}

// cOrder maps an element's place in C order (the last axis varies fastest) to its place in the file, where it may be the first.
func cOrder(shape []int, fortran bool) func(i int) int {
	if !fortran {
		return func(i int) int { return i }
	}
	stride := make([]int, len(shape))
	step := 1
	for d, n := range shape {
		stride[d] = step
		step *= n
	}
	dims := slices.Clone(shape)
	return func(i int) int {
		place := 0
		for d := len(dims) - 1; d >= 0; d-- {
			place += i % dims[d] * stride[d]
			i /= dims[d]
		}
		return place
	}
}

// An element is the way in which a file stores a number.
type element struct {
	bytes int
	value func(b []byte) float64
}

// elementOf returns the element of a NumPy name: i, u or f for integer, unsigned and float, then the number of bytes, or b1, a boolean.
func elementOf(name string, order binary.ByteOrder) (element, bool) {
	e, ok := map[string]element{
		"u1": {1, func(b []byte) float64 { return float64(b[0]) }},
		"b1": {1, func(b []byte) float64 { return float64(min(b[0], 1)) }},
		"i1": {1, func(b []byte) float64 { return float64(int8(b[0])) }},
		"u2": {2, func(b []byte) float64 { return float64(order.Uint16(b)) }},
		"i2": {2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }},
		"u4": {4, func(b []byte) float64 { return float64(order.Uint32(b)) }},
		"i4": {4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }},
		"u8": {8, func(b []byte) float64 { return float64(order.Uint64(b)) }},
		"i8": {8, func(b []byte) float64 { return float64(int64(order.Uint64(b))) }},
		"f2": {2, func(b []byte) float64 { return half(order.Uint16(b)) }},
		"f4": {4, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }},
		"f8": {8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }},
	}[name]
	return e, ok
}

// half is the value of an IEEE 754 binary16 number.
func half(b uint16) float64 {
	bits := uint32(b&0x7fff) << 13
	if b>>10&31 == 31 {
		bits |= 0xff << 23 // infinities and NaN
	}
	sign, magnitude := 1-2*float64(b>>15), float64(math.Float32frombits(bits))
	return sign * magnitude * 0x1p112 // the exponents' zeros differ by 127 − 15
}
