package imagefile

import (
	"bytes"
	"encoding/binary"
	"keygan/data/internal/imagetest"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	pqformat "github.com/parquet-go/parquet-go/format"
)

func TestSpectrogramLayout(t *testing.T) {
	const frequencies, rows = 12, 40
	// Each region and each frequency has more power than the one before, and each row more than the row before.
	b := imagetest.SpectrogramFile(t, rows, frequencies, func(r, f, t int) float32 {
		return float32(math.Exp(float64(r)*1.5 + float64(f)/12 + float64(t)/2000))
	})
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Width != rows || m.Height != 4*frequencies || m.Channels != 1 || m.Depth != 8 {
		t.Fatalf("%v", m)
	}
	for y := range m.Height {
		for x := range m.Width {
			// The window's ends are at 0.5 % of the values from either end, all of which increase row by row.
			log := float64(y/frequencies)*1.5 + float64(y%frequencies)/12 + float64(x)/2000
			low, high := 9.0/2000, 4.5+11.0/12+30.0/2000
			if got, want := float64(m.Sample(y*rows+x)), (log-low)/(high-low)*255; math.Abs(got-min(255, max(0, want))) > 0.6 {
				t.Fatalf("row %d, column %d: %v, want %.2f", y, x, got, want)
			}
		}
	}
}

func TestSpectrogramGaps(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	power := func(r, f, t int) float32 {
		switch {
		case r == 3:
			return nan // a region that was not recorded
		case t >= 10 && t < 20:
			return nan // a gap
		case t == 25:
			return []float32{0, -3, inf}[r]
		}
		return float32(math.Exp(float64(f) + float64(t%10)/5))
	}
	m, err := Decode(imagetest.SpectrogramFile(t, 400, 3, power))
	if err != nil {
		t.Fatal(err)
	}
	for y := range 9 {
		row := m.Pix[y*300 : (y+1)*300]
		// Ten values come 39 times each, but for the sixth, of which one is replaced: by less in the first two regions, which
		// moves the upper median from the sixth to the fifth, and by more in the third.
		median := row[[]int{34, 34, 35}[y/3]]
		for x := 10; x < 20; x++ {
			if row[x] != median {
				t.Errorf("frequency %d: the gap is %d, the median %d", y, row[x], median)
			}
		}
		if want := []byte{0, 0, 255}[y/3]; row[25] != want {
			t.Errorf("frequency %d: nothing, less and too much are %d, want %d", y, row[25], want)
		}
	}
	for i, v := range m.Pix[9*300:] {
		if v != 0 {
			t.Fatalf("value %d of a region that is missing is %d", i, v)
		}
	}
	if _, err := Decode(imagetest.SpectrogramFile(t, 5, 2, func(r, f, t int) float32 { return nan })); err != nil {
		t.Errorf("nothing but gaps: %v", err)
	}
}

func TestLogarithm(t *testing.T) {
	for _, x := range []float64{1, 2, 0.5, math.E, math.Sqrt2, 0.7071, 1e-40, 1e30, math.MaxFloat64, math.Inf(1), 0, -1} {
		want := math.Log(max(x, 0))
		if got := logarithm(x); got != want && !(math.Abs(got-want) <= 1e-13*max(1, math.Abs(want))) {
			t.Errorf("log %v = %v, want %v", x, got, want)
		}
	}
	for x := 0.001; x < 4000; x *= 1.0137 {
		if got, want := logarithm(x), math.Log(x); math.Abs(got-want) > 1e-13*max(1, math.Abs(want)) {
			t.Errorf("log %v = %v, want %v", x, got, want)
		}
	}
}

