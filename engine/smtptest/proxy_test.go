package smtptest

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// routes are the backends' addresses by resource.
type routes map[string]string

// Resolve implements resolve.Resolver.
func (r routes) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	endpoint, known := r[q.Resource]
	if !known {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no route")
	}
	return resolve.Result{Endpoint: endpoint}, nil
}

// toPostfix routes both domains to Postfix, each to the server of its name.
func toPostfix(t testing.TB) routes {
	t.Helper()
	return routes{"shop.example": mailServer.at(t, "shop"), "bank.example": mailServer.at(t, "bank")}
}

// shopAt routes the domain that most tests send mail to.
func shopAt(address string) routes { return routes{"shop.example": address} }

// proxy is an engine under test.
type proxy struct {
	*enginetest.Proxy
	t testing.TB
	// ca is the file of what its certificate is to be verified with.
	ca string
}

// change is something about a proxy that isn't as startProxy would have it.
type change func(*engine.Config)

// startProxy runs a proxy until the end of the test, and then checks its
// accounts. By then its clients must have gone.
func startProxy(t testing.TB, impl engine.Impl, o smtp.Options, r routes, changes ...change) *proxy {
	t.Helper()
	cfg := enginetest.Config(impl, smtp.Front(o), r)
	p := &proxy{t: t, ca: "none"}
	if o.TLS != smtp.TLSOff {
		ca := enginetest.NewAuthority(t)
		p.ca, cfg.Listeners[0].TLS = ca.File, serverOf(ca)
	}
	for _, apply := range changes {
		apply(&cfg)
	}
	p.Proxy = enginetest.Start(t, cfg)
	return p
}

// serverOf has a certificate for both names that clients know the proxy by.
func serverOf(ca *enginetest.Authority) *tlsterm.Server {
	pair, _ := ca.Issue("127.0.0.1", func(c *x509.Certificate) { c.DNSNames = []string{"shop.example"} })
	return ca.Server("unused.example", func(o *tlsterm.ServerOptions) { o.Keypairs = []tlsterm.Keypair{pair} })
}

// encrypting has the backends' legs be encrypted, and verified by the
// authority.
func encrypting(verify tlsterm.Verify, ca *enginetest.Authority) change {
	return func(cfg *engine.Config) {
		cfg.Listeners[0].BackendTLS = verify
		cfg.TLS.Backends = ca.Backends()
	}
}

// dialFrom connects a client that has an address of its own.
func dialFrom(t testing.TB, address string, p *proxy) *enginetest.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	c, err := d.Dial("tcp", p.Address())
	enginetest.Must(t, err)
	return enginetest.NewConn(t, c.(*net.TCPConn))
}

func (p *proxy) port() string {
	_, port, _ := net.SplitHostPort(p.Address())
	return port
}

// drain has the proxy shut down, and returns when it has begun to.
func (p *proxy) drain() (done <-chan error) {
	p.t.Helper()
	done = enginetest.Async(func() error { return p.Shutdown(context.Background()) })
	enginetest.Eventually(p.t, "newcomers are refused", func() bool {
		late, err := net.Dial("tcp", p.Address())
		if err == nil {
			late.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	return done
}

// awaitGone waits until so many sessions have ended in order: either side may
// be the first to close behind QUIT.
func (p *proxy) awaitGone(n uint64) {
	p.t.Helper()
	var closed map[engine.Reason]uint64
	if !enginetest.Holds(func() bool {
		closed = p.Stats().Closed
		return closed[engine.ClientClosed]+closed[engine.BackendClosed] == n
	}) {
		p.t.Errorf("%d sessions have not ended in order: %v", n, closed)
	}
}
