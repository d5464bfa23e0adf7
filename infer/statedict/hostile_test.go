package statedict

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// pickle2 is a pickle of protocol 2 with the given instructions.
func pickle2(code ...string) string { return "\x80\x02" + strings.Join(code, "") + "." }

// text is the instruction that pushes s.
func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// number is the instruction that pushes n.
func number(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

// record0 is a storage of n float32, record data/0.
func record0(n int64) string {
	return "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(n) + "tQ"
}

// tensorOf is a tensor of a storage; shape and strides are instructions that make tuples.
func tensorOf(storage string, offset int64, shape, strides string) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + shape + strides + "\x89}tR"
}

func tupleOf(n ...int64) string {
	s := "("
	for _, v := range n {
		s += number(v)
	}
	return s + "t"
}

// stateOf is a state dict with one tensor, named w.
func stateOf(tensor string) string { return pickle2("}", text("w"), tensor, "s") }

type zipEntry struct {
	name, body string
	method     uint16
}

func zipOf(t testing.TB, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archiveOf is a file of PyTorch with a pickle and one storage of 64 bytes.
func archiveOf(t testing.TB, pickle string) []byte {
	return zipOf(t, zipEntry{name: "m/data.pkl", body: pickle}, zipEntry{name: "m/data/0", body: strings.Repeat("\x00\x00\x80\x3f", 16)})
}

func legacyOf(pickle, rest string) []byte {
	system := pickle2("}", text("little_endian"), "\x88s")
	return []byte(pickle2("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickle2("M\xe9\x03") + system + pickle + rest)
}

// refuse fails unless b gives an error of one line with want, in memory of a small multiple of its length.
func refuse(t *testing.T, b []byte, want string) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d, err := Read(b, "")
	if err == nil {
		for _, name := range d.names {
			if _, err = d.Floats(name); err != nil {
				break
			}
		}
	}
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Fatalf("accepted, want an error with %q", want)
	}
	if s := err.Error(); !strings.Contains(s, want) || strings.ContainsAny(s, "\n\x00") || len(s) > 500 {
		t.Errorf("the error is %q, want one line with %q", s, want)
	}
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(maxGrowth*len(b)+1<<20); got > most {
		t.Errorf("%d bytes allocated for a file of %d", got, len(b))
	}
	return err
}

// maxGrowth bounds all memory that is ever taken for a byte of a file, most of it given back on the way. The worst is a pickle of
// nothing but instructions of one byte that make an empty dict each, or remember one.
const maxGrowth = 160

// What could run code is refused, whatever the way, and the error says what was asked for.
func TestRefusesCode(t *testing.T) {
	for name, c := range map[string]struct{ pickle, want string }{
		"os.system":      {pickle2("cos\nsystem\n", text("touch /tmp/x"), "\x85R"), `asks for "os.system"`},
		"posix.system":   {pickle2("cposix\nsystem\n", text("id"), "\x85R"), `asks for "posix.system"`},
		"builtins.eval":  {"\x80\x04" + "\x8c\x08builtins\x8c\x04eval\x93" + text("1") + "\x85R.", `asks for "builtins.eval"`},
		"in a dict":      {pickle2("}", text("w"), "c__builtin__\ngetattr\n", text("x"), "\x85Rs"), `asks for "__builtin__.getattr"`},
		"torch.load":     {pickle2("ctorch\nload\n", text("x"), "\x85R"), `asks for "torch.load"`},
		"a numpy scalar": {pickle2("cnumpy.core.multiarray\nscalar\n", ")R"), `asks for "numpy.core.multiarray.scalar"`},
		"a long name":    {pickle2("c" + strings.Repeat("x", 5000) + "\ny\n"), `asks for "xxx`},
		"lines":          {pickle2("\x8c\x02o\n\x8c\x02\x1bs\x93"), `asks for "o\n.\x1bs"`},
		"INST":           {pickle2("(ios\nsystem\n"), "INST"},
		"OBJ":            {pickle2("(ccollections\nOrderedDict\no"), "OBJ"},
		"NEWOBJ":         {pickle2("ccollections\nOrderedDict\n)\x81"), "NEWOBJ"},
		"NEWOBJ_EX":      {pickle2("ccollections\nOrderedDict\n)}\x92"), "NEWOBJ_EX"},
		"EXT":            {pickle2("\x82\x01"), "EXT1"},
		"attributes":     {pickle2("ccollections\nOrderedDict\n}b"), "sets attributes of a class"},
		"a network":      {pickle2("(", text("module"), "ccollections\nOrderedDict\n", text("net.py"), text("import os"), "tQ"), "a whole network"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, b := range [][]byte{archiveOf(t, c.pickle), legacyOf(c.pickle, ""), []byte(c.pickle)} {
				err := refuse(t, b, c.want)
				if refused := (*RefusedError)(nil); !errors.As(err, &refused) || !strings.HasSuffix(err.Error(), "nothing of it was run") {
					t.Errorf("%v is not a refusal", err)
				}
			}
		})
	}
}

