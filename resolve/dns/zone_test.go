package dns

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zone is what a name server of a test knows. It may be changed at any time.
type zone struct {
	mu      sync.Mutex
	records []dns.RR
	// change alters an answer before it goes out, nil for none.
	change func(q, answer *dns.Msg)
	asked  []string // "db.test. A", in order
}

// soa says that what isn't there isn't for 7 s.
const soa = "test. 60 IN SOA ns.test. admin.test. 1 1 1 1 7"

func newZone(t *testing.T, records ...string) *zone {
	t.Helper()
	z := new(zone)
	z.set(t, records...)
	return z
}

// set replaces all records.
func (z *zone) set(t *testing.T, records ...string) {
	t.Helper()
	var all []dns.RR
	for _, text := range append(records, soa) {
		record, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, record)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.records = all
}

// alter has every answer changed.
func (z *zone) alter(change func(q, answer *dns.Msg)) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.change = change
}

// answer is what a recursive server says, aliases followed, once around a loop.
func (z *zone) answer(q *dns.Msg) *dns.Msg {
	z.mu.Lock()
	defer z.mu.Unlock()
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	name, family := q.Question[0].Name, q.Question[0].Qtype
	z.asked = append(z.asked, name+" "+dns.TypeToString[family])
	known := false
	for range len(z.records) {
		var alias string
		known = false
		for _, record := range z.records {
			h := record.Header()
			if !strings.EqualFold(h.Name, name) {
				continue
			}
			known = true
			if h.Rrtype == family || h.Rrtype == dns.TypeCNAME {
				m.Answer = append(m.Answer, dns.Copy(record))
			}
			if c, ok := record.(*dns.CNAME); ok {
				alias = c.Target
			}
		}
		if alias == "" {
			break
		}
		name = alias
	}
	if !known {
		m.Rcode = dns.RcodeNameError
	}
	if len(m.Answer) == 0 || m.Answer[len(m.Answer)-1].Header().Rrtype != family {
		m.Ns = append(m.Ns, dns.Copy(z.records[len(z.records)-1]))
	}
	if z.change != nil {
		z.change(q, m)
	}
	return m
}

// questions returns what has been asked since the last call, sorted: A and AAAA
// are asked at once.
func (z *zone) questions() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	asked := slices.Sorted(slices.Values(z.asked))
	z.asked = nil
	return asked
}

func (z *zone) wantQuestions(t *testing.T, want ...string) {
	t.Helper()
	if got := z.questions(); !slices.Equal(got, want) {
		t.Fatalf("asked %q, want %q", got, want)
	}
}

// files makes options whose files hold this.
func files(t *testing.T, resolvConf, hosts string) Options {
	t.Helper()
	o := Options{ResolvConf: filepath.Join(t.TempDir(), "resolv.conf"), Hosts: filepath.Join(t.TempDir(), "hosts")}
	write(t, o.ResolvConf, resolvConf)
	write(t, o.Hosts, hosts)
	return o
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newFake returns a Resolver whose only server is the zone, without a network,
// so that time may be fake. Destinations have themselves for a source.
func newFake(t *testing.T, z *zone, o Options) *Resolver {
	t.Helper()
	if o.ResolvConf == "" {
		o.ResolvConf, o.Hosts = filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "none")
		o.Servers = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53")}
	}
	r := New(o)
	r.exchange = func(_ context.Context, _, _ string, q *dns.Msg) (*dns.Msg, error) { return z.answer(q), nil }
	r.source = func(dst netip.Addr) netip.Addr { return dst }
	return r
}

// wantAddrs looks a name up that must have these addresses, in this order.
func wantAddrs(t *testing.T, r *Resolver, name, want string) time.Duration {
	t.Helper()
	addrs, ttl, err := r.Lookup(t.Context(), name)
	var got []string
	for _, addr := range addrs {
		got = append(got, addr.String())
	}
	if err != nil || strings.Join(got, " ") != want {
		t.Fatalf("Lookup(%q) = %v, %v, want %s", name, addrs, err, want)
	}
	return ttl
}

// wantTTL is wantAddrs of a name with the one address that all tests use.
func wantTTL(t *testing.T, r *Resolver, name string, want time.Duration) {
	t.Helper()
	if ttl := wantAddrs(t, r, name, "192.0.0.9"); ttl != want {
		t.Fatalf("%q holds for %v, want %v", name, ttl, want)
	}
}
