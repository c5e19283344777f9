package progress

import (
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// rateOver is the shortest time rates are taken over, so that people can read
// them before they change.
const rateOver = time.Second

// rates are those of a run's counters.
type rates struct {
	known             bool    // false until there was time to take them
	operations, bytes float64 // per second

	since time.Time
	then  report.Progress
}

// look takes the rates since the last time, if that is long enough ago.
// Counters that went down belong to another run, and begin anew.
func (r *rates) look(now time.Time, p report.Progress) {
	if r.since.IsZero() || p.Operations < r.then.Operations || p.Bytes < r.then.Bytes {
		*r = rates{since: now, then: p}
		return
	}
	passed := now.Sub(r.since)
	if passed < rateOver {
		return
	}
	*r = rates{
		known:      true,
		operations: float64(p.Operations-r.then.Operations) / passed.Seconds(),
		bytes:      float64(p.Bytes-r.then.Bytes) / passed.Seconds(),
		since:      now, then: p,
	}
}
