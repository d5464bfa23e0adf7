package tfevents

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"testing"
)

func ascending() []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func descending() []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(31 - i)
	}
	return b
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The examples of RFC 3720, appendix B.4, and the check value of CRC-32/ISCSI in the catalogue of CRCs.
func TestCRC(t *testing.T) {
	readCommand := unhex(t, "01c00000000000000000000000000000140000000000040000000014000000182800000000000000"+"0200000000000000")
	for _, c := range []struct {
		name string
		data []byte
		want uint32
	}{
		{"32 zeros", make([]byte, 32), 0x8a9136aa},
		{"32 ones", bytes.Repeat([]byte{0xff}, 32), 0x62a8ab43},
		{"ascending", ascending(), 0x46dd794e},
		{"descending", descending(), 0x113fdb5c},
		{"iSCSI read command", readCommand, 0xd9963a56},
		{"check value", []byte("123456789"), 0xe3069283},
		{"nothing", nil, 0},
	} {
		if got := crc32.Checksum(c.data, castagnoli); got != c.want {
			t.Errorf("%s: CRC %#08x, want %#08x", c.name, got, c.want)
		}
		if got := crc32c(c.data); got != c.want {
			t.Errorf("%s: the test's own CRC is %#08x, want %#08x", c.name, got, c.want)
		}
		if got, want := maskedCRC(c.data), masked(c.data); got != want {
			t.Errorf("%s: masked CRC %#08x, want %#08x", c.name, got, want)
		}
	}
}

// Masked CRCs as TensorBoard's own tests have them, and the mask's ends worked out by hand.
func TestMask(t *testing.T) {
	for _, c := range []struct {
		data string
		want uint32
	}{
		{"\x1a\x11CRC test, one two", 0x5794d08a},
		{"\x18\x00\x00\x00\x00\x00\x00\x00", 0x224b7fa3},
		{"\x09\x00\x00\x80\x38\x99\xd6\xd7\x41\x1a\x0dbrain.Event:2", 0xab364b12},
	} {
		if got := maskedCRC([]byte(c.data)); got != c.want {
			t.Errorf("masked CRC of %q is %#08x, want %#08x", c.data, got, c.want)
		}
	}
	for crc, want := range map[uint32]uint32{0: 0xa282ead8, 1: 0xa284ead8, 1 << 15: 0xa282ead9, 0xffffffff: 0xa282ead7} {
		if got := maskCRC(crc); got != want {
			t.Errorf("mask of %#08x is %#08x, want %#08x", crc, got, want)
		}
	}
}

// The record that TensorBoard's reader has in its documentation.
func TestRecord(t *testing.T) {
	const data = "\x09\x00\x00\x80\x38\x99\xd6\xd7\x41\x1a\x0dbrain.Event:2"
	want := "before" + "\x18\x00\x00\x00\x00\x00\x00\x00" + "\xa3\x7f\x4b\x22" + data + "\x12\x4b\x36\xab"
	got := appendRecord([]byte("before"), []byte(data))
	if string(got) != want {
		t.Errorf("record % x, want % x", got, want)
	}
	empty := appendRecord(nil, nil)
	if len(empty) != 16 || binary.LittleEndian.Uint64(empty) != 0 {
		t.Errorf("empty record % x", empty)
	}
}
