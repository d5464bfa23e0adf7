package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// policy is what a page of ours may do: nothing that its own assets and requests do not need.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; frame-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard refuses what does not come from the page itself, before anything else looks at it.
func (s *server) guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp", "X-Frame-Options": "DENY",
			"Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		} {
			h.Set(name, value)
		}
		deadline(w, arrival)
		switch {
		case !s.hosts[r.Host]: // another name for this address: a rebound one
			refuse(w, http.StatusForbidden, "this server does not answer to that name")
		case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
			refuse(w, http.StatusMethodNotAllowed, "GET and POST only")
		case !fromUs(r):
			refuse(w, http.StatusForbidden, "requests from other sites are refused")
		default:
			http.NewResponseController(w).SetWriteDeadline(time.Now().Add(stalled)) // whatever an earlier request on this connection set
			sameOrigin.ServeHTTP(w, r)
		}
	})
}

// fromUs reports whether a browser says that a request comes from our page, or from the user. The page itself may be asked for by a link
// anywhere, such as the one in the launch file: it is empty.
func fromUs(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin": // browsers of before 2023 send none; http.CrossOriginProtection looks at Origin then
		return true
	case "none":
		return r.Method != http.MethodPost
	}
	return r.Method == http.MethodGet && r.URL.Path == "/" &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// deadline bounds how long the rest of a request may take to arrive; 0 lifts the bound.
func deadline(w http.ResponseWriter, d time.Duration) {
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	http.NewResponseController(w).SetReadDeadline(t) // a writer in a test has none
}

func newToken() string {
	b := make([]byte, 32)
	rand.Read(b) // it ends the program rather than fail
	return base64.RawURLEncoding.EncodeToString(b)
}

// access holds the two tokens.
type access struct {
	mu      sync.Mutex
	launch  string // "" once it was used
	session string // "" before
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// begin exchanges the launch token for the session token.
func (a *access) begin(launch string) (session string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !same(a.launch, launch) {
		return "", false
	}
	a.launch, a.session = "", newToken()
	return a.session, true
}

func (a *access) allows(session string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return same(a.session, session)
}

const sessionHeader = "X-Keygan-Session"

// exchange gives the session token for the launch token.
func (s *server) exchange(w http.ResponseWriter, r *http.Request) {
	var in struct{ Launch string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "not a request of the page")
		return
	}
	session, ok := s.access.begin(in.Launch)
	if !ok {
		refuse(w, http.StatusForbidden, "this address was used already, or is of a server that has ended")
		return
	}
	s.used()
	answer(w, map[string]string{"session": session})
}

// An action is what a script of the page asks for. Its error is told to the user.
type action func(w http.ResponseWriter, r *http.Request) error

// authorized does an action for requests with the session token.
func (s *server) authorized(do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.access.allows(r.Header.Get(sessionHeader)) {
			refuse(w, http.StatusForbidden, "this page has no session")
			return
		}
		if err := do(w, r); err != nil {
			tell(w, err)
		}
	})
}