func TestRefusesTensorsBeyondTheirStorage(t *testing.T) {
	const huge = 1 << 62
	one := tupleOf(1)
	for name, c := range map[string]struct{ tensor, want string }{
		"too long":           {tensorOf(record0(16), 0, tupleOf(17), one), "outside its storage of 16 numbers"},
		"storage too long":   {tensorOf(record0(17), 0, tupleOf(17), one), "17 numbers of float32 are declared, but only 16 are there"},
		"huge storage":       {tensorOf(record0(huge), 0, tupleOf(1), one), "but only 16 are there"},
		"negative storage":   {tensorOf(record0(-1), 0, tupleOf(1), one), "-1 numbers"},
		"offset":             {tensorOf(record0(16), 9, tupleOf(8), one), "outside"},
		"negative offset":    {tensorOf(record0(16), -1, tupleOf(8), one), "outside"},
		"huge offset":        {tensorOf(record0(16), huge, tupleOf(8), one), "outside"},
		"stride":             {tensorOf(record0(16), 0, tupleOf(8), tupleOf(3)), "outside"},
		"negative stride":    {tensorOf(record0(16), 8, tupleOf(8), tupleOf(-1)), "outside"},
		"huge stride":        {tensorOf(record0(16), 0, tupleOf(3), tupleOf(huge)), "outside"},
		"negative shape":     {tensorOf(record0(16), 0, tupleOf(-2, -2), tupleOf(1, 1)), "outside"},
		"overflow":           {tensorOf(record0(16), 0, tupleOf(1<<32, 1<<32), tupleOf(0, 0)), "outside"},
		"none of many":       {tensorOf(record0(16), 0, tupleOf(0, huge), tupleOf(0, 0)), "outside"},
		"expanded":           {tensorOf(record0(16), 0, tupleOf(17), tupleOf(0)), "outside"},
		"one stride too few": {tensorOf(record0(16), 0, tupleOf(2, 2), one), "2 dimensions and 1 strides"},
		"many dimensions":    {tensorOf(record0(16), 0, tupleOf(1, 1, 1, 1, 1, 1, 1, 1, 1), tupleOf(1, 1, 1, 1, 1, 1, 1, 1, 1)), "other arguments"},
		"no storage":         {tensorOf(text("0"), 0, tupleOf(1), one), "other arguments"},
		"shape of floats":    {tensorOf(record0(16), 0, "G\x3f\xf0\x00\x00\x00\x00\x00\x00\x85", one), "other arguments"},
		"another record":     {tensorOf(strings.Replace(record0(16), text("0"), text("../data.pkl"), 1), 0, one, one), `record "data/../data.pkl": missing`},
		"integers":           {tensorOf(strings.Replace(record0(8), "Float", "Long", 1), 0, tupleOf(8), one), "its type is int64; keygan reads float32"},
		"unknown storage":    {tensorOf(strings.Replace(record0(8), "Float", "QInt8", 1), 0, tupleOf(8), one), `asks for "torch.QInt8Storage"`},
		"a function's storage": {tensorOf(strings.Replace(record0(8), "torch\nFloatStorage", "collections\nOrderedDict", 1), 0, one, one),
			"not a storage's"},
		"a storage called": {"ctorch\nFloatStorage\n)R", "calls torch.FloatStorage"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, archiveOf(t, stateOf(c.tensor)), c.want) })
	}
	t.Run("shared", func(t *testing.T) { // 2000 tensors of one storage
		all := tensorOf(record0(16), 0, tupleOf(16), one)
		state := "}" + text("w") + all + "q\x01s"
		for i := range 2000 {
			state += text(fmt.Sprint(i)) + "h\x01s"
		}
		refuse(t, archiveOf(t, pickle2(state)), "hold more numbers than the file")
	})
}

