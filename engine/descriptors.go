package engine

const (
	// pipesPerLoop bounds the pipes of bulk transfers: more than that many at
	// full speed would be limited by the processor anyway.
	pipesPerLoop = 32
	// descriptorsPerLoop are epoll, timer and the two wake-ups.
	descriptorsPerLoop = 4
)

// DescriptorsPerSession is how many descriptors an established session takes:
// its two sockets, and in the goroutine variant a pipe for each direction,
// which package net holds for as long as it relays.
func (c *Config) DescriptorsPerSession() int {
	if c.Impl == Goroutine {
		return 2 + 2*2
	}
	return 2
}

// ReservedDescriptors is how many descriptors the engine takes besides those
// of MaxSessions: listeners, also when their sockets are handed over (Engine.Sockets), clients
// that are being refused, loops and the pipes of bulk transfers. Resolvers, logs and the runtime need some as well.
func (c *Config) ReservedDescriptors() int {
	if c.Impl == Goroutine {
		return overflow + 2*len(c.Listeners)
	}
	return overflow + c.EventLoops*(descriptorsPerLoop+2*len(c.Listeners)+2*pipesPerLoop)
}
