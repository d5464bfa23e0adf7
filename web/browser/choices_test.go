package browser

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const secret = "plum orbit candle seven rivers quietly"

// With the keyboard only, under a passphrase, with hidden names: everything is saved as one archive, and both the page and the command
// restore every file with its name.
func TestPassphraseByKeyboard(t *testing.T) {
	p := visit(t, t.TempDir())
	images := samples(t, p.dir, "-n", "2", "--kind", "xray") // each key costs a second
	p.tabTo("#encrypt [data-files]")
	p.choose(func() { p.press(kb.Enter) }, images...)
	p.tabTo("[name=who]")
	p.press(kb.ArrowDown) // to the passphrase
	p.tabTo("#passphrase")
	p.paste("short")
	if said := p.text("#strength"); !strings.Contains(said, "weak") {
		t.Errorf("of a short passphrase it says %q", said)
	}
	p.press("a", chromedp.KeyModifiers(kb.ModifierCtrl))
	p.paste(secret)
	if said := p.text("#strength"); !strings.HasPrefix(said, "Good") {
		t.Errorf("of six words it says %q", said)
	}
	p.tabTo("[data-reveal=passphrase]")
	p.press(" ")
	p.until(`document.querySelector("#passphrase").type === "text"`)
	p.tabTo("#hide-names")
	p.press(" ")
	p.tabTo("#encrypt .primary")
	p.press(kb.Enter)
	p.until(finished)
	p.state("encrypt-hidden")
	p.tabTo(`#encrypt .bar .either button:not([hidden])`)
	name, content := p.saved(func() { p.press(kb.Enter) })
	if name != "encrypted.zip" {
		t.Errorf("saved as %s", name)
	}
	entries := p.unpack(content, "hidden")
	if len(entries) != 2*len(images) {
		t.Errorf("the archive has %d files: %v", len(entries), entries)
	}
	for _, entry := range entries {
		for _, image := range images {
			if name, _, _ := strings.Cut(filepath.Base(image), "."); strings.Contains(entry, name) {
				t.Errorf("%s tells the name of %s", entry, image)
			}
		}
	}
	p.write("passphrase", []byte(secret))
	p.command("decrypt", "hidden", "-o", "byCommand", "--passphrase-file", "passphrase")

	p.click(`nav a[href="#decrypt"]`)
	p.drop("#decrypt .drop", filepath.Join(p.dir, "hidden"))
	p.until(`document.querySelectorAll("#decrypt .row").length === ` + strconv.Itoa(len(images)))
	p.tabTo("[name=with]")
	p.press(kb.ArrowDown)
	p.tabTo("#opens")
	p.paste(secret)
	p.press(kb.Enter)
	p.until(finished)
	_, content = p.saved(func() { p.click(`#decrypt .bar .either button:not([hidden])`) })
	p.unpack(content, "byPage")
	for _, image := range images {
		want, err := os.ReadFile(image)
		p.must(err)
		for _, by := range []string{"byCommand", "byPage"} {
			if !bytes.Equal(p.read(filepath.Join(by, filepath.Base(image))), want) {
				t.Errorf("%s: %s differs", by, image)
			}
		}
	}
}

