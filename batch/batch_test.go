package batch

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/internal/failure"
)

// A web page calls these packages as a command does: they know no command line and print nothing.
func TestNoCommandLine(t *testing.T) {
	for _, pattern := range []string{"*.go", "*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, content, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				if strings.Contains(i.Path.Value, "cobra") || strings.Contains(i.Path.Value, "keygan/cmd") {
					t.Errorf("%s imports %s", path, i.Path.Value)
				}
			}
			for _, word := range []string{"os.Stdout", "os.Stderr", "os.Args", "fmt.Print"} {
				if strings.Contains(string(content), word) {
					t.Errorf("%s has %s", path, word)
				}
			}
		}
	}
}

// A wrong request is told from a failure, before anything is written. Nothing of Options but what is needed must be set.
func TestWrongRequests(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	if err := os.WriteFile(in, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	for what, run := range map[string]func() (*Report, error){
		"no output": func() (*Report, error) { return Encrypt(t.Context(), Host{}, EncryptOptions{}, []string{in}) },
		"no recipient": func() (*Report, error) {
			return Encrypt(t.Context(), Host{}, EncryptOptions{Output: out}, []string{in})
		},
		"an unknown scheme": func() (*Report, error) {
			return Decrypt(t.Context(), Host{}, DecryptOptions{Output: out, Scheme: "rot13"}, []string{in})
		},
		"nobody to rekey to": func() (*Report, error) {
			return keyfile.Rekey(t.Context(), Host{}, keyfile.RekeyOptions{Identities: []string{in}}, []string{in})
		},
		"no size": func() (*Report, error) {
			return Keygen(t.Context(), Host{}, KeygenOptions{Output: out, Resize: -1}, []string{in})
		},
	} {
		if report, err := run(); !failure.IsUsage(err) || report != nil {
			t.Errorf("%s: report %v, error %v", what, report, err)
		}
	}
	if job.Exists(out) {
		t.Error("something was written")
	}
}
