package engine

import "sync/atomic"

// LinkStats are the figures of connections to HTTP backends.
type LinkStats struct {
	// Idle rest in a pool, InUse serve a request.
	Idle, InUse uint64
	// Created counts connections that were made, Reused requests that went over one
	// from a pool.
	Created, Reused uint64
	// Expired counts those that had rested or lived for too long, or whose endpoint
	// was drained, Lost those that
	// their backend ended, or spoke on, while they rested.
	Expired, Lost uint64
}

// linkShard are the figures of one event loop's links; the first shard is that of all
// goroutines.
type linkShard struct {
	created, closed, reused, expired, lost atomic.Uint64
	idle                                   atomic.Int64
	_                                      [64]byte
}

// linkCounters are the shards of all. Their number is fixed by New.
type linkCounters struct{ shards []linkShard }

func (c *linkCounters) stats() (s LinkStats) {
	var idle, closed int64
	for i := range c.shards {
		p := &c.shards[i]
		// Created last, so that there are never less than none.
		idle += p.idle.Load()
		closed += int64(p.closed.Load())
		s.Reused += p.reused.Load()
		s.Expired += p.expired.Load()
		s.Lost += p.lost.Load()
		s.Created += p.created.Load()
	}
	s.Idle = uint64(max(0, idle))
	s.InUse = uint64(max(0, int64(s.Created)-closed-idle))
	return s
}