// unpack writes the files of an archive into a new folder, and returns their names.
func (p *page) unpack(archive []byte, folder string) []string {
	p.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	p.must(err)
	p.must(os.Mkdir(filepath.Join(p.dir, folder), 0o700))
	found := map[string]bool{}
	for _, entry := range z.File {
		f, err := entry.Open()
		p.must(err)
		content, err := io.ReadAll(f)
		p.must(err)
		p.write(filepath.Join(folder, filepath.Base(entry.Name)), content)
		found[filepath.Base(entry.Name)] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// The schemes for research are behind a switch, with a warning, and make the files that the command makes.
func TestResearchSchemes(t *testing.T) {
	p := visit(t, t.TempDir())
	own := samples(t, p.dir, "-n", "1", "--kind", "mri")[0]
	p.command("encrypt", own, "-o", "command", "--scheme", "paper", "--iterations", "7")
	p.drop("#encrypt .drop", own)
	p.looks("#encrypt", 1)
	p.click("#encrypt-research")
	p.until(`document.querySelector("#encrypt .warning").checkVisibility() && document.querySelector("#encrypt .warning").textContent.includes("Warning")`)
	if shown := p.text("#encrypt form"); strings.Contains(shown, "Recipients") {
		t.Errorf("a scheme without recipients asks for them: %s", shown)
	}
	p.click("#encrypt-scheme")
	p.press("p")
	p.press(kb.Enter)
	p.until(`document.querySelector("#encrypt-scheme").value === "paper"`)
	p.click("#encrypt-iterations")
	p.press("a", chromedp.KeyModifiers(kb.ModifierCtrl))
	p.paste("7")
	p.click("#encrypt .primary")
	p.until(finished)
	p.looks("#encrypt", 2)
	var made []string
	for nth := 1; nth <= 2; nth++ {
		name, content := p.saved(func() { p.click(`#encrypt .row .buttons button:nth-child(` + strconv.Itoa(nth) + `)`) })
		if want := p.read(filepath.Join("command", name)); !bytes.Equal(content, want) {
			t.Errorf("%s: %d bytes, not the %d of the command's", name, len(content), len(want))
		}
		made = append(made, p.write(name, content))
	}
	p.state("encrypt-research")
	p.click(`nav a[href="#decrypt"]`)
	p.drop("#decrypt .drop", made...)
	p.until(`document.querySelectorAll("#decrypt .row").length === 1`)
	p.click("#decrypt-research")
	p.click("#decrypt-scheme")
	p.press("p")
	p.press(kb.Enter)
	p.until(`document.querySelector("#decrypt-scheme").value === "paper"`)
	p.click("#decrypt .primary")
	p.until(finished)
	name, content := p.saved(func() { p.click(`#decrypt .row .buttons button`) })
	if !bytes.Equal(content, p.read("images/"+name)) {
		t.Errorf("%s is not the image", name)
	}
}

// A file that is cancelled on its way leaves nothing behind; tried again, it arrives whole. A name that is taken in the folder is a failure
// of that file alone, and can be tried again, too.
func TestCancelAndRetry(t *testing.T) {
	dir := t.TempDir()
	p := visit(t, dir, "--stay", ".")
	p.refuses = true
	p.command("keypair", "-o", "me.key")
	large := make([]byte, 8<<20) // half a minute at this rate
	rand.NewChaCha8([32]byte{2}).Read(large)
	p.must(os.Mkdir(filepath.Join(dir, "from"), 0o700))
	p.write("from/large.bin", large)
	p.write("from/taken.txt", []byte("small"))
	p.write("taken.txt.cipher.png", []byte("somebody's"))
	p.click("#recipients")
	p.paste(publicOf(p))
	p.click("#encrypt [name=encrypt-into][value=yes]")
	p.drop("#encrypt .drop", filepath.Join(dir, "from", "large.bin"), filepath.Join(dir, "from", "taken.txt"))
	p.until(`document.querySelectorAll("#encrypt .row").length === 2`)
	p.slow(256 << 10)
	p.click("#encrypt .primary")
	row := func(n int) string { return `#encrypt .row:nth-child(` + strconv.Itoa(n) + `)` }
	p.until(`document.querySelector("` + row(1) + ` progress").value > 0.01 && document.querySelector("` + row(2) + `").dataset.state === "failed"`)
	if said := p.text(row(2) + " .said"); !strings.Contains(said, "exists") {
		t.Errorf("of a name that is taken it says %q", said)
	}
	p.state("encrypt-running")
	p.click(row(1) + " .buttons button")
	p.until(`document.querySelector("` + row(1) + `").dataset.state === "waiting"`)
	if said := p.text(row(1) + " .said"); said != "cancelled" {
		t.Errorf("it says %q", said)
	}
	if _, err := os.Stat(filepath.Join(dir, "large.bin.cipher.png")); err == nil {
		t.Error("a cancelled file lies in the folder")
	}
	p.slow(-1)
	p.must(os.Remove(filepath.Join(dir, "taken.txt.cipher.png")))
	p.click(row(1) + " .buttons button:first-child")
	p.click(row(2) + " .buttons button:first-child")
	p.until(finished)
	p.command("decrypt", "large.bin.cipher.png", "taken.txt.cipher.png", "-o", "back", "-i", "me.key")
	if !bytes.Equal(p.read("back/large.bin"), large) || string(p.read("back/taken.txt")) != "small" {
		t.Error("other files come back")
	}
	p.click(`#encrypt .bar button.quiet`)
	p.until(`document.querySelector("#encrypt .work").hidden`)
}

// slow lets the page send so many bytes a second; -1: as fast as it can.
func (p *page) slow(rate float64) {
	p.Helper()
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: rate}}})
}
