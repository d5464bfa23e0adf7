package web

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"keygan/cipher/sealed"
	"keygan/data/imagefile"
)

const (
	mostFile    = 16 << 30  // bytes of one upload
	mostPreview = 256 << 20 // bytes of one upload that is only looked at
)

// receive takes the body of a request as a content.
func (s *server) receive(w http.ResponseWriter, r *http.Request, most int64) (*item, error) {
	i, err := named(r)
	if err != nil {
		return nil, err
	}
	if r.ContentLength < 0 || r.ContentLength > most {
		return nil, errTooLarge
	}
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		return nil, errBusy
	}
	i.content = s.shelf.pool.New()
	// It starts with memory for one block, whatever the length that was announced.
	n, err := io.CopyBuffer(struct{ io.Writer }{i.content}, &steady{w: w, r: http.MaxBytesReader(w, r.Body, most)}, make([]byte, piece))
	if err == nil && n != r.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	deadline(w, 0)
	if err == nil {
		i.file, err = i.content.File()
	}
	if err != nil {
		i.wipe()
		return nil, fmt.Errorf("%s: %w", i.name, err)
	}
	return i, nil
}

// named returns an item with the name and the time in a request's headers. They are not in the address, because a name may tell who the
// patient is.
func named(r *http.Request) (*item, error) {
	name, err := url.PathUnescape(r.Header.Get("X-Keygan-Name"))
	folder, err2 := url.PathUnescape(r.Header.Get("X-Keygan-Folder"))
	if errors.Join(err, err2) != nil || name == "" || len(folder) > 4096 {
		return nil, errRequest
	}
	i := &item{name: name, folder: folder}
	for _, part := range append(strings.Split(folder, "/"), name) {
		if err := sealed.CheckName(part); err != nil || (part == "" && folder != "") {
			return nil, fmt.Errorf("%q: %w", path.Join(folder, name), errors.Join(err, errRequest))
		}
	}
	if ms, err := strconv.ParseInt(r.Header.Get("X-Keygan-Modified"), 10, 64); err == nil && ms > 0 && ms < 1<<46 {
		i.modified = time.UnixMilli(ms)
	}
	return i, nil
}

func (s *server) upload(w http.ResponseWriter, r *http.Request) error {
	i, err := s.receive(w, r, mostFile)
	if err != nil {
		return err
	}
	id, err := s.shelf.put(i)
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"id": id})
}

// side returns how large a picture is asked for, in pixels.
func side(r *http.Request) int {
	n, err := strconv.Atoi(r.Header.Get("X-Keygan-Side"))
	if err != nil {
		return 96
	}
	return max(16, min(n, 1024))
}

// window returns the window that a picture is asked for in: its center and its width; 0: its own.
func window(r *http.Request) (center, width float64, err error) {
	h := r.Header.Get("X-Keygan-Window")
	if h == "" {
		return 0, 0, nil
	}
	const most = 1 << 40
	if n, err := fmt.Sscan(h, &center, &width); n != 2 || err != nil || !(width >= 1 && width < most && center > -most && center < most) { // NaN is none either
		return 0, 0, errRequest
	}
	return center, width, nil
}

// thumbnail sends a small picture of an image that is uploaded for nothing else.
func (s *server) thumbnail(w http.ResponseWriter, r *http.Request) error {
	i, err := s.receive(w, r, mostPreview)
	if err != nil {
		return err
	}
	defer i.wipe()
	return s.look(w, r, i)
}

// picture sends a small picture of an image that is here.
func (s *server) picture(w http.ResponseWriter, r *http.Request) error {
	var in struct{ ID string }
	if err := question(w, r, &in); err != nil {
		return err
	}
	i, done, err := s.shelf.file(in.ID)
	if err != nil {
		return err
	}
	defer done()
	return s.look(w, r, i)
}

func (s *server) look(w http.ResponseWriter, r *http.Request, i *item) error {
	center, width, err := window(r)
	if err != nil {
		return err
	}
	m, err := s.service.Thumbnail(r.Context(), i.batchContent(), side(r), center, width)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(stalled))
	imagefile.EncodePNG(w, m) // whoever does not listen is gone
	return nil
}

func (s *server) discard(w http.ResponseWriter, r *http.Request) error {
	var in struct{ IDs []string }
	if err := question(w, r, &in); err != nil {
		return err
	}
	s.shelf.drop(in.IDs...)
	return answer(w, struct{}{})
}

