package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A report is shown in a frame of our page only, once for each ticket, and under a policy that lets it do nothing.
func TestReportCanDoNothing(t *testing.T) {
	dir := t.TempDir()
	report := func(name, content string) string {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name, "report.html")
		write(t, path, []byte(content))
		return path
	}
	report("ours", `<!DOCTYPE html><html><head><meta charset="utf-8"><style>p{color:red}</style></head><body><a href="#attacks">Attacks</a><p>χ² &lt;script&gt;</p><img src="data:image/png;base64,AAHREfAA/hrefAA"></body></html>`)
	report("hostile", "<link rel=preconnect href=//evil.example><LINK/rel=x><sCrIpt>fetch('//evil.example')</script><a\nHREF = '//evil.example' >x</a><svg><a xlink:href=\"https://evil.example\"><SET attributeName='hre&#102;' to='//evil.example'/><animate attributeName='hre&#x66;' values='//evil.example'/>"+
		"<ifrAme src=//evil.example><frameset><frame\tsrc=x><meta http-equiv=refresh content='0;url=//evil.example'><base href=//evil.example><form action=//evil.example><object data=x><embed src=x>")
	report("utf16", "\xff\xfe<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00")
	report("nul", "<scr\x00ipt>")
	if err := os.Truncate(report("large", ""), mostReport+1); err != nil {
		t.Fatal(err)
	}
	c := open(t, Options{Runs: dir})
	ticket := func(name string) (url string) {
		var out struct{ URL string }
		if status, failed := c.json("report", map[string]string{"name": name}, &out); status != 200 {
			t.Errorf("%s: %d %s", name, status, failed)
		}
		return out.URL
	}
	frame := []string{sessionHeader, "", "Origin", "", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}
	show := func(name string) (status int, page string, h http.Header) {
		url := ticket(name)
		status, body, h := c.do(c.request("GET", url, nil, frame...))
		if again, _, _ := c.do(c.request("GET", url, nil, frame...)); again != http.StatusForbidden {
			t.Errorf("%s: the same ticket again: %d", name, again)
		}
		return status, string(body), h
	}
	status, page, h := show("ours")
	if status != 200 || !strings.Contains(page, `<a href="#attacks">Attacks</a><p>χ² &lt;script&gt;</p><img src="data:image/png;base64,AAHREfAA/hrefAA">`) || !strings.Contains(page, "<style>p{color:red}</style>") {
		t.Errorf("%d %s", status, page)
	}
	_, page, _ = show("hostile")
	lower := strings.ToLower(page)
	for _, bad := range []string{"<link", "<script", "<iframe", "<frame", "<meta", "<base", "<form", "<object", "<embed", "<set", "<animate", "\nhref", " href", ":href"} {
		if strings.Contains(lower, bad) {
			t.Errorf("%q is in %s", bad, page)
		}
	}
	csp := strings.Split(h.Get("Content-Security-Policy"), "; ")
	if csp[0] != "sandbox" || csp[1] != "default-src 'none'" || strings.Contains(h.Get("Content-Security-Policy"), "script") || strings.Contains(h.Get("Content-Security-Policy"), "allow-") {
		t.Errorf("%q", csp)
	}
	if h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("X-Frame-Options") != "SAMEORIGIN" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", h)
	}
	for _, name := range []string{"utf16", "nul"} {
		if status, page, h := show(name); status == 200 || strings.HasPrefix(h.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %q", name, status, page)
		}
	}
	for _, dest := range []string{"document", "image", "script", "embed", "object", "empty"} {
		if status, page, _ := c.do(c.request("GET", ticket("ours"), nil, sessionHeader, "", "Sec-Fetch-Dest", dest)); status != http.StatusForbidden || strings.Contains(string(page), "Attacks") {
			t.Errorf("as %s: %d %s", dest, status, page)
		}
	}
	if status, _ := c.json("report", map[string]string{"name": "large"}, nil); status != 422 {
		t.Errorf("a large one: %d", status)
	}
	// Only the page itself may have frames, and only of this server.
	_, _, h = c.do(c.request("GET", "/", nil))
	if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src 'self'") {
		t.Error(policy)
	}
}