// A name may have a wrapper a million times: that takes a moment, not hours.
func TestManyWrappers(t *testing.T) {
	name := strings.Repeat("module._orig_mod.", 1<<19) + "w"
	state := pickle2("}", text(name), tensorOf(record0(16), 0, tupleOf(16), tupleOf(1)), "s")
	d, err := Read(archiveOf(t, state), "")
	if err != nil || len(d.names) != 1 || d.names[0] != "w" {
		t.Error(err)
	}
}

func TestRefusesMalformedPickles(t *testing.T) {
	for name, c := range map[string]struct{ pickle, want string }{
		"nothing":          {"", "cut short"},
		"only a stop":      {".", "empty stack"},
		"no stop":          {"\x80\x02}", "cut short"},
		"protocol 6":       {"\x80\x06}.", "protocol 6"},
		"unknown":          {pickle2("\xff"), "0xff"},
		"text protocol":    {"(dp0\n.", "0x70"},
		"long string":      {pickle2("X\xff\xff\xff\x7fabc"), "cut short"},
		"longer string":    {"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.", "cut short"},
		"long integer":     {pickle2("\x8b\xff\xff\xff\x7f"), "an integer of 2147483647 bytes"},
		"frame cut":        {"\x80\x04\x95\x01", "cut short"},
		"not remembered":   {pickle2("h\x01"), "recalls number 1"},
		"no mark":          {pickle2("t"), "a mark that is not there"},
		"through a mark":   {pickle2("N(0(\x85"), "empty stack"},
		"odd dict":         {pickle2("(Nd"), "a key and no value"},
		"append to a dict": {pickle2("}Na"), "puts something into a dict"},
		"set in a list":    {pickle2("]NNs"), "puts something into a list"},
		"call of a string": {pickle2(text("x"), ")R"), "calls a string"},
		"arguments":        {pickle2("ccollections\nOrderedDict\nNR"), "with None for arguments"},
		"dict with items":  {pickle2("ccollections\nOrderedDict\n]\x85R"), "other arguments"},
		"no name":          {"\x80\x04NN\x93.", "has no name"},
		"name cut":         {pickle2("cos\nsystem"), "cut short"},
		"id":               {pickle2("NQ"), "None for a persistent id"},
		"empty id":         {pickle2(")Q"), "not a storage's"},
		"None":             {pickle2("N"), "holds None, not a state dict"},
		"a list":           {pickle2("]"), "holds a list, not a state dict"},
		"empty":            {pickle2("}"), "has no entries with a name"},
		"no tensors":       {pickle2("}", text("a\nb"), "Ns"), `it has "a\nb"`},
		"itself":           {pickle2("}q\x00", text("G"), "h\x00s"), `it has "G"`},
		"twice":            {pickle2("}", text("w"), tensorOf(record0(1), 0, ")", ")"), "q\x01s", text("w"), "h\x01s"), `tensor "w": appears twice`},
		"no tensor":        {pickle2("}", text("w"), tensorOf(record0(1), 0, ")", ")"), "s", text("v"), "]s"), `entry "v" of the state dict is a list`},
		"no name of it":    {pickle2("}K\x01", tensorOf(record0(1), 0, ")", ")"), "s"), "has an integer for a name"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, archiveOf(t, c.pickle), c.want) })
	}
}

