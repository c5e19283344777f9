package engine

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
)

// doorway is an address that is listened at.
type doorway interface {
	// bound is the address.
	bound() netip.AddrPort
	// hand has another listener serve from now on.
	hand(*Listener)
	// close stops accepting, once those who wait are in.
	close()
}

// doorways are a driver's, by their listeners' socketKey. Not safe for concurrent use.
type doorways[D doorway] map[string]D

// listen opens what is new among the listeners that the driver serves. commit is given
// what is to take the place of the doorways.
func (d doorways[D]) listen(all []Listener, serves func(*Listener) bool, open func(*Listener) (D, error), commit func(doorways[D])) (*listening, error) {
	l := &listening{addrs: make(map[string]netip.AddrPort)}
	next, opened, wanted := make(doorways[D]), make(doorways[D]), make(map[string]*Listener)
	l.abort = opened.close
	for i := range all {
		spec := &all[i]
		if !serves(spec) {
			continue
		}
		key := spec.socketKey()
		way, stands := d[key]
		if !stands {
			var err error
			if way, err = open(spec); err != nil {
				l.abort()
				return nil, fmt.Errorf("listener %q on %s: %w", spec.Name, spec.Address, err)
			}
			opened[key] = way
		} else {
			wanted[key] = spec
		}
		next[key] = way
		l.addrs[spec.Name] = way.bound()
	}
	l.commit = func() {
		d.settle(wanted)
		commit(next)
	}
	return l, nil
}

// settle has doorways serve the listeners that want them, and closes the others.
func (d doorways[D]) settle(wanted map[string]*Listener) {
	gone := maps.Clone(d)
	for key, spec := range wanted {
		d[key].hand(spec)
		delete(gone, key)
	}
	gone.close()
}

// close closes all, at the same time.
func (d doorways[D]) close() {
	var closing sync.WaitGroup
	for _, way := range slices.Collect(maps.Values(d)) {
		closing.Go(way.close)
	}
	closing.Wait()
}
