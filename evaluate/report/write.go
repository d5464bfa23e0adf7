package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"keygan/data/imagefile"
	"keygan/internal/atomicfile"
)

// draw makes the pictures.
func (r *Report) draw() error {
	r.pictures = map[string][]byte{}
	var all []drawing
	for _, sp := range r.Specimens {
		made, err := picturesOf(sp)
		if err != nil {
			return err
		}
		all = append(all, made...)
	}
	for _, a := range r.Attacks {
		for _, p := range a.Pictures {
			all = append(all, drawing{
				Picture{File: p.Name + ".png", Caption: p.Caption, Section: SectionAttacks},
				func(w io.Writer) error { return imagefile.EncodePNG(w, p.Image) },
			})
		}
	}
	for _, d := range append(all, curvesOf(r.Generators)...) {
		var b bytes.Buffer
		if err := d.write(&b); err != nil {
			return fmt.Errorf("%s: %w", d.File, err)
		}
		r.Pictures = append(r.Pictures, d.Picture)
		r.pictures[d.File] = b.Bytes()
	}
	return nil
}

// A drawing is a picture, and what draws it.
type drawing struct {
	Picture
	write func(io.Writer) error
}

// Write puts the pictures and the tables into the folder out.
func (r *Report) Write(out string, overwrite bool) error {
	var files []atomicfile.File
	add := func(name string, write func(io.Writer) error) {
		files = append(files, atomicfile.File{Path: filepath.Join(out, name), Perm: 0o666, Write: write})
	}
	for _, p := range r.Pictures {
		add(p.File, func(w io.Writer) error {
			_, err := w.Write(r.pictures[p.File])
			return err
		})
	}
	for _, t := range r.tables() {
		add(t.name, t.write)
	}
	return atomicfile.WriteAll("", overwrite, files...)
}

// Occupied returns a file of a folder that a run could want to write: a table, the report, or a picture; or "".
func Occupied(folder string) (string, error) {
	for _, t := range (*Report)(nil).tables() {
		if path := filepath.Join(folder, t.name); isThere(path) {
			return path, nil
		}
	}
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if strings.EqualFold(filepath.Ext(e.Name()), ".png") {
			return filepath.Join(folder, e.Name()), nil
		}
	}
	return "", err
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