func TestParquetThatIsNoSpectrogram(t *testing.T) {
	table := func(columns ...string) []byte {
		group := parquet.Group{}
		for _, name := range columns {
			group[name] = parquet.Leaf(parquet.FloatType)
			if name == "LL_9" {
				group[name] = parquet.Leaf(parquet.Int32Type)
			}
		}
		var out bytes.Buffer
		w := parquet.NewWriter(&out, parquet.NewSchema("schema", group))
		row := make(parquet.Row, len(columns))
		for i := range row {
			row[i] = parquet.FloatValue(1).Level(0, 0, i)
		}
		w.WriteRows([]parquet.Row{row})
		w.Close()
		return out.Bytes()
	}
	dir := t.TempDir()
	for name, test := range map[string]struct {
		b    []byte
		want string
	}{
		"eeg":      {table("C3", "C4", "Fp1", "Fp2", "O1"), `no columns like LL_0.59 and RP_19.92, but ["C3" "C4" "Fp1" "Fp2"]; of the HMS-HBAC set, take the folder train_spectrograms`},
		"integers": {table("LL_9", "LP_9", "RL_9", "RP_9"), "column LL_9 does not hold floating-point"},
		"regions":  {table("LL_1", "LL_2", "LP_1", "RL_1", "RP_1"), "region LL has 2 frequencies, RL has 1"},
		"three":    {table("LL_1", "LP_1", "RL_1"), "region LL has 1 frequencies, RP has 0"},
		"short":    {imagetest.SpectrogramFile(t, 5, 2, func(r, f, t int) float32 { return 1 })[:500], "truncated"},
		"text":     {[]byte("PAR1 and nothing more"), "truncated"},
	} {
		path := filepath.Join(dir, name+".parquet")
		imagetest.Write(t, path, test.b)
		_, listing := ReadOutline(path)
		for how, err := range map[string]error{"list": listing, "read": second(ReadImage(path))} {
			if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s %s: want %q, got %v", how, name, test.want, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A row costs next to nothing to claim when all are the same.
func TestSpectrogramOutOfProportion(t *testing.T) {
	table := pqformat.FileMetaData{Version: 1, Schema: []pqformat.SchemaElement{{Name: "schema", NumChildren: thrift.New[int32](4)}}}
	group := pqformat.RowGroup{NumRows: maxPixels / 4}
	for _, region := range spectrogramRegions {
		table.Schema = append(table.Schema, pqformat.SchemaElement{Name: region + "_1", Type: thrift.New(pqformat.Float)})
		group.Columns = append(group.Columns, pqformat.ColumnChunk{MetaData: pqformat.ColumnMetaData{Type: pqformat.Float}})
	}
	table.RowGroups = append(table.RowGroups, group)
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &table)
	if err != nil {
		t.Fatal(err)
	}
	b := slices.Concat([]byte("PAR1"), footer, binary.LittleEndian.AppendUint32(nil, uint32(len(footer))), []byte("PAR1"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = Decode(b)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "67108864 rows of 4 frequencies cannot be in a file of") {
		t.Error(err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<22 {
		t.Errorf("%d bytes for %d", used, len(b))
	}
}

// The real ones are tables of 300 to 10,000 rows; time to list and to read one of an hour.
func BenchmarkSpectrogram(b *testing.B) {
	path := filepath.Join(b.TempDir(), "hour.parquet")
	whole := imagetest.SpectrogramFile(b, 1800, 100, func(r, f, t int) float32 { return float32(math.Exp(math.Sin(float64(t*f + r)))) })
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		b.Fatal(err)
	}
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if _, err := ReadOutline(path); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(whole)))
		for b.Loop() {
			if _, err := Decode(whole); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func FuzzParquet(f *testing.F) {
	f.Add(imagetest.SpectrogramFile(f, 3, 2, func(r, f, t int) float32 { return float32(r + f + t) }))
	f.Add(imagetest.SpectrogramFile(f, 610, 1, func(r, f, t int) float32 { return float32(t % 3) }))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err == nil && len(m.Pix) != m.Samples()*m.Depth/8 {
			t.Errorf("%v with %d bytes", m, len(m.Pix))
		}
	})
}
