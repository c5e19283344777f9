package limits

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// start is some time; tests count from it.
var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// limited returns a Clients with the usual prefixes.
func limited(sessions, rate int, exempt ...netip.Prefix) *Clients {
	return New(Options{Sessions: sessions, Rate: rate, IPv4: DefaultIPv4, IPv6: DefaultIPv6, Exempt: exempt}, start)
}

// event is a session that comes, or one that goes.
type event struct {
	at     time.Duration
	client string
	want   Verdict
	leaves bool
}

func comes(at time.Duration, client string, want Verdict) event {
	return event{at: at, client: client, want: want}
}

func leaves(at time.Duration, client string) event {
	return event{at: at, client: client, leaves: true}
}

func TestEnter(t *testing.T) {
	const a, b, c = "192.0.2.1", "192.0.2.2", "2001:db8::1"
	ms := time.Millisecond
	for name, tt := range map[string]struct {
		clients *Clients
		events  []event
		known   int
	}{
		"no limits": {limited(0, 0), []event{comes(0, a, Free), comes(0, a, Free)}, 0},
		"sessions at once": {limited(2, 0), []event{
			comes(0, a, Counted), comes(0, a, Counted), comes(0, a, TooMany), comes(0, b, Counted), comes(time.Hour, a, TooMany),
			leaves(time.Hour, a), comes(time.Hour, a, Counted), comes(time.Hour, a, TooMany), leaves(0, a), leaves(0, a), leaves(0, b),
		}, 0},
		"new ones per second": {limited(0, 2), []event{
			comes(0, a, Counted), comes(0, a, Counted), comes(0, a, TooFast), comes(0, b, Counted), comes(499*ms, a, TooFast),
			comes(500*ms, a, Counted), comes(501*ms, a, TooFast), comes(time.Hour, a, Counted), comes(time.Hour, a, Counted), comes(time.Hour, a, TooFast),
		}, 2},
		"a second after": {limited(0, 1), []event{
			comes(0, a, Counted), leaves(999*ms, a), comes(999*ms, a, TooFast), comes(1000*ms, a, Counted), leaves(2000*ms, a),
		}, 0},
		"what is too many spends nothing": {limited(1, 1), []event{
			comes(0, a, Counted), comes(time.Second, a, TooMany), leaves(time.Second, a), comes(time.Second, a, Counted),
		}, 1},
		"mapped": {limited(1, 0), []event{comes(0, a, Counted), comes(0, "::ffff:"+a, TooMany)}, 1},
		"IPv6 by 64 bits": {limited(1, 0), []event{
			comes(0, c, Counted), comes(0, "2001:db8:0:0:ffff::9", TooMany), comes(0, "2001:db8:0:1::1", Counted),
		}, 2},
		"wider": {New(Options{Sessions: 1, IPv4: 24, IPv6: 48}, start), []event{
			comes(0, a, Counted), comes(0, b, TooMany), comes(0, "192.0.3.1", Counted), comes(0, c, Counted), comes(0, "2001:db8:0:9::1", TooMany),
			comes(0, "2001:db8:1::1", Counted),
		}, 4},
		"single addresses": {New(Options{Sessions: 1, IPv4: 32, IPv6: 128}, start), []event{
			comes(0, c, Counted), comes(0, "2001:db8::2", Counted), comes(0, c, TooMany),
		}, 2},
		"all together": {New(Options{Sessions: 1}, start), []event{
			comes(0, a, Counted), comes(0, "255.1.1.1", TooMany), comes(0, c, Counted), comes(0, "ff::", TooMany),
		}, 2},
		"exempt": {limited(1, 1, netip.MustParsePrefix("192.0.2.0/31"), netip.MustParsePrefix("fe80::/10")), []event{
			comes(0, a, Free), comes(0, a, Free), comes(0, "::ffff:"+a, Free), comes(0, "fe80::1%eth0", Free), comes(0, b, Counted), comes(0, b, TooMany),
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for i, ev := range tt.events {
				client, now := netip.MustParseAddr(ev.client), start.Add(ev.at)
				if ev.leaves {
					tt.clients.Leave(client, now)
				} else if got := tt.clients.Enter(client, now); got != ev.want {
					t.Errorf("event %d, %s at %v: %v, want %v", i, ev.client, ev.at, got, ev.want)
				}
			}
			if n := tt.clients.Known(); n != tt.known {
				t.Errorf("%d clients are known, want %d", n, tt.known)
			}
		})
	}
}

