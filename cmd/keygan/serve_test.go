package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"keygan/batch"
	"keygan/cipher"
	"keygan/data/imagefile"
)

// A browser asks keygan serve as its page does.
type browser struct {
	*testing.T
	dir, base, session string
}

// served starts keygan serve in a folder of its own.
func served(t *testing.T) *browser {
	b := &browser{T: t, dir: t.TempDir()}
	c := exec.Command("keygan", "serve", "--no-browser")
	c.Dir = b.dir
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Signal(syscall.SIGTERM); c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var launch string
	b.base, launch, _ = strings.Cut(strings.TrimSpace(line), "#launch=")
	var in struct{ Session string }
	b.ask("session", map[string]string{"launch": launch}, &in)
	b.session = in.Session
	return b
}

// post returns the answer to an action, or the error that it tells.
func (b *browser) post(action string, body []byte, out any, headers ...string) (failed string) {
	b.Helper()
	r, err := http.NewRequest("POST", b.base+"api/"+action, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("X-Keygan-Session", b.session)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var e struct{ Error string }
		json.NewDecoder(resp.Body).Decode(&e)
		return e.Error
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		b.Fatal(action, err)
	}
	return ""
}

func (b *browser) ask(action string, in, out any) {
	b.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	if failed := b.post(action, body, out); failed != "" {
		b.Fatalf("%s: %s", action, failed)
	}
}

// upload sends a file of the browser's folder.
func (b *browser) upload(name string) (id string) {
	b.Helper()
	content, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.Fatal(err)
	}
	var out struct{ ID string }
	if failed := b.post("upload", content, &out, "X-Keygan-Name", filepath.Base(name)); failed != "" {
		b.Fatal(failed)
	}
	return out.ID
}

// save puts a result into a file.
func (b *browser) save(id, name string) {
	b.Helper()
	var out struct{ URL string }
	b.ask("ticket", map[string]any{"ids": []string{id}, "zip": ""}, &out)
	resp, err := http.Get(strings.TrimSuffix(b.base, "/") + out.URL)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal(resp.Status, err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, name), content, 0o600); err != nil {
		b.Fatal(err)
	}
}

// run runs a command in the browser's folder.
func (b *browser) run(args ...string) []byte {
	b.Helper()
	c := exec.Command("keygan", args...)
	c.Dir = b.dir
	out, err := c.Output()
	if err != nil {
		b.Fatalf("keygan %v: %v", args, err)
	}
	return out
}

// The page's tests give every number of the command: on an image's samples and on bytes, on long and on short sequences.
func TestPageTestsAsTheCommand(t *testing.T) {
	b := served(t)
	noise := make([]byte, 160_000)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	if err := os.WriteFile(filepath.Join(b.dir, "noise.bin"), noise, 0o600); err != nil {
		t.Fatal(err)
	}
	b.run("samples", "-o", "images", "-n", "1", "--kind", "xray")
	images, _ := filepath.Glob(filepath.Join(b.dir, "images", "*.png"))
	if len(images) != 1 {
		t.Fatal(images)
	}
	image := filepath.Join("images", filepath.Base(images[0]))
	for _, c := range []struct {
		file, bits string
		minEntropy bool
	}{{"noise.bin", "", false}, {"noise.bin", "1000", false}, {image, "", false}, {image, "40003", true}} {
		args, in := []string{"randomness", c.file, "--json"}, map[string]any{"minEntropy": c.minEntropy, "file": b.upload(c.file)}
		if c.bits != "" {
			args, in["bits"] = append(args, "--bits", c.bits), json.Number(c.bits)
		}
		if c.minEntropy {
			args = append(args, "--min-entropy")
		}
		var page, command map[string]any
		b.ask("randomness", in, &page)
		if err := json.Unmarshal(b.run(args...), &command); err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"bits", "tests", "min_entropy"} {
			if !reflect.DeepEqual(page[what], command[what]) || command["tests"] == nil || (command["min_entropy"] != nil) != c.minEntropy {
				t.Errorf("%s of %v: the page has %v, the command %v", what, c, page[what], command[what])
			}
		}
		if short := page["short"] != ""; short != (page["bits"].(float64) < 1e6) {
			t.Errorf("%v: %q", c, page["short"])
		}
	}
}

// What the page encrypts with a scheme for research, the command decrypts, and the other way round. Where nothing is drawn by chance, the
// files are the same, byte for byte.
func TestPageResearchSchemes(t *testing.T) {
	b := served(t)
	b.run("samples", "-o", "images", "-n", "1", "--kind", "xray")
	if err := os.Rename(filepath.Join(b.dir, "images", "xray-00000.png"), filepath.Join(b.dir, "x.png")); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	for _, scheme := range batch.ResearchSchemes() {
		type file struct{ ID, Name string }
		var made struct{ Image, Key file }
		b.ask("encrypt", map[string]any{"file": b.upload("x.png"), "to": "", "scheme": scheme}, &made)
		if made.Image.Name != "x.cipher.png" || made.Key.Name != "x.key.npz" {
			t.Errorf("%s: %v", scheme, made)
		}
		b.save(made.Image.ID, "page-"+scheme+".cipher.png")
		b.save(made.Key.ID, "page-"+scheme+".key.npz")
		b.run("encrypt", "x.png", "-o", scheme, "--scheme", scheme, "-q")
		if cipher.Describe(scheme).Takes == cipher.KeyImage && !bytes.Equal(read("page-"+scheme+".cipher.png"), read(scheme+"/x.cipher.png")) {
			t.Errorf("%s: the page's cipher image is not the command's", scheme)
		}
		b.run("decrypt", "page-"+scheme+".cipher.png", "-o", scheme+"-command", "--scheme", scheme, "-q")
		if !bytes.Equal(pixelsOf(t, read(scheme+"-command/page-"+scheme+".png")), pixelsOf(t, read("x.png"))) {
			t.Errorf("%s: the command does not open what the page makes", scheme)
		}
		key := func(name string) string {
			var out struct{ ID string }
			b.ask("key", map[string]any{"file": b.upload(name), "identities": "", "research": true}, &out)
			return out.ID
		}
		var opened struct{ File file }
		keys := []string{key("page-" + scheme + ".key.npz"), key(scheme + "/x.key.npz")} // the first belongs to another, unless both are the same
		b.ask("decrypt", map[string]any{"file": b.upload(scheme + "/x.cipher.png"), "keys": keys, "scheme": scheme}, &opened)
		b.save(opened.File.ID, scheme+".back.png")
		b.run("decrypt", scheme+"/x.cipher.png", "-o", scheme+"-again", "--scheme", scheme, "-q")
		if opened.File.Name != "x.png" || !bytes.Equal(read(scheme+".back.png"), read(scheme+"-again/x.png")) {
			t.Errorf("%s: the page gives %s, which is not what the command gives", scheme, opened.File.Name)
		}
	}
}

// pixelsOf returns the samples of an image.
func pixelsOf(t *testing.T, b []byte) []byte {
	m, err := imagefile.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return m.Pix
}
