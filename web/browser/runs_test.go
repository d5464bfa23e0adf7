package browser

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp/kb"
)

// aRun writes a run's folder as a training of 12 epochs of 5 steps leaves it (docs/training.md).
func aRun(t *testing.T, dir string, rate float64) {
	t.Helper()
	csv, lines := "Epoch,Critic Loss,Generator Loss,Held-out Entropy,Held-out Chi2\n", ""
	for epoch := 1; epoch <= 12; epoch++ {
		x := float64(epoch)
		csv += fmt.Sprintf("%d,%.4f,%.4f,%.4f,%.1f\n", epoch, -30*math.Exp(-rate*x)+math.Sin(x), 9*math.Exp(-rate*x)+0.5*math.Cos(2*x), 8-2*math.Exp(-rate*x), 255+20000*math.Exp(-2*rate*x))
		for s := range 5 {
			lines += fmt.Sprintf(`{"step":%d,"epoch":%d,"values":{"Critic Loss":%.3f,"Generator Loss":%.3f}}`+"\n", 5*epoch-4+s, epoch, -x, x/2)
		}
	}
	record := `{"state":"finished","step":60,"steps":60,"steps_per_epoch":5,"columns":["Critic Loss","Generator Loss","Held-out Entropy","Held-out Chi2"],"sample_rows":["source images","keys"]}`
	config := fmt.Sprintf("name: %s\nobjective:\n  name: wgan-gp\noptimizer:\n  learning_rate: %g\ntrain:\n  batch: 8\n", filepath.Base(dir), rate)
	if err := os.MkdirAll(filepath.Join(dir, "samples"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config.yaml": config, "metrics.csv": csv, "metrics.jsonl": lines, "run.json": record} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, epoch := range []int{1, 6, 12} {
		var b bytes.Buffer
		if err := png.Encode(&b, picture(512, 128, func(x, y int) color.Gray16 {
			return color.Gray16{Y: uint16(32768 + 32767*math.Sin(float64(x*(y/64+1)*epoch)/40)*math.Cos(float64(y)/20))}
		})); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "samples", fmt.Sprintf("epoch-%04d.png", epoch)), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const evaluation = `evaluate:
  sources: [{synthetic: xray, count: 1, size: 64}]
  size: 64
  schemes: [xor]
  images: 1
  changes: 2
`

// Runs are listed, compared, and read as numbers; the samples follow the slider; a report of keygan evaluate opens inside.
func TestRuns(t *testing.T) {
	dir := t.TempDir()
	aRun(t, filepath.Join(dir, "runs", "slow"), 0.2)
	aRun(t, filepath.Join(dir, "runs", "fast"), 0.5)
	if err := os.WriteFile(filepath.Join(dir, "e.yaml"), []byte(evaluation), 0o600); err != nil {
		t.Fatal(err)
	}
	keygan(t, dir, "evaluate", "-c", "e.yaml", "-o", "runs/measured", "--quick")
	p := visit(t, dir, "--runs", "runs")
	p.click(`nav a[href="#runs"]`)
	p.until(`document.querySelectorAll("#runs [data-losses] svg[role=img]").length === 2`)
	p.state("runs-one")
	p.tabTo("#runs [data-list] input:not(:checked)")
	p.press(" ")
	p.until(`document.querySelectorAll("#runs [data-heads] .card").length === 2`)
	p.click("#runs .chart summary")
	p.until(`document.querySelector("#runs .chart table")`)
	if shown := p.text("#runs .chart table"); !strings.Contains(shown, "\n12\t") || !strings.Contains(shown, fmt.Sprintf("%.3f", -30*math.Exp(-0.2)+math.Sin(1))[:4]) {
		t.Errorf("the numbers of the chart: %s", shown)
	}
	if shown := p.text("#runs [data-config] table"); !strings.Contains(shown, "optimizer.learning_rate") || strings.Contains(shown, "train.batch") {
		t.Errorf("what the configurations do not share: %s", shown)
	}
	sample := func() []byte { return p.pixels("#runs [data-pictures] img") }
	p.until(`document.querySelector("#runs [data-pictures] img")`)
	last := sample()
	p.tabTo("#epoch")
	p.press(kb.Home)
	p.until(`document.querySelector("#runs figcaption")  && document.querySelector("#runs [data-epoch]").textContent === "1"`)
	p.patiently(func() string {
		if bytes.Equal(sample(), last) {
			return "the sample of epoch 1 is that of epoch 12"
		}
		return ""
	})
	p.state("runs-two")
	p.tabTo("#runs [data-report-list] button")
	p.press(kb.Enter)
	p.until(`document.querySelector("#runs iframe") && document.activeElement.matches("#runs [data-frame] h2")`)
	if said := p.text("#runs [data-frame] h2"); !strings.Contains(said, "measured") {
		t.Errorf("the report's heading is %q", said)
	}
	p.js(`void document.querySelector("#runs iframe").scrollIntoView()`, nil)
	p.patiently(func() string { // a page cannot look into the report's frame, but a screenshot shows its pictures
		shot := call(p, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{})
		m, err := png.Decode(bytes.NewReader(shot.Data))
		p.must(err)
		coloured := 0 // pixels of the key image and the cipher image
		for y := range m.Bounds().Dy() {
			for x := range m.Bounds().Dx() {
				if c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA); max(c.R, c.G, c.B)-min(c.R, c.G, c.B) > 100 {
					coloured++
				}
			}
		}
		if coloured < 30_000 {
			return "the frame does not show the report's pictures"
		}
		return ""
	})
	p.state("runs-report")
	p.tabTo("#runs [data-frame] button")
	p.press(" ")
	p.until(`!document.querySelector("#runs iframe") && document.activeElement.matches("#runs [data-report-list] button")`)
}

// A run that trains is followed: its steps, its curves, its samples and its end appear by themselves, and a reader who looks at an early
// sample stays there.
func TestLiveRun(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "runs", "live")
	aRun(t, run, 0.3)
	lock, err := os.Open(run) // as a process that trains there holds it
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	p := visit(t, dir, "--runs", "runs")
	record := func(state string, step int) {
		text := fmt.Sprintf(`{"state":%q,"step":%d,"steps":100,"steps_per_epoch":5,"columns":["Critic Loss","Generator Loss","Held-out Entropy","Held-out Chi2"],"sample_rows":["source images","keys"]}`, state, step)
		p.write("runs/live/run.json.new", []byte(text))
		p.must(os.Rename(filepath.Join(run, "run.json.new"), filepath.Join(run, "run.json")))
	}
	appendTo := func(name, text string) {
		f, err := os.OpenFile(filepath.Join(run, name), os.O_APPEND|os.O_WRONLY, 0)
		p.must(err)
		_, err = f.WriteString(text)
		p.must(err)
		p.must(f.Close())
	}
	record("running", 60)
	p.tabTo(`nav a[href="#runs"]`)
	p.press(kb.Enter)
	p.until(`document.querySelectorAll("#runs [data-losses] svg[role=img]").length === 2 && document.querySelector("#runs [data-list]").textContent.includes("running")`)
	p.until(`document.querySelector("#runs [data-heads]").textContent.includes("step 60 of 100")`)
	p.until(`document.querySelector("#runs [data-epoch]").textContent === "12"`)
	appendTo("metrics.jsonl", `{"step":61,"epoch":13,"values":{"Critic Loss":-61,"Generator Loss":30}}`+"\n")
	p.until(`document.querySelector("#runs [data-heads]").textContent.includes("step 61 of 100")`)
	p.tabTo("#epoch")
	p.press(kb.Home)
	p.until(`document.querySelector("#runs [data-epoch]").textContent === "1"`)
	appendTo("metrics.csv", "13,-61.0000,30.0000,7.9000,260.0\n")
	newest := p.read("runs/live/samples/epoch-0012.png")
	p.write("runs/live/samples/epoch-0013.png", newest)
	p.until(`document.querySelector("#epoch").max === "3"`)
	var epoch string
	if p.js(`document.querySelector("#runs [data-epoch]").textContent`, &epoch); epoch != "1" {
		t.Errorf("a reader of epoch 1 is taken to %s", epoch)
	}
	p.js(`void (document.querySelector("#runs [data-losses] summary").parentElement.open = true)`, nil)
	p.until(`document.querySelector("#runs [data-losses] table")?.innerText.includes("\n13\t")`)
	record("finished", 100)
	p.must(lock.Close())
	p.until(`document.querySelector("#runs [data-list]").textContent.includes("finished") && document.querySelector("#runs [data-said]").textContent === "live: finished"`)
}
