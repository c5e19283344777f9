package webtest

import (
	"context"
	"net/http"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

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
	*enginetest.Proxy
	t *testing.T
}

// startProxy runs a proxy until the end of the test, and then checks its
// accounts. By then its clients must have gone.
func startProxy(t *testing.T, impl engine.Impl, r resolve.Resolver, changes ...func(*engine.Config)) *proxy {
	t.Helper()
	cfg := enginetest.Config(impl, engine.HTTPFront(), r)
	for _, change := range changes {
		change(&cfg)
	}
	return &proxy{enginetest.Start(t, cfg), t}
}

// url is where clients connect whose Host says what they want.
func (p *proxy) url(path string) string { return "http://" + p.Address() + path }

// client returns a client of package net/http, to be used with p.request. It
// takes what comes as it is.
func (p *proxy) client(connections int) *http.Client {
	transport := &http.Transport{
		MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections,
		DisableCompression: true, ResponseHeaderTimeout: enginetest.Patience, ExpectContinueTimeout: enginetest.Patience,
	}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 4 * enginetest.Patience}
}

// request asks the proxy for something of a host.
func (p *proxy) request(method, host, path string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url(path), http.NoBody)
	enginetest.Must(p.t, err)
	r.Host = host
	return r
}
