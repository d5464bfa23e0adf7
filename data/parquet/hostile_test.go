package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

func table(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/table.parquet")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// safely is read with a panic as an error that no test expects.
func safely(t testing.TB, b []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("panic: %v", p)
		}
	}()
	table, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	if table.Rows > 1<<20 {
		return errors.New("more rows than a caller would take")
	}
	for i := range table.Columns {
		err = errors.Join(err, table.Floats(i, make([]float32, table.Rows)))
	}
	return err
}

func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestTruncated(t *testing.T) {
	whole := table(t)
	for keep := range len(whole) {
		if safely(t, whole[:keep]) == nil {
			t.Errorf("no error for %d of %d bytes", keep, len(whole))
		}
	}
}

// Any byte may be anything: an error, or other numbers, but no panic and no great memory.
func TestDamaged(t *testing.T) {
	whole := table(t)
	for at := range whole {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			b := bytes.Clone(whole)
			b[at] ^= flip
			if used := allocated(func() { safely(t, b) }); used > 64<<20 {
				t.Errorf("byte %d, flipped %x: %d MB", at, flip, used>>20)
			}
		}
	}
}

func TestChecksum(t *testing.T) {
	b := written(t, map[string][]float32{"a": numbers(100, 5)}, func() parquet.Node { return parquet.Leaf(parquet.FloatType) })
	at := bytes.Index(b, binary.LittleEndian.AppendUint32(nil, math.Float32bits(numbers(100, 5)[3])))
	b[at] ^= 1
	if err := safely(t, b); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("got %v", err)
	}
}

// handmade is a file with one column of one page, without a checksum.
func handmade(t testing.TB, rows int, codec format.CompressionCodec, head format.PageHeader, body []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	marshal := func(v any) []byte {
		b, err := thrift.Marshal(new(thrift.CompactProtocol), v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	head.CompressedPageSize = int32(len(body))
	pages := slices.Concat(marshal(&head), body)
	meta := format.FileMetaData{
		Version: 1,
		NumRows: int64(rows),
		Schema: []format.SchemaElement{
			{Name: "schema", NumChildren: thrift.New[int32](1)},
			{Name: "x", Type: thrift.New(format.Float), RepetitionType: thrift.New(format.Required)},
		},
		RowGroups: []format.RowGroup{{NumRows: int64(rows), Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
			Type: format.Float, PathInSchema: []string{"x"}, Codec: codec, NumValues: int64(rows),
			TotalCompressedSize: int64(len(pages)), DataPageOffset: 4,
		}}}}},
	}
	if change != nil {
		change(&meta)
	}
	footer := marshal(&meta)
	return slices.Concat([]byte(magic), pages, footer, binary.LittleEndian.AppendUint32(nil, uint32(len(footer))), []byte(magic))
}

func dataPage(n, size int32, encoding format.Encoding) format.PageHeader {
	return format.PageHeader{UncompressedPageSize: size, DataPageHeader: thrift.New(format.DataPageHeader{
		NumValues: n, Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	})}
}

