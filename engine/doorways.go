package engine

import (
	"errors"
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
	// share has a socket be opened at an address that overlaps this one.
	share() error
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
		if next.at(way.bound()) {
			l.abort()
			return nil, fmt.Errorf("listener %q on %s: another listener is there already", spec.Name, spec.Address)
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

// at says that one of them is at addr, or at one that overlaps it.
func (d doorways[D]) at(addr netip.AddrPort) bool {
	for _, way := range d {
		if overlap(way.bound(), addr) {
			return true
		}
	}
	return false
}

// makeRoom has sockets of ours share their address with one that is to be opened at addr,
// and says whether there are any: they may go once it is there, as 127.0.0.1:80 does when
// it becomes 0.0.0.0:80.
func (d doorways[D]) makeRoom(addr netip.AddrPort) (made bool, err error) {
	for _, way := range d {
		if overlap(way.bound(), addr) {
			made, err = true, errors.Join(err, way.share())
		}
	}
	return made, err
}

// makeRoom is doorways.makeRoom for those of every driver, and for inherited ones.
func (e *Engine) makeRoom(addr netip.AddrPort, had inheritance) (made bool, err error) {
	made, err = e.driver.makeRoom(addr)
	for _, one := range had {
		if overlap(one.addr, addr) {
			made, err = true, errors.Join(err, shareAddress(one.file))
		}
	}
	return made, err
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
