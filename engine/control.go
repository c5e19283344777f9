package engine

// Purge has every answer forgotten about a resource of whatever protocol, "" for
// all resources. Sessions under way aren't touched. Any goroutine.
func (e *Engine) Purge(resource string) { e.cache.Purge(resource) }

// Draining says that Shutdown was called: no session is accepted any more. Any
// goroutine, at any time.
func (e *Engine) Draining() bool { return e.draining.Load() }
