package scripts

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/png"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const testdata = "../cipher/sealed/testdata"

// decrypt.py knows docs/format.md and none of the Go code: what keygan writes, it must open, and what somebody changed it must refuse.
func TestDecryptPython(t *testing.T) {
	k := newPairs(t)
	t.Run("opens", func(t *testing.T) {
		t.Run("files", func(t *testing.T) { t.Parallel(); k.files(t) })
		t.Run("pixels", func(t *testing.T) { t.Parallel(); k.pixels(t) })
		t.Run("committed", func(t *testing.T) { t.Parallel(); k.committed(t) })
		t.Run("example", func(t *testing.T) { t.Parallel(); documented(t) })
		t.Run("memory", func(t *testing.T) { t.Parallel(); k.memory(t) })
	})
	t.Run("refuses", func(t *testing.T) {
		t.Run("files", func(t *testing.T) { t.Parallel(); k.changedFiles(t) })
		t.Run("images", func(t *testing.T) { t.Parallel(); k.changedImages(t) })
		t.Run("key files", func(t *testing.T) { t.Parallel(); k.changedKeys(t) })
		t.Run("wrong use", func(t *testing.T) { t.Parallel(); k.wrongUse(t) })
	})
}

// pairs are what keygan is asked to encrypt, and the keys to open it with.
type pairs struct {
	keygan, identity, recipient, ssh string
}

func newPairs(t *testing.T) *pairs {
	dir := t.TempDir()
	k := &pairs{keygan: filepath.Join(dir, "keygan"), identity: filepath.Join(dir, "me.key"), ssh: filepath.Join(dir, "id_ed25519")}
	build := exec.Command("go", "build", "-o", k.keygan, "./cmd/keygan")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	mustRun(t, build)
	mustRun(t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", k.ssh))
	k.recipient = regexp.MustCompile("age1[a-z0-9]+").FindString(mustRun(t, exec.Command(k.keygan, "keypair", "-o", k.identity)))
	return k
}

func mustRun(t *testing.T, cmd *exec.Cmd) (output string) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// encrypt makes pairs of all files in a folder.
func (k *pairs) encrypt(t *testing.T, dir string, flags ...string) (out string) {
	t.Helper()
	out = t.TempDir()
	mustRun(t, exec.Command(k.keygan, append([]string{"encrypt", dir, "-o", out}, flags...)...))
	return out
}

func decryptPython(args ...string) (output string, code int) {
	cmd := exec.Command("/usr/bin/python3", append([]string{"decrypt.py"}, args...)...) // Debian's: it has the package cryptography
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return err.Error(), -1
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// opens decrypts a cipher image, and gives where the result is.
func opens(t *testing.T, cipherImage string, flags ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "out")
	if out, code := decryptPython(append([]string{cipherImage, "-o", path}, flags...)...); code != 0 || out != "" {
		t.Fatalf("%s: exit code %d, %s", filepath.Base(cipherImage), code, out)
	}
	return path
}

// refuses expects exit code 1, one line, and no file, nor a temporary one.
func refuses(t *testing.T, cipherImage string, flags ...string) (output string) {
	t.Helper()
	dir := t.TempDir()
	out, code := decryptPython(append([]string{cipherImage, "-o", filepath.Join(dir, "out")}, flags...)...)
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if code != 1 || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "decrypt.py: ") || len(left) != 0 {
		t.Errorf("exit code %d, files %v, output %q", code, left, out)
	}
	return out
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func (k *pairs) files(t *testing.T) {
	dir := t.TempDir()
	modified := time.Unix(-3, 500_000_000) // before 1970, where nanoseconds still count forward
	for _, n := range []int{0, 1, 65535, 65536, 65537, 200000} {
		path := filepath.Join(dir, fmt.Sprintf("%d bytes", n))
		writeBytes(t, path, randomBytes(n))
		if err := os.Chtimes(path, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	p := rawPNG{40, 30, 3, 8, randomBytes(3600)}
	p.write(t, filepath.Join(dir, `an "image" <&> {é}.png`), p.filtered(true)) // the generator takes part in this one's key
	for name, keys := range map[string][2][]string{
		"recipient":   {{"-r", k.recipient}, {"-i", k.identity}},
		"SSH key":     {{"-r", k.ssh + ".pub", "--no-gan"}, {"-i", k.ssh}},
		"unencrypted": {{"--unencrypted-key"}, nil},
	} {
		out := k.encrypt(t, dir, keys[0]...)
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || name != "recipient" && e.Name() != "200000 bytes" { // one file is enough for the other keys
				return err
			}
			t.Run(name+" "+e.Name(), func(t *testing.T) {
				t.Parallel()
				got := opens(t, filepath.Join(out, e.Name()+".cipher.png"), keys[1]...)
				if !bytes.Equal(readBytes(t, got), readBytes(t, path)) {
					t.Error("other bytes")
				}
				was, _ := os.Stat(path)
				is, err := os.Stat(got)
				if err != nil || !is.ModTime().Equal(was.ModTime()) {
					t.Errorf("modification time %v, %v; it was %v", is.ModTime(), err, was.ModTime())
				}
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (k *pairs) pixels(t *testing.T) {
	dir := t.TempDir()
	images := map[string]rawPNG{}
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			width, height := 37, 21+16*(channels%2) // every second one is a square
			p := rawPNG{width, height, channels, depth, randomBytes(width * height * channels * depth / 8)}
			name := fmt.Sprintf("%d channels of %d bits", channels, depth)
			p.write(t, filepath.Join(dir, name+".png"), p.filtered(false))
			images[name] = p
		}
	}
	out := map[bool]string{false: k.encrypt(t, dir, "--pixels", "-r", k.recipient, "--no-gan"), true: k.encrypt(t, dir, "--pixels", "-r", k.recipient)}
	for i, name := range slices.Sorted(maps.Keys(images)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readRawPNG(t, opens(t, filepath.Join(out[i%2 == 0], name+".cipher.png"), "-i", k.identity))
			if !reflect.DeepEqual(got, images[name]) {
				t.Error("another image")
			}
		})
	}
}

// committed compares with what keygan makes of the pairs that are kept from each version.
func (k *pairs) committed(t *testing.T) {
	for _, name := range []string{"sealed-v1.file", "sealed-v1.image", "sealed-v2.file", "sealed-v2.image", "sealed-v3.file", "sealed-v3.image"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identity := filepath.Join(testdata, "sealed-v1.identity")
			pair := filepath.Join(testdata, name+".cipher.png")
			back := t.TempDir()
			mustRun(t, exec.Command(k.keygan, "decrypt", pair, "-o", back, "-i", identity, "--keep-outer-name"))
			want, err := filepath.Glob(filepath.Join(back, "*"))
			if err != nil || len(want) != 1 {
				t.Fatal(want, err)
			}
			got := opens(t, pair, "-i", identity)
			if strings.HasSuffix(name, "image") {
				if !reflect.DeepEqual(decodePNG(t, got), decodePNG(t, want[0])) {
					t.Error("another image")
				}
			} else if !bytes.Equal(readBytes(t, got), readBytes(t, want[0])) {
				t.Error("other bytes")
			}
		})
	}
}

func decodePNG(t *testing.T, path string) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(readBytes(t, path)))
	if err != nil {
		t.Fatal(path, err)
	}
	return img
}

