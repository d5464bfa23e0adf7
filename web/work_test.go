package web

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keygan/batch"
	"keygan/batch/keyfile"
	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/synthetic"
)

// party has an identity and says what the page needs of it.
type party struct{ identity, recipient string }

func newParty(t testing.TB) party {
	t.Helper()
	file, recipient, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return party{string(file), recipient}
}

type made struct {
	Image, Key result
	Comment    string
}

type opened struct{ File result }

// framed puts texts together as the page sends secrets.
func framed(texts ...string) (b []byte) {
	for _, text := range texts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
	}
	return b
}

func (c *client) handle(action string, texts ...string) (id string) {
	c.t.Helper()
	var out struct{ ID string }
	if status, failed := c.raw(action, framed(texts...), &out); status != 200 {
		c.t.Fatalf("%s: %d %s", action, status, failed)
	}
	return out.ID
}

func (c *client) encrypt(name string, content []byte, to string) made {
	c.t.Helper()
	var out made
	if status, failed := c.json("encrypt", map[string]any{"file": c.upload(name, content), "to": to}, &out); status != 200 {
		c.t.Fatalf("%s: %d %s", name, status, failed)
	}
	return out
}

// picture is a drawn X-ray, as a PNG.
func picture(t testing.TB) []byte {
	t.Helper()
	src, err := synthetic.New("xray", 1, 64, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := src.Image(0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := imagefile.EncodePNG(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// contents are files of all kinds.
func contents(t testing.TB) map[string][]byte {
	random := make([]byte, 300_000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	return map[string][]byte{
		"scan.png": picture(t), "empty.txt": {}, "one": {7}, "random.bin": random, "broken.png": []byte("\x89PNG\r\n\x1a\nno"), "grün 1.txt": []byte("ü"),
	}
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What the page encrypts, the command decrypts, byte for byte, with memory for all of it and for none.
func TestCommandOpensWhatThePageEncrypts(t *testing.T) {
	for _, inside := range []int64{mostInside, 0} {
		defer func(old int64) { mostInside = old }(mostInside)
		mostInside = inside
		c, p := open(t, Options{}), newParty(t)
		dir := t.TempDir()
		to := c.handle("recipients", "# me\n"+p.recipient+"\n", "")
		all := contents(t)
		for name, content := range all {
			out := c.encrypt(name, content, to)
			write(t, filepath.Join(dir, out.Image.Name), c.save("", out.Image.ID))
			write(t, filepath.Join(dir, out.Key.Name), c.save("", out.Key.ID))
		}
		back := t.TempDir()
		me := filepath.Join(t.TempDir(), "me.key")
		write(t, me, []byte(p.identity))
		report, err := batch.Decrypt(context.Background(), batch.Host{}, batch.DecryptOptions{Output: back, Identities: []string{me}}, []string{dir})
		if err != nil || len(report.Failed) > 0 {
			t.Fatalf("%v, error %v", report, err)
		}
		for name, content := range all {
			if got, err := os.ReadFile(filepath.Join(back, name)); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: %d bytes, error %v", name, len(got), err)
			}
		}
	}
}

// With names hidden, what the page encrypts shows none, and comes back in its folders, from the page and from the command.
func TestPageHidesNames(t *testing.T) {
	c, p := open(t, Options{}), newParty(t)
	var up result
	var out made
	c.raw("upload", []byte("content"), &up, "X-Keygan-Name", "Jane.txt", "X-Keygan-Folder", "Doe/CT")
	to := c.handle("recipients", p.recipient, "")
	if status, failed := c.json("encrypt", map[string]any{"file": up.ID, "to": to, "hide": true}, &out); status != 200 {
		t.Fatal(status, failed)
	}
	random := regexp.MustCompile(`^[a-z2-7]{26}\.(cipher\.png|key\.age)$`)
	image, key := c.save("", out.Image.ID), c.save("", out.Key.ID)
	if !random.MatchString(out.Image.Name) || !random.MatchString(out.Key.Name) || bytes.Contains(image, []byte("Jane")) {
		t.Errorf("names show: %+v", out)
	}
	if h := header(t, key, p); h.Name != "Jane.txt" || h.Folder != "Doe/CT" {
		t.Errorf("inside: %+v", h)
	}
	ids := c.handle("identities", p.identity, "", "")
	var one struct{ ID string }
	c.json("key", map[string]any{"file": c.upload("a.key.age", key), "identities": ids}, &one)
	var back opened
	if status, failed := c.json("decrypt", map[string]any{"file": c.upload("b.cipher.png", image), "keys": []string{one.ID}}, &back); status != 200 ||
		back.File.Name != "Doe/CT/Jane.txt" {
		t.Fatalf("%d %s, %+v", status, failed, back)
	}
	b := c.save("all.zip", back.File.ID)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) != 1 || z.File[0].Name != "Doe/CT/Jane.txt" || !bytes.Contains(b, []byte("content")) {
		t.Errorf("error %v, archive %q", err, b)
	}
}

// What the command encrypts, the page decrypts, whatever the files are called: the key files say which belong together. The network's key
// takes part in both in the same way.
func TestPageOpensWhatTheCommandEncrypts(t *testing.T) {
	p, dir, out := newParty(t), t.TempDir(), t.TempDir()
	all := contents(t)
	for name, content := range all {
		write(t, filepath.Join(dir, name), content)
	}
	o := batch.EncryptOptions{Output: out, Recipients: []string{p.recipient}}
	report, err := batch.Encrypt(context.Background(), batch.Host{}, o, []string{dir})
	if err != nil || len(report.Failed) > 0 {
		t.Fatalf("%v, error %v", report, err)
	}
	c := open(t, Options{})
	identities := c.handle("identities", p.identity, "", "")
	var keys []string
	n := 0
	images := map[string][]byte{}
	for name := range all {
		key, err := os.ReadFile(filepath.Join(out, name+".key.age"))
		if err != nil {
			t.Fatal(err)
		}
		var one struct{ ID string }
		n++
		if status, failed := c.json("key", map[string]string{"file": c.upload(fmt.Sprintf("%d.age", n), key), "identities": identities}, &one); status != 200 {
			t.Fatal(status, failed)
		}
		keys = append(keys, one.ID)
		if images[fmt.Sprintf("%d.png", 100-n)], err = os.ReadFile(filepath.Join(out, name+".cipher.png")); err != nil {
			t.Fatal(err)
		}
	}
	for name, image := range images {
		var got opened
		if status, failed := c.json("decrypt", map[string]any{"file": c.upload(name, image), "keys": keys}, &got); status != 200 {
			t.Fatal(name, status, failed)
		}
		if content := c.save("", got.File.ID); !bytes.Equal(content, all[got.File.Name]) {
			t.Errorf("%s: %d bytes", got.File.Name, len(content))
		}
		image[len(image)/2] ^= 1
		if status, _ := c.json("decrypt", map[string]any{"file": c.upload(name, image), "keys": keys}, nil); status == 200 {
			t.Errorf("%s opens although it was changed", name)
		}
	}
	generators := map[string]bool{}
	for _, image := range []string{"scan.png"} {
		for _, keyFile := range [][]byte{mustRead(t, filepath.Join(out, image+".key.age")), c.save("", c.encrypt(image, all[image], c.handle("recipients", p.recipient, "")).Key.ID)} {
			generators[header(t, keyFile, p).Generator] = true
		}
	}
	if len(generators) != 1 || generators[""] {
		t.Errorf("the generators of the command and the page: %v", generators)
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func header(t testing.TB, keyFile []byte, p party) sealed.Header {
	t.Helper()
	ids, err := agekeys.ParseIdentities("me", []byte(p.identity), nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := keyfile.Parse("x.key.age", keyFile, ids)
	if err != nil {
		t.Fatal(err)
	}
	return k.Header
}

// A new identity opens what is encrypted to its recipient; under a passphrase, only with that. A stranger's opens nothing.
func TestIdentitiesAndPassphrases(t *testing.T) {
	c := open(t, Options{})
	content := []byte("content")
	try := func(out made, identities string) (status int, got []byte) {
		var key1 struct{ ID string }
		key := c.upload("a.key.age", c.save("", out.Key.ID))
		if status, _ := c.json("key", map[string]string{"file": key, "identities": identities}, &key1); status != 200 {
			return status, nil
		}
		var d opened
		if status, _ := c.json("decrypt", map[string]any{"file": c.upload("a.cipher.png", c.save("", out.Image.ID)), "keys": []string{key1.ID}}, &d); status != 200 {
			return status, nil
		}
		return 200, c.save("", d.File.ID)
	}
	var identity struct {
		File      result
		Recipient string
	}
	if status, failed := c.raw("identity", framed("open sesame"), &identity); status != 200 {
		t.Fatal(status, failed)
	}
	file := string(c.save("", identity.File.ID))
	if strings.Contains(file, "SECRET") {
		t.Error("the identity is not encrypted")
	}
	out := c.encrypt("a.txt", content, c.handle("recipients", identity.Recipient, ""))
	if status, got := try(out, c.handle("identities", file, "open sesame", "")); status != 200 || !bytes.Equal(got, content) {
		t.Errorf("%d %q", status, got)
	}
	if status, _ := try(out, c.handle("identities", newParty(t).identity, "", "")); status == 200 {
		t.Error("a stranger's identity opens it")
	}
	under := c.encrypt("a.txt", content, c.handle("recipients", "", "correct horse"))
	if status, got := try(under, c.handle("identities", "", "", "correct horse")); status != 200 || !bytes.Equal(got, content) {
		t.Errorf("passphrase: %d %q", status, got)
	}
	for _, wrong := range [][]byte{
		nil, {0, 0, 0, 9, 1}, framed(identity.Recipient), framed(identity.Recipient, "", ""), {255, 255, 255, 255, 0, 0, 0, 0},
		framed("", ""), framed(identity.Recipient, "x"), framed(strings.Split(newParty(t).identity, "\n")[2], ""),
	} {
		if status, failed := c.raw("recipients", wrong, nil); status == 200 || strings.Contains(failed, "AGE-SECRET") {
			t.Errorf("%d %s", status, failed)
		}
	}
}

// No name in a request gets out of the folder, or anything in it replaced, or a link followed.
func TestNamesStayInTheFolder(t *testing.T) {
	parent := t.TempDir()
	dir, elsewhere := filepath.Join(parent, "out"), filepath.Join(parent, "elsewhere")
	for _, d := range []string{dir, elsewhere} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "old.txt.cipher.png"), []byte("precious"))
	c := open(t, Options{Folder: dir})
	to := c.handle("recipients", newParty(t).recipient, "")
	for _, n := range [][2]string{
		{"", "../a"}, {"", "..\\a"}, {"", ".."}, {"", "."}, {"", ""}, {"", "/etc/a"}, {"", "a\x00b"}, {"", "a\nb"}, {"", "\u202egnp.a"}, {"", strings.Repeat("x", 300)},
		{"..", "a"}, {"../..", "a"}, {"b/../..", "a"}, {"/etc", "a"}, {"b//c", "a"}, {"b/", "a"}, {"./b", "a"}, {"\\\\host", "a"}, {"link", "a"}, {"link/b", "a"}, {"", "old.txt"},
		{"b", "x.key.age"}, {strings.Repeat("a/", 3000) + "a", "a"},
	} {
		var up struct{ ID string }
		status, _ := c.raw("upload", []byte("content"), &up, "X-Keygan-Name", url.PathEscape(n[1]), "X-Keygan-Folder", url.PathEscape(n[0]))
		if status == 200 {
			status, _ = c.json("encrypt", map[string]any{"file": up.ID, "to": to, "into": true}, nil)
		}
		if status == 200 || status >= 500 {
			t.Errorf("folder %q, name %q: %d", n[0], n[1], status)
		}
	}
	for _, zip := range []string{"../a.zip", "a/b.zip", "a\\b.zip", "..", "a\r\nX: y"} {
		if status, _ := c.json("ticket", map[string]any{"ids": []string{c.upload("a", nil)}, "zip": zip}, nil); status != http.StatusBadRequest {
			t.Errorf("%q: %d", zip, status)
		}
	}
	for _, path := range []string{"/assets/../web.go", "/assets/..%2fweb.go", "/assets/%2e%2e/web.go", "/assets/", "/t/../../etc/passwd", "//etc/passwd", "/assets/..\\web.go"} {
		if status, body, _ := c.do(c.request("GET", path, nil)); status == 200 && !bytes.Contains(body, []byte("<title>keygan")) {
			t.Errorf("%s: %d %.60s", path, status, body)
		}
	}
	for d, want := range map[string][]string{elsewhere: nil, parent: {"elsewhere", "out"}, dir: {"link", "old.txt.cipher.png"}} {
		var names []string
		entries, err := os.ReadDir(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s has %v, want %v", d, names, want)
		}
	}
	if b := mustRead(t, filepath.Join(dir, "old.txt.cipher.png")); string(b) != "precious" {
		t.Error("a file was replaced")
	}
	var out made
	if status, failed := c.json("encrypt", map[string]any{"file": c.upload("new.txt", []byte("content")), "to": to, "into": true}, &out); status != 200 {
		t.Fatal(status, failed)
	}
	if _, err := os.Stat(filepath.Join(dir, "new.txt.key.age")); err != nil || out.Image.Name != "new.txt.cipher.png" || out.Image.ID != "" {
		t.Errorf("%+v, error %v", out, err)
	}
	// Without a folder, nothing is written at all.
	none := open(t, Options{})
	if status, _ := none.json("encrypt", map[string]any{"file": none.upload("a", nil), "to": none.handle("recipients", newParty(t).recipient, ""), "into": true}, nil); status != 400 {
		t.Errorf("without a folder: %d", status)
	}
}

// An archive has each file once, under a name that stays in the folder where it is unpacked, and is no archive if a file is gone.
func TestArchive(t *testing.T) {
	c := open(t, Options{})
	var ids []string
	for i, name := range []string{"a.txt", "a.txt", "A.TXT", "a (2).txt"} {
		ids = append(ids, c.upload(name, []byte{byte(i)}))
	}
	var up struct{ ID string }
	c.raw("upload", []byte{4}, &up, "X-Keygan-Name", "a.txt", "X-Keygan-Folder", "b/c")
	b := c.save("all.zip", append(ids, up.ID)...)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for i, f := range z.File {
		if !filepath.IsLocal(f.Name) || strings.Contains(f.Name, "\\") || names[strings.ToLower(f.Name)] {
			t.Errorf("%q", f.Name)
		}
		names[strings.ToLower(f.Name)] = true
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(r); err != nil || !bytes.Equal(content, []byte{byte(i)}) {
			t.Errorf("%q holds %v, error %v", f.Name, content, err)
		}
	}
	if len(names) != 5 || !names["b/c/a.txt"] {
		t.Errorf("%v", names)
	}
	var out struct{ URL string }
	c.json("ticket", map[string]any{"ids": ids, "zip": "all.zip"}, &out)
	c.json("discard", map[string]any{"ids": ids[2:3]}, &struct{}{})
	resp, err := http.DefaultTransport.RoundTrip(c.request("GET", out.URL, nil))
	whole := false
	if err == nil { // the transport may have asked again, in vain
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		whole = err == nil && resp.StatusCode == 200
	}
	if whole {
		t.Error("an archive without one of its files looks whole")
	}
}

// A ticket is for a minute.
func TestTicketsGetOld(t *testing.T) {
	c := open(t, Options{})
	var out struct{ URL string }
	c.json("ticket", map[string]any{"ids": []string{c.upload("a", nil)}}, &out)
	id := strings.TrimPrefix(out.URL, "/t/")
	old := c.s.tickets.all[id]
	if left := time.Until(old.until); left <= 0 || left > time.Minute {
		t.Errorf("valid for %v", left)
	}
	old.until = time.Now().Add(-time.Second)
	c.s.tickets.all[id] = old
	if status, _, _ := c.do(c.request("GET", out.URL, nil)); status != http.StatusForbidden {
		t.Errorf("%d", status)
	}
	if status, _, _ := c.do(c.request("HEAD", out.URL, nil)); status == 200 {
		t.Errorf("HEAD: %d", status)
	}
}

// Fifty clients at once get their own files back, and nothing is left when they are discarded.
func TestManyClients(t *testing.T) {
	c := open(t, Options{})
	p := newParty(t)
	to := c.handle("recipients", p.recipient, "")
	scan := picture(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			content := append(slices.Clone(scan), byte(i))
			var up struct{ ID string }
			for {
				status, failed := c.raw("upload", content, &up, "X-Keygan-Name", fmt.Sprintf("%d.bin", i))
				if status == 200 {
					break
				} else if status != http.StatusServiceUnavailable {
					t.Error(status, failed)
					return
				}
			}
			var out made
			if status, failed := c.json("encrypt", map[string]any{"file": up.ID, "to": to}, &out); status != 200 {
				t.Error(status, failed)
				return
			}
			if h := header(t, c.save("", out.Key.ID), p); h.Name != fmt.Sprintf("%d.bin", i) || h.Length != int64(len(content)) {
				t.Errorf("%d: %+v", i, h)
			}
			c.json("discard", map[string]any{"ids": []string{out.Image.ID, out.Key.ID}}, &struct{}{})
		})
	}
	all.Wait()
	c.json("discard", map[string]any{"ids": []string{to}}, &struct{}{})
	if n := len(c.s.shelf.items); n != 0 {
		t.Errorf("%d items are left", n)
	}
}

// Discarding a file while it is being fetched neither breaks the fetch nor leaves the file.
func TestDiscardWhileFetching(t *testing.T) {
	c := open(t, Options{})
	content := bytes.Repeat([]byte("0123456789"), 800_000)
	id := c.upload("a", content)
	i, done, err := c.s.shelf.file(id)
	if err != nil {
		t.Fatal(err)
	}
	c.s.shelf.drop(id)
	if got, err := io.ReadAll(i.batchContent().File); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	done()
	if i.content.Size() != 0 {
		t.Error("the content is still there")
	}
}

// A process that is killed at any time leaves nothing of an upload on the disk, and no half pair in the folder.
func TestKilled(t *testing.T) {
	for _, wait := range []time.Duration{0, 20 * time.Millisecond, 60 * time.Millisecond, 150 * time.Millisecond} {
		temporary, out := t.TempDir(), t.TempDir()
		server := exec.Command(os.Args[0], "-test.run", "TestHelperServer")
		server.Env = append(os.Environ(), "KEYGAN_TEST_SERVE="+out, "TMPDIR="+temporary)
		lines, err := server.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		launch := make([]byte, 200)
		n, _ := lines.Read(launch)
		base, token, _ := strings.Cut(strings.TrimSpace(string(launch[:n])), "/#launch=")
		c := &client{t: t, base: base, s: &server0}
		c.s.access.launch = token
		c.session = c.launch()
		to := c.handle("recipients", newParty(t).recipient, "")
		id := c.upload("patient.bin", bytes.Repeat([]byte("the patient's name "), 1_000_000))
		go http.DefaultTransport.RoundTrip(c.request("POST", "/api/encrypt", strings.NewReader(`{"file":"`+id+`","to":"`+to+`","into":true}`)))
		time.Sleep(wait)
		server.Process.Kill()
		server.Wait()
		if names, err := os.ReadDir(temporary); err != nil || len(names) > 0 {
			t.Errorf("left in the temporary folder: %v, error %v", names, err)
		}
		_, noImage := os.Stat(filepath.Join(out, "patient.bin.cipher.png"))
		_, noKey := os.Stat(filepath.Join(out, "patient.bin.key.age"))
		if noImage == nil && noKey != nil {
			t.Error("a cipher image without its key file")
		}
		filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if b, _ := os.ReadFile(path); bytes.Contains(b, []byte("patient's")) {
					t.Errorf("%s shows the content", path)
				}
			}
			return err
		})
	}
}

var server0 server // holds the launch token of another process

// TestHelperServer is the process that TestKilled kills.
func TestHelperServer(t *testing.T) {
	folder := os.Getenv("KEYGAN_TEST_SERVE")
	if folder == "" {
		t.Skip("for TestKilled")
	}
	mostInside = 0
	Serve(context.Background(), Options{
		Addr: "127.0.0.1:0", Folder: folder,
		Ready: func(_, _, launch string) { fmt.Println(launch) },
	})
}
