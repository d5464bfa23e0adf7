package infer

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// entry is one file of an archive that a test makes by hand.
type entry struct {
	name string
	body []byte
	zip  uint16 // method
}

func pack(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.zip})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// npyOf is an array as NumPy writes it.
func npyOf(dtype string, shape []int, body []byte) []byte {
	tuple := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(shape)), ", "), "[]")
	if len(shape) == 1 {
		tuple += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, tuple)
	text += strings.Repeat(" ", 117-len(text)) + "\n"
	return append(append([]byte("\x93NUMPY\x01\x00\x76\x00"), text...), body...)
}

// floatBytes is x as little-endian bytes.
func floatBytes(x []float32) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, x)
	if err != nil {
		panic(err)
	}
	return b
}

// archNpy is a as the array "arch", whatever is in it.
func archNpy(t testing.TB, a any) []byte {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return npyOf("|u1", []int{len(text)}, text)
}

// entriesOf is a whole archive of a, to be spoilt.
func entriesOf(t testing.TB, a Arch) []entry {
	t.Helper()
	entries := []entry{{name: "arch.npy", body: archNpy(t, a)}}
	params := randomParams(a, 1)
	for _, p := range a.Params() {
		entries = append(entries, entry{name: p.Name + ".npy", body: npyOf("<f4", p.Shape, floatBytes(params[p.Name].Data))})
	}
	return entries
}

// refuse fails unless Read gives one line that names the file and contains want, in memory of a small multiple of the file.
func refuse(t *testing.T, b []byte, want string) {
	t.Helper()
	err := readBounded(t, b)
	if err == nil {
		t.Fatalf("accepted, want an error with %q", want)
	}
	s := err.Error()
	if !strings.HasPrefix(s, "some/generator.npz: ") || !strings.Contains(s, want) || strings.ContainsAny(s, "\n\x00") || len(s) > 500 {
		t.Errorf("the error is %q, want one line with the file and %q", s, want)
	}
}

// readBounded reads b and fails unless that takes as little memory as the package comment says.
func readBounded(t *testing.T, b []byte) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read("some/generator.npz", b)
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(20*len(b)+16<<20); got > most {
		t.Errorf("%d bytes allocated for a file of %d", got, len(b))
	}
	return err
}

