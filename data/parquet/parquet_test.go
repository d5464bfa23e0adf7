package parquet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
)

// written is a parquet file that parquet-go makes of columns; a NaN at an odd row is written as null where that can be.
func written(t testing.TB, columns map[string][]float32, node func() parquet.Node, options ...parquet.WriterOption) []byte {
	t.Helper()
	group := parquet.Group{}
	rows := 0
	for name, values := range columns {
		group[name], rows = node(), len(values)
	}
	schema := parquet.NewSchema("table", group)
	var out bytes.Buffer
	w := parquet.NewWriter(&out, append(options, schema)...)
	for row := range rows {
		var r parquet.Row
		for i, path := range schema.Columns() {
			x := columns[path[0]][row]
			leaf, level := schema.Fields()[i], 0
			v := parquet.FloatValue(x)
			if leaf.Type().Kind() == parquet.Double {
				v = parquet.DoubleValue(float64(x))
			}
			if leaf.Optional() {
				if level = 1; math.IsNaN(float64(x)) && row%2 == 1 {
					v, level = parquet.NullValue(), 0
				}
			}
			r = append(r, v.Level(0, level, i))
		}
		if _, err := w.WriteRows([]parquet.Row{r}); err != nil {
			t.Fatal(err)
		}
		if row == rows/2 {
			if err := w.Flush(); err != nil { // another group of rows
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// numbers are powers with repetitions and gaps.
func numbers(n, seed int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i*seed%37) / 8
		if i > n/4 && i < n/3 || i%29 == 7 {
			x[i] = float32(math.NaN())
		}
	}
	return x
}

func read(b []byte) (map[string][]float32, error) {
	table, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	all := map[string][]float32{}
	for i, c := range table.Columns {
		if !c.Float {
			continue
		}
		all[c.Name] = make([]float32, table.Rows)
		if err := table.Floats(i, all[c.Name]); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return all, nil
}

var compressions = map[string]func(parquet.Node) parquet.Node{
	"plain":  func(n parquet.Node) parquet.Node { return n },
	"snappy": func(n parquet.Node) parquet.Node { return parquet.Compressed(n, &parquet.Snappy) },
	"gzip":   func(n parquet.Node) parquet.Node { return parquet.Compressed(n, &parquet.Gzip) },
	"zstd":   func(n parquet.Node) parquet.Node { return parquet.Compressed(n, &parquet.Zstd) },
}

func TestReadsWhatParquetGoWrites(t *testing.T) {
	want := map[string][]float32{"a": numbers(997, 5), "b": numbers(997, 11), "c": make([]float32, 997)}
	for compression, compress := range compressions {
		for _, kind := range []parquet.Type{parquet.FloatType, parquet.DoubleType} {
			for _, optional := range []bool{false, true} {
				for _, dictionary := range []bool{false, true} {
					for version := 1; version <= 2; version++ {
						node := func() parquet.Node {
							n := parquet.Leaf(kind)
							if dictionary {
								n = parquet.Encoded(n, &parquet.RLEDictionary)
							}
							if optional {
								n = parquet.Optional(n)
							}
							return compress(n)
						}
						name := fmt.Sprintf("%s %v, optional %v, dictionary %v, version %d", compression, kind, optional, dictionary, version)
						b := written(t, want, node, parquet.DataPageVersion(version), parquet.PageBufferSize(800))
						got, err := read(b)
						if err != nil {
							t.Errorf("%s: %v", name, err)
						} else if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
							t.Errorf("%s: %s", name, diff)
						}
					}
				}
			}
		}
	}
}

// testdata/make.py shares nothing with this package or with parquet-go.
func TestReadsWhatPythonWrote(t *testing.T) {
	b, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string][]*float32
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	want := map[string][]float32{}
	for name, values := range expected {
		for _, v := range values {
			if v == nil {
				nan := float32(math.NaN())
				v = &nan
			}
			want[name] = append(want[name], *v)
		}
	}
	if b, err = os.ReadFile("testdata/table.parquet"); err != nil {
		t.Fatal(err)
	}
	got, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" || len(want) != 4 {
		t.Error(diff)
	}
}

// Every width from 0 to 32, as runs, as packed groups, mixed, and cut off anywhere.
func TestHybrid(t *testing.T) {
	for width := range 33 {
		var b []byte
		var want []uint32
		for k := range uint32(8) { // a packed group, bit by bit
			want = append(want, uint32((uint64(k)*0x9e3779b9+uint64(k)<<29)&(1<<width-1)))
		}
		b = append(b, 1<<1|1)
		packed := make([]byte, width)
		for k, v := range want {
			for bit := range width {
				at := k*width + bit
				packed[at/8] |= byte(v>>bit&1) << (at % 8)
			}
		}
		b = append(b, packed...)
		run := uint32(uint64(0xfedcba98) & (1<<width - 1))
		b = append(b, 5<<1)
		b = append(b, []byte{byte(run), byte(run >> 8), byte(run >> 16), byte(run >> 24)}[:(width+7)/8]...)
		want = append(want, slices.Repeat([]uint32{run}, 5)...)
		for n := range len(want) + 1 {
			var got []uint32
			err := hybrid(b, width, n, func(i int, v uint32) {
				if i != len(got) {
					t.Fatalf("place %d after %d", i, len(got))
				}
				got = append(got, v)
			})
			if err != nil || !slices.Equal(got, want[:n]) {
				t.Fatalf("width %d, %d numbers: %v, want %v, %v", width, n, got, want[:n], err)
			}
		}
		for keep := range len(b) {
			if err := hybrid(b[:keep], width, len(want), func(int, uint32) {}); err == nil {
				t.Errorf("width %d: no error for %d of %d bytes", width, keep, len(b))
			}
		}
	}
}
