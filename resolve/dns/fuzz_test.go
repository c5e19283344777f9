package dns

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

// FuzzMessage: whatever a server sends settles the question or doesn't, with
// addresses iff they are found, of the family that was asked for, and a TTL that
// is none of the future's.
func FuzzMessage(f *testing.F) {
	for _, texts := range [][]string{
		{"db.test. 60 IN A 192.0.0.9"},
		{"db.test. 60 IN CNAME a.test.", "a.test. 4294967295 IN A 192.0.0.9"},
		{"db.test. 60 IN CNAME db.test."},
		{soa},
	} {
		m := new(dns.Msg).SetQuestion("db.test.", dns.TypeA)
		m.Response = true
		for _, text := range texts {
			record, err := dns.NewRR(text)
			if err != nil {
				f.Fatal(err)
			}
			m.Answer = append(m.Answer, record)
		}
		packet, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		m := new(dns.Msg)
		if m.Unpack(packet) != nil {
			return
		}
		_ = usable(m)
		_ = repeats(m, dns.Question{Name: "db.test.", Qtype: dns.TypeA, Qclass: dns.ClassINET})
		for family, is := range map[uint16]func(netip.Addr) bool{dns.TypeA: netip.Addr.Is4, dns.TypeAAAA: netip.Addr.IsValid} {
			c := chain{name: "db.test.", family: family, ttl: maxTTL}
			got, done := c.read(m)
			if !done {
				if c.links == 0 {
					t.Error("nothing was followed and it isn't done")
				}
				continue
			}
			if (got.verdict == found) != (len(got.addrs) > 0) || (got.verdict == failed) != (got.err != nil) {
				t.Errorf("%v with %v, %v", got.verdict, got.addrs, got.err)
			}
			if got.ttl < 0 || got.ttl > maxTTL || c.links > maxLinks+1 || len(got.addrs) > maxRecords {
				t.Errorf("TTL %v, %d links, %d addresses", got.ttl, c.links, len(got.addrs))
			}
			for _, addr := range got.addrs {
				if !is(addr) {
					t.Errorf("%v isn't of family %d", addr, family)
				}
			}
		}
	})
}

// FuzzFiles: the system's files are always understood somehow.
func FuzzFiles(f *testing.F) {
	f.Add([]byte("nameserver 10.0.0.1\nsearch a b\noptions ndots:3 attempts:0\n"))
	f.Add([]byte("127.0.0.1 localhost a\n::1 localhost # x\n"))
	f.Add([]byte("options timeout:999999999999\nnameserver\nsearch\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c := parseConfig(content)
		if n := len(c.servers); n < 1 || n > maxServers || c.attempts < 1 || c.timeout <= 0 || len(c.candidates("db")) == 0 {
			t.Errorf("%d servers, %d attempts, %v", n, c.attempts, c.timeout)
		}
		for name, addrs := range parseHosts(content) {
			if name != canonical(name) || len(addrs) == 0 {
				t.Errorf("%q has %v", name, addrs)
			}
		}
	})
}
