package loadtest

import (
	"net/netip"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]struct{ local, remote bool }{
		"127.0.0.1:80":          {true, true},
		"127.9.9.9:80":          {true, true},
		"[::1]:80":              {true, true},
		"[::ffff:127.0.0.1]:80": {true, true},
		"0.0.0.0:80":            {false, true},
		"192.0.2.1:80":          {false, true},
		"[2001:db8::1]:80":      {false, true},
		"[::ffff:192.0.2.1]:80": {false, true},
		"localhost:80":          {false, false},
		"127.0.0.1":             {false, false},
		"":                      {false, false},
	} {
		if _, err := ParseTarget(text, false); (err == nil) != want.local {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := ParseTarget(text, true); (err == nil) != want.remote {
			t.Errorf("%q with --allow-remote: %v", text, err)
		}
	}
}

func TestSharesAddUp(t *testing.T) {
	for n := range 20 {
		for parts := 1; parts < 7; parts++ {
			sum := 0
			for i := range parts {
				one := share(n, parts, i)
				if one < n/parts || one > n/parts+1 {
					t.Errorf("part %d of %d of %d: %d", i, parts, n, one)
				}
				sum += one
			}
			if sum != n {
				t.Errorf("%d parts of %d add up to %d", parts, n, sum)
			}
		}
	}
}

func TestSourcesUseEveryAddressInTurn(t *testing.T) {
	s, target := newSources(7), netip.MustParseAddr("127.0.0.1")
	seen := map[netip.Addr]int{}
	for range 2 * sourceAddresses {
		seen[s.take(target)]++
	}
	if len(seen) != sourceAddresses {
		t.Errorf("%d addresses, want %d", len(seen), sourceAddresses)
	}
	for addr, n := range seen {
		if n != 2 || !addr.IsLoopback() {
			t.Errorf("%v used %d times", addr, n)
		}
	}
}

func TestSourcesLeaveOthersToTheKernel(t *testing.T) {
	for _, target := range []string{"::1", "192.0.2.1"} {
		s := newSources(0)
		if got := s.take(netip.MustParseAddr(target)); got.IsValid() {
			t.Errorf("to %s from %v", target, got)
		}
	}
}

func TestDirections(t *testing.T) {
	for d := range directions {
		if got, err := ParseDirection(d.String()); err != nil || got != d {
			t.Errorf("%v: %v, %v", d, got, err)
		}
	}
	if _, err := ParseDirection("sideways"); err == nil {
		t.Error("no error")
	}
}