// tickets let a browser fetch something by itself: each once, and for a short time.
type tickets struct {
	mu  sync.Mutex
	all map[string]ticket
}

type ticket struct {
	ids   []string
	zip   string           // the name of an archive of all; "": the one file
	send  http.HandlerFunc // answers in the place of these, if it is not nil
	until time.Time
}

const (
	validity    = time.Minute
	mostTickets = 1000
)

func (t *tickets) issue(n ticket) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for id, old := range t.all {
		if now.After(old.until) {
			delete(t.all, id)
		}
	}
	if len(t.all) >= mostTickets {
		return "", errBusy
	}
	if t.all == nil {
		t.all = map[string]ticket{}
	}
	id := newToken()
	n.until = now.Add(validity)
	t.all[id] = n
	return id, nil
}

// redeem uses up a ticket.
func (t *tickets) redeem(id string) (ticket, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, ok := t.all[id]
	delete(t.all, id)
	return n, ok && time.Now().Before(n.until)
}

// issue gives a ticket for one file, or for an archive of several.
func (s *server) issue(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		IDs []string
		Zip string
	}
	if err := question(w, r, &in); err != nil {
		return err
	}
	if len(in.IDs) == 0 || len(in.IDs) > mostItems || (len(in.IDs) > 1 && in.Zip == "") || sealed.CheckName(in.Zip) != nil {
		return errRequest
	}
	for _, id := range in.IDs {
		_, done, err := s.shelf.file(id)
		if err != nil {
			return err
		}
		done()
	}
	id, err := s.tickets.issue(ticket{ids: in.IDs, zip: in.Zip})
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"url": "/t/" + id})
}

// fetch sends what a ticket is for. The browser saves files and never shows them.
func (s *server) fetch(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // HEAD would use the ticket up
		refuse(w, http.StatusMethodNotAllowed, "GET only")
		return
	}
	t, ok := s.tickets.redeem(r.PathValue("ticket"))
	if !ok {
		refuse(w, http.StatusForbidden, "this link was used already, or is too old")
		return
	}
	deadline(w, 0)
	if t.send != nil {
		t.send(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	if t.zip != "" {
		h.Set("Content-Disposition", attachment(t.zip))
		s.archive(r.Context(), &patient{w: w}, t.ids)
		return
	}
	i, done, err := s.shelf.file(t.ids[0])
	if err != nil {
		tell(w, err)
		return
	}
	defer done()
	h.Set("Content-Disposition", attachment(i.name))
	h.Set("Content-Length", strconv.FormatInt(i.file.Size(), 10))
	io.Copy(&patient{w: w}, i.batchContent().File)
}

func attachment(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}

// archive writes a .zip of some items. If one is gone or cannot be read, it breaks the archive off, so that nobody takes it for whole.
func (s *server) archive(ctx context.Context, w io.Writer, ids []string) {
	z := zip.NewWriter(w)
	taken := map[string]bool{}
	for _, id := range ids {
		if ctx.Err() != nil || s.pack(z, id, taken) != nil {
			panic(http.ErrAbortHandler) // the browser reports a failed download
		}
	}
	if z.Close() != nil {
		panic(http.ErrAbortHandler)
	}
}

func (s *server) pack(z *zip.Writer, id string, taken map[string]bool) error {
	i, done, err := s.shelf.file(id)
	if err != nil {
		return err
	}
	defer done()
	f, err := z.CreateHeader(&zip.FileHeader{Name: unused(taken, path.Join(i.folder, i.name)), Method: zip.Store, Modified: i.modified})
	if err != nil {
		return err
	}
	_, err = io.Copy(f, i.batchContent().File)
	return err
}

// unused returns a name that is not taken: scan.png, scan (2).png, … Names that differ only in case are the same on some systems.
func unused(taken map[string]bool, name string) string {
	ext := path.Ext(name)
	for n, try := 2, name; ; n++ {
		if key := strings.ToLower(try); !taken[key] {
			taken[key] = true
			return try
		}
		try = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
	}
}

// keep puts a result on the shelf.
func (s *server) keep(i *item) (result, error) {
	size := i.content.Size()
	id, err := s.shelf.put(i)
	return result{ID: id, Name: path.Join(i.folder, i.name), Size: size}, err
}

// A result is a file that can be fetched, or one that was written into the folder.
type result struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	Size int64  `json:"size,omitempty"`
}
