// Package web is the local page behind keygan serve: it encrypts and decrypts in a browser what the commands do in a terminal, with the
// same packages below it.
//
//	err := web.Serve(ctx, web.Options{Addr: "127.0.0.1:0", Folder: "out", Open: openInBrowser})
//
// Every web page that the user has open, and every program on the machine, can send requests to a local service. So the package promises:
//
//   - It listens on loopback only, unless it has a certificate. It answers only requests for exactly the host and port that it serves.
//   - Without the session token, only the empty page, its assets and the exchange of the launch token are there. The launch token works
//     once. Scripts send the session token in a header; there are no cookies. What a browser fetches by itself needs a ticket, which works
//     once and for a minute.
//   - GET changes nothing but the ticket that it uses up. Requests that come from other sites are refused.
//   - No name in a request leads to a file, but for the outputs below Folder, which are new and never follow a link, and for what a run
//     leaves below Runs, which is only read. No link leads out of either.
//   - What users upload is never served as a page; a report below Runs is, but as one without scripts, forms and a network. Uploads lie on
//     the disk only encrypted. Nothing is left when the process ends.
//   - Sizes, counts, memory and times are bounded. Secrets are never logged and never in an address.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"keygan/batch"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/spool"
)

// Options say what is served, and where.
type Options struct {
	Addr      string // host:port; port 0 stands for a free one
	Cert, Key string // PEM files; an address beyond loopback needs them
	Folder    string // that results can be written to; "": none
	Runs      string // that holds the folders of runs, which are read only; "": none
	Weights   string // the generator's file; "": the one built in
	Stay      bool   // serves on when the last tab is closed

	// Open shows the file at path in a browser. If it is nil, Ready gets the launch address.
	Open func(path string) error

	// Ready is called once before the first request. file leads to the page, and only its owner can read it; launch is the page's address
	// with the launch token. One of the two is "".
	Ready func(address, file, launch string)

	Grace time.Duration // how long to wait for a tab after the last one was closed; 0: half a minute
}

// server is Serve at work.
type server struct {
	Options
	hosts    map[string]bool // what the header Host may say
	service  *batch.Service
	access   access
	tickets  tickets
	shelf    shelf
	tabs     tabs
	uploads  chan struct{} // as many as may come in at a time
	compares chan struct{} // one at a time, since each holds two images
	trials   chan struct{} // in the key lab: as many as there are cores
	runs     *runFolder    // nil: none
	looks    chan struct{} // at runs: two at a time
	watches  chan struct{} // event streams

	used     func()        // is called when the launch token was used
	stopping chan struct{} // closed when the server ends
	writing  sync.RWMutex  // held for reading while files are written into Folder
}

const (
	mostHeld    = 64 << 30 // bytes of uploads and results at a time
	mostUploads = 16       // at a time
	mostClients = 256      // connections at a time
)

// Tests have less.
var (
	mostInside int64 = 128 << 20        // bytes of mostHeld in memory
	arrival          = 20 * time.Second // for a request but for uploads
	finishing        = 10 * time.Second // for the work in flight when the user interrupts
)

func newServer(o Options) (*server, error) {
	if o.Folder != "" {
		info, err := os.Stat(o.Folder)
		if err == nil && !info.IsDir() {
			err = errors.New("not a folder")
		}
		if err == nil {
			o.Folder, err = filepath.Abs(o.Folder)
		}
		if err != nil {
			return nil, fileerr.Named(o.Folder, err)
		}
	}
	if o.Grace == 0 {
		o.Grace = 30 * time.Second
	}
	s := &server{
		Options: o, hosts: map[string]bool{}, access: access{launch: newToken()},
		shelf: shelf{pool: spool.NewPool(mostInside, mostHeld)}, tabs: tabs{closed: make(chan struct{})},
		uploads: make(chan struct{}, mostUploads), compares: make(chan struct{}, 1), trials: make(chan struct{}, runtime.GOMAXPROCS(0)),
		looks: make(chan struct{}, 2), watches: make(chan struct{}, mostWatches), used: func() {}, stopping: make(chan struct{}),
	}
	var err error
	if s.runs, err = openRuns(o.Runs); err != nil {
		return nil, err
	}
	s.service, err = batch.NewService(batch.Host{Guard: s.write}, batch.GeneratorOptions{Weights: o.Weights})
	return s, err
}

// write runs do, which writes files into the folder. The server does not end before do returns.
func (s *server) write(ctx context.Context, do func() error) error {
	s.writing.RLock()
	defer s.writing.RUnlock()
	if ctx.Err() != nil {
		return failure.ErrInterrupted
	}
	return do()
}

