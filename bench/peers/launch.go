//go:build linux

package main

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/proxy-engine/proxy-engine/loadtest/program"
)

// instance is the processes that listen at one address.
type instance struct {
	programs []*program.Program
	at       netip.AddrPort
}

var _ server = (*instance)(nil)

func (i *instance) addr() netip.AddrPort { return i.at }

func (i *instance) pids() []int {
	ids := make([]int, len(i.programs))
	for n, p := range i.programs {
		ids[n] = p.PID()
	}
	return ids
}

func (i *instance) stop() { program.StopAll(i.programs) }

// site is where peers are started.
func (b *bench) site(listen, backend netip.AddrPort) site {
	return site{
		listen: listen, backend: backend, dir: b.dir, threads: b.threads,
		root: os.Geteuid() == 0, self: b.self, proxyEngine: b.proxyEngine,
	}
}

// launch starts what is planned and waits until it accepts connections. The
// caller stops it.
func (b *bench) launch(ctx context.Context, p plan, listen netip.AddrPort) (*instance, error) {
	if err := p.config.write(b.dir); err != nil {
		return nil, err
	}
	i := &instance{at: listen}
	for range max(p.copies, 1) {
		one, err := program.Start(p.start...)
		if err != nil {
			i.stop()
			return nil, err
		}
		i.programs = append(i.programs, one)
	}
	if err := program.Ready(ctx, i.at, i.programs...); err != nil {
		i.stop()
		return nil, err
	}
	return i, nil
}

// write puts the file, if there is one, into a folder.
func (c config) write(dir string) error {
	if c.name == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, c.name), []byte(c.text), 0o644)
}

// freePort returns an address nobody listens at.
func freePort() (netip.AddrPort, error) {
	ports, err := program.FreePorts(1)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return ports[0], nil
}
