package dns

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// server is a real name server on this host, for UDP and TCP at one port.
type server struct {
	at       netip.AddrPort
	udp, tcp atomic.Int32 // questions
}

// serve runs a server until the end of the test. The handler returns nil for no
// answer.
func serve(t *testing.T, handle func(network string, q *dns.Msg) *dns.Msg) *server {
	t.Helper()
	s := new(server)
	packets, listener := samePort(t)
	s.at = netip.MustParseAddrPort(packets.LocalAddr().String())
	handler := func(network string, count *atomic.Int32) dns.HandlerFunc {
		return func(w dns.ResponseWriter, q *dns.Msg) {
			count.Add(1)
			if m := handle(network, q); m != nil {
				_ = w.WriteMsg(m) // who asked may have left
			}
		}
	}
	start(t, &dns.Server{PacketConn: packets, Handler: handler("udp", &s.udp)})
	start(t, &dns.Server{Listener: listener, Handler: handler("tcp", &s.tcp)})
	return s
}

func start(t *testing.T, s *dns.Server) {
	t.Helper()
	started, done := make(chan struct{}), make(chan error, 1)
	s.NotifyStartedFunc = func() { close(started) }
	go func() { done <- s.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// samePort listens for both; the port the kernel gives one may be taken for the
// other.
func samePort(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 100 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		_ = packets.Close()
	}
	t.Fatal("no port is free for UDP and TCP")
	return nil, nil
}

// plain answers from the zone, whatever the network.
func (z *zone) plain(_ string, q *dns.Msg) *dns.Msg { return z.answer(q) }

// newReal returns a Resolver of these servers.
func newReal(t *testing.T, servers ...*server) *Resolver {
	t.Helper()
	o := files(t, "options attempts:1\n", "")
	for _, s := range servers {
		o.Servers = append(o.Servers, s.at)
	}
	return New(o)
}

func TestRealServer(t *testing.T) {
	s := serve(t, newZone(t, "db.test. 60 IN A 192.0.0.9").plain)
	r := newReal(t, s)
	wantAddrs(t, r, "db.test", "192.0.0.9")
	if _, _, err := r.Lookup(t.Context(), "gone.test"); !isNotFound(err) {
		t.Errorf("a missing name: %v", err)
	}
	if s.tcp.Load() != 0 {
		t.Error("asked over TCP")
	}
}

// TestTruncated: what doesn't fit comes over TCP, from the same server.
func TestTruncated(t *testing.T) {
	z := newZone(t, "db.test. 60 IN A 192.0.0.9")
	s := serve(t, func(network string, q *dns.Msg) *dns.Msg {
		m := z.answer(q)
		if network == "udp" {
			m.Truncated, m.Answer = true, nil
		}
		return m
	})
	wantAddrs(t, newReal(t, s), "db.test", "192.0.0.9")
	if udp, tcp := s.udp.Load(), s.tcp.Load(); udp != 2 || tcp != 2 {
		t.Errorf("%d questions over UDP, %d over TCP", udp, tcp)
	}
}

// TestFailover: a server that is of no use is passed over, whatever it does, and
// not asked first again.
func TestFailover(t *testing.T) {
	z := newZone(t, "db.test. 60 IN A 192.0.0.9", "other.test. 60 IN A 192.0.0.9")
	answering := func(change func(q, m *dns.Msg)) func(string, *dns.Msg) *dns.Msg {
		return func(_ string, q *dns.Msg) *dns.Msg {
			m := new(dns.Msg).SetReply(q)
			m.RecursionAvailable = true
			change(q, m)
			return m
		}
	}
	for name, broken := range map[string]func(string, *dns.Msg) *dns.Msg{
		"SERVFAIL":            answering(func(_, m *dns.Msg) { m.Rcode = dns.RcodeServerFailure }),
		"REFUSED":             answering(func(_, m *dns.Msg) { m.Rcode = dns.RcodeRefused }),
		"an unknown code":     answering(func(_, m *dns.Msg) { m.Rcode = 13 }),
		"knows nothing":       answering(func(_, m *dns.Msg) { m.RecursionAvailable = false }),
		"another question":    answering(func(_, m *dns.Msg) { m.Question[0].Name = "evil.test." }),
		"another type":        answering(func(_, m *dns.Msg) { m.Question[0].Qtype = dns.TypeMX }),
		"no response":         answering(func(_, m *dns.Msg) { m.Response = false }),
		"no question":         answering(func(_, m *dns.Msg) { m.Question = nil }),
		"truncated over TCP":  answering(func(_, m *dns.Msg) { m.Truncated = true }),
		"always a bad format": answering(func(_, m *dns.Msg) { m.Rcode = dns.RcodeFormatError }),
	} {
		t.Run(name, func(t *testing.T) {
			bad, good := serve(t, broken), serve(t, z.plain)
			r := newReal(t, bad, good)
			wantAddrs(t, r, "db.test", "192.0.0.9")
			before := bad.udp.Load()
			wantAddrs(t, r, "other.test", "192.0.0.9")
			if n := bad.udp.Load() - before; n != 0 {
				t.Errorf("the broken server was asked %d times again", n)
			}
			wantFailure(t, newReal(t, bad), "db.test", "server "+bad.at.String())
		})
	}
}

// TestNobodyListens: the kernel says so at once.
func TestNobodyListens(t *testing.T) {
	packets, listener := samePort(t)
	closed := &server{at: netip.MustParseAddrPort(packets.LocalAddr().String())}
	if err := packets.Close(); err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	good := serve(t, newZone(t, "db.test. 60 IN A 192.0.0.9").plain)
	wantAddrs(t, newReal(t, closed, good), "db.test", "192.0.0.9")
	wantFailure(t, newReal(t, closed), "db.test", "refused")
}

// TestServerWithoutEDNS is asked again without.
func TestServerWithoutEDNS(t *testing.T) {
	for _, code := range []int{dns.RcodeFormatError, dns.RcodeNotImplemented} {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		s := serve(t, func(_ string, q *dns.Msg) *dns.Msg {
			if q.IsEdns0() != nil {
				return new(dns.Msg).SetRcode(q, code)
			}
			return z.answer(q)
		})
		wantAddrs(t, newReal(t, s), "db.test", "192.0.0.9")
	}
}

// TestForgedID: a message with another id isn't taken, the one behind it is.
func TestForgedID(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := newZone(t, "db.test. 60 IN A 192.0.0.9")
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			q := new(dns.Msg)
			if err := q.Unpack(buf[:n]); err != nil {
				t.Error(err)
				return
			}
			forged, honest := z.answer(q), z.answer(q)
			forged.Id++
			for _, record := range forged.Answer {
				record.(*dns.A).A = net.IPv4(127, 0, 0, 1)
			}
			for _, m := range []*dns.Msg{forged, honest} {
				packet, err := m.Pack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = conn.WriteTo(packet, from) // who asked has left behind the first
			}
		}
	}()
	defer func() { _ = conn.Close(); <-done }()
	s := &server{at: netip.MustParseAddrPort(conn.LocalAddr().String())}
	wantAddrs(t, newReal(t, s), "db.test", "192.0.0.9")
}

// TestShareOfTime: a silent server leaves time for the next, each round.
func TestShareOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := files(t, "nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions attempts:2 timeout:5\n", "")
		r := newFake(t, newZone(t, "db.test. 60 IN A 192.0.0.9"), o)
		answer := r.exchange
		r.exchange = func(ctx context.Context, network, server string, q *dns.Msg) (*dns.Msg, error) {
			if strings.HasPrefix(server, "10.0.0.1:") {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return answer(ctx, network, server, q)
		}
		start := time.Now()
		wantAddrs(t, r, "db.test", "192.0.0.9")
		if waited := time.Since(start); waited != DefaultTimeout/4 {
			t.Errorf("waited %v for the silent one", waited)
		}
	})
}
