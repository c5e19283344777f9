package clienthello

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var usual = hello(
	versions(0x1a1a, TLS13, TLS12),
	serverName("shop.example"),
	protocols("h2", "http/1.1"),
	extension(10, []byte{0, 2, 0, 29}),
)

// offered collects what a client offers.
func offered(h *Hello) []string {
	var all []string
	for p := range h.Protocols() {
		all = append(all, string(p))
	}
	return all
}

func TestParse(t *testing.T) {
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 61)
	for _, test := range []struct {
		name      string
		message   []byte
		server    string
		protocols []string
		version   Version
	}{
		{"usual", usual, "shop.example", []string{"h2", "http/1.1"}, TLS13},
		{"upper case", hello(serverName("Shop.EXAMPLE")), "shop.example", nil, TLS12},
		{"no extensions at all", message(fields(TLS10)), "", nil, TLS10},
		{"an empty list of them", hello(), "", nil, TLS12},
		{"SSL 3.0", message(fields(SSL30)), "", nil, SSL30},
		{"1.3 by its legacy version isn't offered", message(fields(TLS13)), "", nil, TLS12},
		{"versions out of order", hello(versions(TLS11, TLS12, TLS10)), "", nil, TLS12},
		{"a version to come", hello(versions(0x0305, TLS13)), "", nil, 0x0305},
		{"no version that is known", hello(versions(0x1a1a, 0x7f1c)), "", nil, 0},
		{"one label", hello(serverName("db_1")), "db_1", nil, TLS12},
		{"the longest name", hello(serverName(long)), long, nil, TLS12},
		{"an address", hello(serverName("192.0.2.7")), "192.0.2.7", nil, TLS12},
		{"a name of another type", hello(extension(extensionServerName, vector16([]byte{9}, vector16([]byte("\xff"))))), "", nil, TLS12},
		{"and a host name", hello(extension(extensionServerName, vector16([]byte{9}, vector16([]byte("\xff")), []byte{0}, vector16([]byte("x"))))), "x", nil, TLS12},
		{"the longest message", padded(MaxMessage), "shop.example", nil, TLS12},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{maxFragment, 1000, 256} {
				in := fragmented(test.message, size)
				h, status := Parse(append(in, "what follows"...))
				if status != Complete || string(h.ServerName) != test.server || h.Version != test.version || h.Size != len(in) {
					t.Fatalf("in fragments of %d: %v, %q, %v, %d bytes, want %q, %v, %d",
						size, status, h.ServerName, h.Version, h.Size, test.server, test.version, len(in))
				}
				if got := offered(&h); !slices.Equal(got, test.protocols) {
					t.Fatalf("protocols %q, want %q", got, test.protocols)
				}
			}
		})
	}
}

func TestOffers(t *testing.T) {
	h, _ := Parse(record(usual))
	for protocol, want := range map[string]bool{"h2": true, "http/1.1": true, "http/1.0": false, "h": false, "": false} {
		if h.Offers(protocol) != want {
			t.Errorf("Offers(%q) is %v", protocol, !want)
		}
	}
	for protocol := range h.Protocols() {
		if string(protocol) != "h2" {
			t.Errorf("%q is first", protocol)
		}
		break
	}
}

// Every prefix of every fragmentation needs more, and the last byte completes.
func TestEverySplit(t *testing.T) {
	for size := 1; size <= len(usual); size++ {
		in := fragmented(usual, size)
		for end := range in {
			if _, status := Parse(in[:end]); status != More {
				t.Fatalf("%d of %d bytes in fragments of %d: %v", end, len(in), size, status)
			}
		}
		if h, status := Parse(in); status != Complete || string(h.ServerName) != "shop.example" || h.Size != len(in) {
			t.Fatalf("in fragments of %d: %v, %+v", size, status, h)
		}
	}
}

func TestRecordVersions(t *testing.T) {
	for minor := range byte(maxVersionMinor + 1) {
		in := record(usual)
		in[2] = minor
		if _, status := Parse(in); status != Complete {
			t.Errorf("3.%d: %v", minor, status)
		}
	}
}

// The input is left alone, also where the name isn't given as it came.
func TestInputIsNotWrittenTo(t *testing.T) {
	in := record(hello(serverName("SHOP.example")))
	before := slices.Clone(in)
	if Parse(in); !slices.Equal(in, before) {
		t.Errorf("%q became %q", before, in)
	}
}

func TestAllocations(t *testing.T) {
	for _, test := range []struct {
		name string
		in   []byte
		want float64
	}{
		{"in one record", record(usual), 0},
		{"incomplete", record(usual)[:100], 0},
		{"incomplete in many", fragmented(usual, 7)[:100], 0},
		{"fragmented", fragmented(usual, 7), 1},
		{"upper case", record(hello(serverName("SHOP"))), 1},
		{"not TLS", []byte("GET / HTTP/1.1\r\n"), 0},
	} {
		if n := testing.AllocsPerRun(1000, func() {
			h, _ := Parse(test.in)
			h.Offers("http/1.1")
		}); n != test.want {
			t.Errorf("%s: %v allocations, want %v", test.name, n, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range append(Statuses(), statuses) {
		if text := s.String(); text == "" || seen[text] {
			t.Errorf("status %d is called %q", s, text)
		} else {
			seen[text] = true
		}
	}
	for v, want := range map[Version]string{
		SSL30: "SSL 3.0", TLS10: "TLS 1.0", TLS11: "TLS 1.1", TLS12: "TLS 1.2", TLS13: "TLS 1.3", 0x7f1c: "0x7f1c",
	} {
		if v.String() != want {
			t.Errorf("%d is called %q, want %q", v, v, want)
		}
	}
}
