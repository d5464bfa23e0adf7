package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
