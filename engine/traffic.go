package engine

import "sync/atomic"

// goroutineShares is how many parts the figures of a listener served by goroutines
// have at least, so that sessions which move bytes at the same time seldom write to
// the same memory.
const goroutineShares = 16

// traffic is what is counted of one listener while its sessions move bytes. Each
// event loop has its own, which nobody else writes to; so has a part of the sessions
// served by goroutines. What is around it keeps it on cache lines of its own.
type traffic struct {
	_                      [64]byte
	fromClients, toClients atomic.Uint64
	requests               atomic.Uint64 // HTTP's whose head was understood
	firstByte              histogram
	_                      [64]byte
}

// moved counts bytes read from a client and from backends for it.
func (t *traffic) moved(fromClient, toClient uint64) {
	if fromClient > 0 {
		t.fromClients.Add(fromClient)
	}
	if toClient > 0 {
		t.toClients.Add(toClient)
	}
}

// asks says whether a session's client may wait for an answer, having been the last to say
// something, now that so much more has moved. Of what moves at the same time it isn't known
// which was first: then it doesn't.
func asks(asking bool, fromClient, toClient uint64) bool {
	return toClient == 0 && (asking || fromClient > 0)
}

// listenerCounters are those of one listener, written when a session begins and
// ends, but for its traffic.
type listenerCounters struct {
	accepted, closed atomic.Uint64
	traffic          []traffic
}

// share is the part of the traffic of the n-th loop, or session.
func (c *listenerCounters) share(n int) *traffic { return &c.traffic[n%len(c.traffic)] }

// moved returns the bytes that the listener's sessions have moved.
func (c *listenerCounters) moved() (fromClients, toClients uint64) {
	for i := range c.traffic {
		fromClients += c.traffic[i].fromClients.Load()
		toClients += c.traffic[i].toClients.Load()
	}
	return fromClients, toClients
}

func (c *listenerCounters) requests() (n uint64) {
	for i := range c.traffic {
		n += c.traffic[i].requests.Load()
	}
	return n
}

func (c *listenerCounters) firstByte() Histogram {
	h := newHistogram()
	for i := range c.traffic {
		c.traffic[i].firstByte.addTo(&h)
	}
	return h
}