// Every instruction of a byte or two, a hundred thousand times: memory is bounded by the file's length.
func TestMemoryOfInstructions(t *testing.T) {
	for name, code := range map[string]string{
		"empty dict": "}", "mark": "(", "none": "N", "tuple": "N\x85", "memoize": "\x94", "double": "2", "list": "(l", "float": "G12345678",
		"calls": "h\x01)R", "grow": "h\x02Na", "put": "r\x01\x02\x03\x04",
	} {
		t.Run(name, func(t *testing.T) {
			pickle := "ccollections\nOrderedDict\nq\x01]q\x02" + strings.Repeat(code, 100000)
			if name == "put" {
				var s strings.Builder
				for i := range uint32(100000) {
					s.WriteString("r" + string(binary.LittleEndian.AppendUint32(nil, i<<7)))
				}
				pickle = "N" + s.String()
			}
			refuse(t, archiveOf(t, pickle2(pickle, "N(t")), "holds a tuple")
		})
	}
	t.Run("shape", func(t *testing.T) { // of a million dimensions, used again and again
		shape := "(" + strings.Repeat("N", 100000) + "tq\x01"
		tensors := strings.Repeat(tensorOf(record0(1), 0, "h\x01", "h\x01"), 1000)
		refuse(t, archiveOf(t, pickle2(shape, tensors)), "other arguments")
	})
}

// A pickle is bounded by itself, in both formats; what follows it in the older one is not.
func TestRefusesLongPickles(t *testing.T) {
	long := pickle2("T" + string(binary.LittleEndian.AppendUint32(nil, maxPickle)) + strings.Repeat("x", maxPickle))
	for _, b := range [][]byte{archiveOf(t, long), legacyOf(long, "")} {
		refuse(t, b, "its pickle is longer than 16777216 bytes")
	}
	n := int64(maxPickle / 4)
	state := stateOf(tensorOf(record0(n), 0, tupleOf(n), tupleOf(1)))
	length := string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	d, err := Read(legacyOf(state, pickle2("]", text("0"), "a")+length+strings.Repeat("abcd", int(n))), "")
	if err != nil {
		t.Fatal(err)
	}
	if x, err := d.Floats("w"); err != nil || int64(len(x)) != n || x[n-1] != x[0] {
		t.Fatal(len(x), err)
	}
}

func TestRefusesArchives(t *testing.T) {
	state := stateOf(tensorOf(record0(16), 0, tupleOf(16), tupleOf(1)))
	pkl, numbers := zipEntry{name: "m/data.pkl", body: state}, zipEntry{name: "m/data/0", body: strings.Repeat("\x00", 64)}
	if _, err := Read(zipOf(t, pkl, numbers), ""); err != nil {
		t.Fatal(err)
	}
	deflated := numbers
	deflated.method = zip.Deflate
	bomb := zipEntry{"m/data.pkl", strings.Repeat("}", 1<<24), zip.Deflate}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":          {nil, "is empty"},
		"text":           {[]byte("once upon a time"), "not a PyTorch file"},
		"no pickle":      {zipOf(t, numbers), "has no data.pkl"},
		"deep pickle":    {zipOf(t, zipEntry{name: "a/b/data.pkl", body: state}), "has no data.pkl"},
		"two pickles":    {zipOf(t, pkl, zipEntry{name: "n/data.pkl", body: state}), "two pickles"},
		"twice":          {zipOf(t, pkl, numbers, numbers), "appears twice"},
		"TorchScript":    {zipOf(t, pkl, numbers, zipEntry{name: "m/constants.pkl"}), "TorchScript"},
		"big-endian":     {zipOf(t, pkl, numbers, zipEntry{name: "m/byteorder", body: "big"}), `byte order is "big"`},
		"no numbers":     {zipOf(t, pkl), `record "data/0": missing`},
		"compressed":     {zipOf(t, pkl, deflated), "is compressed"},
		"a bomb":         {zipOf(t, bomb, numbers), `"data.pkl" is compressed`},
		"damaged number": {bytes.Replace(zipOf(t, pkl, numbers), make([]byte, 64), append(make([]byte, 63), 1), 1), "checksum differs"},
		"damaged pickle": {bytes.Replace(zipOf(t, pkl, numbers), []byte("cpu"), []byte("gpu"), 1), "data.pkl is damaged"},
		"NumPy's":        {zipOf(t, zipEntry{name: "arch.npy", body: "x"}), "has no data.pkl"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, c.file, c.want) })
	}
}

