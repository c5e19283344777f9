// Package engine ties the parts together into sessions: it accepts clients,
// has a codec find out what they want, resolves, connects and relays. See
// State for the life of a session and Reason for its ends.
//
// Two drivers move sessions through the same states with the same codecs,
// chosen by Config.Impl: event loops (reactor_linux.go and its neighbours)
// and goroutines (goroutine.go). Listeners whose sessions use several backends
// (codecs.Multiplexing) are always served by goroutines
// (goroutine_multiplex.go).
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
	"github.com/proxy-engine/proxy-engine/upstream/limits"
)

// Engine is a running proxy. Make it with New. All methods are safe for
// concurrent use once Start has returned.
type Engine struct {
	live      atomic.Pointer[Config] // replaced as a whole, never changed
	log       *eventLog
	cache     *resolve.Cache
	endpoints *upstream.Registry
	resources *upstream.Resources
	starter   *coldstart.Starter
	checker   *upstream.Checker

	preconnected preconnectCounters
	clients      *limits.Clients
	keys         keyring
	tracking     atomic.Pointer[tracker]
	moves        *moves
	drains       drains
	counters     counters
	phases       phases
	links        linkCounters
	shaken       [handshakeLegs]handshakeCounters
	started      time.Time
	driver       driver
	listening    sync.Mutex // held by who opens and closes listeners
	addrs        atomic.Pointer[map[string]netip.AddrPort]

	active   atomic.Int64
	draining atomic.Bool
	idle     chan struct{} // told when active falls to zero while draining
	failed   chan error    // told when the driver can't go on
}

// driver moves sessions through their states.
type driver interface {
	// start makes what sessions run on. Nothing is listened at yet.
	start() error
	// listen opens what is new among a configuration's listeners, with the sockets that
	// are there already. One call, and its outcome, at a time.
	listen(next *Config, had inheritance) (*listening, error)
	// makeRoom has sockets that are in the way of one at addr share their address with it,
	// and says whether there are any. During listen.
	makeRoom(addr netip.AddrPort) (made bool, err error)
	// files returns duplicates of the sockets that are listened at, named as their
	// listeners; also those before an error. Not beside listen.
	files() ([]*os.File, error)
	// configure has what was made from the configuration follow it.
	configure()
	// stopAccepting closes the listeners. Clients already connected are served.
	stopAccepting()
	// loops are the figures of the event loops, if there are any. Any goroutine, once
	// start has returned.
	loops() []LoopStats
	// responsive says whether every event loop answers before ctx is done. Any
	// goroutine, once start has returned.
	responsive(ctx context.Context) bool
	// leave ends the established sessions for whose route who holds, in order and as
	// why, and returns when all were looked at. It may be called at any time.
	leave(who func(*resolve.Route) bool, why Reason)
	// look calls take for every session, once at a time; the view is valid during the
	// call. end ends those of whatever state for which who holds, and counts them.
	look(take func(*sessionView))
	end(who func(*sessionView) bool, why Reason) int
	// stop ends all sessions as Drained and returns when nothing is left.
	stop()
}

// New makes an engine. The error holds every fault of the configuration.
func New(cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		log: newEventLog(cfg.Logger, cfg.SessionLog), idle: make(chan struct{}, 1), failed: make(chan error, 1),
		endpoints: &upstream.Registry{Options: cfg.Upstream}, resources: upstream.NewResources(),
		clients: limits.New(cfg.Limits, time.Now()), started: time.Now(),
	}
	e.live.Store(&cfg)
	e.counters.shares = max(cfg.EventLoops, goroutineShares)
	e.counters.count(cfg.Listeners)
	e.links.shards = make([]linkShard, cfg.EventLoops+1)
	e.phases.shards = make([]phaseShard, e.cfg().EventLoops+1)
	driver, err := newDriver(e)
	if err != nil {
		return nil, err
	}
	e.driver = driver
	return e, nil
}

// tracker tells the present resolver of sessions; nil if it doesn't want to know.
func (e *Engine) tracker() *tracker { return e.tracking.Load() }

// cfg is the configuration in force. Nobody changes it.
func (e *Engine) cfg() *Config { return e.live.Load() }

// Start opens the listeners and returns once clients can connect. It may be
// called once.
func (e *Engine) Start() error {
	e.cache = resolve.NewCache(e.cfg().Resolver, e.cfg().Cache)
	e.starter = e.newStarter()
	e.checker = e.endpoints.NewChecker()
	e.tracking.Store(startTracker(e.cfg().Resolver, &e.counters))
	e.moves = newMoves(e)
	e.cache.Notify(e.moves.changed)
	if err := e.open(); err != nil {
		e.stop()
		return err
	}
	return nil
}

