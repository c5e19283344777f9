package guardtest

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// everything opens every range, what is behind translators included.
var everything = resolve.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}

// TestTable: what is forbidden isn't even tried, and the client is told; all that
// the kernel can connect to is reached once its range is open, so that it is the
// guard that kept it away.
func TestTable(t *testing.T) {
	if n := len(rows()); n < 80 {
		t.Fatalf("%d rows", n)
	}
	b, n := startBackend(t), startNames(t)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		closed, open := newStand(t, impl, b, n, resolve.Guard{}), newStand(t, impl, b, n, everything)
		skipping := newStand(t, impl, b, n, resolve.Guard{SkipAll: true})
		for _, row := range rows() {
			for host, how := range hosts(n, row) {
				for _, listener := range []string{enginetest.Listener, web} {
					name := strings.Join([]string{row.host, row.why, how, "by " + listener}, ", ")
					closed.check(name, listener, host, row, row.want == public)
					open.check(name+", opened", listener, host, row, row.want == public || row.want == forbidden)
					skipping.check(name+", unguarded", listener, host, row, row.want == public || row.want == forbidden)
				}
			}
		}
	})
}

// hosts returns what an endpoint may say to mean a row, and how it says it. The
// name server is told.
func hosts(n *names, r row) map[string]string {
	all := map[string]string{r.host: "as such"}
	if _, ok := r.addr(); ok {
		n.say(func(string) []string { return []string{r.host} })
		all["backend.test"] = "by name"
	} else {
		n.say(func(string) []string { return nil })
	}
	return all
}

// check visits a host that is to be reached or isn't.
func (s *stand) check(name, listener, host string, r row, reach bool) {
	s.t.Helper()
	before := s.Stats().Closed[engine.Forbidden]
	o := s.visit(listener, host)
	if reach {
		s.checkReached(name, o, r)
		return
	}
	if o.reached() != "" || o.connects != 0 {
		s.t.Errorf("%s: reached %q with %d connects, want none", name, o.reached(), o.connects)
	}
	if s.opens(r) {
		return // the kernel refuses, not the guard
	}
	status := "403"
	if r.want == invalid {
		status = "500"
	}
	if !o.refused(listener, status) {
		s.t.Errorf("%s: the client is told %q, want %s", name, o.heard, status)
	}
	if forbade := s.Stats().Closed[engine.Forbidden] - before; listener != web && (forbade == 1) != (r.want != invalid) {
		s.t.Errorf("%s: %d sessions ended as forbidden", name, forbade)
	}
}

// opens says that the proxy tries to reach what the kernel can't.
func (s *stand) opens(r row) bool { return r.want == unroutable && s.guardOpen }

// checkReached wants the very address, but for the unspecified ones, which mean
// this host to the kernel.
func (s *stand) checkReached(name string, o outcome, r row) {
	s.t.Helper()
	if o.reached() == "" || o.connects < 1 {
		s.t.Errorf("%s: not reached, %d connects: %q", name, o.connects, o.heard)
		return
	}
	addr, err := netip.ParseAddr(r.host)
	if err != nil || addr.Unmap().IsUnspecified() {
		return
	}
	if want := addr.Unmap().WithZone("").String(); o.reached() != want {
		s.t.Errorf("%s: reached %s", name, o.reached())
	}
}

// TestNarrowRange: opening a range opens nothing beside it.
func TestNarrowRange(t *testing.T) {
	b, n := startBackend(t), startNames(t)
	guard := resolve.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32")}}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := newStand(t, impl, b, n, guard)
		for host, reach := range map[string]bool{
			"10.1.0.0": true, "10.1.255.255": true, "::ffff:10.1.2.3": true, "64:ff9b::10.1.2.3": true, "2002:a01:203::1": true, "fd00:1::1": true,
			"10.0.255.255": false, "10.2.0.0": false, "::ffff:10.2.0.1": false, "64:ff9b:1::10.1.2.3": false, "fd00:2::1": false, "127.0.0.1": false,
		} {
			for _, listener := range []string{enginetest.Listener, web} {
				s.check(host+" by "+listener, listener, host, row{host: host}, reach)
			}
		}
	})
}

// TestSomeAddressesForbidden: of a name's addresses only those are dialled that
// are permitted.
func TestSomeAddressesForbidden(t *testing.T) {
	b, n := startBackend(t), startNames(t)
	n.say(func(string) []string {
		return []string{"127.0.0.1", "10.0.0.1", "192.0.0.9", "::1", "fd00::1", "::ffff:127.0.0.1", "169.254.169.254"}
	})
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := newStand(t, impl, b, n, resolve.Guard{})
		for _, listener := range []string{enginetest.Listener, web} {
			if o := s.visit(listener, "mixed.test"); o.reached() != "192.0.0.9" || o.connects != 1 {
				t.Errorf("%s: reached %q with %d connects", listener, o.reached(), o.connects)
			}
		}
	})
}

// TestRebinding: a name server that changes its answer with every question gets
// nobody to an address that wasn't checked, whichever answer it is that counts.
func TestRebinding(t *testing.T) {
	b, n := startBackend(t), startNames(t)
	for name, evil := range map[string]string{"IPv4": "127.0.0.1", "IPv6": "::1", "mapped": "::ffff:10.0.0.1"} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				asked := 0
				n.say(func(string) []string {
					asked++
					// Two families are two questions: four make all pairs.
					return []string{[]string{"192.0.0.9", "192.0.0.9", evil, evil, "192.0.0.9", evil}[asked%6]}
				})
				s := newStand(t, impl, b, n, resolve.Guard{})
				reached, refused := 0, 0
				for range 30 {
					for _, listener := range []string{enginetest.Listener, web} {
						switch o := s.visit(listener, "rebinding.test"); {
						case o.reached() == "192.0.0.9" && o.connects == 1:
							reached++
						case o.reached() == "" && o.connects == 0:
							refused++
						default:
							t.Errorf("%s: reached %q with %d connects", listener, o.reached(), o.connects)
						}
					}
				}
				if reached == 0 || refused == 0 {
					t.Errorf("%d were let through, %d refused: the answer never changed", reached, refused)
				}
			})
		})
	}
}
