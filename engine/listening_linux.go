package engine

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// reactorDoorway has a socket per loop if ports may be shared (SO_REUSEPORT), else
// one that all loops accept from.
type reactorDoorway struct {
	addr  netip.AddrPort
	ports []*port
}

func (y *reactorDoorway) bound() netip.AddrPort { return y.addr }

// listen implements driver.
func (d *reactorDriver) listen(next *Config, had inheritance) (*listening, error) {
	return d.doorways.listen(next.Listeners,
		func(l *Listener) bool { return !l.multiplexes() }, // goroutines serve those
		func(l *Listener) (*reactorDoorway, error) { return d.openDoorway(l, next.listenOptions(l), had) },
		func(all doorways[*reactorDoorway]) { d.doorways = all })
}

// openDoorway opens an address on every loop, or none.
func (d *reactorDriver) openDoorway(spec *Listener, o reactor.ListenOptions, had inheritance) (*reactorDoorway, error) {
	addr, err := listenAddr(spec.Address)
	if err != nil {
		return nil, err
	}
	way := &reactorDoorway{addr: addr}
	if files := had.of(spec, addr); len(files) > 0 {
		err = d.adopt(way, spec, &o, files)
	} else {
		err = d.open(way, spec, o, had)
	}
	if err != nil {
		way.close()
		return nil, err
	}
	return way, nil
}

// open opens a socket on every loop, or shares the first one's.
func (d *reactorDriver) open(way *reactorDoorway, spec *Listener, o reactor.ListenOptions, had inheritance) error {
	each := o.ReusePort
	beside, err := d.e.makeRoom(way.addr, had)
	switch {
	case beside:
		o.ReusePort = true
	case err == nil:
		err = probe(way.addr)
	}
	if err != nil {
		return err
	}
	for _, w := range d.workers {
		err := way.add(w, spec, func(accept reactor.AcceptFunc) (*reactor.Listener, error) {
			if len(way.ports) > 0 && !each {
				return w.loop.Share(way.ports[0].ln, accept)
			}
			return w.loop.Listen(way.addr, &o, accept)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adopt spreads sockets over the loops: every socket has one at least, for what
// waits at it, and so has every loop.
func (d *reactorDriver) adopt(way *reactorDoorway, spec *Listener, o *reactor.ListenOptions, files []*os.File) error {
	for i := range max(len(files), len(d.workers)) {
		w, file := d.workers[i%len(d.workers)], files[i%len(files)]
		err := way.add(w, spec, func(accept reactor.AcceptFunc) (*reactor.Listener, error) {
			return w.loop.Adopt(file, o, accept)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// add opens a port on a loop, which the address is known by from then on.
func (y *reactorDoorway) add(w *worker, spec *Listener, listen func(reactor.AcceptFunc) (*reactor.Listener, error)) error {
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

func (y *reactorDoorway) hand(spec *Listener) {
	for i, p := range y.ports {
		_ = p.w.call(func() error { // or the loop has ended
			next := p.w.newPort(spec)
			next.ln = p.ln
			next.ln.Failed = next.acceptFailed
			options := p.w.e.cfg().listenOptions(spec)
			p.w.ports[slices.Index(p.w.ports, p)] = next
			y.ports[i] = next
			return next.ln.Hand(&options, next.accept)
		})
	}
}

func (y *reactorDoorway) share() (err error) {
	for _, p := range y.ports {
		err = errors.Join(err, p.w.call(func() error { return p.ln.ShareAddress() }))
	}
	return err
}

func (y *reactorDoorway) close() {
	for _, p := range y.ports {
		_ = p.w.call(func() error {
			p.ln.Close()
			p.w.ports = slices.DeleteFunc(p.w.ports, func(other *port) bool { return other == p })
			return nil
		})
	}
}

// makeRoom implements driver.
func (d *reactorDriver) makeRoom(addr netip.AddrPort) (bool, error) { return d.doorways.makeRoom(addr) }

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
