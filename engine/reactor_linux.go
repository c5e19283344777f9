package engine

import (
	"context"
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
	doorways   doorways[*reactorDoorway]
	walking    sync.Mutex // held during a walk
}

func newReactorDriver(e *Engine) (driver, error) {
	return &reactorDriver{e: e, computing: crew{most: e.cfg().TLS.Computing, queued: maxQueued}}, nil
}

func (d *reactorDriver) start() error {
	d.lookups = newLookups(d.e.cache)
	d.handshakes = tlsterm.NewPool(d.e.cfg().TLS.Handshakes, d.e.cfg().TLS.Computing)
	for range d.e.cfg().EventLoops {
		if err := d.startWorker(); err != nil {
			return err
		}
	}
	return nil
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

func (d *reactorDriver) configure() {
	for _, w := range d.workers {
		_ = w.call(func() error { w.configure(); return nil }) // or it has ended by itself
	}
}

func (d *reactorDriver) responsive(ctx context.Context) bool {
	answers := make(chan struct{}, len(d.workers))
	for _, w := range d.workers {
		w.loop.Post(func() { answers <- struct{}{} })
	}
	for range d.workers {
		select {
		case <-answers:
		case <-ctx.Done():
			return false
		}
	}
	return true
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
