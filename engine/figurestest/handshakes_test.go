package figurestest

import (
	"crypto/tls"
	"maps"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// awaitHandshakes waits until exactly these results, and no other, are counted.
func (s *stand) awaitHandshakes(with func(*engine.Stats) engine.HandshakeStats, want map[engine.HandshakeResult]uint64) engine.HandshakeStats {
	s.t.Helper()
	var got engine.HandshakeStats
	counted := func() bool {
		now := s.Stats()
		got = with(&now)
		maps.DeleteFunc(got.Results, func(_ engine.HandshakeResult, n uint64) bool { return n == 0 })
		return maps.Equal(got.Results, want)
	}
	if !enginetest.Holds(counted) {
		s.t.Errorf("got %v, want %v", got.Results, want)
	}
	return got
}

func withClients(s *engine.Stats) engine.HandshakeStats  { return s.ClientTLS }
func withBackends(s *engine.Stats) engine.HandshakeStats { return s.BackendTLS }

// shakes is a TCP proxy with TLS.
func shakes(t *testing.T, impl engine.Impl, ca *enginetest.Authority, deadline time.Duration) *stand {
	t.Helper()
	return start(t, impl, tcp.Front("db"), func(cfg *engine.Config) {
		cfg.Listeners[0].TLS = ca.Server("proxy.test")
		cfg.Timeouts.Handshake = deadline
	})
}

// Handshakes with clients that go well count by version, and as resumed.
func TestHandshakesByVersion(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ca := enginetest.NewAuthority(t)
		s := shakes(t, impl, ca, enginetest.Patience)
		for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			config := &tls.Config{
				RootCAs: ca.Roots(), ServerName: "proxy.test", MinVersion: v, MaxVersion: v, ClientSessionCache: tls.NewLRUClientSessionCache(1),
			}
			for range 3 {
				client := tls.Client(s.Dial().TCPConn, config)
				enginetest.Must(t, client.Handshake())
				backend := s.backend.Accept()
				backend.Say("hello") // with which a ticket comes
				_, err := client.Read(make([]byte, 5))
				enginetest.Must(t, err)
				enginetest.CloseAll(t, client, backend)
			}
		}
		got := s.awaitHandshakes(withClients, map[engine.HandshakeResult]uint64{engine.HandshakeOK: 6})
		want := []engine.TLSSessions{{Version: tls.VersionTLS12, Full: 1, Resumed: 2}, {Version: tls.VersionTLS13, Full: 1, Resumed: 2}}
		if len(got.Sessions) != 2 || got.Sessions[0] != want[0] || got.Sessions[1] != want[1] {
			t.Errorf("got %+v, want %+v", got.Sessions, want)
		}
		s.awaitHandshakes(withBackends, map[engine.HandshakeResult]uint64{})
	})
}

// Those that don't count by why.
func TestHandshakesThatFail(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ca := enginetest.NewAuthority(t)
		s := shakes(t, impl, ca, enginetest.Patience)
		plain := s.Dial()
		plain.Say("GET / HTTP/1.1\r\n\r\n")
		plain.HearGone()
		enginetest.Must(t, plain.Close())
		gone := s.Dial()
		gone.Say("\x16\x03\x01")
		enginetest.Must(t, gone.Close())
		distrustful := tls.Client(s.Dial().TCPConn, &tls.Config{ServerName: "proxy.test", RootCAs: enginetest.NewAuthority(t).Roots()})
		if distrustful.Handshake() == nil {
			t.Error("a client trusts whom it shouldn't")
		}
		_ = distrustful.Close()
		s.awaitHandshakes(withClients, map[engine.HandshakeResult]uint64{engine.HandshakeRefused: 2, engine.HandshakeLeft: 1})
		s.AwaitActive(0)
	})
}

// A client that takes too long is counted as that.
func TestHandshakesThatAreLate(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := shakes(t, impl, enginetest.NewAuthority(t), 20*time.Millisecond)
		s.Dial().HearGone()
		s.awaitHandshakes(withClients, map[engine.HandshakeResult]uint64{engine.HandshakeLate: 1})
	})
}

// So are handshakes with backends.
func TestHandshakesWithBackends(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ca := enginetest.NewAuthority(t)
		_, certificate := ca.Issue("127.0.0.1")
		s := start(t, impl, tcp.Front("db"), func(cfg *engine.Config) {
			cfg.Listeners[0].BackendTLS, cfg.TLS.Backends = tlsterm.VerifyFull, ca.Backends()
		})
		client := s.Dial()
		secured := s.backend.Accept()
		backend := tls.Server(secured.TCPConn, &tls.Config{Certificates: []tls.Certificate{certificate}})
		enginetest.Must(t, backend.Handshake())
		refused := s.Dial()
		s.backend.Accept().Say("what?") // no TLS
		refused.HearGone()
		got := s.awaitHandshakes(withBackends, map[engine.HandshakeResult]uint64{engine.HandshakeOK: 1, engine.HandshakeRefused: 1})
		if got.Sessions[1].Full != 1 {
			t.Errorf("got %+v, want one of TLS 1.3", got.Sessions)
		}
		_ = backend.Close()
		enginetest.CloseAll(t, client)
		s.AwaitActive(0)
	})
}
