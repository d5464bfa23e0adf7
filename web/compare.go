package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
	"keygan/internal/failure"
)

// compare measures two images of the same shape, and forgets them.
func (s *server) compare(w http.ResponseWriter, r *http.Request) error {
	var in struct{ A, B string }
	if err := question(w, r, &in); err != nil {
		return err
	}
	defer s.shelf.drop(in.A, in.B)
	a, doneA, err := s.shelf.file(in.A)
	if err != nil {
		return err
	}
	defer doneA()
	b, doneB, err := s.shelf.file(in.B)
	if err != nil {
		return err
	}
	defer doneB()
	leave, err := enter(r.Context(), s.compares)
	if err != nil {
		return err
	}
	defer leave()
	out, err := s.compareItems(r.Context(), a, b)
	if err != nil {
		return err
	}
	return answer(w, out)
}

// enter waits for a place among those who do the same, until leave is called.
func enter(ctx context.Context, places chan struct{}) (leave func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, failure.ErrInterrupted
	}
}

// row is a metric of a pair, or of each of two images.
type row struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

func (s *server) compareItems(ctx context.Context, a, b *item) (out map[string]any, err error) {
	x, own, err := s.service.Decode(ctx, a.batchContent())
	if err != nil {
		return nil, err
	}
	y, _, err := s.service.Decode(ctx, b.batchContent())
	if err != nil {
		return nil, err
	}
	if x.String() != y.String() {
		err := fmt.Errorf("%s is %s, %s is %s: only images of the same shape can be compared", a.name, x, b.name, y)
		if isCipher(a) != isCipher(b) {
			err = failure.Hint(err, "A cipher image that holds a file has no more the shape of the picture in it. The key lab shows an image beside its cipher image.")
		}
		return nil, err
	}
	// SSIM keeps a few numbers of 8 bytes for each sample.
	err = s.service.Work(ctx, 64*int64(x.Samples()), func() error {
		c, err := metrics.Compare(x, y)
		if err != nil {
			return err
		}
		d, most := distances(x, y)
		shape := x.String()
		if own != nil && x.Depth == 8 { // a DICOM image, whose samples are not what is compared
			shape += " in the file's own window"
		}
		pictures := map[string]*raster.Image{"a": small(x), "b": small(y), "difference": small(d)}
		out, err = all(pictures, map[string]any{
			"shape": shape, "most": most, "pair": pairRows(c, x), "each": eachRows(c), "window": own, "mixed": isCipher(a) != isCipher(b),
		})
		return err
	})
	return out, err
}

// isCipher says whether a file is called as cipher images are.
func isCipher(i *item) bool { return strings.HasSuffix(strings.ToLower(i.name), ".cipher.png") }

// pairRows has, beside what was measured, what two random images of the shape have.
func pairRows(c metrics.Comparison, shape *raster.Image) []row {
	npcr, _ := metrics.NPCRExpected(shape.Samples(), shape.Max())
	uaci, _ := metrics.UACIExpected(shape.Samples(), shape.Max())
	identical, psnr := "no", decimal(c.PSNR, 2)
	if c.Identical {
		identical, psnr = "yes", "∞"
	}
	return []row{
		{"Identical", []string{identical, ""}}, {"MSE", []string{decimal(&c.MSE, 4), ""}}, {"PSNR, dB", []string{psnr, ""}},
		{"SSIM, Gaussian 11×11", []string{decimal(c.SSIM, 4), ""}}, {"SSIM, uniform 7×7", []string{decimal(c.SSIMUniform7, 4), ""}},
		{"NPCR, % of samples", []string{decimal(&c.NPCR, 4), decimal(&npcr, 4)}}, {"UACI, %", []string{decimal(&c.UACI, 4), decimal(&uaci, 4)}},
	}
}

func eachRows(c metrics.Comparison) []row {
	each := func(name string, digits int, a, b *float64) row {
		return row{name, []string{decimal(a, digits), decimal(b, digits)}}
	}
	return []row{
		each("Entropy, bits per byte", 4, &c.A.Entropy, &c.B.Entropy), each("χ², 255 degrees of freedom", 1, &c.A.ChiSquare, &c.B.ChiSquare),
		each("Correlation, horizontal", 4, c.A.Correlation.Horizontal, c.B.Correlation.Horizontal),
		each("Correlation, vertical", 4, c.A.Correlation.Vertical, c.B.Correlation.Vertical),
		each("Correlation, diagonal", 4, c.A.Correlation.Diagonal, c.B.Correlation.Diagonal),
	}
}

func decimal(v *float64, digits int) string {
	if v == nil {
		return "undefined"
	}
	return strconv.FormatFloat(*v, 'f', digits, 64)
}

// distances shows how far two images are apart: for each pixel the largest distance of a sample, of which the largest of all is white.
func distances(a, b *raster.Image) (d *raster.Image, most int) {
	d = raster.NewImage(a.Width, a.Height, 1, 8)
	far := make([]int, len(d.Pix))
	for i := range a.Samples() {
		n := a.Sample(i) - b.Sample(i)
		far[i/a.Channels] = max(far[i/a.Channels], n, -n)
		most = max(most, n, -n)
	}
	for i, n := range far {
		if most > 0 {
			d.Pix[i] = byte(n * 255 / most)
		}
	}
	return d, most
}

// small returns an image whose longer side has at most 512 pixels.
func small(m *raster.Image) *raster.Image {
	const side = 512
	if longer := max(m.Width, m.Height); longer > side {
		m = m.Resize(max(1, m.Width*side/longer), max(1, m.Height*side/longer))
	}
	return m
}
