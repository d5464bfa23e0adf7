package imagefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"keygan/data/dataset"
	"keygan/data/imagefile"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The toy is PGM (P5): grey images of 8 or 16 bits, one after the other in a file.
var pgm = imagefile.Format{
	Name:       "PGM",
	Extensions: []string{".pgm"},
	Matches:    func(start []byte) bool { return bytes.HasPrefix(start, []byte("P5")) },
	Stack:      pgmStack,
	Inspect: func(f *imagefile.Findings, file *io.SectionReader) {
		b, _ := io.ReadAll(file)
		if bytes.Contains(b, []byte("\n# ")) {
			f.Add("text")
		}
		if bytes.Count(b, []byte("P5\n")) > 1 {
			f.Refuse("holds several pictures")
		}
	},
}

func pgmStack(file *io.SectionReader, _ string) (*imagefile.Stack, error) {
	b, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	r := bytes.NewReader(b)
	var s *imagefile.Stack
	for r.Len() > 0 {
		var width, height, most int
		if _, err := fmt.Fscanf(r, "P5\n%d %d\n%d\n", &width, &height, &most); err != nil {
			return nil, err
		}
		if width*height > len(b) {
			return nil, errors.New("more pixels than bytes")
		}
		depth := 8
		if most > 255 {
			depth = 16
		}
		page := imagefile.NewStack(1, height, width, 1, depth)
		if _, err := io.ReadFull(r, page.Pix); err != nil {
			return nil, err
		}
		if s == nil {
			s = page
			continue
		}
		pix := append(s.Pix, page.Pix...)
		s = imagefile.NewStack(s.Count+1, height, width, 1, depth)
		copy(s.Pix, pix)
	}
	s.Single = s.Count == 1
	return s, nil
}

// A format that one value describes is read, listed, sliced, inspected and named in errors like those that are built in.
func TestRegisteredFormat(t *testing.T) {
	imagefile.Register(pgm)
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	single := write("single.pgm", "P5\n3 2\n255\nabcdef")
	deep := write("stack.PGM", "P5\n2 1\n65535\n\x01\x02\x03\x04P5\n2 1\n65535\n\x05\x06\x07\x08P5\n2 1\n65535\n\x09\x0a\x0b\x0c")
	cut := write("cut.txt", "P5\n3 2\n255\nabc")

	if m, err := imagefile.ReadImage(single); err != nil || m.Depth != 8 || string(m.Pix) != "abcdef" {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := imagefile.ReadImage(deep); err != nil || m.Depth != 16 || string(m.Pix) != "\x05\x06\x07\x08" {
		t.Errorf("the middle of a stack is %v, %v", m, err)
	}
	if m, err := imagefile.Thumbnail(single, 1, 1); err != nil || m.Width != 1 {
		t.Errorf("%v, %v", m, err)
	}
	_, err := imagefile.ReadImage(cut)
	if err == nil || !strings.HasPrefix(err.Error(), cut+": ") || !strings.Contains(err.Error(), "not a readable PGM: truncated") {
		t.Errorf("got %v", err)
	}
	if _, err := imagefile.Decode([]byte("hello")); err == nil || !strings.Contains(err.Error(), "PGM") {
		t.Errorf("got %v", err)
	}
	if !slices.Contains(imagefile.Extensions(), ".pgm") || !imagefile.ImageName(single) || !imagefile.StackName(deep) {
		t.Errorf("extensions: %v", imagefile.Extensions())
	}
	if holds, err := imagefile.HoldsStack(deep); !holds || err != nil {
		t.Errorf("%v, %v", holds, err)
	}

	src, err := dataset.Open(dataset.Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range src.Len() {
		m, err := src.Image(i)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %q", strings.TrimPrefix(src.Name(i), dir), m.Depth, m.Pix))
	}
	want := []string{
		`/single.pgm 8 "abcdef"`, `/stack.PGM#0 16 "\x01\x02\x03\x04"`, `/stack.PGM#1 16 "\x05\x06\a\b"`, `/stack.PGM#2 16 "\t\n\v\f"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("a data set of %q, want %q", got, want)
	}

	if beside, err := imagefile.LeftBehind(single); err != nil || len(beside) > 0 {
		t.Errorf("%v, %v", beside, err)
	}
	if beside, err := imagefile.LeftBehind(write("text.pgm", "P5\n# me\n")); err != nil || !slices.Equal(beside, []string{"text"}) {
		t.Errorf("%v, %v", beside, err)
	}
	var refused *imagefile.NotPixelsError
	if _, err := imagefile.LeftBehind(deep); !errors.As(err, &refused) || refused.Why != "holds several pictures" {
		t.Errorf("got %v", err)
	}
}