func TestRefusesLegacyFiles(t *testing.T) {
	state := stateOf(tensorOf(record0(2), 0, tupleOf(2), tupleOf(1)))
	keys := pickle2("]", text("0"), "a")
	length := string(binary.LittleEndian.AppendUint64(nil, 2))
	whole := legacyOf(state, keys+length+"12345678")
	if d, err := Read(whole, ""); err != nil {
		t.Fatal(err)
	} else if x, err := d.Floats("w"); err != nil || len(x) != 2 {
		t.Fatal(x, err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a pickle":        {[]byte(pickle2("}")), "a pickle of a dict, not a PyTorch file"},
		"another version": {bytes.Replace(whole, []byte("M\xe9\x03"), []byte("M\xea\x03"), 1), "its format version"},
		"big-endian":      {bytes.Replace(whole, []byte("\x88s"), []byte("\x89s"), 1), "little-endian"},
		"no keys":         {legacyOf(state, pickle2("}")), "are a dict, not a list"},
		"another key":     {legacyOf(state, pickle2("]", text("1"), "a")), "not needed"},
		"key of None":     {legacyOf(state, pickle2("]Na")), "not needed"},
		"key twice":       {legacyOf(state, pickle2("](", text("0"), text("0"), "e")+length+"12345678"), "appears twice"},
		"not there":       {legacyOf(state, pickle2("]")), "numbers are not in the file"},
		"no length":       {legacyOf(state, keys+"1234"), "cut short"},
		"no numbers":      {legacyOf(state, keys+length+"1234567"), "cut short"},
		"another length":  {legacyOf(state, keys+"\x03"+length[1:]+"123456789012"), "2 numbers are declared, but 3 are there"},
		"huge":            {legacyOf(stateOf(tensorOf(record0(1<<60), 0, tupleOf(2), tupleOf(1))), ""), "in a file of"},
		"two lengths": {legacyOf(pickle2("}", text("v"), tensorOf(record0(1), 0, ")", ")"), "s", text("w"), tensorOf(record0(2), 0, ")", ")"), "s"), ""),
			"appears twice"},
		"a view": {legacyOf(stateOf(tensorOf(strings.Replace(record0(2), "tQ", "("+text("v")+"K\x00K\x01ttQ", 1), 0, ")", ")")), ""), "a part of another"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, c.file, c.want) })
	}
}

// A file that is cut off anywhere is refused.
func TestRefusesTruncatedFiles(t *testing.T) {
	for _, c := range models {
		b, err := os.ReadFile(modelPath(c.file))
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + len(b)/400
		for n := 0; n < len(b); n += step {
			d, err := Read(b[:n:n], "")
			if err == nil {
				_, _, err = Generator(d, c.options)
			}
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%s cut to %d of %d bytes: %v", c.file, n, len(b), err)
			}
		}
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none.pth"):         "no such file or directory",
		dir:                                    "is a folder, not a PyTorch file",
		filepath.Join("testdata", "models.py"): "not a PyTorch file",
		modelPath("network"):                   `asks for "torch.nn.modules.conv.Conv2d"`,
	} {
		if _, err := ReadFile(path, ""); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
