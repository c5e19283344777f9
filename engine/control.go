package engine

import "context"

// Purge has every answer forgotten about a resource of whatever protocol, "" for
// all resources. Sessions under way aren't touched. Any goroutine.
func (e *Engine) Purge(resource string) { e.cache.Purge(resource) }

// Draining says that Retire or Shutdown was called: new clients should go elsewhere.
// Any goroutine, at any time.
func (e *Engine) Draining() bool { return e.draining.Load() }

// Retire has Draining say so, while clients are accepted as before until Shutdown: it
// gives those who send them time to notice. HTTP clients are told that each response is
// the connection's last; nothing is reloaded any more. Any goroutine.
func (e *Engine) Retire() { e.draining.Store(true) }

// Responsive says whether every event loop does what it is told before ctx is done. Any
// goroutine, between Start and Shutdown.
func (e *Engine) Responsive(ctx context.Context) bool { return e.driver.responsive(ctx) }
