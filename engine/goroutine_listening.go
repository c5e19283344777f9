package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// goroutineDoorway has one socket, or several that were there already.
type goroutineDoorway struct {
	d       *goroutineDriver
	sockets []*goroutineSocket
}

// goroutineSocket is a listening socket with its accept loop.
type goroutineSocket struct {
	ln *net.TCPListener
	// port serves who is accepted.
	port atomic.Pointer[goroutinePort]
	// open ends when nobody is accepted any more.
	open  context.Context
	close context.CancelFunc
	ended chan struct{} // closed when the accept loop has
}

// listen implements driver.
func (d *goroutineDriver) listen(next *Config, had inheritance) (*listening, error) {
	return d.doorways.listen(next.Listeners, d.serves,
		func(l *Listener) (*goroutineDoorway, error) { return d.openDoorway(l, next.listenOptions(l), had) },
		func(all doorways[*goroutineDoorway]) { d.doorways = all })
}

// openDoorway opens an address, or takes the sockets there are for it.
func (d *goroutineDriver) openDoorway(spec *Listener, o reactor.ListenOptions, had inheritance) (*goroutineDoorway, error) {
	addr, err := listenAddr(spec.Address)
	if err != nil {
		return nil, err
	}
	way, p := &goroutineDoorway{d: d}, newGoroutinePort(d, spec)
	for _, file := range had.of(spec, addr) {
		ln, err := d.adopt(file, &o)
		if err != nil {
			way.close()
			return nil, err
		}
		way.sockets = append(way.sockets, d.accept(ln, p))
	}
	if len(way.sockets) > 0 {
		return way, nil
	}
	beside, err := d.e.makeRoom(addr, had)
	if err != nil {
		return nil, err
	}
	o.ReusePort = beside
	ln, err := d.openSocket(addr, &o)
	if err != nil {
		return nil, err
	}
	way.sockets = append(way.sockets, d.accept(ln, p))
	return way, nil
}

func (d *goroutineDriver) openSocket(addr netip.AddrPort, o *reactor.ListenOptions) (*net.TCPListener, error) {
	lc := net.ListenConfig{
		KeepAlive:       -1,
		KeepAliveConfig: keepAlive(o.KeepAlive),
		Control:         listenControl(o),
	}
	// Package net listens with Multipath TCP by default; the reactor doesn't.
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), tcpNetwork(addr), addr.String())
	if err != nil {
		return nil, err
	}
	return ln.(*net.TCPListener), nil
}

// adopt accepts from a socket that was there before. The file stays the caller's.
func (d *goroutineDriver) adopt(file *os.File, o *reactor.ListenOptions) (*net.TCPListener, error) {
	ln, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	tcp := ln.(*net.TCPListener) // inherit has seen to it
	if err := handListener(tcp, o); err != nil {
		_ = tcp.Close()
		return nil, err
	}
	return tcp, nil
}

// accept begins to accept from a socket.
func (d *goroutineDriver) accept(ln *net.TCPListener, p *goroutinePort) *goroutineSocket {
	s := &goroutineSocket{ln: ln, ended: make(chan struct{})}
	s.open, s.close = context.WithCancel(context.Background())
	s.port.Store(p)
	go s.run(d.e)
	return s
}

func (y *goroutineDoorway) bound() netip.AddrPort { return addrPortOf(y.sockets[0].ln.Addr()) }

func (y *goroutineDoorway) hand(spec *Listener) {
	p, o := newGoroutinePort(y.d, spec), y.d.e.cfg().listenOptions(spec)
	for _, s := range y.sockets {
		s.port.Store(p)
		_ = handListener(s.ln, &o) // a socket it can't be set on is broken, as accepting tells
	}
}

func (y *goroutineDoorway) share() (err error) {
	for _, s := range y.sockets {
		err = errors.Join(err, shareAddress(s.ln))
	}
	return err
}

func (y *goroutineDoorway) close() {
	for _, s := range y.sockets {
		s.close()
		_ = s.ln.SetDeadline(time.Now().Add(lastCall))
	}
	for _, s := range y.sockets {
		<-s.ended
		_ = s.ln.Close()
	}
}

// makeRoom implements driver.
func (d *goroutineDriver) makeRoom(addr netip.AddrPort) (bool, error) {
	return d.doorways.makeRoom(addr)
}

// files implements driver.
func (d *goroutineDriver) files() (all []*os.File, err error) {
	for _, y := range d.doorways {
		for _, s := range y.sockets {
			file, failure := reactor.Duplicate(s.ln, s.port.Load().spec.Name)
			if failure != nil {
				err = errors.Join(err, failure)
				continue
			}
			all = append(all, file)
		}
	}
	return all, err
}

// run accepts until close. An error never ends it.
func (s *goroutineSocket) run(e *Engine) {
	defer close(s.ended)
	for s.awaitRoom(e) {
		conn, err := s.ln.AcceptTCP()
		switch {
		case err == nil:
			s.port.Load().accept(conn)
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		default:
			s.port.Load().failed(err)
			if !s.rest(exhaustedPause) {
				return
			}
		}
	}
}

func (p *goroutinePort) failed(err error) {
	if upstream.Classify(err) == upstream.Exhausted {
		p.d.e.counters.exhausted.Add(1)
		p.d.e.log.exhausted(p.spec, err)
	}
}

// awaitRoom waits until one more session may be accepted; false means never.
func (s *goroutineSocket) awaitRoom(e *Engine) bool {
	for !e.room() {
		if !s.rest(acceptPause) {
			return false
		}
	}
	return true
}

// rest waits for d; false means that the socket closes meanwhile.
func (s *goroutineSocket) rest(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.open.Done():
		return false
	}
}
