package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// program is a proxy that runs, or is about to.
type program struct {
	args, env []string
	log       *logging
	signals   chan os.Signal
	engine    *engine.Engine
	operators *operators
	// operatorOptions are those of the admin server, but for what only a program that runs can say.
	operatorOptions admin.Options
	service         service
	upgrader        upgrader
	// replaced is closed when another process has taken over, asked when an operator wants
	// the program to end.
	replaced, asked chan struct{}
	// serving is done when the engine is about to end.
	serving context.Context
	end     context.CancelCauseFunc

	mu      sync.Mutex // held by who reloads
	current *configuration
	started *configuration // what is in force of its fixed settings
}

// prepare catches the process's signals, for good: one that comes while the
// process ends must not kill it.
func (p *program) prepare() {
	p.started, p.signals = p.current, make(chan os.Signal, 4)
	p.replaced, p.asked = make(chan struct{}), make(chan struct{})
	p.serving, p.end = context.WithCancelCause(context.Background())
	p.service.log = p.log.Logger
	p.upgrader = upgrader{log: p.log.Logger, sockets: p.sockets, replaced: p.yield}
	// A log whose reader is gone must not end every session.
	signal.Ignore(syscall.SIGPIPE)
	signal.Notify(p.signals, os.Interrupt, syscall.SIGTERM)
	for sig := range p.actions() {
		signal.Notify(p.signals, sig)
	}
}

// actions are what signals have done that don't end the program.
func (p *program) actions() map[os.Signal]func() {
	return map[os.Signal]func(){
		statsSignal:   func() { logStats(p.log.Logger, p.engine.Stats()) },
		reloadSignal:  func() { _, _ = p.reload() }, // which logs what fails
		upgradeSignal: func() { p.upgrader.begin(p.serving, p.timing().upgrade) },
	}
}

// run serves until a signal or a successor ends it. Operators are served until it
// has drained, unless the successor serves them.
func (p *program) run() error {
	p.prepare()
	if err := p.start(); err != nil {
		return err
	}
	defer p.operators.close()
	defer p.service.watch(p.engine.Responsive)()
	p.log.Info("started", "version", version(), "impl", string(p.current.cfg.Impl), "event_loops", p.current.cfg.EventLoops)
	p.service.ready()
	s := supervisor{
		proxy: p.engine, log: p.log.Logger, timing: p.timing, ending: p.ending,
		signals: p.signals, actions: p.actions(), replaced: p.replaced, asked: p.asked,
	}
	if err := s.run(); err != nil {
		return fmt.Errorf("the engine failed: %w", err)
	}
	return nil
}

// start has clients come in, at sockets of its own, or those of systemd or of the process
// that it takes over from.
func (p *program) start() error {
	cfg := &p.current.cfg
	if err := fitSessions(cfg, p.log.Logger); err != nil {
		return err
	}
	raiseProcs(cfg)
	had, err := inherit()
	if err != nil {
		return err
	}
	cfg.Sockets, cfg.LogDropped = had.clients, p.log.dropped
	if p.engine, err = engine.New(*cfg); err != nil {
		return err
	}
	if err := p.engine.Start(); err != nil {
		return err
	}
	if p.operators, err = p.serveOperators(had); err != nil {
		stopped, cancel := context.WithCancel(context.Background())
		cancel()
		_ = p.engine.Shutdown(stopped)
		return err
	}
	if err := had.tell(); err != nil {
		p.log.Warn("the process before this one wasn't told that clients can come", "cause", err)
	}
	return nil
}

// timing is how long ending takes by the settings of now.
func (p *program) timing() timing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return timing{delay: p.current.drainDelay, drain: p.current.drain, upgrade: p.current.upgradeTimeout}
}

// sockets are what this process listens at, for its successor.
func (p *program) sockets() (*belongings, error) {
	clients, err := p.engine.Sockets()
	if err != nil {
		return nil, err
	}
	mine := &belongings{clients: clients}
	if err := p.operators.addTo(mine); err != nil {
		mine.close()
		return nil, err
	}
	return mine, nil
}

// yield leaves everything to a successor.
func (p *program) yield(pid int) {
	p.service.replaced(pid)
	p.operators.handedOver()
	close(p.replaced)
}

// ending is called when the engine is about to end.
func (p *program) ending(replaced bool) {
	p.end(errEnding)
	if replaced {
		p.operators.close() // the successor serves them
		return
	}
	t := p.timing()
	p.service.stopping(t.delay + t.drain)
}

// errEnding is why a program that is about to end doesn't begin anything more.
var errEnding = errors.New("the proxy is about to end")

// close lets go of what the configuration in force holds open.
func (p *program) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.current.close(nil); err != nil {
		p.log.Warn("what was in use didn't close", "cause", err)
	}
}

// reload reads the settings again and has the engine follow. If there is any fault,
// everything stays as it is; the error has all of them.
func (p *program) reload() (api.Reload, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.service.reloading()()
	if err := rereadable(p.current.file); err != nil {
		return api.Reload{}, p.notReloaded(err)
	}
	var f findings
	next := read(p.args, p.env, &f)
	next.open(p.current, p.log.Logger, &f)
	_ = next.adminOptions(p.log.Logger, &f) // in force from the next start on, which they mustn't keep from succeeding
	if len(f.errs) == 0 {
		f.fault(p.apply(next))
	}
	if err := errors.Join(f.errs...); err != nil {
		_ = next.close(p.current)
		return api.Reload{}, p.notReloaded(err)
	}
	for _, w := range f.warnings {
		p.log.Warn(w)
	}
	changed, _ := next.changes(p.current)
	_, waiting := next.changes(p.started)
	if err := p.current.close(next); err != nil {
		p.log.Warn("what was in use before the reload didn't close", "cause", err)
	}
	p.current = next
	p.log.Info("reloaded", "changed", changed, "waiting_for_a_start", waiting)
	return api.Reload{Changed: changed, Waiting: waiting}, nil
}

func (p *program) notReloaded(cause error) error {
	p.log.Error("not reloaded: everything stays as it is", "cause", cause)
	return cause
}

// apply has the engine and the log follow. The caller holds mu.
func (p *program) apply(next *configuration) error {
	if err := fitSessions(&next.cfg, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if _, err := p.engine.Reload(next.cfg); err != nil {
		return err
	}
	p.log.follow(p.current.settings, next.settings)
	return nil
}
