package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// A client is a browser's script on our page, or an attacker who changes its requests.
type client struct {
	t       testing.TB
	s       *server
	base    string // http://127.0.0.1:port
	session string
}

// start serves the page on a port of its own.
func start(t testing.TB, o Options) *client {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s, err := newServer(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(s.Options, s.hosts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.serve(ctx, l.Listener); close(ended) }()
	t.Cleanup(func() { stop(); <-ended; s.shelf.clear() })
	return &client{t: t, s: s, base: strings.TrimSuffix(l.address, "/")}
}

// open is start with a session.
func open(t testing.TB, o Options) *client {
	t.Helper()
	c := start(t, o)
	c.session = c.launch()
	return c
}

func (c *client) launch() string {
	var out struct{ Session string }
	c.json("session", map[string]string{"launch": c.s.access.launch}, &out)
	return out.Session
}

// request makes a request as our page does.
func (c *client) request(method, path string, body io.Reader, headers ...string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", c.base)
	if c.session != "" {
		r.Header.Set(sessionHeader, c.session)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

func (c *client) do(r *http.Request) (status int, body []byte, h http.Header) {
	c.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, body, resp.Header
}

// json calls an action and returns its status and error.
func (c *client) json(name string, in, out any) (status int, failed string) {
	c.t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.raw(name, b, out)
}

func (c *client) raw(name string, in []byte, out any, headers ...string) (status int, failed string) {
	c.t.Helper()
	status, body, _ := c.do(c.request("POST", "/api/"+name, bytes.NewReader(in), headers...))
	if status != http.StatusOK {
		var e struct{ Error, Hint string }
		json.Unmarshal(body, &e)
		return status, e.Error
	}
	if err := json.Unmarshal(body, out); err != nil {
		c.t.Fatalf("%s: %q: %v", name, body, err)
	}
	return status, ""
}

func (c *client) upload(name string, content []byte) (id string) {
	c.t.Helper()
	var out struct{ ID string }
	if status, failed := c.raw("upload", content, &out, "X-Keygan-Name", name); status != 200 {
		c.t.Fatalf("%s: %d %s", name, status, failed)
	}
	return out.ID
}

// save fetches what a ticket is for.
func (c *client) save(zip string, ids ...string) []byte {
	c.t.Helper()
	var out struct{ URL string }
	if status, failed := c.json("ticket", map[string]any{"ids": ids, "zip": zip}, &out); status != 200 {
		c.t.Fatalf("%d %s", status, failed)
	}
	status, body, h := c.do(c.request("GET", out.URL, nil, sessionHeader, "", "Origin", ""))
	if status != 200 || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Content-Type") != "application/octet-stream" {
		c.t.Fatalf("%d %v", status, h)
	}
	if status, _, _ := c.do(c.request("GET", out.URL, nil)); status != http.StatusForbidden {
		c.t.Errorf("the same ticket again: %d", status)
	}
	return body
}

var actions = []string{
	"state", "alive", "upload", "thumbnail", "picture", "recipients", "identities", "identity", "encrypt", "key", "decrypt", "ticket", "discard",
	"lab", "generator", "scramble", "attempt", "flip", "compare", "randomness", "runs", "watch", "sample", "report",
}

// Every action needs the session token, whatever else a request has.
func TestNoTokenNoAction(t *testing.T) {
	c := open(t, Options{})
	other := newToken()
	launch := start(t, Options{}).s.access.launch
	for _, name := range actions {
		for what, token := range map[string]string{
			"none": "", "empty": " ", "guessed": other, "cut": c.session[:len(c.session)-1], "another server's": launch, "longer": c.session + "A",
		} {
			status, body, _ := c.do(c.request("POST", "/api/"+name, strings.NewReader("{}"), sessionHeader, token))
			if status != http.StatusForbidden || !strings.Contains(string(body), "session") {
				t.Errorf("%s with token %s: %d %s", name, what, status, body)
			}
		}
		if status, _, _ := c.do(c.request("GET", "/api/"+name, nil)); status == 200 {
			t.Errorf("GET %s: %d", name, status)
		}
	}
	if n := len(c.s.shelf.items); n > 0 {
		t.Errorf("%d items", n)
	}
}

// The launch token works once, and a wrong one never.
func TestLaunchTokenWorksOnce(t *testing.T) {
	c := start(t, Options{})
	right := c.s.access.launch
	for _, wrong := range []string{"", newToken(), right[1:], right + "A", strings.ToLower(right) + "x"} {
		if status, _ := c.json("session", map[string]string{"launch": wrong}, nil); status != http.StatusForbidden {
			t.Errorf("%q: %d", wrong, status)
		}
	}
	first := c.launch()
	if first == "" || first == right {
		t.Errorf("session %q", first)
	}
	if status, _ := c.json("session", map[string]string{"launch": right}, nil); status != http.StatusForbidden {
		t.Errorf("again: %d", status)
	}
	// Before any launch, the empty token is no token.
	fresh := start(t, Options{})
	if fresh.s.access.allows("") {
		t.Error("no token is allowed before the launch")
	}
}

// A rebound name, another port and another machine's name are refused, on every route and with the right token.
func TestForeignHost(t *testing.T) {
	c := open(t, Options{})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(c.base, "http://"))
	for _, host := range []string{
		"evil.example", "evil.example:" + port, "127.0.0.1", "127.0.0.1:1", "localhost:" + port, "127.0.0.1.:" + port, "127.0.0.1:" + port + ".evil.example",
		"[::1]:" + port, "2130706433:" + port, "0.0.0.0:" + port, "127.1:" + port,
	} {
		for _, path := range []string{"/", "/assets/index.html", "/api/state", "/api/session", "/t/x"} {
			method := "POST"
			if !strings.HasPrefix(path, "/api") {
				method = "GET"
			}
			r := c.request(method, path, strings.NewReader("{}"))
			r.Host = host
			r.Header.Set("Origin", "http://"+host)
			if status, _, _ := c.do(r); status != http.StatusForbidden {
				t.Errorf("Host %s, %s: %d", host, path, status)
			}
		}
	}
}

// What a foreign page can make a browser send is refused even with the token: forms, images, scripts, fetch.
func TestForeignPages(t *testing.T) {
	c := open(t, Options{})
	id := c.upload("a.txt", []byte("content"))
	var link struct{ URL string }
	c.json("ticket", map[string]any{"ids": []string{id}}, &link)
	for what, h := range map[string][]string{
		"form":             {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Origin", "null", "Content-Type", "text/plain"},
		"other local port": {"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors", "Origin", "http://127.0.0.1:1"},
		"typed in":         {"Sec-Fetch-Site", "none", "Origin", ""},
		"old browser":      {"Sec-Fetch-Site", "", "Origin", "http://evil.example"},
	} {
		for _, name := range append(actions, "session") {
			if status, _, _ := c.do(c.request("POST", "/api/"+name, strings.NewReader(`{"ids":["`+id+`"]}`), h...)); status != http.StatusForbidden {
				t.Errorf("%s, %s: %d", what, name, status)
			}
		}
	}
	for _, dest := range []string{"image", "script", "iframe", "style", "empty", "document"} {
		for _, site := range []string{"cross-site", "same-site"} {
			h := []string{"Sec-Fetch-Site", site, "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", dest, sessionHeader, ""}
			for _, path := range []string{"/", "/assets/index.html", link.URL} {
				if status, _, _ := c.do(c.request("GET", path, nil, h...)); status != http.StatusForbidden {
					t.Errorf("%s of a %s page: %s: %d", dest, site, path, status)
				}
			}
		}
	}
	if status, _, _ := c.do(c.request("OPTIONS", "/api/state", nil, "Access-Control-Request-Method", "POST")); status != http.StatusMethodNotAllowed {
		t.Errorf("preflight: %d", status)
	}
	// The launch file's link is such a page, and may open the empty page.
	if status, _, _ := c.do(c.request("GET", "/", nil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")); status != 200 {
		t.Errorf("the launch: %d", status)
	}
	// None of this used the ticket, nor dropped the file.
	if status, body, _ := c.do(c.request("GET", link.URL, nil)); status != 200 || string(body) != "content" {
		t.Errorf("%d %q", status, body)
	}
}

func TestHeaders(t *testing.T) {
	c := open(t, Options{})
	for _, path := range []string{"/", "/assets/none", "/t/none", "/elsewhere"} {
		_, _, h := c.do(c.request("GET", path, nil))
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s: %q", path, name, h.Get(name))
			}
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %q", path, csp)
		}
		if h.Get("Set-Cookie") != "" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// The page has nothing that its own policy would block.
func TestAssetsKeepThePolicy(t *testing.T) {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, e := range entries {
		b, err := assets.ReadFile("assets/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		total += len(b)
		text := string(b)
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=", "onclick=", "javascript:", "https://", "http://www"} {
			if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), bad) {
				t.Errorf("%s has %s", e.Name(), bad)
			}
		}
		if strings.Contains(text, "<script>") || strings.Contains(text, "<style") {
			t.Errorf("%s has an inline script or style", e.Name())
		}
	}
	if total > 200_000 {
		t.Errorf("%d bytes", total)
	}
}

func TestAddresses(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "nonsense", "127.0.0.1"} {
		if _, err := listen(Options{Addr: addr}, map[string]bool{}); err == nil {
			t.Errorf("%s: no error", addr)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "127.9.9.9:0"} {
		l, err := listen(Options{Addr: addr}, map[string]bool{})
		if err != nil {
			t.Error(err)
			continue
		}
		if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			t.Errorf("%s: listens on %s", addr, ip)
		}
		l.Close()
	}
	if _, err := listen(Options{Addr: "127.0.0.1:0", Cert: "x"}, nil); err == nil {
		t.Error("a certificate without a key")
	}
}

