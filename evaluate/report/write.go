package report

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"keygan/internal/atomicfile"
)

// figureFolder holds the pictures, so that a results folder opens on the report.
const figureFolder = "figures"

// An outputFile is a table or the report, and what writes it.
type outputFile struct {
	name  string
	write func(io.Writer) error
}

// tables are the report in all its forms. The last one is there only if everything else is.
func (r *Report) tables() []outputFile {
	return []outputFile{
		{"results.md", r.WriteMarkdown}, {"results.csv", r.WriteCSV}, {"results.json", r.WriteJSON}, {"results.tex", r.WriteTeX},
		{"report.html", r.WriteHTML},
	}
}

// Write puts the pictures and then the tables into the folder out, which it makes. After an error nothing new is there: no table, and
// no picture but those that replaced others.
func (r *Report) Write(out string, overwrite bool) error {
	var pictures, tables []atomicfile.File
	for _, p := range r.Pictures {
		pictures = append(pictures, atomicfile.File{Path: filepath.Join(out, p.File), Perm: 0o666, Write: content(r.pictures[p.File])})
	}
	for _, t := range r.tables() {
		tables = append(tables, atomicfile.File{Path: filepath.Join(out, t.name), Perm: 0o666, Write: t.write})
	}
	err := atomicfile.WriteAll(out, overwrite, pictures...)
	if err == nil {
		if err = atomicfile.WriteAll("", overwrite, tables...); err == nil {
			return nil
		}
		for _, p := range pictures {
			if info, statErr := os.Lstat(p.Path); statErr == nil && !overwrite {
				err = errors.Join(err, atomicfile.Remove(p.Path, info))
			}
		}
	}
	atomicfile.RemoveEmpty(out, []string{filepath.Join(out, figureFolder)})
	return err
}

func content(file []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	}
}

// Occupied returns a file of a folder that a run could want to write: a table, the report, or a picture; or "".
func Occupied(folder string) (string, error) {
	for _, t := range (*Report)(nil).tables() {
		path := filepath.Join(folder, t.name)
		if _, err := os.Lstat(path); err == nil {
			return path, nil
		}
	}
	for _, dir := range []string{folder, filepath.Join(folder, figureFolder)} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		for _, e := range entries {
			if strings.EqualFold(filepath.Ext(e.Name()), ".png") {
				return filepath.Join(dir, e.Name()), nil
			}
		}
	}
	return "", nil
}

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}
