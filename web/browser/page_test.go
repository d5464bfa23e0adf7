// Package browser tests the pages of keygan serve in Chromium, as make test-browser runs it: what people do there by mouse and by
// keyboard, and what the page then does. keygan is the program that people run; nothing of its insides is used. It is a module of its
// own, so that keygan's module does not need what drives the browser.
package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a condition may take to come true. Only a page that hangs takes as long.
const patience = 40 * time.Second

var (
	program  = os.Getenv("KEYGAN")
	axe      = os.Getenv("AXE")         // axe-core's script
	pictures = os.Getenv("SCREENSHOTS") // the folder for screenshots; "": none are made
	chromium context.Context            // the browser that the tests share
)

func TestMain(m *testing.M) {
	if program == "" || axe == "" {
		fmt.Fprintln(os.Stderr, "run these tests with make test-browser")
		os.Exit(2)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("disable-gpu", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	chromium, stop = chromedp.NewContext(ctx)
	defer stop()
	if err := chromedp.Do(chromium); err != nil {
		fmt.Fprintln(os.Stderr, "Chromium does not start:", err)
		return 1
	}
	return m.Run()
}

// A page is keygan's page in a tab, and the program behind it. Its methods fail the test when something does not happen.
type page struct {
	*testing.T
	ctx     context.Context
	base    string // http://127.0.0.1:port/
	dir     string // the folder that keygan was started in
	pid     int    // of keygan
	saves   string // where downloads land
	refuses bool   // that keygan refuses something belongs to the test: the browser logs each answer that is not 200

	mu        sync.Mutex
	said      []string // errors and warnings of the console
	asked     []string // addresses of requests
	bytes     float64  // that came over the network
	downloads map[string]*download
	chooser   chan *cdppage.EventFileChooserOpened
}

type download struct {
	name string
	done bool
}

// visit starts keygan serve with arguments in the folder dir and opens its page. What must hold on every page is checked at the end.
func visit(t *testing.T, dir string, args ...string) *page {
	t.Helper()
	p := &page{T: t, dir: dir, saves: t.TempDir(), downloads: map[string]*download{}, chooser: make(chan *cdppage.EventFileChooserOpened, 1)}
	launch := p.serve(args...)
	p.base, _, _ = strings.Cut(launch, "#")
	ctx, stop := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	t.Cleanup(stop)
	p.ctx = ctx
	p.must(chromedp.ListenBrowser(ctx, p.listen))
	p.must(chromedp.Do(ctx))
	yes := true
	_, err := chromedp.CallBrowser(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllowAndName, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID, DownloadPath: p.saves, EventsEnabled: &yes})
	p.must(err)
	call(p, network.Enable, network.EnableParams{})
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	call(p, cdppage.SetInterceptFileChooserDialog, cdppage.SetInterceptFileChooserDialogParams{Enabled: true})
	call(p, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watchers})
	p.size(1280, 900)
	p.scheme("light")
	call(p, cdppage.Navigate, cdppage.NavigateParams{URL: launch})
	p.until(`document.querySelector("[data-version]")?.textContent && !document.querySelector("#encrypt").hidden`)
	t.Cleanup(p.inOrder)
	return p
}

// watchers record what moves on its own, but for the footer, which makes room for what people add, and what keeps the page from answering for long.
const watchers = `
	window.moved = []; window.long = [];
	new PerformanceObserver((list) => {
		for (const e of list.getEntries()) {
			const what = e.sources.map((s) => s.node).filter((n) => n?.closest?.("footer") === null);
			if (!e.hadRecentInput && !window.posing && what.length > 0) moved.push(e.value.toFixed(4) + " " + what.map((n) => n.outerHTML.slice(0, 90)).join(" | "));
		}
	}).observe({ type: "layout-shift", buffered: true });
	new PerformanceObserver((list) => { for (const e of list.getEntries()) long.push(Math.round(e.duration)); }).observe({ type: "longtask", buffered: true });`

