package train

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"testing"

	"keygan/data"
	torch "keygan/gotorch"
)

// shows is an objective that shows two rows of its own.
type shows struct {
	Objective
	seen []float32
}

func (s *shows) Show(source torch.Tensor) []Row {
	s.seen = source.Floats()
	return append(s.Objective.Show(source), Row{"negatives", source.MulScalar(-1)})
}

// A sample has the source images, what the objective shows of them, and target images.
func TestSample(t *testing.T) {
	c := smallConfig(t)
	c.Train.Samples = 3
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	objective := &shows{Objective: training.Objective}
	training.Objective, training.Step = objective, 8
	s, err := newSamples(training)
	if err == nil {
		err = s.write(training)
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"source images", "keys", "negatives", "target images"}; !slices.Equal(s.rows, want) {
		t.Errorf("rows %v, want %v", s.rows, want)
	}
	got, err := data.ReadImage(filepath.Join(c.Output, c.Name, "samples", "epoch-0001.png"))
	if err != nil {
		t.Fatal(err)
	}
	const pitch = 24 + 2
	if got.Width != 3*pitch-2 || got.Height != 4*pitch-2 {
		t.Fatalf("the grid is %v", got)
	}
	at := func(x, y int) *data.Image {
		m := data.NewImage(24, 24, 3, 8)
		m.Paste(got, -x*pitch, -y*pitch)
		return m
	}
	for i := range 3 {
		source, err := training.dataset.source.Image([]int{0, 5, 10}[i])
		if err != nil {
			t.Fatal(err)
		}
		target, err := training.dataset.target.Image([]int{0, 4, 8}[i])
		if err != nil {
			t.Fatal(err)
		}
		if x := source.Floats(3); !slices.Equal(objective.seen[i*len(x):(i+1)*len(x)], x) {
			t.Errorf("the objective was not shown image %d", i)
		}
		negative := source.Clone()
		for k := range negative.Pix {
			negative.Pix[k] = 255 - negative.Pix[k]
		}
		for row, want := range map[int]*data.Image{0: source, 2: negative, 3: target} {
			if !bytes.Equal(at(i, row).Pix, want.Pix) {
				t.Errorf("column %d, row %s is another image", i, s.rows[row])
			}
		}
	}
}
