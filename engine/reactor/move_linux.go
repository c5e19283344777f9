package reactor

// Move makes to what c is: the same socket, with all that is known of its
// readiness, and its events go to h from now on. c is closed then, and may be used
// anew. Both are of the same loop, and to isn't registered.
func (c *Conn) Move(to *Conn, h Handler) {
	queued := c.queued
	*to = *c
	to.handler, to.queued = h, false
	to.loop.conns[to.fd] = to
	c.fd = -1 // the turn it may be waiting for is skipped
	if queued {
		to.Again()
	}
}
