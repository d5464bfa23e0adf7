package web

import (
	"embed"
	"net/http"
	"path"
)

// assets are the page: plain HTML, CSS and JavaScript modules. Nothing in them is made for a request, so nothing has to be escaped.
//
//go:embed assets
var assets embed.FS

func (s *server) page(w http.ResponseWriter, _ *http.Request) { send(w, "index.html") }

func (s *server) asset(w http.ResponseWriter, r *http.Request) { send(w, r.PathValue("name")) }

// send sends an asset by its name, which cannot lead anywhere else: an embed.FS has no other files, and refuses "..".
func send(w http.ResponseWriter, name string) {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		refuse(w, http.StatusNotFound, "there is no such page")
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	w.Write(b)
}

// types does not ask the system, which may think otherwise of .js.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}
