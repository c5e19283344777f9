package engine

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// reactorDriver runs sessions on event loops, one worker per loop. A session
// lives on the loop that accepted it, both of its sockets do.
type reactorDriver struct {
	e          *Engine
	workers    []*worker
	lookups    *lookups
	handshakes *tlsterm.Pool
	computing  crew
	running    sync.WaitGroup
}

func newReactorDriver(e *Engine) (driver, error) {
	return &reactorDriver{e: e, computing: crew{most: e.cfg().TLS.Computing, queued: maxQueued}}, nil
}

func (d *reactorDriver) start() (map[string]netip.AddrPort, error) {
	d.lookups = newLookups(d.e.cache)
	d.handshakes = tlsterm.NewPool(d.e.cfg().TLS.Handshakes, d.e.cfg().TLS.Computing)
	for range d.e.cfg().EventLoops {
		if err := d.startWorker(); err != nil {
			return nil, err
		}
	}
	return d.listen()
}

// startWorker starts a worker's loop and waits until it serves.
func (d *reactorDriver) startWorker() error {
	loop, err := reactor.NewLoop(d.e.cfg().ReadBuffer)
	if err != nil {
		return err
	}
	w := newWorker(d, loop)
	d.workers = append(d.workers, w)
	up := make(chan error, 1)
	d.running.Add(1)
	go func() {
		defer d.running.Done()
		defer close(w.ended)
		err := w.loop.Run(func() error { up <- nil; return nil })
		w.shutdown() // if it ended by itself
		if err != nil {
			d.e.fail(err)
			select {
			case up <- err:
			default:
			}
		}
	}()
	return <-up
}

// listen opens every listener on every loop: with a socket of its own if ports
// may be shared (SO_REUSEPORT), else with the first loop's.
func (d *reactorDriver) listen() (map[string]netip.AddrPort, error) {
	addrs := make(map[string]netip.AddrPort)
	for i := range d.e.cfg().Listeners {
		spec := &d.e.cfg().Listeners[i]
		if spec.multiplexes() {
			continue // goroutines serve it
		}
		addr, err := listenAddr(spec.Address)
		if err == nil {
			addr, err = d.listenOn(spec, addr)
		}
		if err != nil {
			return nil, fmt.Errorf("listener %q on %s: %w", spec.Name, spec.Address, err)
		}
		addrs[spec.Name] = addr
	}
	return addrs, nil
}

func (d *reactorDriver) listenOn(spec *Listener, addr netip.AddrPort) (netip.AddrPort, error) {
	if err := probe(addr); err != nil {
		return addr, err
	}
	var first *port
	for _, w := range d.workers {
		err := w.call(func() (err error) {
			p, err := w.listen(spec, addr, first)
			if err == nil && first == nil {
				first = p
				addr, err = p.ln.Addr()
			}
			return err
		})
		if err != nil {
			return addr, err
		}
	}
	return addr, nil
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

func (d *reactorDriver) stopAccepting() {
	for _, w := range d.workers {
		_ = w.call(w.stopAccepting)
	}
}

func (d *reactorDriver) stop() {
	for _, w := range d.workers {
		_ = w.call(func() error { w.shutdown(); return nil }) // or it has ended by itself
	}
	d.computing.wait() // whose codecs are let go of on the loops
	for _, w := range d.workers {
		w.loop.Stop()
	}
	d.running.Wait()
	d.lookups.wait()
	d.handshakes.Close()
}