// open has clients come in.
func (e *Engine) open() error {
	cfg := e.cfg()
	if err := e.driver.start(); err != nil {
		return err
	}
	defer closeFiles(cfg.Sockets)
	had, err := inherit(cfg.Sockets)
	if err != nil {
		return fmt.Errorf("sockets to take over: %w", err)
	}
	l, err := e.driver.listen(cfg, had)
	if err != nil {
		return err
	}
	l.commit()
	e.addrs.Store(&l.addrs)
	for _, addr := range had.idle() {
		cfg.Logger.Warn("nobody listens any more", "address", addr)
	}
	for _, spec := range cfg.Listeners {
		cfg.Logger.Info("listening", "listener", spec.Name, "protocol", spec.Front.Protocol.String(), "address", l.addrs[spec.Name])
	}
	return nil
}

// stop ends all sessions and returns when nothing is left.
func (e *Engine) stop() {
	e.moves.close()
	e.driver.stop()
	e.moves.wait()
	e.drains.close()
	e.starter.Close()
	e.checker.Close()
	e.tracker().stop()
}

// Addr returns the address the named listener is bound to.
func (e *Engine) Addr(listener string) netip.AddrPort { return (*e.addrs.Load())[listener] }

// Sockets returns duplicates of the sockets that are listened at, for the process
// that is to take over (Config.Sockets); they are the caller's to close. Their names are
// those of their listeners. Any goroutine.
func (e *Engine) Sockets() ([]*os.File, error) {
	e.listening.Lock()
	defer e.listening.Unlock()
	files, err := e.driver.files()
	if err != nil {
		closeFiles(files)
		return nil, err
	}
	return files, nil
}

// Failed delivers the error of a driver that can't go on, such as an event loop
// that ended by itself. The process should shut down and be started anew.
func (e *Engine) Failed() <-chan error { return e.failed }

// fail reports to Failed; only the first error counts.
func (e *Engine) fail(err error) {
	select {
	case e.failed <- err:
	default:
	}
}

// Shutdown stops accepting at once, has idle sessions end first, lets the others end by
// themselves until ctx is done, ends the rest as Drained and returns when nothing is left. It
// returns ctx's error if sessions had to be ended. It may be called once.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.draining.Store(true)
	e.listening.Lock()
	e.driver.stopAccepting()
	e.listening.Unlock()
	idle, cancel := context.WithCancel(ctx)
	var ending sync.WaitGroup
	ending.Go(func() { e.endIdle(idle) })
	err := e.awaitIdle(ctx)
	cancel()
	e.stop()
	ending.Wait() // which may have waited for a session that nothing but stop ends
	return err
}

func (e *Engine) awaitIdle(ctx context.Context) error {
	for e.active.Load() > 0 {
		select {
		case <-e.idle:
		case <-ctx.Done():
			if n := e.active.Load(); n > 0 {
				e.cfg().Logger.Warn("drain deadline reached", "sessions", n)
				return ctx.Err()
			}
		}
	}
	return nil
}

// overflow is how many sessions beyond the limit are taken in to be refused in
// their own protocol. Past that, clients wait in the backlog.
const overflow = 256

// room says whether one more session, of whatever kind, may be accepted.
func (e *Engine) room() bool {
	return e.active.Load() < int64(e.cfg().MaxSessions)+overflow
}

// connectTimeout is how long connecting to the route's backend may take.
func (e *Engine) connectTimeout(route *resolve.Route) time.Duration {
	if route.Timeout > 0 {
		return route.Timeout
	}
	return e.cfg().Timeouts.Connect
}

// panicked counts and reports a bug that cost one session.
func (e *Engine) panicked(fault any) {
	e.counters.panics.Add(1)
	e.log.panicked(fault, debug.Stack())
}

// survives does work on a goroutine that isn't one session's alone. false says
// that it has panicked, which is reported then.
func (e *Engine) survives(work func()) (whole bool) {
	defer func() {
		if fault := recover(); fault != nil {
			e.panicked(fault)
		}
	}()
	work()
	return true
}

// ending is what is known of a session when it has ended.
type ending struct {
	listener             *Listener
	client               netip.AddrPort
	admission            admission
	route                *resolve.Route
	visit                visit
	resource             *upstream.Resource
	state                State // in which it ended
	reason               Reason
	cause                error
	age                  time.Duration
	times                timings
	web                  bool // an HTTP connection
	told                 bool // the line of its last request has the reason
	established          bool
	fromClient, toClient uint64
}

// ended does the accounts of a session's end, once per session.
func (e *Engine) ended(end *ending) {
	e.counters.ended(end)
	end.visit.report(outcomeOf(end.reason, end.toClient))
	end.visit.leave(end.fromClient, end.toClient)
	e.resources.Moved(end.resource, end.fromClient, end.toClient)
	e.resources.Leave(end.resource)
	if end.established {
		e.tracker().put(trackDisconnect, end.route, end.client, end.fromClient, end.toClient)
	}
	e.log.ended(end)
	e.leave(end.client, end.admission)
}
