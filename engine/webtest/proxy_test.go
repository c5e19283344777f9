package webtest

import (
	"context"
	"net/http"
	"net/netip"
	"runtime"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// goroutineServes says that the goroutine variant serves HTTP and is tested.
const goroutineServes = true

// eachVariant runs a behaviour for every implementation, and checks that it
// leaves nothing behind.
func eachVariant(t *testing.T, body func(t *testing.T, impl engine.Impl)) {
	var impls []engine.Impl
	if runtime.GOOS == "linux" {
		impls = append(impls, engine.Reactor)
	}
	if goroutineServes {
		impls = append(impls, engine.Goroutine)
	}
	for _, impl := range impls {
		t.Run(string(impl), func(t *testing.T) {
			checkLeaks(t)
			body(t, impl)
		})
	}
}

// routes are the backends' addresses by host name.
type routes map[string]string

// Resolve implements resolve.Resolver.
func (r routes) Resolve(_ context.Context, req resolve.Request) (resolve.Result, error) {
	endpoint, known := r[req.Resource]
	if !known {
		return resolve.Result{}, &resolve.Error{Kind: resolve.NotFound}
	}
	return resolve.Result{Endpoint: endpoint}, nil
}

// only routes the host that most tests ask for.
func only(backend string) routes { return routes{host: backend} }

// host is the name of the only backend.
const host = "alpha.test"

// proxy is an engine under test.
type proxy struct {
	*engine.Engine
	t *testing.T
}

// listener is the name of a proxy's only listener.
const listener = "http"

// startProxy runs a proxy until the end of the test, and then checks its
// accounts. By then its clients must have gone.
func startProxy(t *testing.T, impl engine.Impl, r resolve.Resolver) *proxy {
	t.Helper()
	return startConfigured(t, config(impl, r))
}

func startConfigured(t *testing.T, cfg engine.Config) *proxy {
	t.Helper()
	e, err := engine.New(cfg)
	must(t, err)
	must(t, e.Start())
	p := &proxy{Engine: e, t: t}
	t.Cleanup(p.stop)
	return p
}

// config has every timeout out of the tests' way.
func config(impl engine.Impl, r resolve.Resolver) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Impl = impl
	cfg.EventLoops = 2
	cfg.Resolver = r
	cfg.Cache.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	cfg.Listeners = []engine.Listener{{Name: listener, Address: "127.0.0.1:0", Front: engine.HTTPFront()}}
	cfg.Timeouts = engine.Timeouts{Detect: patience, Resolve: patience, Connect: patience, Open: patience, Flush: patience}
	cfg.HTTP.HeadTimeout, cfg.HTTP.KeepAlive = patience, patience
	cfg.HTTP.FirstByte, cfg.HTTP.Stall = patience, patience
	return cfg
}

// stop shuts the proxy down and checks its accounts. Its sessions end by
// themselves: their clients are gone.
func (p *proxy) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil {
		p.t.Errorf("Shutdown: %v", err)
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

// url is where clients connect whose Host says what they want.
func (p *proxy) url(path string) string { return "http://" + p.address() + path }

// client returns a client of package net/http, to be used with p.request. It
// takes what comes as it is.
func (p *proxy) client(connections int) *http.Client {
	transport := &http.Transport{
		MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections,
		DisableCompression: true, ResponseHeaderTimeout: patience, ExpectContinueTimeout: patience,
	}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 4 * patience}
}

// request asks the proxy for something of a host.
func (p *proxy) request(method, host, path string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url(path), http.NoBody)
	must(p.t, err)
	r.Host = host
	return r
}
