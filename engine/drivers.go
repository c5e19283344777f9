package engine

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// drivers are several that share an engine's listeners.
type drivers []driver

func (d drivers) start() error {
	for _, one := range d {
		if err := one.start(); err != nil {
			return err
		}
	}
	return nil
}

func (d drivers) listen(cfg *Config, had inheritance) (*listening, error) {
	whole := &listening{commit: func() {}, abort: func() {}}
	for _, one := range d {
		part, err := one.listen(cfg, had)
		if err != nil {
			whole.abort()
			return nil, err
		}
		whole = whole.and(part)
	}
	return whole, nil
}

func (d drivers) makeRoom(addr netip.AddrPort) (made bool, err error) {
	for _, one := range d {
		part, failure := one.makeRoom(addr)
		made, err = made || part, errors.Join(err, failure)
	}
	return made, err
}

func (d drivers) files() (all []*os.File, err error) {
	for _, one := range d {
		part, failure := one.files()
		all, err = append(all, part...), errors.Join(err, failure)
	}
	return all, err
}

func (d drivers) configure() {
	for _, one := range d {
		one.configure()
	}
}

func (d drivers) stopAccepting() {
	for _, one := range d {
		one.stopAccepting()
	}
}

func (d drivers) loops() (all []LoopStats) {
	for _, one := range d {
		all = append(all, one.loops()...)
	}
	return all
}

func (d drivers) responsive(ctx context.Context) bool {
	return !slices.ContainsFunc(d, func(one driver) bool { return !one.responsive(ctx) })
}

func (d drivers) leave(who func(*resolve.Route) bool, why Reason) {
	for _, one := range d {
		one.leave(who, why)
	}
}

func (d drivers) look(take func(*sessionView)) {
	for _, one := range d {
		one.look(take)
	}
}

func (d drivers) end(who func(*sessionView) bool, why Reason) (n int) {
	for _, one := range d {
		n += one.end(who, why)
	}
	return n
}

func (d drivers) stop() {
	for _, one := range d {
		one.stop()
	}
}

// newDriver makes what the configuration asks for: event loops don't serve the
// listeners that multiplex, which goroutines do beside them.
func newDriver(e *Engine) (driver, error) {
	if e.cfg().Impl == Goroutine {
		return newGoroutineDriver(e, func(*Listener) bool { return true }), nil
	}
	loops, err := newReactorDriver(e)
	if err != nil {
		return nil, err
	}
	return drivers{loops, newGoroutineDriver(e, (*Listener).multiplexes)}, nil
}