// documented opens the example of docs/format.md.
func documented(t *testing.T) {
	doc := string(readBytes(t, "../docs/format.md"))
	line := regexp.MustCompile(`(?m)^    (\{"header".*\})$`).FindStringSubmatch(doc)
	rows := regexp.MustCompile(`(?m)^    ((?:[0-9a-f]{2} ){4}[0-9a-f]{2})$`).FindAllStringSubmatch(doc, -1)
	if line == nil || len(rows) != 4 {
		t.Fatalf("no example of a line and 4 rows: %q, %q", line, rows)
	}
	p := rawPNG{width: 5, height: 4, channels: 1, depth: 8}
	for _, row := range rows {
		b, err := hex.DecodeString(strings.ReplaceAll(row[1], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		p.samples = append(p.samples, b...)
	}
	stem := filepath.Join(t.TempDir(), "a.txt")
	p.write(t, stem+".cipher.png", p.filtered(false))
	writeBytes(t, stem+".key.json", []byte(line[1]+"\n"))
	got := opens(t, stem+".cipher.png")
	if content := readBytes(t, got); string(content) != "scan" {
		t.Errorf("%q", content)
	}
	if info, err := os.Stat(got); err != nil || info.Mode().Perm()&0o600 != 0o600 || info.Mode().Perm()&0o111 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// memory compares the most memory that a long and an empty file take.
func (k *pairs) memory(t *testing.T) {
	const program = `import re, decrypt; decrypt.main(); print(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1])`
	peak := map[int]int{} // in KiB, by the file's length
	for _, n := range []int{0, 16 << 20} {
		dir := t.TempDir()
		writeBytes(t, filepath.Join(dir, "file"), make([]byte, n))
		out := k.encrypt(t, dir, "--unencrypted-key", "--no-gan")
		result := mustRun(t, exec.Command("/usr/bin/python3", "-B", "-c", program, filepath.Join(out, "file.cipher.png"), "-o", filepath.Join(dir, "back")))
		kib, err := strconv.Atoi(strings.TrimSpace(result))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(readBytes(t, filepath.Join(dir, "back")), make([]byte, n)) {
			t.Error("other bytes")
		}
		peak[n] = kib
	}
	if more := peak[16<<20] - peak[0]; more > 4<<10 {
		t.Errorf("16 MiB take %d KiB more than an empty file", more)
	}
}
