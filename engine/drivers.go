package engine

import (
	"maps"
	"net/netip"
	"slices"
)

// drivers are several that share an engine's listeners.
type drivers []driver

func (d drivers) start() (map[string]netip.AddrPort, error) {
	all := make(map[string]netip.AddrPort)
	for _, one := range d {
		addrs, err := one.start()
		if err != nil {
			return nil, err
		}
		maps.Copy(all, addrs)
	}
	return all, nil
}

func (d drivers) stopAccepting() {
	for _, one := range d {
		one.stopAccepting()
	}
}

func (d drivers) leave(to homes) {
	for _, one := range d {
		one.leave(to)
	}
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
	if err != nil || !slices.ContainsFunc(e.cfg().Listeners, func(l Listener) bool { return l.multiplexes() }) {
		return loops, err
	}
	return drivers{loops, newGoroutineDriver(e, (*Listener).multiplexes)}, nil
}
