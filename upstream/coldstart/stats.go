package coldstart

import "time"

// Stats is a snapshot of what a Starter has done since it was made.
type Stats struct {
	// Starts were begun; Ready, Failures and Timeouts are how they ended, unless
	// everybody had left before.
	Starts, Ready, Failures, Timeouts uint64
	// Overflows counts clients that found too many waiting, or too many starts.
	Overflows uint64
	// Slowest is the longest time from a start's first client until it was ready.
	Slowest time.Duration
	// Starting and Waiting are those of now: resources, clients.
	Starting, Waiting int
	// UnderWay are the starts of now, the longest first, at most 100.
	UnderWay []Start
}

// Stats returns a snapshot.
func (s *Starter) Stats() Stats {
	snapshot := s.counters()
	snapshot.UnderWay = longest(s.underWay())
	return snapshot
}

// counters are the figures without the list.
func (s *Starter) counters() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot := s.stats
	snapshot.Starting, snapshot.Waiting = s.running, int(s.waiting.Load())
	return snapshot
}
