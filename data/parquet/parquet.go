// Package parquet reads columns of floating-point numbers from plain parquet tables (https://parquet.apache.org/docs/file-format).
//
//	table, err := parquet.Open(file, size) // the metadata
//	values := make([]float32, table.Rows)
//	err = table.Floats(3, values)          // the column table.Columns[3]
//
// It reads columns of FLOAT and DOUBLE, optional or required, PLAIN or with a dictionary, in data pages of either version, uncompressed
// or compressed with Snappy, gzip or Zstandard. That is what pandas, PyArrow, Polars and Spark write for such columns by default. Other
// columns may be there, nested and repeated ones may not.
//
// parquet-go decodes the headers. Its decoder of values cannot be bounded from outside: it makes room for runs as long as a page claims, so
// that a file of 144 bytes makes it take 600 MB, it unpacks gzip without a limit, and its assembly trusts the pages. So the values are
// decoded here, and every size is checked against the file or the table before memory is taken.
package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

const magic = "PAR1"

// maxRows bounds a table.
const maxRows = 1 << 28

var errTruncated = errors.New("truncated: the file ends before the table does")

// A Table is an open parquet file.
type Table struct {
	Rows    int // at least 1
	Columns []Column

	r      io.ReaderAt
	end    int64 // where the metadata begins
	groups []format.RowGroup
}

// A Column of a table.
type Column struct {
	Name  string
	Float bool // Floats can read it: FLOAT or DOUBLE

	optional bool
}

// Open reads the metadata of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*Table, error) {
	var tail [8]byte // the metadata's length and the magic
	end := size - int64(len(tail))
	if end < int64(len(magic)) {
		return nil, errTruncated
	}
	if _, err := r.ReadAt(tail[:], end); err != nil {
		return nil, err
	}
	switch string(tail[4:]) {
	case magic:
	case "PARE":
		return nil, errors.New("an encrypted parquet file")
	default:
		return nil, errTruncated
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > end-int64(len(magic)) {
		return nil, fmt.Errorf("metadata of %d bytes in a file of %d", length, size)
	}
	footer := make([]byte, length)
	if _, err := r.ReadAt(footer, end-length); err != nil {
		return nil, err
	}
	var meta format.FileMetaData
	if _, err := unmarshal(footer, &meta); err != nil {
		return nil, err
	}
	t := &Table{r: r, end: end - length, groups: meta.RowGroups}
	return t, t.describe(meta.Schema)
}

// describe sets Columns and Rows.
func (t *Table) describe(schema []format.SchemaElement) error {
	if len(schema) < 2 { // the first element is the table
		return errors.New("a table without columns")
	}
	for _, c := range schema[1:] {
		if c.NumChildren.V > 0 || c.RepetitionType.V == format.Repeated {
			return fmt.Errorf("column %.40q is nested or repeated: not a plain table", c.Name)
		}
		t.Columns = append(t.Columns, Column{
			Name:     c.Name,
			Float:    c.Type.Valid && (c.Type.V == format.Float || c.Type.V == format.Double),
			optional: c.RepetitionType.V == format.Optional,
		})
	}
	for _, g := range t.groups {
		if len(g.Columns) != len(t.Columns) {
			return fmt.Errorf("a group of rows has %d columns, the table %d", len(g.Columns), len(t.Columns))
		}
		if g.NumRows < 0 || g.NumRows > int64(maxRows-t.Rows) {
			return fmt.Errorf("a group of %d rows", g.NumRows)
		}
		t.Rows += int(g.NumRows)
	}
	if t.Rows == 0 {
		return errors.New("a table without rows")
	}
	return nil
}

// Floats reads a column of floats into out, which must have Rows values. A null is NaN, a double is rounded. The caller decides whether
// so many rows are likely: a file may say in a few bytes that one value is repeated a million times.
func (t *Table) Floats(column int, out []float32) error {
	if len(out) != t.Rows {
		panic(fmt.Sprintf("parquet: room for %d of %d rows", len(out), t.Rows))
	}
	for _, g := range t.groups {
		n := int(g.NumRows)
		chunk := &g.Columns[column]
		c := columnReader{codec: chunk.MetaData.Codec, size: 4, optional: t.Columns[column].optional, out: out[:n]}
		switch chunk.MetaData.Type {
		case format.Double:
			c.size = 8
		case format.Float:
		default:
			return fmt.Errorf("holds %v, not floating-point numbers", chunk.MetaData.Type)
		}
		pages, err := t.chunk(chunk)
		if err != nil {
			return err
		}
		if err := c.read(pages); err != nil {
			return err
		}
		out = out[n:]
	}
	return nil
}

// chunk reads a column's pages for one group of rows.
func (t *Table) chunk(c *format.ColumnChunk) ([]byte, error) {
	if c.FilePath != "" {
		return nil, fmt.Errorf("its values are in another file, %.80q", c.FilePath)
	}
	m := &c.MetaData
	from := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		from = min(from, m.DictionaryPageOffset)
	}
	if from < int64(len(magic)) || from > t.end || m.TotalCompressedSize < 0 || m.TotalCompressedSize > t.end-from {
		return nil, errTruncated
	}
	pages := make([]byte, m.TotalCompressedSize)
	_, err := t.r.ReadAt(pages, from)
	return pages, err
}
