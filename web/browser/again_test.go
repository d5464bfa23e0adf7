package browser

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Retry takes the secret that is typed now, not the one that failed, and what fails says which kind of secret the key file is for.
func TestRetryTakesTheNewSecret(t *testing.T) {
	p := visit(t, t.TempDir())
	p.refuses = true
	image := samples(t, p.dir, "-n", "1", "--kind", "mri")[0]
	p.write("passphrase", []byte(secret))
	p.command("keypair", "-o", "me.key")
	p.command("encrypt", image, "-o", "out", "--passphrase-file", "passphrase")
	pair, _ := filepath.Glob(filepath.Join(p.dir, "out", "*"))
	p.click(`nav a[href="#decrypt"]`)
	p.drop("#decrypt .drop", pair...)
	p.until(`document.querySelectorAll("#decrypt .row").length === 1`)
	p.choose(func() { p.click("#decrypt label:has([data-identity-file])") }, filepath.Join(p.dir, "me.key"))
	p.until(`document.querySelector("#identity-file").textContent.includes("me.key")`)
	p.click("#decrypt .primary")
	fails := func(wanted string) {
		t.Helper()
		p.until(`document.querySelector("#decrypt .row").dataset.state === "failed"`)
		if said := p.text("#decrypt .row .said"); !strings.Contains(said, wanted) || !strings.Contains(said, filepath.Base(image)+".key.age") {
			t.Errorf("it says %q", said)
		}
	}
	fails("Only a passphrase does")
	p.click("#decrypt [name=with][value=passphrase]")
	p.click("#opens")
	p.paste("something else entirely")
	retry := "#decrypt .row .buttons button:first-child"
	p.click(retry)
	p.until(`document.querySelector("#decrypt .row").dataset.state !== "failed"`)
	fails("This passphrase")
	p.click("#opens")
	p.press("a", chromedp.KeyModifiers(kb.ModifierCtrl))
	p.paste(secret)
	p.click(retry)
	p.until(finished)
	if _, content := p.saved(func() { p.click(retry) }); !bytes.Equal(content, p.read("images/"+filepath.Base(image))) {
		t.Error("another file comes out")
	}
}

// The recipient of one's own identity file is added, never the identity itself. Files that are encrypted stay encrypted to whom they are, and
// the page says so.
func TestRecipientsFromAFile(t *testing.T) {
	p := visit(t, t.TempDir())
	image := samples(t, p.dir, "-n", "1", "--kind", "mri")[0]
	p.command("keypair", "-o", "me.key")
	p.drop("#encrypt .drop", image)
	p.choose(func() { p.click("#encrypt label:has([data-recipients-file])") }, filepath.Join(p.dir, "me.key"))
	p.until(`document.querySelector("#recipients").value !== ""`)
	var listed string
	if p.js(`document.querySelector("#recipients").value`, &listed); strings.TrimSpace(listed) != publicOf(p) {
		t.Errorf("the list has %q", listed)
	}
	p.choose(func() { p.click("#encrypt label:has([data-recipients-file])") }, p.write("ssh", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")))
	p.until(`document.querySelector("#encrypt [data-problem]").textContent.includes("ssh")`)
	p.click("#encrypt .primary")
	p.until(finished)
	name, key := p.saved(func() { p.click("#encrypt .row .buttons button:nth-child(2)") })
	p.write(name, key)
	name, cipher := p.saved(func() { p.click("#encrypt .row .buttons button:nth-child(1)") })
	p.write(name, cipher)
	p.command("decrypt", name, "-o", "back", "-i", "me.key")
	if !bytes.Equal(p.read("back/"+filepath.Base(image)), p.read("images/"+filepath.Base(image))) {
		t.Error("another file comes back")
	}
	p.click("#encrypt .primary")
	p.until(`document.querySelector("#encrypt [data-problem]").textContent.includes("clear the list")`)
	p.state("encrypt-again")
}

// Of several pairs, one is for somebody else and one lacks its key file: each row says what is wrong with it, and the other opens.
func TestWhatStaysClosed(t *testing.T) {
	p := visit(t, t.TempDir())
	p.refuses = true
	samples(t, p.dir, "-n", "3", "--kind", "mri")
	for i, owner := range []string{"other.key", "me.key", "me.key"} { // publicOf reads me.key
		if i < 2 {
			p.command("keypair", "-o", "me.key", "--force")
		}
		p.command("encrypt", "images/mri-0000"+strconv.Itoa(i)+".png", "-o", "out", "-r", publicOf(p))
		p.write(owner, p.read("me.key"))
	}
	p.must(os.Remove(filepath.Join(p.dir, "out", "mri-00002.png.key.age")))
	p.click(`nav a[href="#decrypt"]`)
	p.drop("#decrypt .drop", filepath.Join(p.dir, "out"))
	p.until(`document.querySelectorAll("#decrypt .row").length === 3`)
	p.choose(func() { p.click("#decrypt label:has([data-identity-file])") }, filepath.Join(p.dir, "me.key"))
	p.until(`document.querySelector("#identity-file").textContent.includes("me.key")`)
	p.click("#decrypt .primary")
	var said []struct{ Name, State, Said string }
	p.until(`document.querySelectorAll("#decrypt .row:is([data-state=done], [data-state=failed])").length === 3`)
	p.js(`[...document.querySelectorAll("#decrypt .row")].map((r) => ({ name: r.querySelector(".name").textContent, state: r.dataset.state, said: r.querySelector(".said").textContent }))`, &said)
	for _, row := range said {
		own := strings.HasPrefix(row.Said, "This identity does not open mri-00000.png.key.age")
		if strings.Contains(row.Name, "mri-00000") != own || strings.Contains(row.Name, "mri-00001") != (row.State == "done") ||
			strings.Contains(row.Name, "mri-00002") != strings.Contains(row.Said, "None of the key files") {
			t.Errorf("%+v", row)
		}
	}
}
