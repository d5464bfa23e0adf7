package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"

	"keygan/data/imagefile"
	"keygan/data/raster"

	"github.com/rogpeppe/go-internal/testscript"
)

// fileCommands are the scripts' commands that write files with more in them than samples.
var fileCommands = map[string]func(*testscript.TestScript, bool, []string){
	"pages": makePages, "apng": makeAPNG, "metadata": makeMetadata, "cmyk": makeCMYK, "zeros": makeZeros,
}

// pages FILE.tif N writes a TIFF of N pages, each one grey pixel.
func makePages(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	le := binary.LittleEndian
	b := []byte("II*\x00\x08\x00\x00\x00")
	for page := range n {
		tags := [][3]uint32{ // tag, type (3: 16 bits, 4: 32 bits), value
			{256, 4, 1}, {257, 4, 1}, {258, 3, 8}, {259, 3, 1}, {262, 3, 1}, {273, 4, 0}, {277, 3, 1}, {278, 4, 1}, {279, 4, 1},
		}
		end := uint32(len(b) + 2 + 12*len(tags) + 4)
		tags[5][2] = end // where the pixel is
		b = le.AppendUint16(b, uint16(len(tags)))
		for _, t := range tags {
			b = le.AppendUint16(b, uint16(t[0]))
			b = le.AppendUint16(b, uint16(t[1]))
			b = le.AppendUint32(b, 1)
			b = le.AppendUint32(b, t[2])
		}
		next := end + 2 // an even place, after the pixel
		if page == n-1 {
			next = 0
		}
		b = le.AppendUint32(b, next)
		b = append(b, byte(page), 0)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

// insertChunks puts chunks into a PNG, after its header.
func insertChunks(png []byte, chunks ...string) []byte {
	const head = 8 + 25
	out := bytes.Clone(png[:head])
	for _, c := range chunks { // the type and the content
		out = binary.BigEndian.AppendUint32(out, uint32(len(c)-4))
		out = append(out, c...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(c)))
	}
	return append(out, png[head:]...)
}

// apng FILE N writes the head of a PNG of N frames, and its first frame.
func makeAPNG(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(imagefile.EncodePNG(&b, raster.NewImage(4, 4, 1, 8)))
	frames := binary.BigEndian.AppendUint32([]byte("acTL"), uint32(n))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), insertChunks(b.Bytes(), string(frames)+"\x00\x00\x00\x00"), 0o644))
}

// metadata FROM.png TO.png adds what a PNG can hold beside its samples.
func makeMetadata(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	b = insertChunks(b, "tEXtPatient ID\x00MRN-0042", "gAMA\x00\x00\xb1\x8f", "pHYs\x00\x00\x0b\x13\x00\x00\x0b\x13\x01")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}

// cmyk FILE.jpg copies a JPEG of four inks.
func makeCMYK(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile("../../data/imagefile/testdata/cmyk.jpg")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

// zeros FILE.png WIDTH HEIGHT writes a black image.
func makeZeros(ts *testscript.TestScript, _ bool, args []string) {
	width, err := strconv.Atoi(args[1])
	ts.Check(err)
	height, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs("in"), 0o755))
	ts.Check(imagefile.WritePNG(ts.MkAbs(args[0]), raster.NewImage(width, height, 1, 8), false))
}

// dicom NAME FILE [UID] copies one of the files on which the DICOM reader is tested. With a UID of an even length, it belongs to that series.
func copyDICOM(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: dicom NAME FILE [UID]")
	}
	b, err := os.ReadFile(filepath.Join("../../data/imagefile/dicom/testdata", args[0]))
	ts.Check(err)
	if len(args) == 3 { // (0020,000e), before (0028,0002)
		b = bytes.Replace(b, []byte("\x28\x00\x02\x00US"), fmt.Appendf(nil, "\x20\x00\x0e\x00UI%c\x00%s\x28\x00\x02\x00US", len(args[2]), args[2]), 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}
