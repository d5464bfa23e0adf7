package dicom

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"keygan/internal/failure"
)

// files are those that testdata/make.py makes with pydicom, gdcm and dcmtk, by name.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.dcm")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		if all[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// storedHash describes a file's stored values as testdata/judge.py does.
func storedHash(b []byte) (shape, hash string, err error) {
	f, err := Parse(b)
	if err == nil {
		err = f.Check()
	}
	if err != nil {
		return "none", "-", err
	}
	if f.Frames > 1 {
		shape = fmt.Sprintf("%dx", f.Frames)
	}
	shape += fmt.Sprintf("%dx%d", f.Height, f.Width)
	if f.Samples > 1 {
		shape += fmt.Sprintf("x%d", f.Samples)
	}
	sum := sha256.New()
	for i := range f.Frames {
		v, err := f.Stored(i)
		if err != nil {
			return "none", "-", err
		}
		all := make([]byte, 0, 8*len(v))
		for _, x := range v {
			all = binary.LittleEndian.AppendUint64(all, uint64(f.Value(x)))
		}
		sum.Write(all)
	}
	return shape, fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// shown gives the samples of all frames as they are shown.
func shown(b []byte) (pix []byte, err error) {
	f, err := Parse(b)
	if err != nil {
		return nil, err
	}
	view, err := f.Shown(nil)
	if err != nil {
		return nil, err
	}
	for i := range f.Frames {
		m, err := view.Image(i)
		if err != nil {
			return nil, err
		}
		pix = append(pix, m.Pix...)
	}
	return pix, nil
}

// Stored values are those that pydicom gives, shown ones those that dcmtk gives.
func TestFilesFromOtherPrograms(t *testing.T) {
	b, err := os.ReadFile("testdata/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := files(t)
	// pydicom 2.3.1 does not read the first, and leaves the bytes of the second in the order of the file.
	like := map[string]string{"no-preamble.dcm": "s16.dcm", "u8-big-words.dcm": "u8-frames.dcm"}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != len(all) {
		t.Errorf("%d lines on %d files", len(lines), len(all))
	}
	for _, line := range lines {
		part := strings.Split(line, "\t")
		name, wantShape, wantStored, wantShown := part[0], part[1], part[2], part[3]
		if name == "u8-j2k.dcm" {
			continue // it is refused
		}
		shape, stored, err := storedHash(all[name])
		if like[name] != "" {
			wantShape, wantStored, _ = storedHash(all[like[name]])
			delete(like, name)
		}
		if shape != wantShape || stored != wantStored || err != nil {
			t.Errorf("%s: other values than pydicom's: %s %v", name, shape, err)
		}
		pix, err := shown(all[name])
		if got := fmt.Sprintf("%x", sha256.Sum256(pix)); err != nil || got != wantShown && wantShown != "-" {
			t.Errorf("%s: dcmtk shows other levels; %v", name, err)
		}
	}
	if len(like) > 0 {
		t.Errorf("no files %v", like)
	}
}

// A window can be chosen: the second of the file here, whose levels are worked out by the formula of PS3.3, C.11.2.1.2.
func TestChosenWindow(t *testing.T) {
	f, err := Parse(files(t)["u12-window.dcm"])
	if err != nil {
		t.Fatal(err)
	}
	view, err := f.Shown(&Window{40, 400})
	if err != nil {
		t.Fatal(err)
	}
	m, err := view.Image(0)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := f.Stored(0)
	if err != nil {
		t.Fatal(err)
	}
	below, between, above := 0, 0, 0
	for i, v := range stored {
		x := 2*float64(v) - 1024
		y := 255 * ((x-39.5)/399 + 0.5)
		switch {
		case x <= 39.5-399./2:
			y, below = 0, below+1
		case x > 39.5+399./2:
			y, above = 255, above+1
		default:
			between++
		}
		if got := float64(m.Pix[i]); got > y || got <= y-1 {
			t.Fatalf("value %v has level %v, want %v without its fraction", x, got, y)
		}
	}
	if below == 0 || between == 0 || above == 0 {
		t.Errorf("%d values below the window, %d in it, %d above", below, between, above)
	}
}

// Frames that have a window of their own are shown in it; the others from their lowest value to their highest. A table of the modality
// takes no time for values beyond it.
func TestWindowsOfFrames(t *testing.T) {
	whole := files(t)["u8-frames.dcm"]
	item := func(content []byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte("\xfe\xff\x00\xe0"), uint32(len(content))), content...)
	}
	window := explicit(tagFrameWindow, "SQ", item(append(explicit(tagCenter, "DS", []byte("100 ")), explicit(tagWidth, "DS", []byte("51"))...)))
	groups := explicit(tagPerFrame, "SQ", bytes.Join([][]byte{item(nil), item(window), item(nil)}, nil))
	at := bytes.LastIndex(whole, []byte("\xe0\x7f\x10\x00"))
	file := bytes.Join([][]byte{whole[:at], groups, whole[at:]}, nil)
	plain, err := shown(whole)
	if err != nil {
		t.Fatal(err)
	}
	got, err := shown(file)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := Parse(file)
	size := f.Width * f.Height
	if !bytes.Equal(got[:size], plain[:size]) || !bytes.Equal(got[2*size:], plain[2*size:]) {
		t.Error("the window of one frame changes others")
	}
	stored, err := f.Stored(1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range stored {
		want := min(max(255*((float64(v)-99.5)/50+0.5), 0), 255)
		if level := float64(got[size+i]); level > want || level <= want-1 {
			t.Fatalf("value %d of the frame with a window has level %v, want %v without its fraction", v, level, want)
		}
	}

	table := append(explicit(tagLUTDescriptor, "US", []byte("\x02\x00\x00\x00\x10\x00")), explicit(tagLUTData, "OW", []byte("\x00\x00\xff\xff"))...)
	u32 := files(t)["u32.dcm"]
	at = bytes.LastIndex(u32, []byte("\xe0\x7f\x10\x00"))
	levels, err := shown(bytes.Join([][]byte{u32[:at], explicit(tagModalityLUT, "SQ", item(table)), u32[at:]}, nil))
	if err != nil || levels[0] != 0 { // all but zero have the last entry's value: a flat picture
		t.Errorf("%v, %v", levels[:5], err)
	}
}

// The image of stored values loses none of them.
func TestRaster(t *testing.T) {
	all := files(t)
	for name, up := range map[string]int{"u8.dcm": 0, "u12-overlay.dcm": 0, "s16.dcm": 1 << 15, "s12.dcm": 1 << 15, "rgb16.dcm": 0, "u1.dcm": 0} {
		f, err := Parse(all[name])
		if err != nil {
			t.Fatal(err)
		}
		m, err := f.Raster(0)
		if err != nil {
			t.Fatal(err)
		}
		stored, _ := f.Stored(0)
		for i, v := range stored {
			if m.Sample(i) != int(v)+up {
				t.Fatalf("%s: sample %d is %d, stored as %d", name, i, m.Sample(i), v)
			}
		}
	}
	f, err := Parse(all["u32.dcm"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Raster(0); err == nil || !strings.Contains(err.Error(), "32 bits") {
		t.Errorf("got %v", err)
	}
}

// A file that ends early, wherever that is, has no pixels, and no error quotes the patient's name.
func TestTruncated(t *testing.T) {
	for name, b := range files(t) {
		for n := 0; n < len(b)-1; n += 1 + n/60 {
			_, err := shown(b[:n])
			switch {
			case err == nil && strings.HasSuffix(name, "deflated.dcm"):
				t.Fatalf("%s: %d of %d bytes have a picture", name, n, len(b))
			case err == nil && n < len(b)-20: // the picture may be whole before its delimiter or padding
				t.Fatalf("%s: %d of %d bytes have a picture", name, n, len(b))
			case err != nil && (strings.Contains(err.Error(), "Doe") || strings.Contains(err.Error(), "4711")):
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// An element is a data element with an explicit representation, little endian.
func explicit(tag Tag, vr string, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(tag>>16))
	b = append(binary.LittleEndian.AppendUint16(b, uint16(tag)), vr...)
	if strings.Contains(longVR, vr) {
		b = binary.LittleEndian.AppendUint32(append(b, 0, 0), uint32(len(value)))
	} else {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	}
	return append(b, value...)
}

// replaced is a file with the value of a tag replaced, of its last occurrence.
func replaced(t *testing.T, file []byte, tag Tag, vr string, value string) []byte {
	t.Helper()
	head := explicit(tag, vr, nil)
	head = head[:len(head)-2]
	at := bytes.LastIndex(file, head)
	if at < 0 {
		t.Fatalf("no %v", tag)
	}
	length := int(binary.LittleEndian.Uint16(file[at+6:]))
	return bytes.Join([][]byte{file[:at], explicit(tag, vr, []byte(value)), file[at+8+length:]}, nil)
}

// What is refused is named, with the tag and the offset of the element at fault.
func TestRefused(t *testing.T) {
	all := files(t)
	u12, frames, rle, ls := all["u12.dcm"], all["u8-frames.dcm"], all["u12-rle.dcm"], all["u8-frames-ls.dcm"]
	pixels := bytes.LastIndex(u12, []byte("\xe0\x7f\x10\x00"))
	nested := bytes.Repeat([]byte("\x09\x00\x10\x10SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"), 1000)
	for _, test := range []struct {
		name, want string
		file       []byte
	}{
		{"JPEG 2000", "JPEG 2000 Lossless is not supported", all["u8-j2k.dcm"]},
		{"unknown syntax", "(0002,0010) at byte 212", replaced(t, u12, tagTransferSyntax, "UI", "1.2.3\x00")},
		{"no pixels", "no pixel data", u12[:pixels]},
		{"no rows", "(0028,0010) is missing", bytes.Replace(u12, []byte("\x28\x00\x10\x00US"), []byte("\x28\x00\x0f\x00US"), 1)},
		{"zero rows", "24×0", replaced(t, u12, tagRows, "US", "\x00\x00")},
		{"short number", "too few", replaced(t, u12, tagRows, "US", "\x01")},
		{"many rows", "truncated", replaced(t, u12, tagRows, "US", "\xff\xff")},
		{"frames in words", "(0028,0008) at byte", replaced(t, frames, tagFrames, "IS", "a lot ")},
		{"negative frames", "(0028,0008) at byte", replaced(t, frames, tagFrames, "IS", "-1")},
		{"many frames", "truncated", replaced(t, frames, tagFrames, "IS", "4 ")},
		{"very many frames", "more than the", replaced(t, frames, tagFrames, "IS", "2147483647")},
		{"photometric", "(0028,0004) at byte", replaced(t, u12, tagPhotometric, "CS", "HSV ")},
		{"samples", "(0028,0002)", replaced(t, u12, tagPhotometric, "CS", "RGB ")},
		{"bits allocated", "12 bits allocated", replaced(t, u12, tagAllocated, "US", "\x0c\x00")},
		{"bits stored", "17 bits", replaced(t, u12, tagStored, "US", "\x11\x00")},
		{"high bit", "highest at 10", replaced(t, u12, tagHighBit, "US", "\x0a\x00")},
		{"slope in words", "(0028,1053) at byte", replaced(t, all["u12-window.dcm"], tagSlope, "DS", "two ")},
		{"slope without end", "(0028,1053) at byte", replaced(t, all["u12-window.dcm"], tagSlope, "DS", "1e999 ")},
		{"window function", "(0028,1056) at byte", replaced(t, all["u12-sigmoid.dcm"], tagFunction, "CS", "SQUARE")},
		{"no representation", "(0028,0100) at byte", bytes.Replace(u12, []byte("\x28\x00\x00\x01US"), []byte("\x28\x00\x00\x01us"), 1)},
		{"length past the end", "(0028,0100) at byte", bytes.Replace(u12, []byte("\x28\x00\x00\x01US\x02"), []byte("\x28\x00\x00\x01US\xf2"), 1)[:pixels]},
		{"undefined length", "undefined length", bytes.Join([][]byte{u12[:pixels], []byte("\x50\x00\x10\x00OB\x00\x00\xff\xff\xff\xff")}, nil)},
		{"nested", "more than 64 nested sequences", bytes.Join([][]byte{u12[:pixels], nested}, nil)},
		{"sequence without end", "truncated", bytes.Join([][]byte{u12[:pixels], nested[:20]}, nil)},
		{"no item", "where an item", bytes.Join([][]byte{u12[:pixels], nested[:12], make([]byte, 20)}, nil)},
		{"no fragments", "not in fragments", bytes.Replace(u12, []byte("1.2.840.10008.1.2.1\x00"), []byte("1.2.840.10008.1.2.5\x00"), 1)},
		{"RLE segments", "segments", bytes.Replace(rle, []byte("\x02\x00\x00\x00\x40\x00\x00\x00"), []byte("\x03\x00\x00\x00\x40\x00\x00\x00"), 1)},
		{"RLE offsets", "segment 1", bytes.Replace(rle, []byte("\x02\x00\x00\x00\x40\x00\x00\x00"), []byte("\x02\x00\x00\x00\x3f\x00\x00\x00"), 1)},
		{"more rows than in the frame", "where the file has", replaced(t, ls, tagRows, "US", "\x12\x00")},
		{"fragments", "3 fragments for 4 frames", replaced(t, ls, tagFrames, "IS", "4 ")},
	} {
		if _, err := shown(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	f, err := Parse(all["u8-j2k.dcm"])
	if err != nil {
		t.Fatal(err)
	}
	if hint := failure.HintOf(f.Check()); !strings.Contains(hint, "gdcmconv --raw") {
		t.Errorf("the hint on JPEG 2000 is %q", hint)
	}
}

// What may be missing or different does not matter.
func TestTolerated(t *testing.T) {
	all := files(t)
	want, err := shown(all["s16.dcm"])
	if err != nil {
		t.Fatal(err)
	}
	whole := all["s16.dcm"]
	rows := bytes.Index(whole, []byte("\x28\x00\x02\x00US"))
	private := []byte("\x09\x00\x10\x10SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff\x09\x00\x11\x10US\x02\x00ab\xfe\xff\x0d\xe0\x00\x00\x00\x00" +
		"\xfe\xff\xdd\xe0\x00\x00\x00\x00")
	unknown := []byte("\x09\x00\x20\x10UN\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\x0a\x00\x00\x00\x09\x00\x11\x10\x02\x00\x00\x00ab\xfe\xff\xdd\xe0\x00\x00\x00\x00")
	for name, file := range map[string][]byte{
		"no preamble":       whole[128:],
		"TIFF in preamble":  append([]byte("II*\x00"), whole[4:]...),
		"padding":           append(bytes.Clone(whole), make([]byte, 1001)...),
		"garbage":           append(bytes.Clone(whole), "\x12\x34\x56"...),
		"sequences":         bytes.Join([][]byte{whole[:rows], private, unknown, whole[rows:]}, nil),
		"tag twice":         bytes.Join([][]byte{whole[:rows], explicit(tagRows, "US", []byte("\x01\x00")), whole[rows:]}, nil),
		"number with blank": replaced(t, whole, tagWidth, "DS", " 30000.25 "),
	} {
		if got, err := shown(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Memory follows the file, not what it promises.
func TestMemory(t *testing.T) {
	all := files(t)
	most := func(name string) []byte {
		return replaced(t, replaced(t, all[name], tagRows, "US", "\xff\x0f"), tagColumns, "US", "\xff\xff")
	}
	var bomb bytes.Buffer
	packed, _ := flate.NewWriter(&bomb, 9)
	packed.Write(make([]byte, 80<<20))
	packed.Close()
	deflated := all["u16-deflated.dcm"]
	meta := 132 + 12 + int(binary.LittleEndian.Uint32(deflated[140:]))
	tests := map[string][]byte{
		"native": most("u12.dcm"), "RLE": most("u12-rle.dcm"), "lossless": most("u12-lossless.dcm"), "JPEG-LS": most("u12-ls.dcm"), "JPEG": most("u8-jpeg.dcm"),
		"frames": replaced(t, all["u8-frames-rle.dcm"], tagFrames, "IS", "600000"),
	}
	used := func(file []byte) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := shown(file); err == nil {
			t.Error("no error")
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for name, file := range tests {
		if n := used(file); n > 1<<20 {
			t.Errorf("%s: %d bytes were allocated for a file of %d", name, n, len(file))
		}
	}
	if n := used(append(bytes.Clone(deflated[:meta]), bomb.Bytes()...)); n > 400<<20 { // the reader grows in steps up to 64 MB
		t.Errorf("bomb: %d MB were allocated", n>>20)
	}
}

// What identifies a patient is there only where it is asked for.
func TestIdentifying(t *testing.T) {
	f, err := Parse(files(t)["u8.dcm"])
	if err != nil {
		t.Fatal(err)
	}
	names, values := f.Identifying()
	if got := fmt.Sprint(names, values); got != "[patient's name patient ID] [Doe^Jane 4711]" {
		t.Error(got)
	}
	if f.Modality() != "OT" {
		t.Error(f.Modality())
	}
}

// Whatever the bytes, there are pictures of honest size or an error, and no panic.
//
//	go test -run '^$' -fuzz FuzzParse -fuzztime 5m -fuzzminimizetime 10x ./data/imagefile/dicom
func FuzzParse(f *testing.F) {
	for _, b := range files(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		if err != nil || int64(d.Width)*int64(d.Height)*int64(d.Frames) > 1<<20 {
			return
		}
		view, err := d.Shown(nil)
		if err != nil {
			return
		}
		for i := range d.Frames {
			m, err := view.Image(i)
			if err == nil && (m.Width != d.Width || m.Height != d.Height || len(m.Pix) != m.Samples()) {
				t.Errorf("%v with %d bytes", m, len(m.Pix))
			}
		}
		if v, err := d.Stored(0); err == nil && len(v) != d.Width*d.Height*d.Samples {
			t.Errorf("%d values of %d×%d", len(v), d.Width, d.Height)
		}
	})
}
