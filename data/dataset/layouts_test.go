package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"keygan/data/imagefile"
	"keygan/data/internal/imagetest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// film is a grey PNG, scan a JPEG, plot an RGB PNG; all of them small, none of the same shape.
func film(t *testing.T, width, height int) []byte {
	return pngBytes(t, synthesize(t, "xray", 1, 64, uint64(width))[0].Resize(width, height))
}

func scan(t *testing.T, width, height int, colour bool) []byte {
	if colour {
		return imagetest.JpegBytes(t, image.NewRGBA(image.Rect(0, 0, width, height)))
	}
	return imagetest.JpegBytes(t, image.NewGray(image.Rect(0, 0, width, height)))
}

// opened lists the images of a tree, relative to it, and reads every one.
func opened(t *testing.T, root, folder string) (all []string, unreadable []error) {
	t.Helper()
	src, err := Open(Spec{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	for i := range src.Len() {
		if _, err := src.Image(i); err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		all = append(all, filepath.ToSlash(strings.TrimPrefix(src.Name(i), root+string(filepath.Separator))))
	}
	return all, unreadable
}

func TestMontgomery(t *testing.T) {
	whole := film(t, 40, 49)
	root := tree(t, map[string][]byte{
		"montgomery_metadata.csv":              []byte("study_id,findings\nMCUCXR_0001_0.png,normal\n"),
		"images/images/MCUCXR_0001_0.png":      whole,
		"images/images/MCUCXR_0002_0.png":      film(t, 49, 40),
		"images/images/MCUCXR_0104_1.png":      film(t, 48, 40),
		"images/images/MCUCXR_0108_1.png":      whole[:len(whole)/2], // a download that broke off
		"images/images/Thumbs.db":              {0xd0, 0xcf, 0x11, 0xe0},
		"__MACOSX/images/._MCUCXR_0001_0.png":  []byte("\x00\x05\x16\x07Mac OS X"),
		"images/images/.ipynb_checkpoints/a.p": nil,
	})
	all, bad := opened(t, root, root)
	if diff := cmp.Diff([]string{"images/images/MCUCXR_0001_0.png", "images/images/MCUCXR_0002_0.png", "images/images/MCUCXR_0104_1.png"}, all); diff != "" {
		t.Error(diff)
	}
	if len(bad) != 1 || !strings.Contains(bad[0].Error(), "MCUCXR_0108_1.png: not a readable PNG: ") {
		t.Errorf("bad files: %v", bad)
	}
}

// Copies differ in the names of the classes and in how deep they lie; sizes and modes are mixed in all of them.
func TestBrainTumorMRI(t *testing.T) {
	for _, prefix := range []string{"", "brain-tumor-mri-dataset/", "archive/Brain Tumor MRI/"} {
		files := map[string][]byte{}
		var want []string
		for _, class := range []string{"Testing/glioma", "Testing/no_tumor", "Training/glioma", "Training/meningioma", "Training/notumor", "Training/pituitary"} {
			name := prefix + class + "/Tr-gl_0010.jpg"
			files[name] = scan(t, 20+len(want), 24, len(want)%2 == 0)
			want = append(want, name)
		}
		files[prefix+"Training/pituitary/image (7).JPG"] = scan(t, 9, 9, false)
		files[prefix+"Training/glioma/empty.jpg"] = nil
		files[prefix+"Training/glioma/page.jpg"] = []byte("<!DOCTYPE html><title>429 Too Many Requests</title>")
		root := tree(t, files)
		all, bad := opened(t, root, root)
		if diff := cmp.Diff(append(want, prefix+"Training/pituitary/image (7).JPG"), all); diff != "" {
			t.Error(diff)
		}
		if len(bad) != 2 || !strings.Contains(bad[0].Error(), "empty.jpg: empty file") || !strings.Contains(bad[1].Error(), "page.jpg: not an image in a known format") {
			t.Errorf("bad files: %v", bad)
		}
	}
}

func TestSpectrogramImagesInClassFolders(t *testing.T) {
	plot := pngBytes(t, synthesize(t, "spectrogram", 1, 32, 1)[0])
	root := tree(t, map[string][]byte{
		"train.csv": []byte("eeg_id,expert_consensus\n"),
		"GPD/1.png": plot, "GRDA/2.png": plot, "LPD/3.jpeg": scan(t, 30, 40, true), "LRDA/4.png": plot, "Other/5.png": plot, "Seizure/6.PNG": plot,
	})
	all, bad := opened(t, root, root)
	if diff := cmp.Diff([]string{"GPD/1.png", "GRDA/2.png", "LPD/3.jpeg", "LRDA/4.png", "Other/5.png", "Seizure/6.PNG"}, all); diff != "" || bad != nil {
		t.Error(diff, bad)
	}
}

func TestRawSpectrograms(t *testing.T) {
	level := func(r, f, t int) float32 { return float32(1 + (r+f+t)%7) }
	root := tree(t, map[string][]byte{
		"train.csv":                             []byte("eeg_id,spectrogram_id,spectrogram_label_offset_seconds\n"),
		"train_spectrograms/1000086677.parquet": imagetest.SpectrogramFile(t, 20, 3, level),
		"train_spectrograms/353733.parquet":     imagetest.SpectrogramFile(t, 650, 3, level),
		"test_spectrograms/853520.parquet":      imagetest.SpectrogramFile(t, 300, 3, level),
	})
	all, bad := opened(t, root, root)
	want := []string{
		"test_spectrograms/853520.parquet", "train_spectrograms/1000086677.parquet", "train_spectrograms/353733.parquet#0", "train_spectrograms/353733.parquet#1",
	}
	if diff := cmp.Diff(want, all); diff != "" || bad != nil {
		t.Error(diff, bad)
	}
}

// The arrays that go with the HMS-HBAC set: [time, frequency], and [frequency, time, 4], a map for each region of the head;
// besides images saved with NumPy, RGB and RGBA.
func TestArrays(t *testing.T) {
	var maps []byte // [3, 5, 4]: map k holds k·100 + place
	for place := range 15 {
		for k := range 4 {
			maps = binary.LittleEndian.AppendUint16(maps, uint16(k*100+place))
		}
	}
	root := tree(t, map[string][]byte{
		"EEG_Spectrograms/1000913311.npy": imagetest.Array("<u2", "(3, 5, 4)", maps),
		"specs/353733.npy":                imagetest.Array("<f4", "(30, 40)", make([]byte, 4800)),
		"rgb.npy":                         imagetest.Array("|u1", "(7, 9, 3)", make([]byte, 189)),
		"rgba.npy":                        imagetest.Array("|u1", "(2, 2, 4)", []byte("0123456789abcdef")),
	})
	all, bad := opened(t, root, root)
	want := []string{"rgb.npy", "rgba.npy", "specs/353733.npy"}
	for k := range 4 {
		want = append(want[:k:k], append([]string{fmt.Sprintf("EEG_Spectrograms/1000913311.npy#%d", k)}, want[k:]...)...)
	}
	if diff := cmp.Diff(want, all); diff != "" || bad != nil {
		t.Fatal(diff, bad)
	}
	src, _ := Open(Spec{Folder: filepath.Join(root, "EEG_Spectrograms")})
	for k := range 4 {
		m, err := src.Image(k)
		if err != nil || m.Width != 5 || m.Height != 3 || m.Channels != 1 {
			t.Fatalf("%v, %v", m, err)
		}
		for place, v := range m.Pix { // the window is 0 to 314
			if want := float64(k*100+place) / 314 * 255; float64(v) < want-0.6 || float64(v) > want+0.6 {
				t.Errorf("map %d, place %d: %d, want %.1f", k, place, v, want)
			}
		}
	}
	if m, err := imagefile.ReadImage(filepath.Join(root, "rgba.npy")); err != nil || m.Channels != 4 || string(m.Pix) != "0123456789abcdef" {
		t.Errorf("%v, %v", m, err)
	}
}

func TestPickledSpecsAreRefusedWithAHint(t *testing.T) {
	pickled, err := os.ReadFile("../imagefile/testdata/pickled.npy")
	if err != nil {
		t.Fatal(err)
	}
	root := tree(t, map[string][]byte{"brain-spectrograms/specs.npy": pickled, "a.png": film(t, 9, 9)})
	_, err = Open(Spec{Folder: root})
	if err == nil || !strings.Contains(err.Error(), "specs.npy: ") || !strings.Contains(err.Error(), "a pickled object array") || !strings.Contains(err.Error(), "numpy.save") {
		t.Errorf("got %v", err)
	}
}

func TestVolumes(t *testing.T) {
	volume := imagetest.Cornered().Bytes()
	root := tree(t, map[string][]byte{"sub-01/anat/sub-01_T1w.nii.gz": imagetest.Gzipped(volume), "sub-01/anat/sub-01_T1w.json": []byte("{}"), "ch2.nii": volume})
	all, bad := opened(t, root, root)
	var stems []string
	for _, name := range all {
		stem, slice, _ := strings.Cut(name, "#")
		if slice == "" {
			t.Errorf("%s is no slice", name)
		}
		if len(stems) == 0 || stems[len(stems)-1] != stem {
			stems = append(stems, stem)
		}
	}
	if diff := cmp.Diff([]string{"ch2.nii", "sub-01/anat/sub-01_T1w.nii.gz"}, stems); diff != "" || bad != nil {
		t.Error(diff, bad)
	}
}

// kagglehub leaves a marker beside each version, and an archive while it downloads.
func TestKagglehubPaths(t *testing.T) {
	const set = ".cache/kagglehub/datasets/masoudnickparvar/brain-tumor-mri-dataset"
	home := tree(t, map[string][]byte{
		set + "/versions/1/Training/glioma/a.jpg": scan(t, 8, 8, false),
		set + "/versions/2/Training/glioma/b.jpg": scan(t, 8, 9, true),
		set + "/2.complete":                       nil,
		set + "/3.archive":                        bytes.Repeat([]byte("PK"), 20),
	})
	t.Setenv("HOME", home)
	for folder, want := range map[string][]string{
		"~/" + set + "/versions/1":                      {"versions/1/Training/glioma/a.jpg"},
		"~/" + set + "/versions/2/":                     {"versions/2/Training/glioma/b.jpg"},
		filepath.Join(home, set, "versions/2/Training"): {"versions/2/Training/glioma/b.jpg"},
		"~/" + set: {"versions/1/Training/glioma/a.jpg", "versions/2/Training/glioma/b.jpg"},
		"~/" + set + "/versions/1/../2/Training/glioma/b.jpg": {"versions/2/Training/glioma/b.jpg"},
	} {
		all, bad := opened(t, filepath.Join(home, set), folder)
		if diff := cmp.Diff(want, all); diff != "" || bad != nil {
			t.Errorf("%s: %s %v", folder, diff, bad)
		}
	}
}
