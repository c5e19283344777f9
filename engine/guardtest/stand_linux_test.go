package guardtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	wire "github.com/miekg/dns"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/dns"
)

// backend is an HTTP server at one port of every address, which answers with the
// address it was reached at.
type backend struct{ port string }

func startBackend(t *testing.T) *backend {
	t.Helper()
	l, err := net.Listen("tcp", ":0") // IPv4 and IPv6
	enginetest.Must(t, err)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr).AddrPort().Addr()
		fmt.Fprintf(w, "reached %s\n", at.Unmap().WithZone(""))
	})}
	s.SetKeepAlivesEnabled(false)
	done := enginetest.Async(func() error { return s.Serve(l) })
	t.Cleanup(func() {
		enginetest.Must(t, s.Close())
		<-done
	})
	_, port, err := net.SplitHostPort(l.Addr().String())
	enginetest.Must(t, err)
	return &backend{port}
}

// names is a name server whose every answer the test decides.
type names struct {
	at netip.AddrPort

	mu     sync.Mutex
	answer func(name string) []string // addresses, asked once per family
}

func startNames(t *testing.T) *names {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	enginetest.Must(t, err)
	n := &names{at: netip.MustParseAddrPort(packets.LocalAddr().String())}
	started := make(chan struct{})
	s := &wire.Server{PacketConn: packets, Handler: n, NotifyStartedFunc: func() { close(started) }}
	done := enginetest.Async(s.ActivateAndServe)
	<-started
	t.Cleanup(func() {
		enginetest.Must(t, s.Shutdown())
		enginetest.Must(t, <-done)
	})
	return n
}

// say has every further question answered so.
func (n *names) say(answer func(name string) []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer = answer
}

// ServeDNS answers with the addresses of the family that is asked for; they may
// be used once.
func (n *names) ServeDNS(w wire.ResponseWriter, q *wire.Msg) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := new(wire.Msg).SetReply(q)
	m.Authoritative = true
	asked := q.Question[0]
	for _, text := range n.answer(strings.TrimSuffix(asked.Name, ".")) {
		header := wire.RR_Header{Name: asked.Name, Rrtype: asked.Qtype, Class: wire.ClassINET}
		switch addr := netip.MustParseAddr(text); {
		case asked.Qtype == wire.TypeA && addr.Is4():
			m.Answer = append(m.Answer, &wire.A{Hdr: header, A: addr.AsSlice()})
		case asked.Qtype == wire.TypeAAAA && addr.Is6():
			m.Answer = append(m.Answer, &wire.AAAA{Hdr: header, AAAA: addr.AsSlice()})
		}
	}
	_ = w.WriteMsg(m) // who asked may have left
}

// pointing is a resolver that sends everybody to one endpoint, which the test
// moves.
type pointing struct{ endpoint atomic.Pointer[string] }

// Resolve implements resolve.Resolver.
func (p *pointing) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	return resolve.Result{Endpoint: *p.endpoint.Load(), TTL: -1}, nil
}

const web = "web" // the listener beside enginetest's own

// stand is a proxy with an HTTP and a plain TCP listener, and what is behind it.
type stand struct {
	*enginetest.Proxy
	t       *testing.T
	backend *backend
	names   *names
	to      *pointing
	// guardOpen says that the guard lets everything pass.
	guardOpen bool
}

func newStand(t *testing.T, impl engine.Impl, b *backend, n *names, guard resolve.Guard) *stand {
	t.Helper()
	s := &stand{t: t, backend: b, names: n, to: new(pointing)}
	s.guardOpen = guard.Check(netip.IPv4Unspecified()) == nil
	cfg := enginetest.Config(impl, tcp.Front("guarded"), s.to)
	cfg.Listeners = append(cfg.Listeners, engine.Listener{Name: web, Address: "127.0.0.1:0", Front: engine.HTTPFront()})
	cfg.Cache.Guard = guard
	cfg.Cache.NegativeTTL, cfg.Cache.StaleFor = -1, -1
	cfg.Cache.Lookup = dns.New(dns.Options{Servers: []netip.AddrPort{n.at}, MinTTL: -1, StaleFor: -1, NegativeTTL: -1}).Lookup
	s.Proxy = enginetest.Start(t, cfg)
	return s
}

// outcome is what came of one session.
type outcome struct {
	heard    string // all that the client was told
	connects int    // that the proxy tried
}

// visit has a client of a listener ask for what is at the endpoint's host.
func (s *stand) visit(listener, host string) outcome {
	s.t.Helper()
	endpoint := net.JoinHostPort(host, s.backend.port)
	s.to.endpoint.Store(&endpoint)
	before := connects(s.t)
	raw, err := net.Dial("tcp", s.Addr(listener).String())
	enginetest.Must(s.t, err)
	client := enginetest.NewConn(s.t, raw.(*net.TCPConn))
	// Plain TCP may be refused before it has said anything.
	_, _ = client.Write([]byte("GET / HTTP/1.1\r\nHost: guarded\r\nConnection: close\r\n\r\n"))
	heard := client.HearGone()
	enginetest.Must(s.t, client.Close())
	s.AwaitActive(0)
	return outcome{heard, connects(s.t) - before - 1} // but for the client's
}

// reached says at which address the backend was reached, "" if it wasn't.
func (o outcome) reached() string {
	_, at, _ := strings.Cut(o.heard, "\nreached ")
	return strings.TrimSpace(at)
}

// refused says that the client of a listener was told so in its protocol: plain
// TCP has no words.
func (o outcome) refused(listener, status string) bool {
	if listener == web {
		return strings.HasPrefix(o.heard, "HTTP/1.1 "+status)
	}
	return o.heard == ""
}

// connects is how many TCP connects have been tried in this namespace, of
// whatever success.
func connects(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile("/proc/self/net/snmp")
	enginetest.Must(t, err)
	var names []string
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if fields[0] != "Tcp:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for i, name := range names {
			if name == "ActiveOpens" {
				n, err := strconv.Atoi(fields[i])
				enginetest.Must(t, err)
				return n
			}
		}
	}
	t.Fatal("the kernel doesn't count connects")
	return 0
}
