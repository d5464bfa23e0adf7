package statedict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// maxDims bounds the dimensions of a tensor. The weights here have one or four, but an optimizer's may be beside them.
const maxDims = 8

type dtype struct {
	name string // PyTorch's
	size int64  // bytes of a number
	read func([]byte) float32
}

// storageTypes are the classes that stand for storages in a pickle, with the numbers in them. Those without read cannot be
// weights, but a checkpoint may hold them: a count of batches, the state of a random generator.
var storageTypes = map[global]*dtype{
	"torch.FloatStorage":    {"float32", 4, float32At},
	"torch.HalfStorage":     {"float16", 2, float16At},
	"torch.BFloat16Storage": {"bfloat16", 2, bfloat16At},
	"torch.DoubleStorage":   {"float64", 8, float64At},
	"torch.LongStorage":     {"int64", 8, nil},
	"torch.IntStorage":      {"int32", 4, nil},
	"torch.ShortStorage":    {"int16", 2, nil},
	"torch.CharStorage":     {"int8", 1, nil},
	"torch.ByteStorage":     {"uint8", 1, nil},
	"torch.BoolStorage":     {"bool", 1, nil},
}

func float32At(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }

func bfloat16At(b []byte) float32 {
	return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
}

func float64At(b []byte) float32 {
	return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
}

// float16At reads IEEE 754's binary16: a sign, 5 bits of exponent with bias 15, 10 of fraction.
func float16At(b []byte) float32 {
	h := uint32(binary.LittleEndian.Uint16(b))
	x := math.Float32frombits(h&0x7fff<<13) * 0x1p112 // from bias 15 to 127; subnormal numbers become normal
	if h&0x7c00 == 0x7c00 {                           // infinite, or not a number
		x = math.Float32frombits(0x7f800000 | h&0x3ff<<13)
	}
	return math.Float32frombits(math.Float32bits(x) | h>>15<<31)
}

// record is the part of a file that a storage's numbers are in.
type record struct {
	body []byte // nil: not in the file
	sum  uint32 // CRC-32 of body; 0 where there is none, as torch.serialization.set_crc32_options(False) writes, and once compared
}

func (r *record) intact() bool {
	if r.sum != 0 && crc32.ChecksumIEEE(r.body) != r.sum {
		return false
	}
	r.sum = 0
	return true
}

// storage is a run of numbers that tensors are views of.
type storage struct {
	dtype  *dtype
	length int64 // numbers
	record *record
}

// tensor is a view of a storage: element (i, j, …) is number offset + i·strides[0] + j·strides[1] + ….
type tensor struct {
	storage *storage
	offset  int64
	shape   []int
	strides []int64
}

// newTensor checks that the view lies within its storage, and that it has no more elements than that has numbers.
func newTensor(s *storage, offset int64, shape, strides []int64) (*tensor, error) {
	if len(shape) != len(strides) || len(shape) > maxDims {
		return nil, fmt.Errorf("a tensor has %d dimensions and %d strides, must have as many of both and at most %d",
			len(shape), len(strides), maxDims)
	}
	outside := func() (*tensor, error) {
		return nil, fmt.Errorf("a tensor of shape %v with strides %v from %d on lies outside its storage of %d numbers",
			shape, strides, offset, s.length)
	}
	if offset < 0 || offset > s.length {
		return outside()
	}
	t := &tensor{storage: s, offset: offset, strides: strides}
	elements, last := int64(1), offset
	for i, d := range shape {
		if d < 0 || d > max(s.length, 1) || strides[i] < 0 || (d > 0 && elements > s.length/d) {
			return outside()
		}
		if d > 1 {
			if strides[i] > s.length/(d-1) {
				return outside()
			}
			last += (d - 1) * strides[i] // at most maxDims+1 times the length
		}
		elements *= d
		t.shape = append(t.shape, int(d))
	}
	if elements > 0 && last >= s.length {
		return outside()
	}
	return t, nil
}

func (t *tensor) elements() int64 {
	n := int64(1)
	for _, d := range t.shape {
		n *= int64(d)
	}
	return n
}

// floats reads the elements, the last index fastest.
func (t *tensor) floats() ([]float32, error) {
	read, size := t.storage.dtype.read, t.storage.dtype.size
	if read == nil {
		return nil, fmt.Errorf("its type is %s; keygan reads float32, float16, bfloat16 and float64", t.storage.dtype.name)
	}
	switch record := t.storage.record; {
	case record.body == nil:
		return nil, errors.New("its numbers are not in the file")
	case !record.intact():
		return nil, errors.New("its numbers are damaged: their checksum differs")
	}
	x := make([]float32, t.elements())
	index := make([]int, len(t.shape))
	at := t.offset
	for i := range x {
		x[i] = read(t.storage.record.body[at*size:])
		for d := len(index) - 1; d >= 0; d-- { // the next index, and where its element is
			index[d]++
			at += t.strides[d]
			if index[d] < t.shape[d] {
				break
			}
			at -= int64(index[d]) * t.strides[d]
			index[d] = 0
		}
	}
	return x, nil
}
