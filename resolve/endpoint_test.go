package resolve

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	name253 := strings.Join([]string{label63, label63, label63, strings.Repeat("a", 61)}, ".")
	tests := []struct {
		in   string
		host string
		port uint16
	}{
		{"10.0.0.1:5432", "10.0.0.1", 5432},
		{"[2001:db8::1]:1", "2001:db8::1", 1},
		{"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
		{"[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80},
		{"db:65535", "db", 65535},
		{"db.example.com.:5432", "db.example.com.", 5432},
		{"my_app-1.Example:80", "my_app-1.Example", 80},
		{"1a.2b:80", "1a.2b", 80},
		{name253 + ":80", name253, 80},
	}
	for _, tt := range tests {
		host, port, err := ParseEndpoint(tt.in)
		if err != nil || host != tt.host || port != tt.port {
			t.Errorf("ParseEndpoint(%q) = %q, %d, %v, want %q, %d", tt.in, host, port, err, tt.host, tt.port)
		}
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "isn't host:port"},
		{"db", "isn't host:port"},
		{"::1:80", "isn't host:port"},
		{"[::1]", "isn't host:port"},
		{"http://db:80", "isn't host:port"},
		{"db:", "want a port"},
		{"db:0", "want a port"},
		{"db:65536", "want a port"},
		{"db:-1", "want a port"},
		{"db:+80", "want a port"},
		{"db: 80", "want a port"},
		{"db:http", "want a port"},
		{":80", "the host has 0 characters"},
		{".:80", "the host has 0 characters"},
		{strings.Repeat("a.", 127) + "a:80", "the host has 255 characters"},
		{strings.Repeat("a", 64) + ":80", "neither an IP address nor a DNS name"},
		{"a..b:80", "neither an IP address nor a DNS name"},
		{"d b:80", "neither an IP address nor a DNS name"},
		{"user@db:80", "neither an IP address nor a DNS name"},
		{"bücher.example:80", "neither an IP address nor a DNS name"},
		{"[db]x:80", "isn't host:port"},
		{"127.1:80", "looks like an IPv4 address"},
		{"2130706433:80", "looks like an IPv4 address"},
		{"0x7f000001:80", "looks like an IPv4 address"},
		{"10.0.0.0X1:80", "looks like an IPv4 address"},
		{"256.0.0.1:80", "looks like an IPv4 address"},
		{"010.0.0.1:80", "looks like an IPv4 address"},
	}
	for _, tt := range tests {
		_, _, err := ParseEndpoint(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseEndpoint(%q) fails with %v, want %q in it", tt.in, err, tt.want)
		}
	}
}

// FuzzParseEndpoint: what is accepted names its host and port unambiguously.
func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{"10.0.0.1:5432", "[::1]:80", "db.example.com:1", "127.1:80", "[fe80::1%a:b]:1", "[a]:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := ParseEndpoint(s)
		if err != nil {
			return
		}
		again := net.JoinHostPort(host, strconv.Itoa(int(port)))
		host2, port2, err := ParseEndpoint(again)
		if err != nil || host2 != host || port2 != port {
			t.Errorf("%q is %q, %d, but %q is %q, %d, %v", s, host, port, again, host2, port2, err)
		}
		if _, err := netip.ParseAddr(host); err != nil && strings.ContainsAny(host, ":[]%/@ ") {
			t.Errorf("%q: the name %q has a delimiter in it", s, host)
		}
	})
}
