//go:build unix

package web

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"keygan/train/runlog"
)

// bomb is a small PNG of very many black pixels.
func bomb(side int) []byte {
	var b, packed bytes.Buffer
	chunk := func(kind string, content []byte) {
		binary.Write(&b, binary.BigEndian, uint32(len(content)))
		all := append([]byte(kind), content...)
		b.Write(all)
		binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(all))
	}
	z, _ := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	row := make([]byte, 1+side/8) // a bit a pixel
	for range side {
		z.Write(row)
	}
	z.Close()
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk("IHDR", append(binary.BigEndian.AppendUint64(nil, uint64(side)<<32|uint64(side)), 1, 0, 0, 0, 0))
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return b.Bytes()
}

// Whatever lies in a run's folder costs no more than the limits, and becomes a sentence. The process neither hangs on a pipe nor follows a
// link out of the folder nor shows what a name or a text has as anything but text.
func TestHostileRuns(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret.csv")
	write(t, secret, []byte("Epoch,secret\n1,42\n2,42\n"))
	large := func(path string) error { return os.Truncate(path, 1<<30) }
	pipe := func(path string) error { os.Remove(path); return syscall.Mkfifo(path, 0o600) }
	linked := func(path string) error { os.Remove(path); return os.Symlink(secret, path) }
	text := func(s string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(s), 0o600) }
	}
	for name, a := range map[string]struct {
		file  string
		spoil func(path string) error
		want  string // in the sentence; "": none is needed
	}{
		"large table":    {"metrics.csv", large, "metrics.csv: is larger than"},
		"large lines":    {"metrics.jsonl", large, ""},
		"large record":   {"run.json", large, "run.json: is larger than"},
		"large config":   {"config.yaml", large, "config.yaml: is larger than"},
		"pipe table":     {"metrics.csv", pipe, "metrics.csv: not a regular file"},
		"pipe lines":     {"metrics.jsonl", pipe, ""},
		"pipe record":    {"run.json", pipe, "run.json: not a regular file"},
		"pipe config":    {"config.yaml", pipe, "config.yaml: not a regular file"},
		"linked table":   {"metrics.csv", linked, "metrics.csv: path escapes"},
		"linked config":  {"config.yaml", linked, "config.yaml: path escapes"},
		"linked record":  {"run.json", linked, "run.json: path escapes"},
		"linked lines":   {"metrics.jsonl", linked, ""},
		"no table":       {"metrics.csv", text("Epoch,x\n1,<script>alert(1)</script>\n"), "metrics.csv: line 2"},
		"wide table":     {"metrics.csv", text(strings.Repeat("c,", 400_000) + "c\n" + strings.Repeat("1,", 400_000) + "1\n"), ""},
		"infinite table": {"metrics.csv", text("Epoch,x\n1,NaN\n2,1e308\n3,-1e308\n"), ""},
		"huge number":    {"metrics.csv", text("Epoch,x\n1e999,1\n"), "metrics.csv: line 2"},
		"no record":      {"run.json", text(`{"state": 7}`), "run.json:"},
		"deep record":    {"run.json", text(strings.Repeat("[", 900_000)), "run.json:"},
		"long texts":     {"run.json", text(`{"state":"failed","error":"` + strings.Repeat("<b>", 200_000) + `","device":"` + strings.Repeat("y", 100_000) + `"}`), "<b>"},
		"long state":     {"run.json", text(`{"state":"` + strings.Repeat("<b>", 300_000) + `"}`), ""},
		"long objective": {"config.yaml", text("objective:\n  name: " + strings.Repeat("<b>", 300_000) + "\n"), ""},
		"deep config":    {"config.yaml", text("objective:\n  name: x\n" + strings.Repeat("[", 900_000)), ""},
		"<img src=x>":    {"metrics.csv", text("Epoch,<img src=x>\n1,2\n2,3\n"), ""},
	} {
		run := filepath.Join(dir, name)
		newRun(t, run)
		if err := a.spoil(filepath.Join(run, a.file)); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		f, err := openRuns(dir)
		if err != nil {
			t.Fatal(err)
		}
		got := f.look(name)
		f.Close()
		runtime.ReadMemStats(&after)
		b, err := json.Marshal(got)
		if err != nil || len(b) > 1<<20 || bytes.Contains(b, []byte("secret\"")) || bytes.Contains(b, []byte("42")) {
			t.Errorf("%s: %d bytes, error %v", name, len(b), err)
		}
		if said := strings.Join(got.Problems, "; "); !strings.Contains(said, a.want) || (a.want == "" && said != "") {
			t.Errorf("%s: %.300q", name, said)
		}
		if took, made := time.Since(began), after.TotalAlloc-before.TotalAlloc; took > 5*time.Second || made > 300<<20 {
			t.Errorf("%s: took %v and %d MB", name, took, made>>20)
		}
	}
	c := open(t, Options{Runs: dir})
	samples := filepath.Join(dir, "samples of all kinds")
	newRun(t, samples)
	for epoch, spoil := range map[int]func(string) error{
		11: text(string(bomb(40_000))), 12: pipe, 13: linked, 14: text("\x89PNG\r\n\x1a\nno"), 15: text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
		16: func(path string) error { return os.Mkdir(path, 0o700) }, 17: func(path string) error { os.WriteFile(path, nil, 0o600); return large(path) },
	} {
		if err := spoil(runlog.SamplePath(samples, epoch)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		status, failed := c.json("sample", map[string]any{"name": "samples of all kinds", "epoch": epoch}, nil)
		if status != 422 || !strings.Contains(failed, fmt.Sprintf("epoch-%04d.png", epoch)) || time.Since(began) > 5*time.Second {
			t.Errorf("sample %d: %d %s after %v", epoch, status, failed, time.Since(began))
		}
	}
	var list found
	status, body, _ := c.do(c.request("POST", "/api/runs", strings.NewReader("{}")))
	if err := json.Unmarshal(body, &list); err != nil || status != 200 || len(list.Runs) < 15 || len(body) > 20_000 {
		t.Errorf("%d: %d runs in %d bytes, error %v", status, len(list.Runs), len(body), err)
	}
}
