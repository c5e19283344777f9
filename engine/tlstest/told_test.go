package tlstest

import (
	"context"
	"crypto/tls"
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// asked is a resolver that remembers what it was asked, and answers the same.
type asked struct {
	answer   resolve.Result
	requests chan resolve.Request
}

// Resolve implements resolve.Resolver.
func (a *asked) Resolve(_ context.Context, r resolve.Request) (resolve.Result, error) {
	a.requests <- r
	return a.answer, nil
}

// asking has the proxy ask the resolver about its backend; metadata are the
// route's, name and value by turns.
func asking(a *asked, metadata ...string) func(*proxy, *engine.Config) {
	return func(p *proxy, cfg *engine.Config) {
		a.requests = make(chan resolve.Request, 8)
		a.answer = resolve.Result{Endpoint: p.backend.Address(), TTL: -1, Metadata: make(map[string]string)}
		for pair := range slices.Chunk(metadata, 2) {
			a.answer.Metadata[pair[0]] = pair[1]
		}
		cfg.Resolver = a
	}
}

// The resolver is told the name the client asks for, and who it is by its
// certificate.
func TestResolverIsTold(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		var a asked
		p := start(t, impl, mutual, asking(&a))
		_, cert := p.ca.Issue("tenant-7")
		c := p.client(func(c *tls.Config) {
			c.ServerName, c.InsecureSkipVerify = "Some.Name.test", true
			c.Certificates = []tls.Certificate{cert}
		})
		enginetest.Must(t, c.Handshake())
		r := <-a.requests
		if r.ServerName != "some.name.test" {
			t.Errorf("the name is %q", r.ServerName)
		}
		if id := r.Identity; id == nil || id.Subject != "CN=tenant-7" || !slices.Equal(id.DNSNames, []string{"tenant-7"}) {
			t.Errorf("the identity is %+v", id)
		}
		p.backend.Accept()
	})
}

// A route's metadata decide over the listener how the backend is spoken to.
func TestRouteDecidesOnTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		t.Run("encrypted", func(t *testing.T) {
			p := start(t, impl, inTheClear, asking(new(asked), engine.MetadataTLS, "verify-full", engine.MetadataTLSName, "db.test"))
			_, p.cert = p.ca.Issue("db.test")
			p.Dial()
			backend := p.server()
			enginetest.Must(t, backend.Handshake())
			if got := backend.ConnectionState().ServerName; got != "db.test" {
				t.Errorf("the backend was asked for %q", got)
			}
		})
		t.Run("in the clear", func(t *testing.T) {
			p := start(t, impl, verified, inTheClear, asking(new(asked), engine.MetadataTLS, "off"))
			p.Dial().Say("plain")
			p.backend.Accept().Hear("plain")
		})
		t.Run("nonsense", func(t *testing.T) {
			p := start(t, impl, inTheClear, asking(new(asked), engine.MetadataTLS, "perhaps"))
			p.Dial()
			p.AwaitClosed(engine.InternalError, 1)
		})
	})
}

// The backend is shown the proxy's certificate.
func TestClientCertificateForTheBackend(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, inTheClear, verified, func(p *proxy, cfg *engine.Config) {
			pair, _ := p.ca.Issue("the proxy")
			cfg.TLS.Backends = p.ca.Backends(func(o *tlsterm.ClientOptions) { o.Cert, o.Key = pair.Cert, pair.Key })
		})
		p.Dial()
		backend := tls.Server(p.backend.Accept().TCPConn, &tls.Config{
			Certificates: []tls.Certificate{p.cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: p.ca.Roots(),
		})
		enginetest.Must(t, backend.Handshake())
		if got := backend.ConnectionState().PeerCertificates[0].Subject.CommonName; got != "the proxy" {
			t.Errorf("the backend saw %q", got)
		}
	})
}
