package browser

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// samples draws images into a folder of the page's and returns their paths.
func samples(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	keygan(t, dir, append([]string{"samples", "-o", "images"}, args...)...)
	found, _ := filepath.Glob(filepath.Join(dir, "images", "*.png"))
	if len(found) == 0 {
		t.Fatal("no samples")
	}
	return found
}

// publicOf is the recipient of the identity in me.key.
func publicOf(p *page) string {
	return regexp.MustCompile(`age1\w+`).FindString(string(p.read("me.key")))
}

const finished = `[...document.querySelectorAll(".page:not([hidden]) .row")].every((r) => r.dataset.state === "done") && document.querySelector(".page:not([hidden]) .row")`

// looks scrolls to the list of files, whose pictures are made when they are seen, and waits for n of them.
func (p *page) looks(section string, n int) {
	p.Helper()
	p.until(`document.querySelector("` + section + ` .row")?.checkVisibility()`)
	p.js(`void document.querySelector("`+section+` .rows").scrollIntoView({ block: "end" })`, nil)
	p.until(`document.querySelectorAll("` + section + ` .look img").length === ` + strconv.Itoa(n))
}

// With the mouse: three files dropped, an identity made and saved, encrypted, saved; keygan decrypt gives them back.
func TestEncryptByMouse(t *testing.T) {
	p := visit(t, t.TempDir())
	images := samples(t, p.dir, "-n", "1")
	p.state("encrypt-empty")
	p.drop("#encrypt .drop", images...)
	p.looks("#encrypt", len(images))
	p.click("#encrypt [data-new-identity]")
	p.until(`!document.querySelector("[data-identity-note]").hidden`)
	name, identity := p.saved(func() { p.click("[data-identity-save]") })
	if !bytes.Contains(identity, []byte("AGE-SECRET-KEY-")) {
		t.Fatalf("%s: %q", name, identity)
	}
	p.write("me.key", identity)
	p.click("#encrypt .primary")
	p.until(finished)
	p.looks("#encrypt", 2*len(images))
	for i, image := range images {
		row := `#encrypt .row:nth-child(` + strconv.Itoa(i+1) + `) `
		for nth, end := range []string{".cipher.png", ".key.age"} {
			name, content := p.saved(func() { p.click(row + `.buttons button:nth-child(` + strconv.Itoa(nth+1) + `)`) })
			if name != filepath.Base(image)+end {
				t.Errorf("saved as %s", name)
			}
			p.write(name, content)
		}
		p.command("decrypt", filepath.Base(image)+".cipher.png", "-o", "back", "-i", "me.key")
		if want, err := os.ReadFile(image); err != nil || !bytes.Equal(p.read("back/"+filepath.Base(image)), want) {
			t.Errorf("%s: the command gives another file back, error %v", image, err)
		}
	}
	p.state("encrypt-done")
}

// With the keyboard only: what the command has encrypted is chosen, opened and saved.
func TestDecryptByKeyboard(t *testing.T) {
	p := visit(t, t.TempDir())
	images := samples(t, p.dir, "-n", "1")
	p.command("keypair", "-o", "me.key")
	identity := string(p.read("me.key"))
	p.command("encrypt", "images", "-o", "out", "-r", publicOf(p))
	pairs, _ := filepath.Glob(filepath.Join(p.dir, "out", "*"))
	slices.Reverse(pairs) // names and order do not matter
	p.tabTo(`nav a[href="#decrypt"]`)
	p.press(kb.Enter)
	p.until(`!document.querySelector("#decrypt").hidden`)
	p.tabTo("#decrypt [data-files]")
	p.choose(func() { p.press(kb.Enter) }, pairs...)
	p.until(`document.querySelectorAll("#decrypt .row").length === ` + strconv.Itoa(len(images)))
	p.tabTo("#identity")
	p.paste(regexp.MustCompile(`AGE-SECRET-KEY-\w+`).FindString(identity))
	p.press(kb.Enter)
	p.until(finished)
	for range images {
		p.tabTo("#decrypt .row .buttons button")
		name, content := p.saved(func() { p.press(" ") })
		if want := p.read("images/" + name); !bytes.Equal(content, want) {
			t.Errorf("%s: %d bytes, not the %d of the file", name, len(content), len(want))
		}
	}
	p.looks("#decrypt", 2*len(images))
	p.state("decrypt-done")
}

// A wrong identity opens nothing; the page says what the command says, and the right one opens the same list, into the folder that keygan was started with.
func TestWrongIdentity(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "back"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := visit(t, dir, "back")
	p.refuses = true
	samples(t, p.dir, "-n", "1", "--kind", "xray")
	p.command("keypair", "-o", "me.key")
	p.command("keypair", "-o", "other.key")
	p.command("encrypt", "images", "-o", "out", "-r", publicOf(p))
	pair, _ := filepath.Glob(filepath.Join(p.dir, "out", "*"))
	p.click(`nav a[href="#decrypt"]`)
	p.drop("#decrypt .drop", pair...)
	p.until(`document.querySelectorAll("#decrypt .row").length === 1`)
	p.choose(func() { p.click("#decrypt label:has([data-identity-file])") }, filepath.Join(p.dir, "other.key"))
	p.until(`document.querySelector("#identity-file").textContent.includes("other.key")`)
	p.click("#decrypt .primary")
	p.until(`document.querySelector("#decrypt .row").dataset.state === "failed"`)
	if said := p.text("#decrypt .row .said"); !strings.Contains(said, "identit") {
		t.Errorf("it says %q", said)
	}
	p.state("decrypt-failed")
	p.choose(func() { p.click("#decrypt label:has([data-identity-file])") }, filepath.Join(p.dir, "me.key"))
	p.until(`document.querySelector("#identity-file").textContent.includes("me.key")`)
	p.click("#decrypt [name=decrypt-into][value=yes]")
	p.click("#decrypt .primary")
	p.until(finished)
	if !bytes.Equal(p.read("back/xray-00000.png"), p.read("images/xray-00000.png")) {
		t.Error("another file lies in the folder")
	}
}
