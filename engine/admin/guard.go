package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine/admin/dashboard"
)

// actionHeader must be with what changes something, unless a token is: a web page
// of another origin can't send it without being asked for leave first, which
// nobody gives.
const actionHeader = "X-Proxy-Engine"

// guarded lets through what may be.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if status, why := s.judge(r); status != 0 {
			if status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="proxy-engine"`)
			}
			fail(w, status, why)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// judge returns the status that a request is refused with, 0 if it isn't.
func (s *Server) judge(r *http.Request) (status int, why string) {
	switch {
	case s.o.Token != "":
		if !isOpen(r.URL.Path) && !s.hasToken(r) {
			return http.StatusUnauthorized, "the token is missing or wrong"
		}
	case !s.isUnix() && !namesLoopback(r.Host):
		// A name that an attacker had resolve to this machine (DNS rebinding).
		return http.StatusForbidden, "the Host header must be a loopback address or localhost"
	case changes(r.Method) && r.Header.Get(actionHeader) == "":
		return http.StatusForbidden, "requests that change something need the header " + actionHeader
	case r.Header.Get("Sec-Fetch-Site") == "cross-site" && !dashboard.Serves(r.URL.Path):
		// It couldn't read the answer, but profiles and traces cost something.
		return http.StatusForbidden, "pages of other sites may link to the dashboard only"
	}
	return 0, ""
}

// isOpen says that no token is needed: what is there holds no data. The page asks
// for the token itself, for what it asks for.
func isOpen(path string) bool {
	return path == "/healthz" || path == "/readyz" || dashboard.Serves(path)
}

func (s *Server) isUnix() bool { return s.ln.Addr().Network() == "unix" }

func changes(method string) bool { return method != http.MethodGet && method != http.MethodHead }

// hasToken compares in a time that says nothing of the token, nor of its length.
func (s *Server) hasToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.o.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// namesLoopback says that a Host header is one of this machine's own, with or
// without a port.
func namesLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
