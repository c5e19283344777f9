package engine

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// doorway is an address that is listened at: with a socket per loop if ports may be
// shared (SO_REUSEPORT), else with one that all loops accept from.
type doorway struct {
	addr  netip.AddrPort
	ports []*port
}

// listen implements driver.
func (d *reactorDriver) listen(all []Listener, had inheritance) (*listening, error) {
	l := &listening{addrs: make(map[string]netip.AddrPort)}
	next, opened := make(map[string]*doorway), []*doorway(nil)
	wanted := make(map[string]*Listener)
	l.abort = func() { closeDoorways(opened) }
	for i := range all {
		spec := &all[i]
		if spec.multiplexes() {
			continue // goroutines serve it
		}
		key := spec.socketKey()
		way := d.doorways[key]
		if way == nil {
			var err error
			if way, err = d.openDoorway(spec, had); err != nil {
				l.abort()
				return nil, fmt.Errorf("listener %q on %s: %w", spec.Name, spec.Address, err)
			}
			opened = append(opened, way)
		} else {
			wanted[key] = spec
		}
		next[key] = way
		l.addrs[spec.Name] = way.addr
	}
	l.commit = func() { d.settle(next, wanted) }
	return l, nil
}

// settle makes next the doorways: standing ones serve the listeners that want them,
// the others close.
func (d *reactorDriver) settle(next map[string]*doorway, wanted map[string]*Listener) {
	var gone []*doorway
	for key, way := range d.doorways {
		if spec := wanted[key]; spec != nil {
			way.hand(spec)
		} else {
			gone = append(gone, way)
		}
	}
	closeDoorways(gone)
	d.doorways = next
}

// openDoorway opens an address on every loop, or none.
func (d *reactorDriver) openDoorway(spec *Listener, had inheritance) (*doorway, error) {
	addr, err := listenAddr(spec.Address)
	if err != nil {
		return nil, err
	}
	way := &doorway{addr: addr}
	if files := had.of(spec, addr); len(files) > 0 {
		err = d.adopt(way, spec, files)
	} else if err = probe(addr); err == nil {
		err = d.open(way, spec)
	}
	if err != nil {
		way.close()
		return nil, err
	}
	return way, nil
}

// open opens a socket on every loop, or shares the first one's.
func (d *reactorDriver) open(way *doorway, spec *Listener) error {
	options := d.e.listenOptions(spec)
	for _, w := range d.workers {
		err := way.add(w, spec, func(accept reactor.AcceptFunc) (*reactor.Listener, error) {
			if len(way.ports) > 0 && !options.ReusePort {
				return w.loop.Share(way.ports[0].ln, accept)
			}
			return w.loop.Listen(way.addr, &options, accept)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adopt spreads sockets over the loops: every socket has one at least, for what
// waits at it, and so has every loop.
func (d *reactorDriver) adopt(way *doorway, spec *Listener, files []*os.File) error {
	options := d.e.listenOptions(spec)
	for i := range max(len(files), len(d.workers)) {
		w, file := d.workers[i%len(d.workers)], files[i%len(files)]
		err := way.add(w, spec, func(accept reactor.AcceptFunc) (*reactor.Listener, error) {
			return w.loop.Adopt(file, &options, accept)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// add opens a port on a loop, which the address is known by from then on.
func (y *doorway) add(w *worker, spec *Listener, listen func(reactor.AcceptFunc) (*reactor.Listener, error)) error {
	return w.call(func() (err error) {
		p := w.newPort(spec)
		if p.ln, err = listen(p.accept); err != nil {
			return err
		}
		p.ln.Full, p.ln.Failed = w.full, p.acceptFailed
		if y.addr, err = p.ln.Addr(); err != nil {
			p.ln.Close()
			return err
		}
		w.ports = append(w.ports, p)
		y.ports = append(y.ports, p)
		return nil
	})
}

// hand has another listener serve from now on.
func (y *doorway) hand(spec *Listener) {
	for i, p := range y.ports {
		_ = p.w.call(func() error { // or the loop has ended
			next := p.w.newPort(spec)
			next.ln = p.ln
			next.ln.Failed = next.acceptFailed
			options := p.w.e.listenOptions(spec)
			p.w.ports[slices.Index(p.w.ports, p)] = next
			y.ports[i] = next
			return next.ln.Hand(&options, next.accept)
		})
	}
}

// close stops accepting, once those who wait are in.
func (y *doorway) close() {
	for _, p := range y.ports {
		_ = p.w.call(func() error {
			p.ln.Close()
			p.w.ports = slices.DeleteFunc(p.w.ports, func(other *port) bool { return other == p })
			return nil
		})
	}
}

func closeDoorways(all []*doorway) {
	for _, way := range all {
		way.close()
	}
}

// files implements driver.
func (d *reactorDriver) files() (all []*os.File, err error) {
	for _, w := range d.workers {
		err = errors.Join(err, w.call(func() error {
			for _, p := range w.ports {
				file, err := p.ln.File(p.spec.Name)
				if err != nil {
					return err
				}
				all = append(all, file)
			}
			return nil
		}))
	}
	return all, err
}

// probe finds out whether somebody else listens at addr already: with
// SO_REUSEPORT a second proxy would otherwise start without an error and
// quietly take half of the clients.
func probe(addr netip.AddrPort) error {
	if addr.Port() == 0 {
		return nil
	}
	ln, err := net.Listen(tcpNetwork(addr), addr.String())
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			return op.Err
		}
		return err
	}
	return ln.Close()
}
