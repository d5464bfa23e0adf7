package dicom

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var series = flag.String("series", "", "the folder of one-frame files that BenchmarkSeries reads (scripts/bench-dicom makes it)")

// BenchmarkSeries reads the stored values of a series, one file after the other, and reports their sum modulo 2³²: the same as another reader's.
func BenchmarkSeries(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(*series, "*.dcm"))
	if err != nil || *series == "" || len(files) == 0 {
		b.Skip("-series names no folder with .dcm files")
	}
	var sum uint32
	for b.Loop() {
		sum = 0
		for _, path := range files {
			content, err := os.ReadFile(path)
			if err != nil {
				b.Fatal(err)
			}
			f, err := Parse(content)
			if err != nil {
				b.Fatal(path, err)
			}
			stored, err := f.Stored(0)
			if err != nil {
				b.Fatal(path, err)
			}
			for _, v := range stored {
				sum += uint32(v)
			}
		}
	}
	b.ReportMetric(float64(sum), "sum")
}
