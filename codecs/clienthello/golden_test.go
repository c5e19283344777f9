package clienthello

import (
	"context"
	"crypto/tls"
	"flag"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// The goldens are what clients sent. -update records them anew; it needs
// openssl and curl.
var update = flag.Bool("update", false, "record the golden ClientHellos from openssl, curl and Go")

var goldens = []golden{
	{"openssl", []string{"openssl", "s_client", "-connect", "$", "-servername", "shop.example", "-alpn", "h2,http/1.1"}, "shop.example", []string{"h2", "http/1.1"}, TLS13},
	{"openssl_tls12", []string{"openssl", "s_client", "-connect", "$", "-servername", "Shop.Example", "-tls1_2"}, "shop.example", nil, TLS12},
	{"openssl_nameless", []string{"openssl", "s_client", "-connect", "$", "-noservername"}, "", nil, TLS13},
	{"curl", []string{"curl", "--silent", "--connect-to", "shop.example:443:$", "https://shop.example/"}, "shop.example", []string{"h2", "http/1.1"}, TLS13},
	{"curl_http10", []string{"curl", "--silent", "--http1.0", "--connect-to", "shop.example:443:$", "https://shop.example/"}, "shop.example", []string{"http/1.0"}, TLS13},
	{"go", nil, "shop.example", []string{"postgresql"}, TLS13},
}

// golden is a client and what its ClientHello says.
type golden struct {
	name string
	// command runs it, "$" standing for the address; nil is for crypto/tls.
	command   []string
	server    string
	protocols []string
	version   Version
}

func TestGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			if *update {
				g.record(t)
			}
			in := readGolden(t, g.name)
			for _, size := range []int{maxFragment, 100, 1} {
				g.check(t, fragmented(in[recordHeader:], size))
			}
			g.check(t, in)
			if theirs(in) == nil {
				t.Error("crypto/tls doesn't read it")
			}
		})
	}
}

func (g *golden) check(t *testing.T, in []byte) {
	t.Helper()
	h, status := Parse(in)
	if status != Complete || string(h.ServerName) != g.server || h.Version != g.version || h.Size != len(in) {
		t.Errorf("%v, %q, %v, %d of %d bytes", status, h.ServerName, h.Version, h.Size, len(in))
	}
	if got := offered(&h); !slices.Equal(got, g.protocols) {
		t.Errorf("protocols %q, want %q", got, g.protocols)
	}
	for end := range in {
		if _, status := Parse(in[:end]); status != More {
			t.Fatalf("%d of %d bytes: %v", end, len(in), status)
		}
	}
}

// record runs the client against a server that hangs up on it.
func (g *golden) record(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.run(t, listener.Addr().String())
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	in := make([]byte, 64<<10)
	n, err := conn.Read(in)
	conn.Close()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenFile(g.name), in[:n], 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs the client. That it fails in the end is nothing new to anybody.
func (g *golden) run(t *testing.T, address string) {
	if g.command == nil {
		dialer := tls.Dialer{Config: &tls.Config{ServerName: g.server, NextProtos: g.protocols}}
		_, err := dialer.DialContext(context.Background(), "tcp", address)
		t.Log(err)
		return
	}
	command := slices.Clone(g.command)
	for i, word := range command {
		switch word {
		case "$":
			command[i] = address
		case "shop.example:443:$":
			command[i] = "shop.example:443:" + address
		}
	}
	said, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	t.Logf("%s: %s (%v)", g.name, said, err)
}

func goldenFile(name string) string { return filepath.Join("testdata", "golden", name+".bin") }

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	in, err := os.ReadFile(goldenFile(name))
	if err != nil {
		t.Fatal(err)
	}
	return in
}
