package batch

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher/sealed"
	"keygan/internal/failure"

	"golang.org/x/sync/errgroup"
)

// hiddenNames are what --hide-names knows of the inputs and of the pairs that are there. Its keys are true names, with folders.
type hiddenNames struct {
	inputs map[string][]string // paths
	pairs  map[string]string   // random names without suffixes, where Resume has found the pairs
}

// trueName is what an input is called below the folder that is encrypted, with slashes.
func trueName(in job.Input) string {
	return filepath.ToSlash(filepath.Join(in.Folder, filepath.Base(in.Path)))
}

// hide has a pair hide the input's name and folder, if HideNames says so.
func (e *encryption) hide(o *sealed.Options, in job.Input) error {
	if !e.HideNames {
		return nil
	}
	o.Hidden = true
	if in.Folder != "." {
		o.Folder = filepath.ToSlash(in.Folder)
	}
	if err := sealed.CheckFolder(o.Folder); err != nil {
		return unusableName(in.Path, err)
	}
	return nil
}

// base returns what the pair of an input is called without suffixes: a new random name, or that of the pair which is there.
func (h hiddenNames) base(in job.Input) (string, error) {
	name := trueName(in)
	if same := h.inputs[name]; len(same) > 1 {
		other := same[0]
		if other == in.Path {
			other = same[1]
		}
		if other == in.Path {
			return "", fmt.Errorf("%s: is named twice", in.Path)
		}
		return "", failure.Hint(fmt.Errorf("%s: decrypt would write %s for %s %w", in.Path, name, other, job.ErrAsWell),
			"rename one of them, or write them to different folders with -o")
	}
	if there := h.pairs[name]; there != "" {
		return there, nil
	}
	return strings.ToLower(rand.Text()), nil // 26 letters and digits, 130 bits
}

// findHidden lists the inputs by their true names and, for Resume, the pairs in the output folder that the identities open.
func (e *encryption) findHidden(inputs []job.Input) hiddenNames {
	h := hiddenNames{inputs: map[string][]string{}, pairs: map[string]string{}}
	for _, in := range inputs {
		name := trueName(in)
		h.inputs[name] = append(h.inputs[name], in.Path)
	}
	if !e.Resume {
		return h
	}
	entries, _ := os.ReadDir(e.Output) // if it is not there, nothing has been done
	names := make([]string, len(entries))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, entry := range entries {
		if !strings.HasSuffix(entry.Name(), KeyFileSuffix) {
			continue
		}
		g.Go(func() error {
			k, err := keyfile.Read(filepath.Join(e.Output, entry.Name()), e.identities)
			if err != nil { // it is for somebody else
				return nil
			}
			defer k.Wipe()
			if k.Header.Hidden() {
				names[i] = trueName(job.Input{Path: k.Header.Name, Folder: filepath.FromSlash(k.Header.Folder)})
			}
			return nil
		})
	}
	g.Wait()
	for i, name := range names {
		if name != "" {
			h.pairs[name] = strings.TrimSuffix(entries[i].Name(), KeyFileSuffix)
		}
	}
	return h
}
