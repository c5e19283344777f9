package pgtest

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// routes is the content of a resolver's file: what stands behind each resource
// id.
type routes map[string]resolve.Result

// routesByName has each cluster's name lead to it.
func routesByName() routes {
	r := make(routes)
	for _, name := range names {
		r[name] = resolve.Result{Endpoint: servers.named[name].Endpoint()}
	}
	return r
}

// yaml is the file's text.
func (r routes) yaml() string {
	var b strings.Builder
	b.WriteString("routes:\n")
	for resource, result := range r {
		fmt.Fprintf(&b, "  %q:\n    endpoint: %q\n", resource, result.Endpoint)
		if result.Timeout > 0 {
			fmt.Fprintf(&b, "    timeout: %v\n", result.Timeout)
		}
		if database := result.Metadata["database"]; database != "" {
			fmt.Fprintf(&b, "    metadata: {database: %q}\n", database)
		}
	}
	return b.String()
}

// proxy is an engine under test.
type proxy struct {
	*enginetest.Proxy
	t    *testing.T
	file string // of its routes
}

// change is something about a proxy that isn't as startProxy would have it.
type change func(*engine.Config)

// startProxy runs a proxy until the end of the test, and then checks its
// accounts. By then its clients must have gone.
func startProxy(t *testing.T, impl engine.Impl, r routes, changes ...change) *proxy {
	t.Helper()
	p := &proxy{t: t, file: filepath.Join(t.TempDir(), "routes.yaml")}
	p.route(r)
	resolver, err := resolve.Open("file://"+p.file, resolve.OpenOptions{})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.CloseAll(t, resolver.(io.Closer)) })
	cfg := enginetest.Config(impl, postgres.Front(postgres.Options{}), resolver)
	cfg.EventLoops = 3
	for _, apply := range changes {
		apply(&cfg)
	}
	p.Proxy = enginetest.Start(t, cfg)
	return p
}

// route replaces the routes, as an operator does: by another file of the name.
func (p *proxy) route(r routes) {
	p.t.Helper()
	next := p.file + ".next"
	if err := os.WriteFile(next, []byte(r.yaml()), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(next, p.file); err != nil {
		p.t.Fatal(err)
	}
}

// url is how a client asks the proxy for a database.
func (p *proxy) url(database string) string { return clientURL(p.Address(), database) }

// directURL is how it asks the database's cluster itself.
func directURL(database string) string {
	return clientURL(servers.named[database].Endpoint(), database)
}

func clientURL(address, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: address, Path: "/" + database}
	return u.String()
}

// awaitGone waits until so many sessions have ended in order. A client that says
// Terminate closes at the same time as its server does: either may be the first.
func (p *proxy) awaitGone(n uint64) {
	p.t.Helper()
	enginetest.Eventually(p.t, fmt.Sprintf("%d sessions ended in order", n), func() bool {
		closed := p.Stats().Closed
		return closed[engine.ClientClosed]+closed[engine.BackendClosed] == n
	})
}

// timeouts sets all deadlines of a proxy.
func timeouts(d time.Duration) change {
	return func(cfg *engine.Config) {
		cfg.Timeouts = engine.Timeouts{Detect: d, Idle: d, Handshake: d, Resolve: d, Connect: d, Open: d, Flush: d}
	}
}
