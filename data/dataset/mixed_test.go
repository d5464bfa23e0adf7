package dataset

import (
	"context"
	"fmt"
	"keygan/data/internal/imagetest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// downloads is a home folder with every set as it is downloaded, by kagglehub or by hand, with bad files among the good; the
// same image is in several sets.
func downloads(t *testing.T) (home string, specs []Spec) {
	t.Helper()
	const hub = ".cache/kagglehub/datasets/"
	level := func(r, f, t int) float32 { return float32(1 + (r+f+t)%7) }
	shared := film(t, 30, 40)
	volume := imagetest.Cornered().Bytes()
	home = tree(t, map[string][]byte{
		hub + "raddar/tuberculosis-chest-xrays-montgomery/versions/1/montgomery_metadata.csv":         []byte("study_id,findings\n"),
		hub + "raddar/tuberculosis-chest-xrays-montgomery/versions/1/images/images/MCUCXR_0001_0.png": film(t, 40, 49),
		hub + "raddar/tuberculosis-chest-xrays-montgomery/versions/1/images/images/MCUCXR_0002_0.png": shared,
		hub + "raddar/tuberculosis-chest-xrays-montgomery/versions/1/images/images/MCUCXR_0104_1.png": shared[:70],
		hub + "masoudnickparvar/brain-tumor-mri-dataset/versions/3/Training/glioma/Tr-gl_0010.jpg":    scan(t, 20, 24, false),
		hub + "masoudnickparvar/brain-tumor-mri-dataset/versions/3/Training/glioma/Tr-gl_0011.jpg":    scan(t, 21, 24, true),
		hub + "masoudnickparvar/brain-tumor-mri-dataset/versions/3/Testing/glioma/Te-gl_0010 (1).jpg": scan(t, 20, 24, false), // a copy
		hub + "masoudnickparvar/brain-tumor-mri-dataset/versions/3/Testing/notumor/Te-no_0001.jpg":    nil,
		"datasets/hms-spectrogram-images/Seizure/1.png":                                               pngBytes(t, synthesize(t, "spectrogram", 1, 32, 1)[0]),
		"datasets/hms-spectrogram-images/LPD/shared.png":                                              shared,
		"datasets/hms/train_spectrograms/353733.parquet":                                              imagetest.SpectrogramFile(t, 650, 3, level),
		"datasets/hms/train_spectrograms/1.parquet":                                                   imagetest.SpectrogramFile(t, 20, 3, level)[:90],
		"datasets/hms/EEG_Spectrograms/1000913311.npy":                                                imagetest.Array("|u1", "(4, 3, 5)", []byte(strings.Repeat("0123456789ab", 5))),
		"datasets/hms/EEG_Spectrograms/short.npy":                                                     imagetest.Array("|u1", "(4, 3, 5)", []byte("0123")),
		"datasets/nifti/sub-01/anat/sub-01_T1w.nii.gz":                                                imagetest.Gzipped(volume),
		"datasets/nifti/copy.nii.gz":                                                                  imagetest.Gzipped(volume),
		"datasets/nifti/sub-02/anat/sub-02_T1w.nii.gz":                                                imagetest.Gzipped(volume)[:50],
	})
	t.Setenv("HOME", home)
	for _, folder := range []string{
		hub + "raddar/tuberculosis-chest-xrays-montgomery/versions/1", hub + "masoudnickparvar/brain-tumor-mri-dataset/versions/3",
		"datasets/hms-spectrogram-images", "datasets/hms", "datasets/nifti",
	} {
		specs = append(specs, Spec{Folder: "~/" + folder})
	}
	return home, append(specs, Spec{Synthetic: "xray", Count: 5, Size: 20, Seed: 3})
}

func TestMixedSourcesWithBadFiles(t *testing.T) {
	home, specs := downloads(t)
	src, err := OpenUnchecked(specs...)
	if err != nil {
		t.Fatal(err)
	}
	images := mustCache(t, src, CacheOptions{Dir: t.TempDir(), Size: 16, Channels: 3})
	good, bad, err := Readable(context.Background(), images, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range bad {
		names = append(names, filepath.Base(b.Name))
	}
	want := []string{"MCUCXR_0104_1.png", "Te-no_0001.jpg", "short.npy", "1.parquet", "sub-02_T1w.nii.gz"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	counts := map[string]int{}
	for i := range good.Len() {
		if m, err := good.Image(i); err != nil || m.Width != 16 || m.Channels != 3 {
			t.Errorf("%s: %v, %v", good.Name(i), m, err)
		}
		file, _ := locate(good, i)
		counts[strings.TrimPrefix(filepath.ToSlash(filepath.Dir(file)), filepath.ToSlash(home))]++
	}
	slices := counts["/datasets/nifti"]
	for dir, want := range map[string]int{
		"/datasets/hms/train_spectrograms": 2, "/datasets/hms/EEG_Spectrograms": 4, "/datasets/hms-spectrogram-images/LPD": 1,
		"/.cache/kagglehub/datasets/raddar/tuberculosis-chest-xrays-montgomery/versions/1/images/images": 2,
		"/datasets/nifti/sub-01/anat": slices, ".": 5,
	} {
		if counts[dir] != want || want == 0 {
			t.Errorf("%d images in %s, not %d", counts[dir], dir, want)
		}
	}
}

// However much is held out, nothing that is there twice is on both sides: no copy in another set, no slice of a volume, none
// of a copied volume.
func TestMixedSourcesDoNotLeak(t *testing.T) {
	_, specs := downloads(t)
	src, err := OpenUnchecked(specs...)
	if err != nil {
		t.Fatal(err)
	}
	good, _, err := Readable(context.Background(), src, nil)
	if err != nil {
		t.Fatal(err)
	}
	splits := 0
	for k := range 50 {
		share := float64(k+1) / 51
		held, err := Split(context.Background(), good, share, true)
		if err != nil {
			continue // too few for this share
		}
		rest, err := Split(context.Background(), good, share, false)
		if err != nil {
			continue
		}
		splits++
		if held.Len()+rest.Len() != good.Len() {
			t.Errorf("%v: %d and %d of %d", share, held.Len(), rest.Len(), good.Len())
		}
		pixels := map[string]string{}
		for i := range held.Len() {
			m, err := held.Image(i)
			if err != nil {
				t.Fatal(err)
			}
			pixels[fmt.Sprint(m, m.Pix)] = held.Name(i)
		}
		for i := range rest.Len() {
			m, err := rest.Image(i)
			if err != nil {
				t.Fatal(err)
			}
			if other, leak := pixels[fmt.Sprint(m, m.Pix)]; leak {
				t.Errorf("%v: %s is trained with, the same %s held out", share, rest.Name(i), other)
			}
		}
	}
	if splits < 20 {
		t.Errorf("%d shares have two sides", splits)
	}
}
