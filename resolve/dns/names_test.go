package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

const searching = "nameserver 192.0.2.1\nsearch ns.test other.test\noptions ndots:2\n"

func TestSearchList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.ns.test. 60 IN A 192.0.0.9", "two.other.test. 60 IN A 192.0.0.9", "a.b.c. 60 IN A 192.0.0.9", "a.b. 60 IN A 192.0.0.9")
		r := newFake(t, z, files(t, searching, ""))
		for name, want := range map[string]string{
			"db":     "db.ns.test. A|db.ns.test. AAAA",
			"two":    "two.ns.test. A|two.ns.test. AAAA|two.other.test. A|two.other.test. AAAA",
			"a.b.c":  "a.b.c. A|a.b.c. AAAA",                                                                     // has ndots dots
			"a.b":    "a.b. A|a.b. AAAA|a.b.ns.test. A|a.b.ns.test. AAAA|a.b.other.test. A|a.b.other.test. AAAA", // has not
			"a.b.c.": "a.b.c. A|a.b.c. AAAA",
		} {
			wantAddrs(t, r, name, "192.0.0.9")
			if got := strings.Join(z.questions(), "|"); got != want {
				t.Errorf("%s: asked %s, want %s", name, got, want)
			}
		}
	})
}

// TestSearchEndsAtAFailure: it isn't known whether the first candidate is there,
// and the second may be somebody else's.
func TestSearchEndsAtAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.other.test. 60 IN A 192.0.0.9")
		z.alter(func(q, answer *dns.Msg) {
			if q.Question[0].Name == "db.ns.test." {
				servfail(q, answer)
			}
		})
		wantFailure(t, newFake(t, z, files(t, searching, "")), "db", "SERVFAIL")
	})
}

// TestSearchSkipsWhatIsTooLong: with a suffix a name may be none any more.
func TestSearchSkipsWhatIsTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat(strings.Repeat("a", 61)+".", 4) + "x"
		z := newZone(t, long+". 60 IN A 192.0.0.9")
		wantAddrs(t, newFake(t, z, files(t, "search ns.test\noptions ndots:9\n", "")), long, "192.0.0.9")
	})
}

func TestHostsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := files(t, searching, "# comment\n192.0.0.9 DB db.alias # the database\n192.0.0.10\tdb\nnonsense x\n2001:1::1 six\n")
		z := newZone(t)
		r := newFake(t, z, o)
		wantAddrs(t, r, "db", "192.0.0.9 192.0.0.10")
		wantAddrs(t, r, "Db.", "192.0.0.9 192.0.0.10")
		wantTTL(t, r, "db.alias", checkEvery)
		wantAddrs(t, r, "six", "2001:1::1")
		wantAddrs(t, r, "localhost", "::1 127.0.0.1")
		wantAddrs(t, r, "a.localhost", "::1 127.0.0.1")
		z.wantQuestions(t)

		write(t, o.Hosts, "192.0.0.10 db\n")
		time.Sleep(checkEvery)
		wantAddrs(t, r, "db", "192.0.0.10")
	})
}

func TestResolvConfIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := files(t, "search one.test\n", "")
		z := newZone(t, "db.one.test. 1 IN A 192.0.0.9", "db.second.test. 1 IN A 192.0.0.10")
		r := newFake(t, z, o)
		wantAddrs(t, r, "db", "192.0.0.9")
		write(t, o.ResolvConf, "search second.test\n")
		time.Sleep(checkEvery)
		wantAddrs(t, r, "db", "192.0.0.10")
	})
}

func TestParseConfig(t *testing.T) {
	own := []netip.AddrPort{netip.MustParseAddrPort("[::1]:5353")}
	for text, want := range map[string][]string{
		"": {"127.0.0.1:53", "[::1]:53"},
		"nameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver x\n":                                         {"10.0.0.1:53", "[fe80::1%eth0]:53"},
		"nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n":                 {"10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53"},
		"nameserver 10.0.0.1\noptions attempts:0 timeout:0 ndots:99\n" + strings.Repeat("# a comment\n", 1000): {"10.0.0.1:53"},
		"nameserver 10.0.0.1\n#" + strings.Repeat("x", 1<<17):                                                  {"10.0.0.1:53"},
	} {
		c := parseConfig([]byte(text))
		if !slices.Equal(c.servers, want) || c.attempts < 1 || c.timeout < time.Second {
			t.Errorf("%.40q: %v, %d attempts, %v", text, c.servers, c.attempts, c.timeout)
		}
		if got := c.withServers(own).servers; !slices.Equal(got, []string{"[::1]:5353"}) {
			t.Errorf("overridden: %v", got)
		}
	}
}