// Clients that send nothing, or a header byte by byte, lose their connection and keep nobody else out.
func TestSlowClients(t *testing.T) {
	c := open(t, Options{})
	for range 50 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "POST /api/upload HTTP/1.1\r\nHost: x\r\nX-")
	}
	if status, _ := c.json("state", nil, &struct{}{}); status != 200 {
		t.Errorf("beside slow clients: %d", status)
	}
}

// An upload that stalls, ends early or is larger than announced leaves nothing.
func TestBrokenUploads(t *testing.T) {
	c := open(t, Options{})
	send := func(header, body string) string {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "POST /api/upload HTTP/1.1\r\nHost: "+strings.TrimPrefix(c.base, "http://")+"\r\n"+sessionHeader+": "+c.session+
			"\r\nX-Keygan-Name: a.txt\r\nConnection: close\r\n"+header+"\r\n\r\n"+body)
		conn.(*net.TCPConn).CloseWrite()
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		answer, _ := io.ReadAll(conn)
		return string(answer)
	}
	for what, h := range map[string][2]string{
		"truncated":    {"Content-Length: 1000", "short"},
		"endless":      {"Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"},
		"too large":    {"Content-Length: 99999999999999", "x"},
		"negative":     {"Content-Length: -1", "x"},
		"two lengths":  {"Content-Length: 1\r\nContent-Length: 2", "xx"},
		"length+chunk": {"Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"},
	} {
		if got := send(h[0], h[1]); strings.Contains(got, " 200 ") {
			t.Errorf("%s: %s", what, got)
		}
	}
	if got := send("Content-Length: 5", "hello"); !strings.Contains(got, " 200 ") {
		t.Errorf("a whole one: %s", got)
	}
	if n := len(c.s.shelf.items); n != 1 {
		t.Errorf("%d items", n)
	}
	if names, err := os.ReadDir(os.TempDir()); err != nil || len(names) > 0 {
		t.Errorf("%v, error %v", names, err)
	}
}

