package imagefile

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"keygan/data/parquet"
	"keygan/data/raster"
	"keygan/internal/fileerr"
)

const parquetMagic = "PAR1"

// A raw spectrogram of the HMS-HBAC set is a parquet table with a row for every 2 seconds of a recording: its time, which is
// not read, and the power at each of 100 frequencies in each of 4 regions of the head, in columns LL_0.59 to RP_19.92.
var spectrogramRegions = []string{"LL", "RL", "LP", "RP"}

const (
	spectrogramWindow = 300 // rows in one image: 10 minutes, the stretch that the set's labels are for

	// Logarithms of the power are clipped to these, as is the habit with this set: below is silence, above a loose electrode.
	spectrogramFloor, spectrogramCeiling = -4, 8
)

// decodeParquet reads a spectrogram as a stack of 8-bit grey images, one for each whole window of 10 minutes, or a single one
// as wide as the table is long when it is no longer than that. Time runs to the right; the regions LL, RL, LP, RP stand one
// above the other, each with its lowest frequency at the top.
//
// A grey level is the natural logarithm of the power, clipped, in a window over the whole recording, as for volumes. A value
// that is missing (NaN or null) becomes the median of its frequency over the recording, so that a gap draws no edges of its
// own and does not shift the scale; a frequency that is missing throughout is black.
func decodeParquet(b []byte) (*Stack, error) {
	table, err := openSpectrogram(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	rows := table.rows
	power := make([]float32, len(table.columns)*rows) // [frequency, time]
	for i, column := range table.columns {
		values := power[i*rows : (i+1)*rows]
		if err := table.file.Floats(column.index, values); err != nil {
			return nil, fmt.Errorf("column %s: %w", column.name, err)
		}
		logarithms(values)
	}
	w := raster.WindowOf(len(power), func(i int) float64 { return float64(power[i]) })
	count, width := spectrogramImages(rows)
	s := NewStack(count, len(table.columns), width, 1)
	s.Single = rows <= spectrogramWindow
	out := 0
	for k := range count {
		for row := range table.columns {
			for _, v := range power[row*rows+k*width:][:width] {
				s.Pix[out] = w.Level(float64(v))
				out++
			}
		}
	}
	s.showAll()
	return s, nil
}

// SpectrogramImages is how many images a spectrogram's file holds. It does not read the values: the set has more than ten thousand
// files of some megabytes each. single says that the whole recording is one image.
func SpectrogramImages(path string) (count int, single bool, err error) {
	rows, err := spectrogramRows(path)
	if err != nil {
		return 0, false, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	count, _ = spectrogramImages(rows)
	return count, rows <= spectrogramWindow, nil
}

func spectrogramRows(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	s, err := guard(func() (*spectrogram, error) { return openSpectrogram(f, info.Size()) })
	if err != nil {
		return 0, err
	}
	return s.rows, nil
}

// spectrogramImages is how many images a table of so many rows gives, and how wide they are.
func spectrogramImages(rows int) (count, width int) {
	if rows <= spectrogramWindow {
		return 1, rows
	}
	return rows / spectrogramWindow, spectrogramWindow
}

// logarithms replaces the powers of one frequency by what is drawn for them.
func logarithms(values []float32) {
	var there []float32
	for i, v := range values {
		if v == v {
			values[i] = float32(min(max(logarithm(float64(v)), spectrogramFloor), spectrogramCeiling))
			there = append(there, values[i])
		}
	}
	if len(there) == 0 {
		return // NaN: no part of the window, level 0
	}
	slices.Sort(there)
	median := there[len(there)/2]
	for i, v := range values {
		if v != v {
			values[i] = median
		}
	}
}

// logarithm is the natural logarithm to about 14 digits; that of 0 and below is −∞. Unlike math.Log, which is written in
// assembly for some machines, it gives the same bits on all: the conversions keep a compiler from fusing.
func logarithm(x float64) float64 {
	switch {
	case x <= 0:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	}
	fraction, exponent := math.Frexp(x) // in [0.5, 1)
	if fraction < math.Sqrt2/2 {
		fraction, exponent = 2*fraction, exponent-1
	}
	// log m = 2 artanh((m − 1) / (m + 1)), with |(m − 1) / (m + 1)| < 0.172
	t := (fraction - 1) / (fraction + 1)
	square, sum := float64(t*t), 0.0
	for k := 17; k >= 1; k -= 2 {
		sum = float64(sum*square) + 1/float64(k)
	}
	return float64(float64(exponent)*math.Ln2) + float64(2*t*sum)
}

// A spectrogram is a parquet file that has been found to be one.
type spectrogram struct {
	file    *parquet.Table
	rows    int
	columns []spectrogramColumn // in the order of the image's rows
}

type spectrogramColumn struct {
	name   string
	index  int // in the file
	region int // in spectrogramRegions
	hertz  float64
}

// openSpectrogram reads no more than the metadata.
func openSpectrogram(r io.ReaderAt, size int64) (*spectrogram, error) {
	file, err := parquet.Open(r, size)
	if err != nil {
		return nil, err
	}
	s := &spectrogram{file: file, rows: file.Rows}
	if s.columns, err = spectrogramColumns(file.Columns); err != nil {
		return nil, err
	}
	// A parquet file may say in a few bytes that a value is repeated a million times.
	height := len(s.columns)
	if height > maxPixels/s.rows || height*s.rows > freePixels && int64(height*s.rows/100) > size {
		return nil, fmt.Errorf("%d rows of %d frequencies cannot be in a file of %d bytes", s.rows, height, size)
	}
	return s, nil
}

// spectrogramColumns finds the columns that are powers and sorts them by region and frequency.
func spectrogramColumns(all []parquet.Column) ([]spectrogramColumn, error) {
	var found []spectrogramColumn
	var others []string
	perRegion := make([]int, len(spectrogramRegions))
	for i, column := range all {
		region, hertz, ok := strings.Cut(column.Name, "_")
		r := slices.Index(spectrogramRegions, region)
		f, err := strconv.ParseFloat(hertz, 64)
		if !ok || r < 0 || err != nil || math.IsNaN(f) {
			others = append(others, column.Name)
			continue
		}
		if !column.Float {
			return nil, fmt.Errorf("column %s does not hold numbers with a fraction", column.Name)
		}
		found = append(found, spectrogramColumn{column.Name, i, r, f})
		perRegion[r]++
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("not a spectrogram: of columns such as LL_0.59 and RP_19.92 it has none, but %s; of the HMS-HBAC set, "+
			"take the folder train_spectrograms", someNames(others))
	}
	for r, n := range perRegion {
		if n != perRegion[0] {
			return nil, fmt.Errorf("region %s has %d frequencies, %s has %d", spectrogramRegions[0], perRegion[0], spectrogramRegions[r], n)
		}
	}
	slices.SortFunc(found, func(a, b spectrogramColumn) int {
		switch {
		case a.region != b.region:
			return a.region - b.region
		case a.hertz < b.hertz:
			return -1
		case a.hertz > b.hertz:
			return 1
		}
		return a.index - b.index
	})
	return found, nil
}

// someNames quotes the first few of some names, for an error.
func someNames(names []string) string {
	const most = 4
	var quoted []string
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, strconv.Quote(name[:min(len(name), 40)]))
	}
	if len(names) > most {
		quoted = append(quoted, "…")
	}
	if len(quoted) == 0 {
		return "no other either"
	}
	return strings.Join(quoted, ", ")
}
