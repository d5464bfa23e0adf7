package browser

import (
	"bytes"
	"path/filepath"
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
