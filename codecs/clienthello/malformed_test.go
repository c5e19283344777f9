package clienthello

import (
	"slices"
	"strings"
	"testing"
)

// edited returns a copy in which the byte at position at is another.
func edited(in []byte, at int, b byte) []byte {
	in = slices.Clone(in)
	in[at] = b
	return in
}

// The decision falls on the byte at, counted from 1, or with the whole (0).
var malformed = []struct {
	name string
	in   []byte
	at   int
	want Status
}{
	{"HTTP", []byte("GET / HTTP/1.1\r\n"), 1, NotHandshake},
	{"SSL 2.0", []byte("\x80\x2e\x01\x03\x01"), 1, NotHandshake},
	{"an alert", []byte("\x15\x03\x01\x00\x02\x02\x28"), 1, NotHandshake},
	{"application data", []byte("\x17\x03\x03\x00\x01x"), 1, NotHandshake},
	{"record version 2.1", edited(record(usual), 1, 2), 2, BadRecordVersion},
	{"record version 3.5", edited(record(usual), 2, 5), 3, BadRecordVersion},
	{"an empty record", record(nil), 5, BadRecordLength},
	{"a record too long", []byte("\x16\x03\x01\x40\x01"), 5, BadRecordLength},
	{"an empty record between", slices.Concat(record(usual[:9]), record(nil)), 19, BadRecordLength},
	{"an alert between", slices.Concat(record(usual[:9]), []byte{21}), 15, NotHandshake},
	{"a ServerHello", record(edited(usual, 0, 2)), 6, NotClientHello},
	{"a HelloRequest", record([]byte{0, 0, 0, 0}), 6, NotClientHello},
	{"a message too long", record(padded(MaxMessage + 1)[:maxFragment]), 9, TooLong},
	{"too long by far", record([]byte{1, 0xff, 0xff, 0xff}), 9, TooLong},
	{"the length too long in fragments", fragmented([]byte{1, 1, 0, 0}, 1), 24, TooLong},
	{"trailing bytes", record(append(slices.Clone(usual), 20)), 9, Trailing},
	{"trailing in the last of many", slices.Concat(record(usual[:20]), record(append(slices.Clone(usual[20:]), 20))), 30, Trailing},

	{"nothing but a header", record(message()), 0, BadStructure},
	{"the fields cut short", record(message(fields(TLS12)[:73])), 0, BadStructure},
	{"odd cipher suites", record(message(make([]byte, 35), vector16([]byte{0x13, 1, 0}), vector8([]byte{0}))), 0, BadStructure},
	{"extensions shorter than they say", record(message(fields(TLS12), []byte{0, 1})), 0, BadStructure},
	{"longer than they say", record(message(fields(TLS12), []byte{0, 0}, []byte{0})), 0, BadStructure},
	{"half a length of extensions", record(message(fields(TLS12), []byte{0})), 0, BadStructure},
	{"half a type", record(hello([]byte{0})), 0, BadStructure},
	{"an extension shorter than it says", record(hello([]byte{0, 9, 0, 1})), 0, BadStructure},

	{"no name", record(hello(serverName())), 0, BadServerName},
	{"an empty name", record(hello(serverName(""))), 0, BadServerName},
	{"an empty name of another type", record(hello(extension(0, vector16([]byte{9, 0, 0})))), 0, BadServerName},
	{"two names", record(hello(serverName("a", "b"))), 0, BadServerName},
	{"the name twice", record(hello(serverName("a"), serverName("a"))), 0, BadServerName},
	{"an empty extension for it", record(hello(extension(0, nil))), 0, BadServerName},
	{"bytes behind the names", record(hello(extension(0, slices.Concat(vector16([]byte{0}, vector16([]byte("a"))), []byte{0})))), 0, BadServerName},
	{"a name shorter than it says", record(hello(extension(0, vector16([]byte{0, 0, 2, 'a'})))), 0, BadServerName},
	{"a trailing dot", record(hello(serverName("shop.example."))), 0, BadServerName},
	{"a name with a NUL", record(hello(serverName("shop\x00.example"))), 0, BadServerName},

	{"no protocol", record(hello(protocols())), 0, BadProtocols},
	{"an empty protocol", record(hello(protocols("h2", ""))), 0, BadProtocols},
	{"protocols twice", record(hello(protocols("h2"), protocols("h2"))), 0, BadProtocols},
	{"a protocol shorter than it says", record(hello(extension(16, vector16([]byte{2, 'h'})))), 0, BadProtocols},
	{"bytes behind the protocols", record(hello(extension(16, []byte("\x00\x02\x01xx")))), 0, BadProtocols},

	{"no version", record(hello(versions())), 0, BadVersions},
	{"half a version", record(hello(extension(43, []byte{3, 3, 4, 3}))), 0, BadVersions},
	{"versions twice", record(hello(versions(TLS13), versions(TLS13))), 0, BadVersions},
	{"bytes behind the versions", record(hello(extension(43, []byte{2, 3, 4, 3}))), 0, BadVersions},
}

func TestMalformed(t *testing.T) {
	for _, test := range malformed {
		t.Run(test.name, func(t *testing.T) {
			at := test.at
			if at == 0 {
				at = len(test.in)
			}
			for end := range len(test.in) + 1 {
				want := More
				if end >= at {
					want = test.want
				}
				if h, status := Parse(test.in[:end]); status != want || h.ServerName != nil {
					t.Fatalf("%d of %d bytes: %v, %+v, want %v", end, len(test.in), status, h, want)
				}
			}
		})
	}
}

func TestEveryStatusHasItsCase(t *testing.T) {
	for _, s := range Statuses()[Complete+1:] {
		found := false
		for _, test := range malformed {
			found = found || test.want == s
		}
		if !found {
			t.Errorf("no input is %v", s)
		}
	}
}

// Whatever the records are like, MaxSize bytes are enough for a verdict, and
// the longest message may come in 64 of them.
func TestMaxSize(t *testing.T) {
	longest := padded(MaxMessage)
	if h, status := Parse(fragmented(longest, MaxMessage/64)); status != Complete || h.Size != MaxSize {
		t.Errorf("in 64 records: %v, %d bytes", status, h.Size)
	}
	for _, size := range []int{1, 2, 5, MaxMessage/64 - 1} {
		in := fragmented(longest, size)
		for end := MaxSize - 300; end < MaxSize; end++ {
			if _, status := Parse(in[:end]); status != More && status != TooLong {
				t.Fatalf("%d bytes in fragments of %d: %v", end, size, status)
			}
		}
		if _, status := Parse(in[:MaxSize]); status != TooLong {
			t.Errorf("in fragments of %d: %v", size, status)
		}
	}
}

func TestIsHostName(t *testing.T) {
	label := strings.Repeat("x", maxLabel)
	for name, want := range map[string]bool{
		"a": true, "A.b-C.d_e": true, "xn--mller-kva.example": true, "1.2.3.4": true, label + ".x": true, "-_-": false, "_tls._tcp": true,
		"": false, ".": false, "a.": false, ".a": false, "a..b": false, "-a": false, "a-": false, "a.-b": false, label + "x": false,
		"a b": false, "a:1": false, "::1": false, "[::1]": false, "*.a": false, "a/b": false, "müller": false, "a\x00": false,
		"@": false, "[": false, "`": false, "{": false,
		strings.Repeat("abcdefg.", 31) + "12345":  true,
		strings.Repeat("abcdefg.", 31) + "123456": false,
	} {
		if IsHostName(name) != want || IsHostName([]byte(name)) != want {
			t.Errorf("%q is a host name: %v", name, !want)
		}
	}
}
