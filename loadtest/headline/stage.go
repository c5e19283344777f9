//go:build linux

package headline

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/program"
)

// stage is what is measured: proxies in front of a backend.
type stage struct {
	programs []*program.Program
	targets  []netip.AddrPort // where the proxies listen
	server   measure.Processes
}

// start starts the backend and n processes of proxy-engine. Each listens at a
// port of its own, so that the sessions are spread evenly, and connects to an
// address of its own, so that its ports don't run out.
func (h Headline) start(ctx context.Context, n int) (*stage, error) {
	ports, err := program.FreePorts(n + 1)
	if err != nil {
		return nil, err
	}
	s := &stage{targets: ports[1:]}
	if err := s.run(ctx, h, ports[0]); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *stage) run(ctx context.Context, h Headline, backend netip.AddrPort) error {
	everywhere := netip.AddrPortFrom(netip.IPv4Unspecified(), backend.Port())
	_, err := s.add(ctx, backend, h.Loadtest, "backend", "echo", "--listen", everywhere.String())
	if err != nil {
		return err
	}
	loops := max(runtime.NumCPU()/len(s.targets), 1)
	for i, target := range s.targets {
		own := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 2, byte(i >> 8), byte(i)}), backend.Port())
		proxy, err := s.add(ctx, target, h.ProxyEngine, "--impl", "reactor", "--event-loops", fmt.Sprint(loops),
			"--tcp", "echo@"+target.String(), "--resolver", "fixed://"+own.String(), "--skip-validation", "--log-level", "error",
			// Probes of more than a million sockets every 30 s would be a load of
			// their own, and nobody vanishes on loopback.
			"--keepalive-idle", "1h")
		if err != nil {
			return err
		}
		s.server.Roots = append(s.server.Roots, proxy.PID())
	}
	return nil
}

// add starts a program and waits until it listens.
func (s *stage) add(ctx context.Context, at netip.AddrPort, words ...string) (*program.Program, error) {
	p, err := program.Start(words...)
	if err != nil {
		return nil, err
	}
	s.programs = append(s.programs, p)
	return p, program.Ready(ctx, at, p)
}

// stop ends the proxies, then the backend: all at once, for there are many.
func (s *stage) stop() {
	program.StopAll(s.programs)
}
