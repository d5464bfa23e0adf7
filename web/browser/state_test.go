package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// call sends a command of the browser's protocol to the tab.
func call[P, R any](p *page, command cdp.Command[P, R], params P) (result R) {
	p.Helper()
	ctx, stop := context.WithTimeout(p.ctx, 2*patience)
	defer stop()
	result, err := chromedp.Call(ctx, command, params)
	p.must(err)
	return result
}

// state checks and pictures a page in a state that people see: axe-core finds nothing, in light and in dark, and nothing is wider than
// the tab, from a telephone to a large screen.
func (p *page) state(name string) {
	p.Helper()
	p.js(`void (window.posing = true)`, nil) // resizing moves things
	defer func() {
		p.size(1280, 900)
		p.scheme("light")
		p.js(`void (window.posing = false, scrollTo(0, 0))`, nil)
	}()
	if script, err := os.ReadFile(axe); err != nil {
		p.Fatal(err)
	} else if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[*runtime.RemoteObject](string(script))); err != nil {
		p.Fatal(err)
	}
	for _, width := range []int64{360, 1280, 2560} {
		p.size(width, map[int64]int64{360: 800, 1280: 900, 2560: 1440}[width])
		for _, scheme := range []string{"light", "dark"} {
			p.scheme(scheme)
			p.js(`scrollTo(0, 0)`, nil)
			where := fmt.Sprintf("%s-%d-%s", name, width, scheme)
			var wide []string
			p.js(`[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre, .skip, svg")).map((e) => e.outerHTML.slice(0, 100))`, &wide)
			if len(wide) > 0 {
				p.Errorf("%s: wider than the tab: %s", where, strings.Join(wide[:min(3, len(wide))], "\n"))
			}
			if width != 2560 {
				p.accessible(where)
			}
			p.picture(where)
		}
	}
}

// accessible has axe-core look for barriers, by all its rules.
func (p *page) accessible(where string) {
	p.Helper()
	var found struct {
		Passes     int
		Violations []struct {
			ID, Help string
			Nodes    []string
		}
	}
	p.js(`await axe.run({ iframes: false, rules: { "target-size": { enabled: true } } }).then((r) => ({ passes: r.passes.length, violations:
		r.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html.slice(0, 160) + " " + n.failureSummary) })) }))`, &found)
	if found.Passes < 15 {
		p.Errorf("%s: axe-core ran only %d rules", where, found.Passes)
	}
	for _, v := range found.Violations {
		p.Errorf("%s: %s: %s\n%s", where, v.ID, v.Help, strings.Join(v.Nodes[:min(3, len(v.Nodes))], "\n"))
	}
}

// picture takes a screenshot of the whole page.
func (p *page) picture(name string) {
	p.Helper()
	if pictures == "" {
		return
	}
	var seen struct{ Width, Height, All int64 }
	p.js(`({ width: innerWidth, height: innerHeight, all: Math.min(document.documentElement.scrollHeight, 6000) })`, &seen)
	p.size(seen.Width, seen.All) // a list only draws what is in view
	defer p.size(seen.Width, seen.Height)
	shot := call(p, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{})
	p.must(os.MkdirAll(pictures, 0o755))
	p.must(os.WriteFile(filepath.Join(pictures, name+".png"), shot.Data, 0o644))
}

// tabTo presses Tab until an element has the focus. Wherever the focus goes on the way, it can be seen.
func (p *page) tabTo(selector string) {
	p.Helper()
	for range 80 {
		p.press(kb.Tab)
		var at struct {
			There bool
			Why   string
		}
		p.js(`((e) => {
			if (!e || e === document.body) return {};
			const shown = e.closest("label.button") ?? e, style = getComputedStyle(shown), b = shown.getBoundingClientRect();
			const x = Math.max(b.x + Math.min(b.width / 2, 30), 1), y = Math.min(Math.max(b.y + b.height / 2, 1), innerHeight - 1), top = document.elementFromPoint(x, y);
			let why = "";
			if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) why = "no outline";
			else if (b.bottom <= 0 || b.top >= innerHeight) why = "outside the tab";
			else if (!top || !(shown.contains(top) || top.contains(shown))) why = "hidden by " + (top?.outerHTML ?? "nothing").slice(0, 100);
			return { there: e.matches(`+quoted(selector)+`), why: why && e.outerHTML.slice(0, 120) + ": " + why };
		})(document.activeElement)`, &at)
		if at.Why != "" {
			p.Error("the focus cannot be seen:", at.Why)
		}
		if at.There {
			return
		}
	}
	p.Fatalf("Tab does not reach %s", selector)
}
