package resolve

import (
	"sync/atomic"
	"time"
)

// logEvery is how often the cache logs a fault of the resolver's, whatever the
// number of resources it hits. CacheStats counts all of them.
const logEvery = 10 * time.Second

// logLimit lets one log record through per logEvery. Safe for concurrent use.
type logLimit struct {
	last atomic.Int64 // Unix time in nanoseconds
}

func (l *logLimit) allow(now time.Time) bool {
	last := l.last.Load()
	return now.UnixNano()-last >= int64(logEvery) && l.last.CompareAndSwap(last, now.UnixNano())
}
