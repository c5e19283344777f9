package pgtest

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// eachVariant runs a behaviour for every implementation, and checks that it
// leaves nothing behind.
func eachVariant(t *testing.T, body func(t *testing.T, impl engine.Impl)) {
	impls := []engine.Impl{engine.Goroutine}
	if runtime.GOOS == "linux" {
		impls = []engine.Impl{engine.Reactor, engine.Goroutine}
	}
	for _, impl := range impls {
		t.Run(string(impl), func(t *testing.T) {
			checkLeaks(t)
			body(t, impl)
		})
	}
}

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
	*engine.Engine
	t       *testing.T
	file    string // of its routes
	stopped bool
}

// listener is the name of a proxy's only listener.
const listener = "postgres"

// change is something about a proxy that isn't as startProxy would have it.
type change func(*engine.Config)

// startProxy runs a proxy until the end of the test, and then checks its
// accounts. By then its clients must have gone.
func startProxy(t *testing.T, impl engine.Impl, r routes, changes ...change) *proxy {
	t.Helper()
	p := &proxy{t: t, file: filepath.Join(t.TempDir(), "routes.yaml")}
	p.route(r)
	resolver, err := resolve.Open("file://"+p.file, resolve.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(t, resolver.(io.Closer)) })
	cfg := config(impl, resolver)
	for _, apply := range changes {
		apply(&cfg)
	}
	if p.Engine, err = engine.New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}

// config has every timeout out of the tests' way.
func config(impl engine.Impl, r resolve.Resolver) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Impl = impl
	cfg.EventLoops = 3
	cfg.Resolver = r
	cfg.Cache.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	cfg.Listeners = []engine.Listener{{Name: listener, Address: "127.0.0.1:0", Front: postgres.Front(postgres.Options{})}}
	cfg.Timeouts = engine.Timeouts{Detect: patience, Resolve: patience, Connect: patience, Open: patience, Flush: patience}
	return cfg
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

// shutdown is the engine's Shutdown, which may be called once.
func (p *proxy) shutdown(ctx context.Context) error {
	p.stopped = true
	return p.Shutdown(ctx)
}

// stop shuts the proxy down, if the test hasn't, and checks its accounts. Its
// sessions end by themselves: their clients are gone.
func (p *proxy) stop() {
	if !p.stopped {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.shutdown(ctx); err != nil {
			p.t.Errorf("Shutdown: %v", err)
		}
	}
	p.checkAccounts()
}

// checkAccounts checks what must be true of any engine that has been shut down.
func (p *proxy) checkAccounts() {
	s := p.Stats()
	closed := uint64(0)
	for _, n := range s.Closed {
		closed += n
	}
	if s.Active != 0 || closed != s.Accepted || s.Panics != 0 {
		p.t.Errorf("accepted %d sessions, closed %d, %d are active; %d panics", s.Accepted, closed, s.Active, s.Panics)
	}
	for _, e := range s.Endpoints {
		if e.Sessions != 0 {
			p.t.Errorf("endpoint %s still counts %d sessions", e.Name, e.Sessions)
		}
	}
}

// address is where clients connect, as "host:port".
func (p *proxy) address() string { return p.Addr(listener).String() }

// url is how a client asks the proxy for a database.
func (p *proxy) url(database string) string { return clientURL(p.address(), database) }

// directURL is how it asks the database's cluster itself.
func directURL(database string) string {
	return clientURL(servers.named[database].Endpoint(), database)
}

func clientURL(address, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: address, Path: "/" + database}
	return u.String()
}

// awaitClosed waits until so many sessions have ended for the reason.
func (p *proxy) awaitClosed(r engine.Reason, n uint64) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d sessions ended as %v", n, r), func() bool { return p.Stats().Closed[r] == n })
}

// awaitGone waits until so many sessions have ended in order. A client that says
// Terminate closes at the same time as its server does: either may be the first.
func (p *proxy) awaitGone(n uint64) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d sessions ended in order", n), func() bool {
		closed := p.Stats().Closed
		return closed[engine.ClientClosed]+closed[engine.BackendClosed] == n
	})
}

// timeouts sets all deadlines of a proxy.
func timeouts(d time.Duration) change {
	return func(cfg *engine.Config) {
		cfg.Timeouts = engine.Timeouts{Detect: d, Resolve: d, Connect: d, Open: d, Flush: d}
	}
}