// Serve serves the page until the context ends or, without Stay, the last tab has been closed for a while. Only the latter is not an error.
func Serve(ctx context.Context, o Options) error {
	s, err := newServer(o)
	if err != nil {
		return err
	}
	l, err := listen(o, s.hosts)
	if err != nil {
		return err
	}
	defer l.Close()
	defer s.shelf.clear()
	if s.runs != nil {
		defer s.runs.Close()
	}
	if err := s.announce(l); err != nil {
		return err
	}
	defer s.used()
	return s.serve(ctx, l.Listener)
}

func (s *server) serve(ctx context.Context, l net.Listener) error {
	requests, interrupt := context.WithCancel(context.Background())
	defer s.writing.Lock() // waits for what writes files, which leaves nothing after an interrupt
	defer interrupt()
	h := &http.Server{
		BaseContext: func(net.Listener) context.Context { return requests },
		Handler:     s.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // which would name what clients sent
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(&limited{Listener: l, free: make(chan struct{}, mostClients)}) }()
	var err error
	wait := finishing
	select {
	case err = <-failed:
		return err
	case <-s.tabs.closed:
		wait = time.Hour // a download may still be running; it ends by itself when it stalls
	case <-ctx.Done():
		err = failure.ErrInterrupted
	}
	close(s.stopping)
	end, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if ctx.Err() == nil {
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
	}
	if h.Shutdown(end) != nil {
		h.Close()
	}
	return err
}

// handler returns the routes behind all the guards.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /assets/{name}", s.asset)
	mux.HandleFunc("GET /t/{ticket}", s.fetch)
	mux.HandleFunc("POST /api/session", s.exchange)
	for name, do := range map[string]action{
		"state": s.state, "alive": s.alive, "upload": s.upload, "thumbnail": s.thumbnail, "picture": s.picture,
		"recipients": s.recipients, "identities": s.identities, "identity": s.newIdentity,
		"encrypt": s.encrypt, "key": s.openKey, "decrypt": s.decrypt, "ticket": s.issue, "discard": s.discard,
		"lab": s.lab, "generator": s.generator, "scramble": s.scramble, "attempt": s.attempt, "flip": s.flip,
		"compare": s.compare, "randomness": s.randomness,
		"runs": s.listRuns, "watch": s.watch, "sample": s.sample, "report": s.report,
	} {
		mux.Handle("POST /api/"+name, s.authorized(do))
	}
	return s.guard(mux)
}

// bound is a listener and its address as a browser takes it.
type bound struct {
	net.Listener
	address string // https://host:port/
}

// listen opens the port, and adds to hosts what requests may ask for.
func listen(o Options, hosts map[string]bool) (*bound, error) {
	addr, err := net.ResolveTCPAddr("tcp", o.Addr)
	if err != nil {
		return nil, failure.Usagef("--addr %s: %w", o.Addr, err)
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, failure.Usagef("--cert and --key go together")
	}
	if !addr.IP.IsLoopback() && o.Cert == "" {
		return nil, failure.Hint(failure.Usagef("--addr %s: other machines could reach it, and read what is sent", o.Addr),
			"127.0.0.1:0 is reached from this machine only; --cert and --key encrypt what is sent")
	}
	var config *tls.Config
	names := []string{addr.IP.String()}
	scheme := "http"
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, failure.Usagef("--cert %s --key %s: %w", o.Cert, o.Key, fileerr.Reason(err))
		}
		scheme, config = "https", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		names = slices.DeleteFunc(pair.Leaf.DNSNames, func(name string) bool { return strings.HasPrefix(name, "*") })
		for _, ip := range pair.Leaf.IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) == 0 {
			return nil, failure.Usagef("--cert %s: it names no host; *.example.org is not one", o.Cert)
		}
	}
	l, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return nil, fileerr.Named(o.Addr, err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, name := range names {
		allow(hosts, scheme, name, port)
	}
	b := &bound{Listener: l, address: scheme + "://" + net.JoinHostPort(names[0], port) + "/"}
	if config != nil {
		b.Listener = tls.NewListener(l, config)
	}
	return b, nil
}

// allow adds what browsers send as Host to get to a name and a port. They leave the scheme's own port out, and small letters are all that
// they send.
func allow(hosts map[string]bool, scheme, name, port string) {
	host := net.JoinHostPort(strings.ToLower(name), port)
	hosts[host] = true
	if port == map[string]string{"http": "80", "https": "443"}[scheme] {
		hosts[strings.TrimSuffix(host, ":"+port)] = true
	}
}

// limited accepts no more connections than may be open at a time.
type limited struct {
	net.Listener
	free chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	l.free <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &counted{Conn: c, done: sync.OnceFunc(func() { <-l.free })}, nil
}

type counted struct {
	net.Conn
	done func()
}

func (c *counted) Close() error {
	defer c.done()
	return c.Conn.Close()
}
