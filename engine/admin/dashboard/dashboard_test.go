package dashboard

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(h http.Handler, path, tag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFilesAreServed(t *testing.T) {
	h := Handler().(assets)
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/dashboard/style.css": "text/css; charset=utf-8",
		"/dashboard/main.js": "text/javascript; charset=utf-8", "/dashboard/icon.svg": "image/svg+xml",
	} {
		w := get(h, path, "")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || w.Body.Len() == 0 {
			t.Errorf("%s: %d %q, %d bytes", path, w.Code, w.Header(), w.Body.Len())
		}
		if w := get(h, path, w.Header().Get("ETag")); w.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/dashboard/", "/dashboard/dashboard.go", "/dashboard/../dashboard.go", "/dashboard//main.js"} {
		if w := get(h, path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestHeadersAreStrict(t *testing.T) {
	for _, path := range []string{"/", "/dashboard/main.js"} {
		h := get(Handler(), path, "").Header()
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
			"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), part) {
				t.Errorf("%s: no %s in the policy", path, part)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestServes(t *testing.T) {
	for path, want := range map[string]bool{"/": true, "/dashboard/main.js": true, "/stats": false, "/dashboards": false, "": false, "//": false} {
		if Serves(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}

// Everything that is referred to is here, everything that is here is referred to, and
// nothing has markup made of text.
func TestFilesAreWhole(t *testing.T) {
	h := Handler().(assets)
	used := map[string]bool{page: true}
	reference := regexp.MustCompile(`(?:from '\./|(?:src|href)="dashboard/)([^'"]+)`)
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://[^w]`)
	inline := regexp.MustCompile(`(?i)<style|<script(?:[^>]*)>[^<]|\sstyle=|\son[a-z]+=`)
	for name, a := range h {
		for _, m := range reference.FindAllSubmatch(a.body, -1) {
			used[string(m[1])] = true
		}
		if found := forbidden.Find(a.body); found != nil {
			t.Errorf("%s: %s", name, found)
		}
	}
	if found := inline.Find(h[page].body); found != nil {
		t.Errorf("inline: %s", found)
	}
	if have, want := slices.Sorted(maps.Keys(h)), slices.Sorted(maps.Keys(used)); !slices.Equal(have, want) {
		t.Errorf("there are %q, used are %q", have, want)
	}
}
