package web

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"keygan/internal/failure"
)

// Whoever is refused, and never sends the body that was announced, loses the connection in time like everybody else.
func TestRefusedClientsDoNotStay(t *testing.T) {
	old := arrival
	arrival = 500 * time.Millisecond
	t.Cleanup(func() { arrival = old })
	c := open(t, Options{})
	host := strings.TrimPrefix(c.base, "http://")
	for what, start := range map[string]string{
		"foreign host":   "POST / HTTP/1.1\r\nHost: evil.example\r\n",
		"foreign page":   "POST / HTTP/1.1\r\nHost: " + host + "\r\nSec-Fetch-Site: cross-site\r\n",
		"foreign method": "PUT / HTTP/1.1\r\nHost: " + host + "\r\n",
		"no session":     "POST /api/state HTTP/1.1\r\nHost: " + host + "\r\n",
	} {
		if left := held(t, host, start+"Content-Length: 1000\r\n\r\n"); left {
			t.Errorf("%s: the connection is held", what)
		}
	}
	// More than the question does not lift the bound either.
	text := "POST /api/discard HTTP/1.1\r\nHost: " + host + "\r\n" + sessionHeader + ": " + c.session + "\r\nContent-Length: 1000\r\n\r\n{}"
	if left := held(t, host, text); left {
		t.Error("half a question: the connection is held")
	}
}

// held sends a request and reports whether the server still waits for the rest of it after ten seconds.
func held(t *testing.T, host, request string) bool {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, request)
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err = io.Copy(io.Discard, conn)
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// An interrupt that does not wait for a long file leaves nothing of it in the folder.
func TestInterruptLeavesNothing(t *testing.T) {
	old := finishing
	finishing = time.Millisecond
	t.Cleanup(func() { finishing = old })
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	s, err := newServer(Options{Addr: "127.0.0.1:0", Folder: dir})
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
	c := &client{t: t, s: s, base: strings.TrimSuffix(l.address, "/")}
	c.session = c.launch()
	to := c.handle("recipients", newParty(t).recipient, "")
	id := c.upload("long.bin", bytes.Repeat([]byte("0123456789abcdef"), 6<<20))
	go http.DefaultTransport.RoundTrip(c.request("POST", "/api/encrypt", strings.NewReader(fmt.Sprintf(`{"file":%q,"to":%q,"into":true}`, id, to))))
	for deadline := time.Now().Add(30 * time.Second); len(files(t, dir)) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is written")
		}
	}
	stop()
	<-ended
	if names := files(t, dir); len(names) == 1 || len(names) == 2 && names[0] != filepath.Join(dir, "long.bin.cipher.png") {
		t.Errorf("the process ends and leaves %v", names)
	}
	s.shelf.clear()
}

func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}

// On a scheme's own port browsers leave the port out, and they write names in small letters. Nobody's name has a star.
func TestHostsAsBrowsersWriteThem(t *testing.T) {
	for _, v := range []struct{ scheme, name, port, want string }{
		{"http", "127.0.0.1", "80", "[127.0.0.1 127.0.0.1:80]"},
		{"http", "::1", "80", "[[::1] [::1]:80]"},
		{"http", "127.0.0.1", "443", "[127.0.0.1:443]"},
		{"https", "Scan.Example", "443", "[scan.example scan.example:443]"},
		{"https", "scan.example", "80", "[scan.example:80]"},
	} {
		hosts := map[string]bool{}
		allow(hosts, v.scheme, v.name, v.port)
		if got := fmt.Sprint(slices.Sorted(maps.Keys(hosts))); got != v.want {
			t.Errorf("%v: %s", v, got)
		}
	}
	if _, err := listen(withCertificate(t, "*.example.org"), map[string]bool{}); !failure.IsUsage(err) {
		t.Errorf("a certificate without a name: %v", err)
	}
	hosts := map[string]bool{}
	l, err := listen(withCertificate(t, "*.example.org", "scan.example.org"), hosts)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if !strings.HasPrefix(l.address, "https://scan.example.org:") || len(hosts) != 1 {
		t.Errorf("%s, %v", l.address, hosts)
	}
}

