package imagefile

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"keygan/data/parquet"
	"keygan/data/raster"
)

var spectrogramFormat = Format{
	Name: "parquet spectrogram", Extensions: []string{".parquet"}, Matches: startsWith("PAR1"),
	Stack: stackOfSpectrogram, Outline: outlineOfSpectrogram,
}

// A raw spectrogram of the HMS-HBAC set is a parquet table with a row for every 2 seconds of a recording: its time, which is not read,
// and the power at each of 100 frequencies in each of 4 regions of the head, in columns LL_0.59 to RP_19.92.
var spectrogramRegions = []string{"LL", "RL", "LP", "RP"}

const (
	spectrogramWindow = 300 // rows in one image: 10 minutes, which the set's labels are for

	// Logarithms of the power are clipped to these, as usual with this set: below is silence, above a loose electrode.
	spectrogramFloor, spectrogramCeiling = -4, 8
)

// stackOfSpectrogram reads a recording as 8-bit grey images, one for each whole window of 10 minutes, or a single shorter one. Time runs to
// the right. The regions LL, RL, LP, RP stand one above the other, each with its lowest frequency at the top.
//
// A grey level is the natural logarithm of the power, clipped, in a window over the whole recording. A missing value (NaN or null) becomes
// the median of its frequency, so that a gap neither draws edges nor shifts the scale. A frequency that is missing throughout is black.
func stackOfSpectrogram(file *io.SectionReader, _ string) (*Stack, error) {
	table, err := openSpectrogram(file)
	if err != nil {
		return nil, err
	}
	rows := table.file.Rows
	power := make([]float32, len(table.columns)*rows) // [frequency, time]
	for i, column := range table.columns {
		values := power[i*rows : (i+1)*rows]
		if err := table.file.Floats(column.index, values); err != nil {
			return nil, fmt.Errorf("column %s: %w", column.name, err)
		}
		logarithms(values)
	}
	w := raster.WindowOf(len(power), func(i int) float64 { return float64(power[i]) })
	width := min(rows, spectrogramWindow)
	s := NewStack(rows/width, len(table.columns), width, 1, 8)
	s.Single = rows <= spectrogramWindow
	out := 0
	for k := range s.Count {
		for row := range table.columns {
			for _, v := range power[row*rows+k*width:][:width] {
				s.Pix[out] = w.Level(float64(v))
				out++
			}
		}
	}
	return s, nil
}

// outlineOfSpectrogram reads only the metadata.
func outlineOfSpectrogram(file *io.SectionReader) (*Stack, error) {
	table, err := openSpectrogram(file)
	if err != nil {
		return nil, err
	}
	rows := table.file.Rows
	s := &Stack{Count: max(1, rows/spectrogramWindow), Single: rows <= spectrogramWindow}
	s.showAll()
	return s, nil
}

// logarithms replaces the powers of one frequency by their clipped logarithms, and those that are missing by the median.
func logarithms(values []float32) {
	var there []float32
	for i, v := range values {
		if v == v {
			values[i] = float32(min(max(logarithm(float64(v)), spectrogramFloor), spectrogramCeiling))
			there = append(there, values[i])
		}
	}
	if len(there) == 0 {
		return // NaN counts for no window and has level 0
	}
	slices.Sort(there)
	median := there[len(there)/2]
	for i, v := range values {
		if v != v {
			values[i] = median
		}
	}
}

// logarithm is the natural logarithm to about 14 digits, and −∞ for 0 and below. Unlike math.Log, which is assembly on some machines, it
// gives the same bits everywhere: the conversions keep a compiler from fusing operations.
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

// A spectrogram is a parquet file with the columns of one.
type spectrogram struct {
	file    *parquet.Table
	columns []spectrogramColumn // in the order of the image's rows
}

type spectrogramColumn struct {
	name   string
	index  int // in the file
	region int // in spectrogramRegions
	hertz  float64
}

// openSpectrogram reads no more than the metadata.
func openSpectrogram(file *io.SectionReader) (*spectrogram, error) {
	table, err := parquet.Open(file, file.Size())
	if err != nil {
		return nil, err
	}
	columns, err := spectrogramColumns(table.Columns)
	if err != nil {
		return nil, err
	}
	// A parquet file may say in a few bytes that a value is repeated a million times.
	height := len(columns)
	if height > maxPixels/table.Rows || height*table.Rows > freePixels && int64(height*table.Rows/100) > file.Size() {
		return nil, fmt.Errorf("%d rows of %d frequencies cannot be in a file of %d bytes", table.Rows, height, file.Size())
	}
	return &spectrogram{table, columns}, nil
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
			return nil, fmt.Errorf("column %s does not hold floating-point numbers", column.Name)
		}
		found = append(found, spectrogramColumn{column.Name, i, r, f})
		perRegion[r]++
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("not a spectrogram: it has no columns like LL_0.59 and RP_19.92, but %.40q; "+
			"of the HMS-HBAC set, take the folder train_spectrograms", others[:min(len(others), 4)])
	}
	for r, n := range perRegion {
		if n != perRegion[0] {
			return nil, fmt.Errorf("region %s has %d frequencies, %s has %d", spectrogramRegions[0], perRegion[0], spectrogramRegions[r], n)
		}
	}
	slices.SortFunc(found, func(a, b spectrogramColumn) int {
		return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.hertz, b.hertz), cmp.Compare(a.index, b.index))
	})
	return found, nil
}
