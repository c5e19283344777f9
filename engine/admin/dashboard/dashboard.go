// Package dashboard is the admin server's page: what a proxy does at this moment,
// and the actions that an operator may want, in a browser.
//
// The page is a client of the admin API like any other (package api): it holds no
// data, and so may be had without the token that its questions need. It is plain
// HTML, CSS and JavaScript, served as it stands here; nothing of it comes from
// elsewhere, and its headers have browsers see to that.
package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed index.html style.css icon.svg *.js
var files embed.FS

// page is the file that is served at /.
const page = "index.html"

// folder is where the others are served.
const folder = "/dashboard/"

// policy lets the page load what is served here, speak with the server that it came
// from, and nothing else; nobody may frame it, where a click could be stolen.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Serves says that Handler has the path, so that no token need be asked for.
func Serves(p string) bool { return p == "/" || strings.HasPrefix(p, folder) }

// kinds are the types of the files, whatever this system's own table says.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Handler serves GET and HEAD of the page and its parts. It may be called from any
// goroutine, as http.Handler's ServeHTTP is.
func Handler() http.Handler {
	entries, _ := files.ReadDir(".") // can't fail: they are in the program
	all := make(assets, len(entries))
	for _, e := range entries {
		all[e.Name()] = load(e.Name())
	}
	return all
}

// asset is a file with what its headers say.
type asset struct {
	body      []byte
	kind, tag string
}

func load(name string) asset {
	body, _ := files.ReadFile(name)
	sum := sha256.Sum256(body)
	return asset{body, kinds[path.Ext(name)], `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// assets are the files by their names.
type assets map[string]asset

// ServeHTTP has browsers keep the files and ask each time whether they are still the
// same: after an upgrade of the proxy no part of the old page meets the new ones.
func (all assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, folder)
	if r.URL.Path == "/" {
		name = page
	}
	a, ok := all[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.tag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.body))
}