// inOrder checks what holds on every page: no errors in the console, no request to anybody else, nothing that moves on its own.
func (p *page) inOrder() {
	var moved []string
	if !p.Failed() {
		p.js(`moved`, &moved)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.said {
		p.Error("console:", line)
	}
	for _, line := range moved {
		p.Error("moved on its own:", line)
	}
	if len(p.asked) < 10 {
		p.Errorf("only %d requests were seen: %v", len(p.asked), p.asked)
	}
	for _, url := range p.asked {
		if !strings.HasPrefix(url, p.base) && !strings.HasPrefix(url, "blob:"+p.base) && !strings.HasPrefix(url, "data:") {
			p.Error("a request left the page's host:", url)
		}
	}
}

// serve starts keygan and returns the address that opens its page.
func (p *page) serve(args ...string) string {
	p.Helper()
	c := exec.Command(program, append([]string{"serve", "--no-browser"}, args...)...)
	c.Dir = p.dir
	var errors bytes.Buffer
	c.Stderr = &errors
	out, err := c.StdoutPipe()
	p.must(err)
	p.must(c.Start())
	p.pid = c.Process.Pid
	p.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		if said := errors.String(); said != "" && !strings.HasPrefix(said, "keygan: interrupted") {
			p.Error("keygan:", said)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	p.must(err)
	return strings.TrimSpace(line)
}

// listen takes what the browser tells. It runs between two messages of the browser, so it must not wait.
func (p *page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.asked = append(p.asked, e.Request.URL)
	case *network.EventLoadingFinished:
		p.bytes += e.EncodedDataLength
	case *runtime.EventExceptionThrown:
		p.said = append(p.said, fmt.Sprintf("%+v", *e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		p.said = append(p.said, fmt.Sprint(e.Type, " ", e.Args))
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelVerbose && !(p.refuses && e.Entry.Source == log.EntrySourceNetwork) {
			p.said = append(p.said, fmt.Sprint(e.Entry.Level, " ", e.Entry.Text, " ", e.Entry.URL))
		}
	case *cdppage.EventFileChooserOpened:
		p.chooser <- e
	case *cdpbrowser.EventDownloadWillBegin:
		p.downloads[e.GUID] = &download{name: e.SuggestedFilename}
	case *cdpbrowser.EventDownloadProgress:
		if d := p.downloads[e.GUID]; d != nil {
			d.done = e.State == cdpbrowser.DownloadProgressStateCompleted
		}
	}
}

func (p *page) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// js evaluates an expression, which may be a promise, and stores its value in out, unless that is nil.
func (p *page) js(expression string, out any) {
	p.Helper()
	ctx, stop := context.WithTimeout(p.ctx, 2*patience)
	defer stop()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[*json.RawMessage](`(async () => JSON.stringify((`+expression+`)) ?? "null")()`, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%v\n%s", err, expression)
	}
	var text string
	p.must(json.Unmarshal(*value, &text))
	if out != nil {
		p.must(json.Unmarshal([]byte(text), out))
	}
}

// until waits for a condition of the page.
func (p *page) until(condition string) {
	p.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var holds bool
		if p.js("Boolean("+condition+")", &holds); holds {
			return
		}
		if time.Now().After(deadline) {
			var shows string
			p.js(`document.querySelector(".page:not([hidden])")?.innerText ?? ""`, &shows)
			p.Fatalf("this does not come true: %s\nthe page shows:\n%s", condition, shows)
		}
	}
}

// text returns what an element shows.
func (p *page) text(selector string) (text string) {
	p.Helper()
	p.js(`document.querySelector(`+quoted(selector)+`)?.innerText ?? "there is no such element"`, &text)
	return strings.TrimSpace(text)
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// place waits until the middle of an element can be clicked, scrolled into view and with nothing over it, and returns it.
func (p *page) place(selector string) (x, y float64) {
	p.Helper()
	var at struct {
		X, Y float64
		Why  string
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		p.js(`((e) => {
			if (!e || !e.checkVisibility()) return { why: "it is not shown" };
			e.scrollIntoView({ block: "nearest", behavior: "instant" });
			const b = e.getBoundingClientRect(), x = b.x + b.width / 2, y = b.y + b.height / 2, top = document.elementFromPoint(x, y);
			return { x, y, why: top && (e.contains(top) || top.contains(e)) ? "" : "covered by " + (top?.outerHTML ?? "nothing").slice(0, 120) };
		})(document.querySelector(`+quoted(selector)+`))`, &at)
		if at.Why == "" {
			return at.X, at.Y
		}
	}
	p.Fatalf("%s: %s", selector, at.Why)
	return 0, 0
}

// click presses and releases the mouse on an element.
func (p *page) click(selector string) {
	p.Helper()
	x, y := p.place(selector)
	p.must(chromedp.Do(p.ctx, chromedp.MouseClickXY(x, y)))
}

// choose has an action open the dialog for files, and chooses some.
func (p *page) choose(action func(), files ...string) {
	p.Helper()
	action()
	select {
	case e := <-p.chooser:
		call(p, dom.SetFileInputFiles, dom.SetFileInputFilesParams{BackendNodeID: e.BackendNodeID, Files: files})
	case <-time.After(patience):
		p.Fatal("no dialog for files opened")
	}
}

// drop drops files on an element, as from a file manager.
func (p *page) drop(selector string, files ...string) {
	p.Helper()
	x, y := p.place(selector)
	for _, event := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		call(p, input.DispatchDragEvent, input.DispatchDragEventParams{Type: event, X: x, Y: y, Data: &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1}})
	}
}

// press presses keys.
func (p *page) press(keys string, options ...chromedp.KeyOption) {
	p.Helper()
	p.must(chromedp.Do(p.ctx, chromedp.KeyEvent(keys, options...)))
}

// paste puts text where the focus is, as Ctrl-V does.
func (p *page) paste(text string) {
	p.Helper()
	call(p, input.InsertText, input.InsertTextParams{Text: text})
}

// saved waits for the one download that an action starts, and returns its name and content.
func (p *page) saved(action func()) (name string, content []byte) {
	p.Helper()
	p.mu.Lock()
	clear(p.downloads)
	p.mu.Unlock()
	action()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		p.mu.Lock()
		for id, d := range p.downloads {
			if d.done {
				p.mu.Unlock()
				content, err := os.ReadFile(filepath.Join(p.saves, id))
				p.must(err)
				return d.name, content
			}
		}
		p.mu.Unlock()
	}
	p.Fatalf("nothing was saved: %v", p.downloads)
	return "", nil
}

// size sets the width and height of the tab, in CSS pixels.
func (p *page) size(width, height int64) {
	p.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// scheme makes the system's colours light or dark. Nothing is animated, so that a state is what it looks like at once.
func (p *page) scheme(name string) {
	p.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

// command runs keygan in the folder of the page.
func (p *page) command(args ...string) []byte {
	p.Helper()
	return keygan(p.T, p.dir, args...)
}

func keygan(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir = dir
	var errors bytes.Buffer
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		t.Fatalf("keygan %v: %v\n%s", args, err, errors.String())
	}
	return out
}

func (p *page) write(name string, content []byte) (path string) {
	p.Helper()
	path = filepath.Join(p.dir, name)
	p.must(os.WriteFile(path, content, 0o600))
	return path
}

func (p *page) read(name string) []byte {
	p.Helper()
	content, err := os.ReadFile(filepath.Join(p.dir, name))
	p.must(err)
	return content
}

// patiently tries something again until it says that nothing is wrong.
func (p *page) patiently(try func() (wrong string)) {
	p.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		wrong := try()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			p.Fatal(wrong)
		}
	}
}
