package engine

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

const (
	// acceptPause is how long accepting rests when even the overflow is taken.
	acceptPause = 10 * time.Millisecond
	// exhaustedPause is how long accepting rests after it has failed.
	exhaustedPause = 100 * time.Millisecond
	// lastCall is how long a listener goes on accepting once it is to close,
	// so that nobody is turned away after a successful connect: enough for a
	// full accept queue.
	lastCall = 50 * time.Millisecond
)

// goroutineDriver runs sessions on package net: portable, and the baseline the
// event loops are measured against. A session has a goroutine per side: the
// client's from the start, the backend's once the resource is known.
//
// Two options of listeners have no effect, as package net has none for them:
// Backlog (it takes the system's maximum) and ReusePort (there is one
// listening socket per address). Nor does it tell of a peer that says EOF and is
// reset later: such a session ends when its other peer does or sends something.
type goroutineDriver struct {
	e        *Engine
	serves   func(*Listener) bool // which listeners are its own
	doorways doorways[*goroutineDoorway]

	open        context.Context // ends with stopAccepting
	closePorts  context.CancelFunc
	serving     context.Context // ends with stop
	endSessions context.CancelFunc

	live sync.WaitGroup // the sessions

	links *goroutineLinks // to HTTP backends
	ready *goroutineReady
	// handshakes has an element for each TLS handshake under way.
	handshakes chan struct{}

	mu       sync.Mutex // guards what follows
	sessions map[*goroutineSession]struct{}
	webs     map[*goroutineWeb]struct{}
	muxes    map[*goroutineMultiplex]struct{}
}

// goroutinePort is a listener.
type goroutinePort struct {
	d    *goroutineDriver
	spec *Listener
	// buffers are *[]byte for reading; an established session has none while it
	// waits, but for TLS.
	buffers sync.Pool
	// pieces are *[]byte too, for the relay in the clear: lent while they hold bytes.
	pieces  sync.Pool
	counted *listenerCounters
	shared  atomic.Uint32 // sessions that have got a share of counted
}

// share is where a new session counts its traffic.
func (p *goroutinePort) share() *traffic { return p.counted.share(int(p.shared.Add(1))) }

func newGoroutineDriver(e *Engine, serves func(*Listener) bool) driver {
	d := &goroutineDriver{
		e: e, serves: serves, links: newGoroutineLinks(e), handshakes: make(chan struct{}, e.cfg().TLS.Handshakes),
		sessions: make(map[*goroutineSession]struct{}), webs: make(map[*goroutineWeb]struct{}),
		muxes: make(map[*goroutineMultiplex]struct{}),
	}
	d.ready = newGoroutineReady(d)
	d.open, d.closePorts = context.WithCancel(context.Background())
	d.serving, d.endSessions = context.WithCancel(context.Background())
	return d
}

func (d *goroutineDriver) start() error { return nil }

// loops implements driver: there are none.
func (d *goroutineDriver) loops() []LoopStats { return nil }

// responsive implements driver: there is no loop to be stuck.
func (d *goroutineDriver) responsive(context.Context) bool { return true }

func (d *goroutineDriver) configure() {} // it reads the configuration each time

// stopAccepting may be called more than once.
func (d *goroutineDriver) stopAccepting() {
	d.closePorts()
	d.doorways.close()
	d.doorways = nil
	d.ready.close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for s := range d.webs {
		s.drain()
	}
}

// stop closes the sockets under the sessions, whose goroutines then end.
func (d *goroutineDriver) stop() {
	d.stopAccepting()
	d.endSessions()
	d.mu.Lock()
	for s := range d.sessions {
		s.sockets.close()
	}
	for s := range d.webs {
		s.sockets.close()
	}
	for s := range d.muxes {
		s.sockets.close()
	}
	d.mu.Unlock()
	d.live.Wait()
	d.links.close()
	d.ready.close()
}

// stopping says that sessions still there are to end as Drained.
func (d *goroutineDriver) stopping() bool { return d.serving.Err() != nil }

func (d *goroutineDriver) add(s *goroutineSession) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions[s] = struct{}{}
}

func (d *goroutineDriver) remove(s *goroutineSession) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sessions, s)
}

func (d *goroutineDriver) addWeb(s *goroutineWeb) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.webs[s] = struct{}{}
}

func (d *goroutineDriver) removeWeb(s *goroutineWeb) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.webs, s)
}

func (d *goroutineDriver) addMultiplex(s *goroutineMultiplex) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.muxes[s] = struct{}{}
}

func (d *goroutineDriver) removeMultiplex(s *goroutineMultiplex) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.muxes, s)
}

// minSetupBuffer is the least that is read at once before the relay; a codec
// that looks at nothing has a MaxPending of 0.
const minSetupBuffer = 4 << 10

// relayPiece is the most that the relay copies at once, in bytes; more is spliced.
// Measured: 16 KiB copied cost a fourth more than spliced.
const relayPiece = 4 << 10

// webBuffer is what is read at once of HTTP, in bytes.
const webBuffer = 32 << 10

func newGoroutinePort(d *goroutineDriver, spec *Listener) *goroutinePort {
	p := &goroutinePort{d: d, spec: spec, counted: d.e.counters.listener(spec.Name)}
	p.pieces.New = func() any {
		buf := make([]byte, relayPiece)
		return &buf
	}
	p.buffers.New = func() any {
		size := max(spec.Front.MaxPending, minSetupBuffer)
		if spec.Front.Protocol == codecs.HTTP {
			size = webBuffer
		}
		buf := make([]byte, size)
		return &buf
	}
	return p
}

func (p *goroutinePort) accept(conn *net.TCPConn) {
	tune(conn, &p.d.e.cfg().Listen.SocketOptions)
	if p.spec.isWeb() {
		s := newGoroutineWeb(p, &stream{TCPConn: conn})
		p.d.addWeb(s)
		p.d.live.Go(s.serve)
		return
	}
	if p.spec.multiplexes() {
		s := newGoroutineMultiplex(p, &stream{TCPConn: conn})
		p.d.addMultiplex(s)
		p.d.live.Go(s.serve)
		return
	}
	s := newGoroutineSession(p, &stream{TCPConn: conn})
	p.d.add(s)
	p.d.live.Go(s.serve)
}

// dial makes one connection attempt.
func (d *goroutineDriver) dial(ctx context.Context, addr netip.AddrPort, timeout time.Duration) (*stream, error) {
	o := &d.e.cfg().Dial
	dialer := net.Dialer{
		Timeout:         max(timeout, 1),
		KeepAlive:       -1,
		KeepAliveConfig: keepAlive(o.KeepAlive),
		Control:         dialControl(o),
	}
	// Not DialTCP: it binds a local port before it connects, which runs out of
	// ports where connect(2) wouldn't.
	conn, err := dialer.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)
	tune(tcp, o)
	return &stream{TCPConn: tcp}, nil
}

// keepAlive returns k for package net, which must also be given a negative
// KeepAlive for "off".
func keepAlive(k reactor.KeepAlive) net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: k.Idle > 0, Idle: k.Idle, Interval: k.Interval, Count: k.Count}
}

// tune sets the options every system has; a socket they can't be set on is
// broken, as reading from it will tell.
func tune(conn *net.TCPConn, o *reactor.SocketOptions) {
	if !o.NoDelay {
		_ = conn.SetNoDelay(false)
	}
	if o.ReceiveBuffer > 0 {
		_ = conn.SetReadBuffer(o.ReceiveBuffer)
	}
	if o.SendBuffer > 0 {
		_ = conn.SetWriteBuffer(o.SendBuffer)
	}
}

func addrPortOf(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
