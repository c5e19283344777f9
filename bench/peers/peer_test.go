//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

var someAddress = netip.MustParseAddrPort("127.0.0.1:7")

// TestPlans compares how each peer is started for each workload with a file,
// but for where programs and nginx's module are.
func TestPlans(t *testing.T) {
	s := site{
		listen: netip.MustParseAddrPort("127.0.0.1:1"), backend: netip.MustParseAddrPort("127.0.0.1:2"),
		dir: "/dir", threads: 3, root: true, self: "peers", proxyEngine: "proxy-engine",
	}
	for _, p := range peers("proxy-engine") {
		for w, planned := range p.serves {
			golden(t, fmt.Sprintf("plans/%s-%v.txt", p.name, w), describe(planned(s)))
		}
	}
}

func describe(p plan) string {
	p.start[0] = filepath.Base(p.start[0])
	text := "start: " + strings.Join(p.start, " ") + "\n"
	if p.check != nil {
		p.check[0] = filepath.Base(p.check[0])
		text += "check: " + strings.Join(p.check, " ") + "\n"
	}
	if p.copies > 0 {
		text += fmt.Sprintf("copies: %d\n", p.copies)
	}
	if p.config.name != "" {
		text += p.config.name + ":\n" + strings.TrimPrefix(p.config.text, nginxModule())
	}
	return text
}

func TestPgbouncerBecomesAnotherUserOnlyFromRoot(t *testing.T) {
	for _, root := range []bool{true, false} {
		text := pgbouncerConfig(site{listen: someAddress, backend: someAddress, root: root})
		if got := strings.Contains(text, "\nuser = "); got != root {
			t.Errorf("started by root %v: becomes another user %v", root, got)
		}
	}
}

func TestPeersHoldWhatDescriptorsAllow(t *testing.T) {
	for _, c := range []struct{ each, wanted, limit, want int }{
		{2, 8000, 20000, 8000}, {6, 8000, 20000, 3250}, {2, 8000, 1000, 250}, {6, 8000, 10, 1},
	} {
		if got := (peer{descriptors: c.each}).holds(c.wanted, c.limit); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
