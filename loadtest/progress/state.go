package progress

import (
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// State is how far a run is.
type State struct {
	// Phase names what the run is doing.
	Phase string
	// Done and Total say how much of the phase is behind, in whatever unit it is
	// counted in. A Total of 0 means that nobody knows.
	Done, Total float64
	// Elapsed is the time since the phase began.
	Elapsed time.Duration
	// Progress are the run's counters.
	report.Progress
}
