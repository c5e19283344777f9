package engine

import "sync"

// crew does blocking work on at most so many goroutines; the rest waits in a
// queue that is bounded too. The goroutines end when there is nothing to do.
type crew struct {
	most, queued int

	mu      sync.Mutex
	running int
	queue   []func()
	all     sync.WaitGroup
}

// do has fn done as soon as somebody is free. It doesn't block; false says that
// the queue is full, and fn is not called.
func (c *crew) do(fn func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.queue) == c.queued:
		return false
	case c.running == c.most:
		c.queue = append(c.queue, fn)
	default:
		c.running++
		c.all.Go(func() { c.work(fn) })
	}
	return true
}

func (c *crew) work(fn func()) {
	for more := true; more; fn, more = c.next() {
		fn()
	}
}

func (c *crew) next() (func(), bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.running--
		return nil, false
	}
	fn := c.queue[0]
	c.queue[0] = nil
	c.queue = c.queue[1:]
	return fn, true
}

// wait returns when everything is done.
func (c *crew) wait() { c.all.Wait() }
