package runlog

import (
	"keygan/evaluate/figure"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/plot/plotter"
)

func TestReadCurves(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "metrics.csv")
	if err := WriteFile(path, []byte("Epoch,Critic Loss,D_real\n1,0.5,\n2,-3,1e3\n")); err != nil {
		t.Fatal(err)
	}
	curves, err := ReadCurves(dir)
	if err != nil || len(curves) != 2 || curves[1].Name != "D_real" {
		t.Fatalf("%v, %v", curves, err)
	}
	if want := (plotter.XYs{{X: 1, Y: 0.5}, {X: 2, Y: -3}}); !slices.Equal(curves[0].Points, want) {
		t.Errorf("%v, want %v", curves[0].Points, want)
	}
	if want := (plotter.XYs{{X: 2, Y: 1e3}}); !slices.Equal(curves[1].Points, want) {
		t.Errorf("%v, want %v: an empty value is left out", curves[1].Points, want)
	}
	if err := WriteFile(path, []byte("Epoch,Critic Loss\n1,much\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCurves(dir); err == nil {
		t.Error("a word was read as a number")
	}
	if curves, err := ReadCurves(t.TempDir()); err != nil || curves != nil {
		t.Errorf("no file: %v, %v", curves, err)
	}
}

var wganColumns = []string{"Generator Loss", "Critic Loss", "Wasserstein Distance", "Gradient Penalty", "D_real", "D_fake", "Gen_Acc", "Critic_Acc",
	"Generator Gradient Norm", "Critic Gradient Norm"}

// Each objective's columns are drawn, those of a kind together.
func TestArrange(t *testing.T) {
	files := func(columns []string) (files []string) {
		var curves []figure.Curve
		for _, name := range columns {
			curves = append(curves, figure.Curve{Name: name, Points: make(plotter.XYs, 2)})
		}
		curves = append(curves, figure.Curve{Name: "Too Short Loss", Points: make(plotter.XYs, 1)})
		for _, p := range arrange(curves) {
			files = append(files, p.file)
		}
		return files
	}
	want := []string{"loss.png", "gradients.png", "scores.png", "accuracy.png", "wasserstein-distance.png", "gradient-penalty.png"}
	if got := files(wganColumns); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := files([]string{"Generator Loss", "D_real", "Gen_Acc", "Critic Gradient Norm"}); !slices.Equal(got, want[:4]) {
		t.Errorf("%v, want %v", got, want[:4])
	}
	if got := files(nil); got != nil {
		t.Errorf("%v of nothing", got)
	}
}
