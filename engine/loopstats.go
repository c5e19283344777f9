package engine

import "time"

// LoopStats are the figures of one event loop.
type LoopStats struct {
	// Sessions are those that live on it now.
	Sessions int
	// Busy is how long it has worked since it was made: what it gains in a second
	// is its utilisation.
	Busy time.Duration
	// Lag is the longest a timer had to wait for the loop within the last five to
	// ten seconds, or has by now; so long an event may have waited, too.
	Lag time.Duration
	// Lags are those of all timers since the start. There is one every second at
	// least.
	Lags Histogram
}
