package admin

import (
	"net/http"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
)

// The page may be had without the token, what it shows may not; the names that it is
// served under are checked as all are.
func TestDashboardIsServed(t *testing.T) {
	closed := start(t, engine.Goroutine, func(o *Options) { o.Token = "secret" })
	open := start(t, engine.Goroutine, nil)
	for _, path := range []string{"/", "/dashboard/main.js", "/dashboard/style.css"} {
		closed.want(http.StatusOK, "GET", path)
		closed.want(http.StatusMethodNotAllowed, "POST", path)
		open.want(http.StatusOK, "GET", path)
		open.want(http.StatusForbidden, "GET", path, "Host", "evil.example")
	}
	closed.want(http.StatusNotFound, "GET", "/dashboard/nothing")
	closed.want(http.StatusUnauthorized, "GET", "/nothing")
	closed.want(http.StatusUnauthorized, "GET", "/stats")
}
