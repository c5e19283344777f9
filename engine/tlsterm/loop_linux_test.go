package tlsterm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
)

// echoes is a loop that echoes over TLS whatever its clients send.
type echoes struct {
	t      *testing.T
	loop   *reactor.Loop
	addr   string
	pool   *Pool
	memory Memory
	config *tls.Config
	roots  *x509.CertPool
	ended  chan error // what became of each client, nil for close_notify
	shaken chan *echo // handshakes that have succeeded
	all    []*echo    // the loop's
}

// echo is one client's connection.
type echo struct {
	of   *echoes
	side relay.Side
	hand *Handshake // nil once over
	conn *Conn
	most int // bytes that one Read has brought
}

// startEchoes starts the loop; it ends with the test.
func startEchoes(t *testing.T, pool *Pool) *echoes {
	t.Helper()
	loop, err := reactor.NewLoop(64 << 10)
	if err != nil {
		t.Fatal(err)
	}
	s := &echoes{t: t, loop: loop, pool: pool, ended: make(chan error, 128), shaken: make(chan *echo, 128)}
	s.config, s.roots = selfSigned(t)
	up, down := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(down)
		_ = loop.Run(func() error { up <- s.listen(); return nil })
	}()
	t.Cleanup(func() {
		s.on(s.cancelAll)
		loop.Stop()
		<-down
		pool.Close()
	})
	if err := <-up; err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *echoes) listen() error {
	options := &reactor.ListenOptions{Backlog: 128, SocketOptions: reactor.SocketOptions{NoDelay: true}}
	ln, err := s.loop.Listen(netip.MustParseAddrPort("127.0.0.1:0"), options, s.accept)
	if err != nil {
		return err
	}
	addr, err := ln.Addr()
	s.addr = addr.String()
	return err
}

func (s *echoes) accept(fd int, peer netip.AddrPort) {
	e := &echo{of: s}
	s.all = append(s.all, e)
	if err := s.loop.Register(&e.side.Conn, fd, e); err != nil {
		s.t.Error(err)
		return
	}
	leg := &Leg{Loop: s.loop, Socket: &e.side.Conn, Memory: &s.memory, Peer: peer, Config: s.config}
	e.hand = s.pool.Server(leg, e)
}

func (s *echoes) cancelAll() {
	for _, e := range s.all {
		if e.hand != nil {
			e.hand.Cancel()
		}
	}
}

// on runs fn on the loop and waits for it.
func (s *echoes) on(fn func()) {
	done := make(chan struct{})
	s.loop.Post(func() { defer close(done); fn() })
	<-done
}

// Ready implements reactor.Handler.
func (e *echo) Ready(*reactor.Conn) {
	if e.hand != nil {
		e.feed()
		return
	}
	buf := e.of.loop.Buffer()
	for e.conn != nil && e.side.Flush() && e.side.Readable() && !e.side.Ended() {
		n := e.side.Receive(buf)
		e.most = max(e.most, n)
		e.side.Send(buf[:n])
	}
	if e.conn == nil || !e.side.Ended() {
		return
	}
	e.side.End()
	if e.side.Waiting() {
		return
	}
	var err error
	if e.side.Broken() {
		_, err = e.conn.Read(buf)
		e.side.Conn.Reset()
	}
	e.conn = nil
	e.side.Close()
	e.of.ended <- err
}

func (e *echo) feed() {
	buf := e.of.loop.Buffer()
	for e.side.Conn.Readable() && e.hand.Wants() {
		n, err := e.side.Conn.Read(buf)
		switch err {
		case nil:
			e.hand.Feed(buf[:n])
		case reactor.ErrWouldBlock:
			return
		default:
			e.hand.Fail(err)
			return
		}
	}
}

// Handshaken implements Owner.
func (e *echo) Handshaken(records []byte, over bool, err error) {
	e.side.Send(records)
	switch {
	case !over:
		e.feed()
	case err != nil:
		e.hand = nil
		e.side.Close()
		e.of.ended <- err
	default:
		e.conn, e.hand = e.hand.Conn(), nil
		e.side.Secure(e.conn)
		e.of.shaken <- e
		e.side.Conn.Again()
	}
}

// dial returns a TLS client; change may be nil.
func (s *echoes) dial(change func(*tls.Config)) *tls.Conn {
	s.t.Helper()
	config := &tls.Config{RootCAs: s.roots, ServerName: "test"}
	if change != nil {
		change(config)
	}
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return tls.Client(conn, config)
}

// selfSigned returns a server's configuration and what verifies it.
func selfSigned(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}
