package engine

import (
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// firstSweep is when it is looked for the first time for sessions that were on their way
// to an endpoint when that was drained. The time is doubled from look to look.
const firstSweep = 250 * time.Millisecond

// drains looks for sessions that have got established at endpoints that are drained
// (upstream.ForcedDrain): they were on their way there. It looks a few times behind each
// drain, until none can be. The zero value is ready; safe for concurrent use.
type drains struct {
	mu     sync.Mutex
	timer  *time.Timer // of the next look; nil before the first drain
	turn   int         // of the next look
	closed bool
	looks  sync.WaitGroup
}

// begin has it looked from now on.
func (d *drains) begin(e *Engine) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next(e, firstSweep)
}

// next plans a look in the place of one that is planned. The caller holds mu.
func (d *drains) next(e *Engine, wait time.Duration) {
	if d.closed {
		return
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	d.turn++
	turn := d.turn
	d.timer = time.AfterFunc(wait, func() { d.look(e, turn, wait) })
}

// look is called when the time of a look has come.
func (d *drains) look(e *Engine, turn int, waited time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.turn != turn {
		return
	}
	d.looks.Go(func() { e.driver.leave(e.drained, ByOperator) })
	if t := e.cfg().Timeouts; waited < t.Connect+t.Open {
		d.next(e, 2*waited)
	}
}

// close has no look begin any more, and waits for those that have.
func (d *drains) close() {
	d.mu.Lock()
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
	}
	d.mu.Unlock()
	d.looks.Wait()
}

// drained says that the endpoint of the route is.
func (e *Engine) drained(route *resolve.Route) bool {
	return route != nil && e.endpoints.Shut(route.Endpoint) == upstream.ForcedDrain
}
