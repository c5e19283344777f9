package tlstest

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// duplex is a connection that can end one way.
type duplex interface {
	net.Conn
	CloseWrite() error
}

// legs are the ways a session can be encrypted.
var legs = []struct {
	name            string
	client, backend uint16 // the TLS version, 0 in the clear
}{
	{"client TLS 1.3", tls.VersionTLS13, 0},
	{"client TLS 1.2", tls.VersionTLS12, 0},
	{"backend TLS 1.3", 0, tls.VersionTLS13},
	{"both TLS 1.3", tls.VersionTLS13, tls.VersionTLS13},
	{"client 1.2, backend 1.3", tls.VersionTLS12, tls.VersionTLS13},
}

// eachLeg runs body with the two ends of a session of every kind.
func eachLeg(t *testing.T, body func(t *testing.T, p *proxy, client, backend duplex)) {
	t.Helper()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, leg := range legs {
			t.Run(leg.name, func(t *testing.T) {
				var changes []func(*proxy, *engine.Config)
				if leg.client == 0 {
					changes = append(changes, inTheClear)
				}
				if leg.backend != 0 {
					changes = append(changes, verified)
				}
				p := start(t, impl, changes...)
				client, backend := p.ends(leg.client, leg.backend)
				body(t, p, client, backend)
			})
		}
	})
}

// ends connects a client, and accepts its backend's connection.
func (p *proxy) ends(clientVersion, backendVersion uint16) (client, backend duplex) {
	p.t.Helper()
	shaken := make(chan error, 1)
	if clientVersion == 0 {
		client = p.Dial().TCPConn
		shaken <- nil
	} else {
		c := p.client(version(clientVersion))
		client = c
		go func() { shaken <- c.Handshake() }()
	}
	if backendVersion == 0 {
		backend = p.backend.Accept().TCPConn
	} else {
		c := p.server()
		enginetest.Must(p.t, c.Handshake())
		backend = c
	}
	enginetest.Must(p.t, <-shaken)
	return client, backend
}

// bulk is how many bytes are moved each way at once.
var bulk = flag.Int64("bulk", 24<<20, "bytes moved each way at once")

func TestBothWaysAtOnce(t *testing.T) {
	eachLeg(t, func(t *testing.T, p *proxy, client, backend duplex) {
		done := make(chan error, 4)
		go func() { done <- sendAll(client, 1) }()
		go func() { done <- sendAll(backend, 2) }()
		go func() { done <- receiveAll(backend, 1) }()
		go func() { done <- receiveAll(client, 2) }()
		for range 4 {
			enginetest.Must(t, <-done)
		}
		p.AwaitActive(0)
	})
}

func sendAll(c duplex, seed int64) error {
	if _, err := io.Copy(struct{ io.Writer }{c}, io.LimitReader(rand.New(rand.NewSource(seed)), *bulk)); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	return c.CloseWrite()
}

func receiveAll(c duplex, seed int64) error {
	got, want := sha256.New(), sha256.New()
	n, err := io.Copy(got, c)
	if err != nil {
		return fmt.Errorf("receiving, after %d bytes: %w", n, err)
	}
	_, _ = io.Copy(want, io.LimitReader(rand.New(rand.NewSource(seed)), *bulk))
	if n != *bulk || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		return fmt.Errorf("received %d bytes, not those that were sent", n)
	}
	return nil
}

// A side that ends still receives.
func TestHalfClose(t *testing.T) {
	eachLeg(t, func(t *testing.T, p *proxy, client, backend duplex) {
		for _, way := range []struct{ first, other duplex }{{client, backend}} {
			_, err := way.first.Write([]byte("last words"))
			enginetest.Must(t, err)
			enginetest.Must(t, way.first.CloseWrite())
			got, err := io.ReadAll(way.other)
			enginetest.Must(t, err)
			if string(got) != "last words" {
				t.Fatalf("got %q", got)
			}
			_, err = way.other.Write([]byte("the answer"))
			enginetest.Must(t, err)
			enginetest.Must(t, way.other.CloseWrite())
			if got, err = io.ReadAll(way.first); err != nil || string(got) != "the answer" {
				t.Fatalf("got %q, %v", got, err)
			}
		}
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}

// under is the TCP connection under an end.
func under(c duplex) *net.TCPConn {
	if encrypted, ok := c.(*tls.Conn); ok {
		return encrypted.NetConn().(*net.TCPConn)
	}
	return c.(*net.TCPConn)
}

// A TLS stream that ends without its close_notify may have been cut: the other
// side is reset, behind what came before.
func TestTruncation(t *testing.T) {
	eachLeg(t, func(t *testing.T, p *proxy, client, backend duplex) {
		cut, other, reason := client, backend, engine.ClientReset
		if _, encrypted := client.(*tls.Conn); !encrypted {
			cut, other, reason = backend, client, engine.BackendReset
		}
		_, err := cut.Write([]byte("not all of"))
		enginetest.Must(t, err)
		got := make([]byte, len("not all of"))
		_, err = io.ReadFull(other, got)
		enginetest.Must(t, err)
		enginetest.Must(t, under(cut).CloseWrite())
		if n, err := other.Read(got); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %d bytes and %v instead of a reset", n, err)
		}
		p.AwaitClosed(reason, 1)
	})
}

// A client that says its end and goes, without waiting for the backend's, has
// closed in order, and so has a backend that answers in kind.
func TestOrderlyEnd(t *testing.T) {
	eachLeg(t, func(t *testing.T, p *proxy, client, backend duplex) {
		_, err := client.Write([]byte("that was all"))
		enginetest.Must(t, err)
		got := make([]byte, len("that was all"))
		_, err = io.ReadFull(backend, got)
		enginetest.Must(t, err)
		enginetest.Must(t, client.Close())
		_, err = backend.Read(got)
		if err != io.EOF {
			t.Errorf("the backend saw %v", err)
		}
		enginetest.Must(t, backend.Close())
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}