// Whatever the rate, exactly as many come at once, and within every second after.
func TestRate(t *testing.T) {
	for _, perSecond := range []int{1, 2, 3, 7, 999, 1000, 12345} {
		var r Rate
		take := func(now time.Duration) (n int) {
			for range perSecond + 2 {
				if r.Take(perSecond, now) {
					n++
				}
			}
			return n
		}
		for _, second := range []time.Duration{0, 1, 2, 100} {
			if n := take(second * time.Second); n != perSecond {
				t.Errorf("%d per second: %d after %d s", perSecond, n, second)
			}
		}
		if r.Full(100 * time.Second) {
			t.Errorf("%d per second: full when all are spent", perSecond)
		}
		if !r.Full(101 * time.Second) {
			t.Errorf("%d per second: not full after a second", perSecond)
		}
	}
}

func TestRateIsSteady(t *testing.T) {
	var r Rate
	taken := 0
	for at := time.Duration(0); at < 10*time.Second; at += time.Millisecond {
		if r.Take(10, at) {
			taken++
		}
	}
	if want := 10 + 99; taken != want {
		t.Errorf("%d in 10 seconds at 10 per second, want %d", taken, want)
	}
}

// numbered is a client of its own for each i.
func numbered(i int) netip.Addr {
	var a [16]byte
	a[0] = 0x20
	binary.BigEndian.PutUint32(a[4:], uint32(i))
	return netip.AddrFrom16(a)
}

// Who has gone for a second is forgotten when others come.
func TestForgets(t *testing.T) {
	c := limited(0, 1)
	now := start
	for i := range 50_000 {
		now = now.Add(time.Second / 100)
		if v := c.Enter(numbered(i), now); v != Counted {
			t.Fatalf("%d: %v", i, v)
		}
		c.Leave(numbered(i), now)
	}
	if n := c.Known(); n > shards*firstSweep {
		t.Errorf("%d clients are known, of which 100 came within a second", n)
	}
}

// At the bound new clients aren't counted, and those that are known still are.
// When clients have gone there is room again.
func TestBound(t *testing.T) {
	c := limited(1, 0)
	const most = 40 * shards
	c.table.most = most / shards
	free := 0
	var counted []netip.Addr
	for i := range 2 * most {
		if c.Enter(numbered(i), start) == Free {
			free++
		} else {
			counted = append(counted, numbered(i))
		}
	}
	if n := c.Known(); n > most || n < most/2 || n+free != 2*most {
		t.Errorf("%d clients are known, %d aren't counted", n, free)
	}
	if v := c.Enter(counted[0], start); v != TooMany {
		t.Errorf("one that is known: %v", v)
	}
	for _, client := range counted {
		c.Leave(client, start)
	}
	if v := c.Enter(numbered(2*most), start.Add(time.Second)); v != Counted {
		t.Errorf("when others have gone: %v", v)
	}
}

// TestRace counts sessions of few clients that come and go on many goroutines.
func TestRace(t *testing.T) {
	const most = 3
	c := limited(most, 0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				client := numbered(rand.IntN(4))
				if c.Enter(client, start) == Counted {
					c.Leave(client, start)
				}
			}
		})
	}
	wg.Wait()
	if n := c.Known(); n != 0 {
		t.Errorf("%d clients are known when all have gone", n)
	}
	for range most {
		if v := c.Enter(numbered(0), start); v != Counted {
			t.Errorf("then: %v", v)
		}
	}
	if v := c.Enter(numbered(0), start); v != TooMany {
		t.Errorf("then one too many: %v", v)
	}
}

func TestValidate(t *testing.T) {
	good := Options{IPv4: 32, IPv6: 128}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := Options{Sessions: -1, IPv4: 33, IPv6: -1, Exempt: []netip.Prefix{{}}}
	err := bad.Validate()
	for _, want := range []string{"one is negative", "33 bits", "-1 bits", "is none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v doesn't say %q", err, want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for v := range verdicts {
		if v.String() == "" {
			t.Errorf("verdict %d has no name", v)
		}
	}
	if verdicts.String() != "unknown" {
		t.Errorf("beyond the last: %v", verdicts)
	}
}

func TestEnterAllocatesNothing(t *testing.T) {
	c := limited(10, 1_000_000_000, netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fc00::/7"))
	for _, text := range []string{"192.0.2.1", "2001:db8::1", "10.1.2.3"} {
		client := netip.MustParseAddr(text)
		c.Enter(client, start) // is known from now on
		if n := testing.AllocsPerRun(1000, func() {
			if c.Enter(client, start) == Counted {
				c.Leave(client, start)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	c := limited(1000, 0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		clients := make([]netip.Addr, 1024)
		for i := range clients {
			clients[i] = numbered(rand.IntN(100_000))
		}
		for i := 0; pb.Next(); i++ {
			client := clients[i%len(clients)]
			if c.Enter(client, start) == Counted {
				c.Leave(client, start)
			}
		}
	})
}