// Each file says, in a few bytes, that it holds gigabytes, or what no table holds.
func TestDishonest(t *testing.T) {
	long := binary.AppendUvarint(nil, math.MaxInt32<<1) // a run
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(make([]byte, 64<<20))
	z.Close()
	none := []byte{0, 0, 0, 0}
	plain := format.Plain
	lists := append([]byte{0x29, 0xfc}, binary.AppendUvarint(nil, math.MaxInt32)...) // field 2: a list of 2³¹ − 1 structs
	tests := map[string]struct {
		b    []byte
		want string
	}{
		"whole":     {handmade(t, 1, format.Uncompressed, dataPage(1, 4, plain), none, nil), ""},
		"list":      {slices.Concat([]byte(magic), lists, []byte{byte(len(lists)), 0, 0, 0}, []byte(magic)), "damaged metadata"},
		"footer":    {slices.Concat([]byte(magic), []byte{255, 255, 255, 255}, []byte(magic)), "metadata of 4294967295 bytes"},
		"encrypted": {append(make([]byte, 16), "PARE"...), "encrypted"},
		"levels": {handmade(t, 2, format.Uncompressed, dataPage(2, 18, plain), slices.Concat([]byte{6, 0, 0, 0}, long, []byte{1}, none, none), func(m *format.FileMetaData) {
			m.Schema[1].RepetitionType = thrift.New(format.Optional)
		}), ""}, // honest as far as it is read
		"indices":      {handmade(t, 9, format.Uncompressed, dataPage(9, 7, format.RLEDictionary), append([]byte{8}, append(long, 0)...), nil), "outside of the dictionary"},
		"values":       {handmade(t, 9, format.Uncompressed, dataPage(math.MaxInt32, 4, plain), none, nil), "a page of 2147483647 values"},
		"no values":    {handmade(t, 9, format.Uncompressed, dataPage(-1, 4, plain), none, nil), "a page of -1 values"},
		"size":         {handmade(t, 9, format.Gzip, dataPage(9, math.MaxInt32, plain), none, nil), "a page of 2147483647 bytes"},
		"Snappy":       {handmade(t, 9, format.Snappy, dataPage(9, 36, plain), []byte{255, 255, 255, 255, 15, 0}, nil), "does not unpack to its size"},
		"gzip":         {handmade(t, 9, format.Gzip, dataPage(9, 36, plain), packed.Bytes(), nil), ""}, // unpacked as far as it should go
		"LZO":          {handmade(t, 9, format.LZO, dataPage(9, 36, plain), none, nil), "compression LZO is not supported; keygan reads Snappy, gzip and Zstandard"},
		"encoding":     {handmade(t, 1, format.Uncompressed, dataPage(1, 4, format.ByteStreamSplit), none, nil), "encoding BYTE_STREAM_SPLIT is not supported; keygan reads PLAIN"},
		"short":        {handmade(t, 2, format.Uncompressed, dataPage(2, 4, plain), none, nil), "truncated"},
		"rows":         {handmade(t, 1<<40, format.Uncompressed, dataPage(1, 4, plain), none, nil), "a group of 1099511627776 rows"},
		"no rows":      {handmade(t, 0, format.Uncompressed, dataPage(1, 4, plain), none, nil), "without rows"},
		"beyond":       {handmade(t, 1, format.Uncompressed, dataPage(1, 4, plain), none, func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.DataPageOffset = 1 << 40 }), "truncated"},
		"other file":   {handmade(t, 1, format.Uncompressed, dataPage(1, 4, plain), none, func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].FilePath = "/etc/passwd" }), "in another file"},
		"nested":       {handmade(t, 1, format.Uncompressed, dataPage(1, 4, plain), none, func(m *format.FileMetaData) { m.Schema[1].NumChildren = thrift.New[int32](1) }), "nested"},
		"more columns": {handmade(t, 1, format.Uncompressed, dataPage(1, 4, plain), none, func(m *format.FileMetaData) { m.Schema = append(m.Schema, m.Schema[1]) }), "has 1 columns, the table 2"},
		"no columns":   {handmade(t, 1, format.Uncompressed, dataPage(1, 4, plain), none, func(m *format.FileMetaData) { m.Schema = m.Schema[:1] }), "without columns"},
		"integers": {handmade(t, 1, format.Uncompressed, dataPage(1, 4, plain), none, func(m *format.FileMetaData) {
			m.RowGroups[0].Columns[0].MetaData.Type = format.Int32
		}), "holds INT32"},
	}
	for name, test := range tests {
		var err error
		if used := allocated(func() { err = safely(t, test.b) }); used > 32<<20 {
			t.Errorf("%s: %d MB", name, used>>20)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: want %q, got %v", name, test.want, err)
		}
	}
}

// Structs in structs must not exhaust the stack, nor lists in lists the time.
func TestThriftIsBounded(t *testing.T) {
	for name, b := range map[string][]byte{
		"structs": bytes.Repeat([]byte{0x1c}, 1<<20),
		"lists":   bytes.Repeat([]byte{0x19}, 1<<20),
		"maps":    bytes.Repeat([]byte{0x1b, 0xff, 0x01, 0xbb}, 1<<10),
		"string":  append([]byte{0x18}, binary.AppendUvarint(nil, math.MaxUint64)...),
		"empty":   {},
		"unknown": {0x1f, 0},
		"bools":   append([]byte{0x19, 0xf1}, binary.AppendUvarint(nil, 1<<30)...),
	} {
		if n, err := unmarshal(b, &format.PageHeader{}); err == nil {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

// go test -run '^$' -fuzz FuzzTable -fuzztime 30s -fuzzminimizetime 10x ./data/parquet
func FuzzTable(f *testing.F) {
	f.Add(table(f))
	values := map[string][]float32{"a": numbers(40, 5), "b": numbers(40, 11)}
	for _, compress := range compressions {
		f.Add(written(f, values, func() parquet.Node {
			return compress(parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.RLEDictionary)))
		}))
		f.Add(written(f, values, func() parquet.Node { return compress(parquet.Leaf(parquet.FloatType)) }, parquet.DataPageVersion(1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if used := allocated(func() { safely(t, b) }); used > 256<<20 {
			t.Errorf("%d MB", used>>20)
		}
	})
}