func TestReadRefusesDamage(t *testing.T) {
	a := small()
	const first = "encoder.0.weight"
	shape := []int{2, 3, 7, 7}
	floats := make([]byte, 4*Param{Shape: shape}.Size())
	nan, inf := bytes.Clone(floats), bytes.Clone(floats)
	binary.LittleEndian.PutUint32(nan[4*5:], math.Float32bits(float32(math.NaN())))
	binary.LittleEndian.PutUint32(inf[4*7:], math.Float32bits(float32(math.Inf(-1))))
	header := func(text string) []byte {
		b := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), byte(len(text)>>8))
		return append(append(b, text...), floats...)
	}
	replace := func(body []byte) func([]entry) []entry {
		return func(e []entry) []entry { e[1].body = body; return e }
	}
	for _, c := range []struct {
		name  string
		spoil func([]entry) []entry
		want  string
	}{
		{"no arch", func(e []entry) []entry { return e[1:] }, "array arch: missing"},
		{"no parameter", func(e []entry) []entry { return append(e[:1:1], e[2:]...) }, "array encoder.0.weight: missing"},
		{"extra", func(e []entry) []entry { return append(e, entry{name: "encoder.0.bias.npy", body: e[1].body}) },
			`array "encoder.0.bias": the architecture has no such parameter`},
		{"twice", func(e []entry) []entry { return append(e, e[2]) }, `array "encoder.3.weight": appears twice`},
		{"arch twice", func(e []entry) []entry { return append(e, e[0]) }, `array "arch": appears twice`},
		{"not an array", func(e []entry) []entry { return append(e, entry{name: "read\nme.txt"}) }, `holds "read\nme.txt", which is not an array`},
		{"shape", replace(npyOf("<f4", []int{3, 2, 7, 7}, floats)), "array encoder.0.weight: its shape is [3 2 7 7], must be [2 3 7 7]"},
		{"flat", replace(npyOf("<f4", []int{294}, floats)), "array encoder.0.weight: its shape is [294], must be"},
		{"double", replace(npyOf("<f8", shape, append(floats, floats...))), "array encoder.0.weight: its type is <f8, must be <f4"},
		{"big-endian", replace(npyOf(">f4", shape, floats)), "its type is >f4"},
		{"object", replace(npyOf("|O", shape, floats)), "its type is |O"},
		{"Fortran order", replace(bytes.Replace(npyOf("<f4", shape, floats), []byte("False, "), []byte("True,  "), 1)), "array encoder.0.weight: its NumPy header is malformed"},
		{"Fortran order", replace(header("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 7, 7), }\n")), "in Fortran order"},
		{"NaN", replace(npyOf("<f4", shape, nan)), "array encoder.0.weight: element 5 is NaN"},
		{"Inf", replace(npyOf("<f4", shape, inf)), "array encoder.0.weight: element 7 is -Inf"},
		{"short", replace(npyOf("<f4", shape, floats[:1100])), "array encoder.0.weight: a shape of [2 3 7 7] is declared, but only 1100 bytes are there"},
		{"shorter", replace(npyOf("<f4", shape, floats[:4])), "array encoder.0.weight: a shape of [2 3 7 7] is declared, but only"},
		{"long", replace(npyOf("<f4", shape, append(floats, 0))), "array encoder.0.weight: longer than its shape says"},
		{"empty", replace(nil), "array encoder.0.weight: too short for a NumPy array"},
		{"text", replace([]byte("once upon a time there was a weight")), "not a NumPy array"},
		{"version 3", replace([]byte("\x93NUMPY\x03\x00\x10\x00\x00\x00" + strings.Repeat(" ", 100))), "version 3 of the NumPy format"},
		{"header of 4 GB", replace([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff" + strings.Repeat(" ", 100))), "NumPy header is longer than"},
		{"header cut", replace([]byte("\x93NUMPY\x01\x00\xf0\x00{'descr'")), "NumPy header is cut short"},
		{"header without end", replace(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 7, 7), }")), "NumPy header is malformed"},
		{"header in disorder", replace(header("{'shape': (2, 3, 7, 7), 'fortran_order': False, 'descr': '<f4', }\n")), "NumPy header is malformed"},
		{"header without shape", replace(header("{'descr': '<f4', 'fortran_order': False, }\n")), "NumPy header is malformed"},
		{"negative shape", replace(header("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3, 7, 7), }\n")), "its shape is [-2 -3 7 7]"},
		{"arch of floats", func(e []entry) []entry { e[0].body = npyOf("<f4", []int{2}, floats[:8]); return e }, "array arch: its type is <f4, must be |u1"},
		{"arch not JSON", func(e []entry) []entry { e[0].body = npyOf("|u1", []int{4}, []byte("nope")); return e }, "array arch: not the JSON"},
		{"arch a list", func(e []entry) []entry { e[0].body = archNpy(t, []int{1}); return e }, "array arch: not the JSON"},
		{"arch followed by more", func(e []entry) []entry { e[0].body = npyOf("|u1", []int{5}, []byte("{} {}")); return e }, "array arch: not the JSON"},
		{"arch empty object", func(e []entry) []entry { e[0].body = archNpy(t, map[string]int{}); return e }, "array arch: not the JSON of an architecture: it has no format_version"},
		{"arch unknown field", func(e []entry) []entry {
			e[0].body = archNpy(t, map[string]int{"format_version": 2, "novelty": 1})
			return e
		}, `unknown field "novelty"`},
		{"arch newer", func(e []entry) []entry {
			e[0].body = archNpy(t, map[string]int{"format_version": 3, "novelty": 1})
			return e
		},
			"array arch: format version 3 is newer than 2"},
		{"arch older", func(e []entry) []entry {
			e[0].body = archNpy(t, map[string]int{"format_version": 1, "novelty": 1})
			return e
		},
			"array arch: format version 1 is no longer read: write the file again with keygan-train export"},
		{"arch too long", func(e []entry) []entry { e[0].body = npyOf("|u1", []int{1 << 30}, nil); return e }, "array arch: a shape of [1073741824] is declared, but only"},
		{"arch cut", func(e []entry) []entry { e[0].body = npyOf("|u1", []int{1 << 17}, nil); return e }, "array arch: a shape of [131072] is declared, but only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuse(t, pack(t, c.spoil(entriesOf(t, a))), c.want)
		})
	}
	if name := a.Params()[0].Name; name != first {
		t.Errorf("the first parameter is %s", name)
	}
}

// A file that ends too early is refused wherever it ends, and so is one with a flipped bit in an array.
func TestReadRefusesEveryTruncation(t *testing.T) {
	whole := archive(t, ResNet(1, 0, 1, 4), randomParams(ResNet(1, 0, 1, 4), 1))
	if _, err := Read("x", whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := Read("x", whole[:n]); err == nil {
			t.Errorf("accepted cut to %d of %d bytes", n, len(whole))
		}
	}
	at := bytes.Index(whole, []byte("\x93NUMPY")) + 200 // within the JSON
	for _, i := range []int{at, len(whole) / 2} {
		b := bytes.Clone(whole)
		b[i] ^= 1
		if _, err := Read("x", b); err == nil {
			t.Errorf("accepted with byte %d changed", i)
		}
	}
}

// Files that declare, or unpack to, far more than they are.
func TestReadBoundsMemory(t *testing.T) {
	t.Run("bomb", func(t *testing.T) {
		shape := []int{512, 512, 7, 7}
		refuse(t, pack(t, append(entriesOf(t, small()), entry{"bomb.npy", npyOf("<f4", shape, make([]byte, 4*Param{Shape: shape}.Size())), zip.Deflate})),
			`array "bomb": unpacks to more than 4 times`)
	})
	t.Run("many small bombs", func(t *testing.T) {
		entries := entriesOf(t, small())
		for i := range 100 {
			entries = append(entries, entry{strings.Repeat("b", i+1) + ".npy", make([]byte, 1<<19), zip.Deflate})
		}
		refuse(t, pack(t, entries), "unpacks to more than 4 times")
	})
	t.Run("huge shape", func(t *testing.T) {
		a := ResNet(512, 0, 3, 4)
		entries := entriesOf(t, small())
		entries[0].body = archNpy(t, a)
		entries[1].body = npyOf("<f4", a.Params()[0].Shape, make([]byte, 100))
		refuse(t, pack(t, entries), "array encoder.0.weight: a shape of [512 3 7 7] is declared, but only")
	})
	t.Run("directory size", func(t *testing.T) { // an entry whose directory record says 1 GB
		b := pack(t, entriesOf(t, small()))
		directory := bytes.Index(b, []byte("PK\x01\x02"))
		binary.LittleEndian.PutUint32(b[directory+24:], 1<<30)
		refuse(t, b, "unpacks to more than 4 times")
	})
	t.Run("many layers", func(t *testing.T) {
		a := small()
		for range maxLayers {
			a.Layers = append(a.Layers, a.Layers[0])
		}
		entries := entriesOf(t, small())
		entries[0].body = archNpy(t, a)
		refuse(t, pack(t, entries), "array arch: not the JSON of an architecture: more than 1024 layers")
		for _, layer := range []string{"{}", "0", "null"} { // a deflated file of a few hundred bytes
			text := `{"format_version":2,"layers":[` + strings.Repeat(layer+",", 200_000/(len(layer)+1)) + "{}]}"
			refuse(t, pack(t, []entry{{"arch.npy", npyOf("|u1", []int{len(text)}, []byte(text)), zip.Deflate}}), "array arch: not the JSON of an architecture: ")
		}
	})
	t.Run("layers twice", func(t *testing.T) { // JSON takes the second list, and must not have read the first into memory
		list := strings.Repeat("{},", 40_000) + "{}"
		text := `{"format_version":2,"layers":[` + list + `],"layers":[]}`
		refuse(t, pack(t, []entry{{"arch.npy", npyOf("|u1", []int{len(text)}, []byte(text)), zip.Deflate}}), "array arch: ")
	})
	t.Run("directory", func(t *testing.T) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for range 10_000 {
			if _, err := z.CreateHeader(&zip.FileHeader{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		directory := bytes.Index(b.Bytes(), []byte("PK\x01\x02")) // the rest is not needed to list it
		refuse(t, b.Bytes()[directory:], "")
	})
}

// chain is a network of 1×1 convolutions by AlgorithmFMA, its channels as given.
func chain(channels ...int) Arch {
	a := Arch{FormatVersion: 2, Network: NetworkResNet, Channels: channels[0], ImageSize: 16, ValueRange: [2]float32{-1, 1}}
	for i, out := range channels[1:] {
		a.Layers = append(a.Layers, Layer{Type: Conv, Name: fmt.Sprintf("a.%d", i), In: channels[i], Out: out, Kernel: 1, Stride: 1,
			Algorithm: AlgorithmFMA})
	}
	return a
}

// Weights are packed into whole vectors: of layers with one channel that would be 16 times the memory.
func TestReadBoundsPackedWeights(t *testing.T) {
	narrow, wide := []int{1}, []int{1}
	for range 100 {
		narrow, wide = append(narrow, 4096, 1), append(wide, 4096, 8)
	}
	refuse(t, pack(t, entriesOf(t, chain(narrow...))), "array arch: the layers have too few channels for their number")

	// The worst that is accepted: half of all vectors empty, and so many zeros that the archive unpacks to nearly four times its length.
	a := chain(append(wide, 1)...)
	entries := []entry{{name: "arch.npy", body: archNpy(t, a), zip: zip.Deflate}}
	params := randomParams(a, 1)
	for i, p := range a.Params() {
		data := params[p.Name].Data
		if i%6 != 1 && i%8 != 0 {
			clear(data)
		}
		entries = append(entries, entry{p.Name + ".npy", npyOf("<f4", p.Shape, floatBytes(data)), zip.Deflate})
	}
	b := pack(t, entries)
	if unpacked := 4 * a.Parameters(); unpacked < 3*len(b) {
		t.Errorf("%d bytes in a file of %d: hardly the worst", unpacked, len(b))
	}
	if err := readBounded(t, b); err != nil {
		t.Error(err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.npz")
	for path, want := range map[string]string{missing: missing + ": no such file", dir: dir + ": is a folder"} {
		if _, err := ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	for name, content := range map[string]string{"empty": "", "text": strings.Repeat("text ", 1000)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+": not a whole .npz archive") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// Read also takes what np.savez_compressed writes.
func TestReadDeflated(t *testing.T) {
	entries := entriesOf(t, small())
	m, err := Read("x", pack(t, entries))
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		entries[i].zip = zip.Deflate
	}
	deflated, err := Read("x", pack(t, entries))
	if err != nil {
		t.Fatal(err)
	}
	if m.Hash() != deflated.Hash() {
		t.Error("the hash depends on how the archive is packed")
	}
}

// FuzzRead: whatever the bytes, an error or a model that is written and read back as it was.
func FuzzRead(f *testing.F) {
	a := ResNet(1, 0, 1, 4)
	f.Add(archive(f, a, randomParams(a, 1)))
	f.Add(pack(f, entriesOf(f, a)[:2]))
	for _, a := range versions {
		f.Add(archive(f, a, randomParams(a, 1)))
	}
	entries := entriesOf(f, a)
	for i := range entries {
		entries[i].zip = zip.Deflate
	}
	f.Add(pack(f, entries))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Read("x", b)
		if err != nil {
			if s := err.Error(); !strings.HasPrefix(s, "x: ") || len(s) > 1000 {
				t.Errorf("%q", s)
			}
			return
		}
		again, err := Read("x", archive(t, m.Arch(), m.Params()))
		if err != nil || again.Hash() != m.Hash() {
			t.Errorf("written and read again: %v", err)
		}
	})
}

// FuzzEntry gets past the archive's checksums: the JSON, and the array of the first parameter, are the fuzzer's.
func FuzzEntry(f *testing.F) {
	entries := entriesOf(f, everything())
	f.Add(entries[0].body[128:], entries[1].body)
	for _, a := range versions { // all that they have in common is a first parameter of this name, or not even that
		entries := entriesOf(f, a)
		f.Add(entries[0].body[128:], entries[1].body)
	}
	f.Add([]byte(`{"format_version":2,"layers":[{"type":"conv","name":"a","in":4096,"out":4096,"kernel":15}]}`), []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"))
	f.Add([]byte(`{"format_version":2,"network":"dcgan","channels":1,"image_size":16384,"value_range":[0,1],"latent":4096,"input_noise":1e39,`+
		`"layers":[{"type":"conv_transpose","name":"a","norm":"batch","norm_name":"a","noise":"a","before_add":"tanh"}]}`), []byte{})
	f.Fuzz(func(t *testing.T, text, body []byte) {
		e := append([]entry{{name: "arch.npy", body: npyOf("|u1", []int{len(text)}, text)}}, entries[1:]...)
		e[1].body = body
		m, err := Read("x", pack(t, e))
		if err != nil {
			return
		}
		height, width := 5, 6
		if m.Arch().Latent > 0 {
			height, width = m.Arch().ImageSize, m.Arch().ImageSize
		}
		if _, err := m.Forward(make([]float32, height*width*m.Arch().Channels), height, width, Seed{}); err != nil && !strings.Contains(err.Error(), "out of range") {
			t.Error(err)
		}
	})
}