// steady gives up on a sender that sends less than a piece in the time for one, however often it sends.
func TestSteadyMovesTheDeadlineByPieces(t *testing.T) {
	w := &deadlines{ResponseWriter: httptest.NewRecorder()}
	r := &steady{w: w, r: strings.NewReader(strings.Repeat("x", 3*piece))}
	for range 1000 { // of 1 byte: less than a piece
		if n, err := r.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if w.read != 1 {
		t.Errorf("the deadline moved %d times within a piece", w.read)
	}
	io.Copy(io.Discard, r)
	if w.read < 3 || w.read > 5 {
		t.Errorf("the deadline moved %d times in 3 pieces", w.read)
	}
}

type deadlines struct {
	http.ResponseWriter
	read int
}

func (d *deadlines) SetReadDeadline(time.Time) error { d.read++; return nil }

// The last tab ends the server after a while, never before a first one, and takes what was uploaded with it.
func TestTabs(t *testing.T) {
	for _, stay := range []bool{false, true} {
		c := open(t, Options{Grace: 50 * time.Millisecond, Stay: stay})
		time.Sleep(150 * time.Millisecond)
		id := c.upload("a.txt", []byte("content")) // it still serves
		ctx, leave := context.WithCancel(context.Background())
		resp, err := http.DefaultTransport.RoundTrip(c.request("POST", "/api/alive", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Read(make([]byte, 1))
		time.Sleep(150 * time.Millisecond)
		if _, done, err := c.s.shelf.use(id); err != nil {
			t.Fatal("gone while a tab is open")
		} else {
			done()
		}
		leave()
		resp.Body.Close()
		longest := 20 * time.Second // on a busy machine
		if stay {
			longest = time.Second
		}
		select {
		case <-c.s.tabs.closed:
			if stay {
				t.Error("it does not stay")
			}
		case <-time.After(longest):
			if !stay {
				t.Error("it stays")
			}
		}
		if _, _, err := c.s.shelf.use(id); err == nil {
			t.Error("the upload is still there")
		}
	}
}

// The launch file can be read by its owner only, and is gone once it was used. What killed servers left goes at the next start.
func TestLaunchFile(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	dir, err := launchFolder()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"open-1.html": "left", "open-2.txt": "not ours", "mine.html": "not ours"} {
		if err := os.WriteFile(dir+"/"+name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(dir+"/open-3.html", []byte("not of our mode"), 0o644)
	os.Symlink("/etc/passwd", dir+"/open-4.html")
	var opened string
	s, err := newServer(Options{Addr: "127.0.0.1:0", Open: func(path string) error { opened = path; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(s.Options, s.hosts)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := s.announce(l); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(opened)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, error %v", info, err)
	}
	b, _ := os.ReadFile(opened)
	if !strings.Contains(string(b), l.address+"#launch="+s.access.launch) || strings.Contains(opened, s.access.launch) {
		t.Errorf("%s: %s", opened, b)
	}
	removeStale(dir) // a second server
	if _, err := os.Stat(opened); err != nil {
		t.Error("a second server removed the launch file of the first")
	}
	s.used()
	names := map[string]bool{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names[e.Name()] = true
	}
	if len(names) != 4 || names["open-1.html"] {
		t.Errorf("left: %v", names)
	}
}