func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.2": "10.0.0.2:53", "10.0.0.2:5353": "10.0.0.2:5353", "::1": "[::1]:53", "[::1]:54": "[::1]:54", "fe80::1%eth0": "[fe80::1%eth0]:53",
		"": "", "ns.test": "", "10.0.0.2:0": "", "10.0.0.2:": "", "[::1]": "", "10.0.0.2:99999": "",
	} {
		got, err := ParseServer(text)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("ParseServer(%q) = %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestAliases(t *testing.T) {
	link := func(from, to string) string { return from + ".test. 60 IN CNAME " + to + ".test." }
	for name, tt := range map[string]struct {
		records []string
		want    string // "" for an error
	}{
		"eight":         {[]string{link("db", "a"), link("a", "b"), link("b", "c"), link("c", "d"), link("d", "e"), link("e", "f"), link("f", "g"), link("g", "h"), "h.test. 60 IN A 192.0.0.9"}, "192.0.0.9"},
		"nine":          {[]string{link("db", "a"), link("a", "b"), link("b", "c"), link("c", "d"), link("d", "e"), link("e", "f"), link("f", "g"), link("g", "h"), link("h", "i"), "i.test. 60 IN A 192.0.0.9"}, ""},
		"loop":          {[]string{link("db", "a"), link("a", "db")}, ""},
		"its own alias": {[]string{link("db", "db")}, ""},
		"both families": {[]string{link("db", "a"), "a.test. 60 IN A 192.0.0.9", "a.test. 60 IN AAAA 2001:1::1"}, "2001:1::1 192.0.0.9"},
	} {
		for _, whole := range []bool{true, false} { // else one link per message
			t.Run(fmt.Sprintf("%s, in one message %v", name, whole), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testAliases(t, tt.records, tt.want, whole) })
			})
		}
	}
}

func testAliases(t *testing.T, records []string, want string, whole bool) {
	z := newZone(t, records...)
	if !whole {
		z.alter(func(_, answer *dns.Msg) {
			if len(answer.Answer) > 1 && answer.Answer[0].Header().Rrtype == dns.TypeCNAME {
				answer.Answer, answer.Ns = answer.Answer[:1], nil
			} else if len(answer.Answer) == 1 && answer.Answer[0].Header().Rrtype == dns.TypeCNAME {
				answer.Ns, answer.Rcode = nil, dns.RcodeSuccess
			}
		})
	}
	r := newFake(t, z, Options{})
	if want != "" {
		wantAddrs(t, r, "db.test", want)
		return
	}
	wantFailure(t, r, "db.test", "CNAME")
}

// TestAliasOfNothing: what an alias stands for may be missing.
func TestAliasOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN CNAME gone.test.", "empty.test. 60 IN CNAME text.test.", "text.test. 60 IN TXT x")
		r := newFake(t, z, Options{})
		wantMissing(t, r, "db.test.", "no such host", 7*time.Second)
		wantMissing(t, r, "empty.test.", "the name has no address", 7*time.Second)
	})
}

// TestForeignRecords: what isn't an address of the name in question isn't taken.
func TestForeignRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		z.alter(func(_, answer *dns.Msg) {
			for _, text := range []string{"other.test. 60 IN A 192.0.0.10", "db.test. 60 CH A 192.0.0.11", "db.test. 60 IN A 192.0.0.9"} {
				record, err := dns.NewRR(text)
				if err != nil {
					t.Error(err)
					return
				}
				answer.Answer = append(answer.Answer, record)
			}
		})
		r := newFake(t, z, Options{})
		addrs, _, err := r.Lookup(t.Context(), "db.test")
		for _, addr := range addrs {
			if addr.String() != "192.0.0.9" {
				t.Errorf("got %v", addr)
			}
		}
		if err != nil || len(addrs) == 0 {
			t.Errorf("got %v, %v", addrs, err)
		}
	})
}
