package limits

import (
	"hash/maphash"
	"sync"
	"time"
)

// MaxClients is the most clients that are known at once, some 50 MB of them. More
// than that have no sessions here at once, nor within one second, unless somebody
// commands that many networks.
const MaxClients = 1 << 20

const (
	shards = 64
	// firstSweep is how many clients a shard has before it looks for some to
	// forget.
	firstSweep = 256
	// sweepPause is how long a shard that is full goes without looking: what is
	// left of a bucket is forgotten after a second.
	sweepPause = time.Second
)

// table holds the clients.
type table struct {
	seed   maphash.Seed
	most   int // clients of one shard
	shards [shards]shard
}

type shard struct {
	mu      sync.Mutex
	clients map[network]client
	sweepAt int           // len(clients) at which to look for some to forget
	swept   time.Duration // when that was done last
	_       [24]byte      // a cache line each
}

type client struct {
	sessions int
	rate     Rate
}

// idle says that nothing is to be remembered of the client.
func (c *client) idle(now time.Duration) bool { return c.sessions == 0 && c.rate.Full(now) }

func (t *table) init() {
	t.seed, t.most = maphash.MakeSeed(), MaxClients/shards
	for i := range t.shards {
		t.shards[i] = shard{clients: make(map[network]client), sweepAt: firstSweep}
	}
}

func (t *table) shard(n network) *shard { return &t.shards[maphash.Comparable(t.seed, n)%shards] }

func (t *table) enter(n network, o *Options, now time.Duration) Verdict {
	s := t.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	c, known := s.clients[n]
	switch {
	case !known && !s.hasRoom(t.most, now):
		return Free
	case o.Sessions > 0 && c.sessions >= o.Sessions:
		return TooMany
	case o.Rate > 0 && !c.rate.Take(o.Rate, now):
		return TooFast
	}
	c.sessions++
	s.clients[n] = c
	return Counted
}

func (t *table) leave(n network, now time.Duration) {
	s := t.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clients[n]
	c.sessions--
	if c.idle(now) {
		delete(s.clients, n)
		return
	}
	s.clients[n] = c
}

// hasRoom says whether one more client may be known without their being more
// than most. It forgets the idle ones now and then: at double what was left the
// last time, so that the work per client is constant.
func (s *shard) hasRoom(most int, now time.Duration) bool {
	if len(s.clients) < min(s.sweepAt, most) {
		return true
	}
	if len(s.clients) >= most && now-s.swept < sweepPause {
		return false
	}
	s.swept = now
	for n, c := range s.clients {
		if c.idle(now) {
			delete(s.clients, n)
		}
	}
	s.sweepAt = max(2*len(s.clients), firstSweep)
	return len(s.clients) < most
}

func (t *table) known() (n int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += len(s.clients)
		s.mu.Unlock()
	}
	return n
}
