package tlstest

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/passthrough"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// shops are the names that clients ask for, each with a backend of its own.
var shops = []string{"a.test", "b.test"}

// mall is a proxy that routes by the server's name.
type mall struct {
	*enginetest.Proxy
	t     *testing.T
	ca    *enginetest.Authority
	shops map[string]*enginetest.Backend
	certs map[string]tls.Certificate
}

// openMall runs a proxy that doesn't terminate TLS, unless changed.
func openMall(t *testing.T, impl engine.Impl, changes ...func(*mall, *engine.Config)) *mall {
	t.Helper()
	m := &mall{t: t, ca: enginetest.NewAuthority(t), shops: make(map[string]*enginetest.Backend), certs: make(map[string]tls.Certificate)}
	endpoints := endpoints{"closed.test": enginetest.ClosedPort(t)}
	for _, name := range shops {
		m.shops[name] = enginetest.Listen(t)
		_, m.certs[name] = m.ca.Issue(name)
		endpoints[name] = m.shops[name].Address()
	}
	cfg := enginetest.Config(impl, passthrough.Front(codecs.TCP), endpoints)
	for _, change := range changes {
		change(m, &cfg)
	}
	m.Proxy = enginetest.Start(t, cfg)
	return m
}

// endpoints is a resolver that knows some names, and forbids one.
type endpoints map[string]string

// Resolve implements resolve.Resolver.
func (e endpoints) Resolve(_ context.Context, r resolve.Request) (resolve.Result, error) {
	endpoint, known := e[r.Resource]
	switch {
	case known:
		return resolve.Result{Endpoint: endpoint}, nil
	case r.Resource == "forbidden.test":
		return resolve.Result{}, resolve.Errorf(resolve.Forbidden, "not for you")
	}
	return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no resource %q", r.Resource)
}

// client begins a handshake for the name over a connection that may be changed.
func (m *mall) client(name string, change func(net.Conn) net.Conn) *tls.Conn {
	m.t.Helper()
	conn := net.Conn(m.Dial().TCPConn)
	if change != nil {
		conn = change(conn)
	}
	return tls.Client(conn, &tls.Config{RootCAs: m.ca.Roots(), ServerName: name})
}

// visit has the client verify the backend itself and talk with it, to the end of
// both.
func (m *mall) visit(name string, change func(net.Conn) net.Conn) {
	m.t.Helper()
	c := m.client(name, change)
	shaken := enginetest.Async(c.Handshake)
	s := tls.Server(m.shops[name].Accept().TCPConn, &tls.Config{Certificates: []tls.Certificate{m.certs[name]}})
	enginetest.Must(m.t, s.Handshake())
	enginetest.Must(m.t, <-shaken)
	if got := s.ConnectionState().ServerName; got != name {
		m.t.Errorf("the backend of %s was asked for %q", name, got)
	}
	talk(m.t, c, s)
	// The proxy knows nothing of an end within.
	enginetest.Must(m.t, c.NetConn().Close())
	_, _ = io.Copy(io.Discard, s.NetConn())
	enginetest.Must(m.t, s.NetConn().Close())
}

// talk ends one side after the other, with something said before.
func talk(t *testing.T, c, s duplex) {
	t.Helper()
	for _, way := range [][2]duplex{{c, s}, {s, c}} {
		_, err := io.WriteString(way[0], "hello there")
		enginetest.Must(t, err)
		enginetest.Must(t, way[0].CloseWrite())
		got, err := io.ReadAll(way[1])
		if err != nil || string(got) != "hello there" {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// fragmented sends what is written first, the ClientHello, in records of so many
// bytes, and each byte by itself.
type fragmented struct {
	net.Conn
	size int
}

func (f *fragmented) Write(b []byte) (int, error) {
	const header = 5
	if f.size == 0 {
		return f.Conn.Write(b)
	}
	for rest := b[header:]; len(rest) > 0; {
		n := min(f.size, len(rest))
		record := append([]byte{b[0], b[1], b[2], byte(n >> 8), byte(n)}, rest[:n]...)
		rest = rest[n:]
		for i := range record {
			if _, err := f.Conn.Write(record[i : i+1]); err != nil {
				return 0, err
			}
		}
	}
	f.size = 0
	return len(b), nil
}