// withCertificate returns options with a certificate for some names.
func withCertificate(t *testing.T, names ...string) Options {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Addr: "127.0.0.1:0", Cert: filepath.Join(t.TempDir(), "cert.pem"), Key: filepath.Join(t.TempDir(), "key.pem")}
	write(t, o.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	write(t, o.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	return o
}

// What holds images or takes a core waits for its turn, and gives up when its client does.
func TestWorkWaitsForItsTurn(t *testing.T) {
	c := open(t, Options{})
	var bench struct{ ID string }
	if status, failed := c.json("lab", map[string]string{"file": "", "sample": "xray"}, &bench); status != 200 {
		t.Fatal(status, failed)
	}
	scan := picture(t)
	for range cap(c.s.compares) {
		c.s.compares <- struct{}{}
	}
	for range cap(c.s.trials) {
		c.s.trials <- struct{}{}
	}
	asks := map[string]func() string{
		"compare":    func() string { return fmt.Sprintf(`{"a":%q,"b":%q}`, c.upload("a.png", scan), c.upload("b.png", scan)) },
		"randomness": func() string { return fmt.Sprintf(`{"file":%q}`, c.upload("a.png", scan)) },
		"attempt":    func() string { return fmt.Sprintf(`{"id":%q,"scheme":"paper","iterations":1}`, bench.ID) },
	}
	for name, in := range asks {
		ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		resp, err := http.DefaultTransport.RoundTrip(c.request("POST", "/api/"+name, strings.NewReader(in())).WithContext(ctx))
		if err == nil {
			t.Errorf("%s does not wait: %d", name, resp.StatusCode)
			resp.Body.Close()
		}
		stop()
	}
	for range cap(c.s.compares) {
		<-c.s.compares
	}
	for range cap(c.s.trials) {
		<-c.s.trials
	}
	for name, in := range asks {
		if status, failed := c.raw(name, []byte(in()), &struct{}{}); status != 200 {
			t.Errorf("%s: %d %s", name, status, failed)
		}
	}
	// An answer reaches the client before the handler that sent it has left its place.
	for end := time.Now().Add(20 * time.Second); len(c.s.compares)+len(c.s.trials) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("somebody keeps a place")
		}
	}
}

// A ticket names no more than there can be: an archive of one file twenty thousand times would take a minute of a core for its names.
func TestTicketForTooMany(t *testing.T) {
	c := open(t, Options{})
	id := c.upload("a", nil)
	if status, _ := c.json("ticket", map[string]any{"ids": slices.Repeat([]string{id}, 20_000), "zip": "all.zip"}, nil); status != http.StatusBadRequest {
		t.Errorf("%d", status)
	}
}

// What a killed process left in the folder, a part of a decrypted file perhaps, is removed before the next file goes there. A key file whose
// cipher image was never placed goes as well; everything else stays.
func TestKilledBefore(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files cannot be locked there, so nobody knows whose they are")
	}
	dir := t.TempDir()
	below := filepath.Join(dir, "below")
	left := ".keygan-" + strings.Repeat("0123456789abcdef", 2) + ".tmp"
	for _, d := range []string{dir, below} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(d, left), []byte("half of a patient's file"))
	}
	if err := os.Link(filepath.Join(dir, left), filepath.Join(dir, "half.txt.key.age")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "alone.txt.key.age"), []byte("of somebody's cipher image elsewhere"))
	c := open(t, Options{Folder: dir})
	to := c.handle("recipients", newParty(t).recipient, "")
	for range 2 {
		var up struct{ ID string }
		c.raw("upload", []byte("content"), &up, "X-Keygan-Name", "a.txt", "X-Keygan-Folder", "below")
		c.json("encrypt", map[string]any{"file": up.ID, "to": to, "into": true}, &made{})
		c.json("encrypt", map[string]any{"file": c.upload("half.txt", []byte("content")), "to": to, "into": true}, &made{})
	}
	var names []string
	for _, path := range append(files(t, dir), files(t, below)...) {
		names = append(names, filepath.Base(path))
	}
	if got := strings.Join(names, " "); got != "alone.txt.key.age below half.txt.cipher.png half.txt.key.age a.txt.cipher.png a.txt.key.age" {
		t.Errorf("there are %s", got)
	}
}

// Others can neither list nor change the folder of the launch file, whoever made it.
func TestLaunchFolder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the cache's folder is chosen by a variable on Linux")
	}
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	dir := filepath.Join(cache, "keygan")
	if err := errors.Join(os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	got, err := launchFolder()
	if info, statErr := os.Stat(dir); err != nil || statErr != nil || got != dir || info.Mode().Perm() != 0o700 {
		t.Errorf("%s, %v, error %v", got, info, errors.Join(err, statErr))
	}
}

// With a certificate the page is there for the names in it only, and everything else is as without.
func TestServesWithACertificate(t *testing.T) {
	o := withCertificate(t, "scan.example.org")
	c := start(t, o)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(mustRead(t, o.Cert))
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(c.base, "https://"))
	browser := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}
	t.Cleanup(browser.CloseIdleConnections)
	body := fmt.Sprintf(`{"launch":%q}`, c.s.access.launch)
	for _, v := range []struct {
		host   string
		status int
	}{{"127.0.0.1:" + port, http.StatusForbidden}, {"evil.example:" + port, http.StatusForbidden}, {"scan.example.org:" + port, http.StatusOK}} {
		r := c.request("POST", "/api/session", strings.NewReader(body), "Origin", "https://"+v.host)
		r.Host = v.host
		resp, err := browser.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != v.status {
			t.Errorf("%s: %d, want %d", v.host, resp.StatusCode, v.status)
		}
	}
	if resp, err := http.Get("http://127.0.0.1:" + port + "/"); err == nil {
		if resp.Body.Close(); resp.StatusCode == http.StatusOK {
			t.Error("it answers without TLS")
		}
	}
}
