//go:build linux

package backend

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestUnspecifiedAddressMeansLoopback(t *testing.T) {
	for listen, targets := range map[string][]string{
		"0.0.0.0:0": {"127.0.0.1", "127.9.8.7", "127.255.255.254"},
		"[::]:0":    {"127.0.0.1", "127.9.8.7", "::1"},
	} {
		t.Run(listen, func(t *testing.T) {
			server, _ := serve(t, Config{Addr: netip.MustParseAddrPort(listen), Loops: 2})
			for _, w := range server.workers {
				if got := device(t, w.listener); got != "lo" {
					t.Errorf("bound to device %q", got)
				}
			}
			for _, target := range targets {
				to := netip.AddrPortFrom(netip.MustParseAddr(target), server.Addr().Port())
				echoes(t, connect(t, to))
			}
		})
	}
}

func TestOnlyEchoSpeaksTLS(t *testing.T) {
	for kind := range kinds {
		if _, err := (Config{Kind: kind, TLS: &tls.Config{}}).complete(); errors.Is(err, errNoTLS) != (kind != Echo) {
			t.Errorf("%v: %v", kind, err)
		}
	}
}

func TestRemoteAddresses(t *testing.T) {
	documentation := netip.MustParseAddrPort("192.0.2.1:0") // of no machine: RFC 5737
	if _, err := Listen(Config{Addr: documentation}); !errors.Is(err, ErrRemote) {
		t.Errorf("%v", err)
	}
	if _, err := Listen(Config{Addr: documentation, AllowRemote: true}); !errors.Is(err, unix.EADDRNOTAVAIL) {
		t.Errorf("%v", err)
	}
	server, _ := serve(t, Config{Addr: netip.MustParseAddrPort("0.0.0.0:0"), AllowRemote: true})
	if got := device(t, server.workers[0].listener); got != "" {
		t.Errorf("bound to device %q", got)
	}
}

func TestMappedAddressIsLoopback(t *testing.T) {
	server, _ := serve(t, Config{Addr: netip.MustParseAddrPort("[::ffff:127.0.0.1]:0")})
	echoes(t, connect(t, server.Addr()))
}

func TestRoomFollowsTheDescriptorLimit(t *testing.T) {
	one, err := roomFor(1)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := roomFor(2); err != nil || two != one-descriptorsPerLoop {
		t.Errorf("%d with one loop, %d with two, %v", one, two, err)
	}
	if _, err := roomFor(1 << 30); err == nil {
		t.Error("no error")
	}
}

// device is what a socket is bound to.
func device(t *testing.T, fd int) string {
	t.Helper()
	name, err := unix.GetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE)
	if err != nil {
		t.Fatal(err)
	}
	return name
}
