package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"unicode/utf8"

	"keygan/internal/regularfile"
)

const mostReport = 32 << 20 // bytes; evaluate writes at most 10 MB

// reportPolicy is what a report may do, whoever wrote it: show itself. It runs no script, sends no form, fetches nothing, opens nothing,
// and its origin is nobody's. The page's own policy keeps the frame that it is in from leaving this server.
const reportPolicy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// report gives a ticket for a frame with the report in a folder of the folder of runs.
func (s *server) report(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Name string }
	if err := question(w, r, &in); err != nil {
		return err
	}
	switch {
	case s.runs == nil:
		return errNoRuns
	case !listable(in.Name):
		return errRequest
	}
	file := path.Join(in.Name, "report.html")
	f, err := regularfile.OpenIn(s.runs.Root, file)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	f.Close()
	if err == nil && info.Size() > mostReport {
		err = fmt.Errorf("%s: is larger than %d bytes", file, mostReport)
	}
	if err != nil {
		return err
	}
	id, err := s.tickets.issue(ticket{send: func(w http.ResponseWriter, r *http.Request) { s.sendReport(w, r, file) }})
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"url": "/t/" + id})
}

// sendReport sends a report to a frame, and to nothing else.
func (s *server) sendReport(w http.ResponseWriter, r *http.Request, file string) {
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "iframe" { // browsers of before 2023 send none
		refuse(w, http.StatusForbidden, "a report is shown in its frame only")
		return
	}
	f, err := regularfile.OpenIn(s.runs.Root, file)
	if err != nil {
		tell(w, err)
		return
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostReport))
	if err == nil && (!utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0) { // in another encoding, tags have other bytes
		err = fmt.Errorf("%s: not text in UTF-8", file)
	}
	if err != nil {
		tell(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", reportPolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("X-DNS-Prefetch-Control", "off")
	(&patient{w: w}).Write(disarmed(b))
}

// reaching is what makes a browser open connections or look up names whatever the policy says, or a frame go elsewhere: the preconnect
// of a link, the beginning of a frame's navigation before the policy forbids it, the target of any link but one within the report, and what
// gives a link in SVG a target later: the attribute that it names is a value, in which href can be written in other ways.
var reaching = regexp.MustCompile(`(?i)<(link|meta|base|script|form|i?frame|frameset|object|embed|portal|set|animate)|href\s*=("#)?`)

// disarmed gives such tags and attributes names that mean nothing. In HTML, the names of tags and attributes cannot be written in any
// other way than with these bytes; in a text, a tag stands escaped, and does not match. A picture's base64 has such letters now and then,
// but no = after them.
func disarmed(page []byte) []byte {
	return reaching.ReplaceAllFunc(page, func(found []byte) []byte {
		switch {
		case found[0] == '<':
			return append([]byte("<no-"), found[1:]...)
		case !bytes.HasSuffix(found, []byte(`"#`)):
			return append([]byte("no-"), found...)
		}
		return found
	})
}
