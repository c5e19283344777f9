package upstream

import "time"

// EndpointStats is a snapshot of an Endpoint. Bytes are counted when a session ends,
// those of connections to HTTP backends with their requests.
type EndpointStats struct {
	Name     string
	Sessions int64
	// Attempts are the connection attempts by how they ended, Reports the
	// sessions' attempts at the backend as a whole.
	Attempts, Reports    map[Outcome]uint64
	FromClient, ToClient uint64
	Breaker              BreakerStats
	Health               Health
	Forced               Forced
	// Checks are the active checks that succeeded, FailedChecks those that failed.
	Checks, FailedChecks uint64
	// Trouble is the last failure, of a session or a check; Connected if there
	// hasn't been one.
	Trouble Outcome
	// Refused are the attempts that weren't admitted.
	Refused uint64
}

// BreakerStats is a snapshot of an endpoint's breaker.
type BreakerStats struct {
	Phase Phase
	// Until is when the breaker admits a probe; zero while it is Closed.
	Until time.Time
	// Consecutive are the failures in a row.
	Consecutive uint32
	// Entered says how often each phase was entered.
	Entered [phases]uint64
}

// Stats returns a snapshot; the figures are each exact, not all of one instant.
func (e *Endpoint) Stats() EndpointStats {
	s := EndpointStats{
		Name:         e.Name,
		Sessions:     e.sessions.Load(),
		Attempts:     make(map[Outcome]uint64, outcomes),
		Reports:      make(map[Outcome]uint64, outcomes),
		FromClient:   e.fromClient.Load(),
		ToClient:     e.toClient.Load(),
		Breaker:      e.breaker.stats(e.common.born),
		Health:       Health(e.health.Load()),
		Forced:       e.Forced(),
		Checks:       e.checks[1].Load(),
		FailedChecks: e.checks[0].Load(),
		Trouble:      e.Trouble(),
		Refused:      e.refused.Load(),
	}
	for o := range outcomes {
		s.Attempts[o] = e.outcomes[o].Load()
		s.Reports[o] = e.reports[o].Load()
	}
	return s
}

func (b *breaker) stats(born time.Time) BreakerStats {
	s := BreakerStats{Phase: b.present().phase(), Consecutive: b.consecutive.Load()}
	if s.Phase != Closed {
		s.Until = born.Add(time.Duration(b.until.Load()))
	}
	for p := range phases {
		s.Entered[p] = b.entered[p].Load()
	}
	return s
}

// Changes says how often the breakers of all endpoints, also of those that are
// forgotten, have entered each phase: indexed by Phase.
func (r *Registry) Changes() [phases]uint64 {
	r.mu.Lock()
	c := r.shared()
	r.mu.Unlock()
	var all [phases]uint64
	for p := range phases {
		all[p] = c.changes[p].Load()
	}
	return all
}

// Attempts counts those to all endpoints, also to those that are forgotten, by how they ended.
func (r *Registry) Attempts() map[Outcome]uint64 {
	r.mu.Lock()
	c := r.shared()
	r.mu.Unlock()
	all := make(map[Outcome]uint64, outcomes)
	for o := range outcomes {
		all[o] = c.attempts[o].Load()
	}
	return all
}

// Outcomes returns every outcome, for tables.
func Outcomes() []Outcome {
	all := make([]Outcome, outcomes)
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}
