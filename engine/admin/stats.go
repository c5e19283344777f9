package admin

import (
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
)

// stats answers /stats.
func (s *Server) stats(p *process) api.Stats {
	v := viewStats(s.engine.Stats())
	v.Version, v.Process = s.o.Version, p.figures()
	return v
}

// viewStats is what the engine knows of /stats.
func viewStats(s engine.Stats) api.Stats {
	return api.Stats{
		Time: time.Now(), Started: s.Started, Impl: string(s.Impl),
		Draining: s.Draining, Active: s.Active, MaxSessions: s.MaxSessions, Accepted: s.Accepted, Closed: byName(s.Closed),
		Requests: s.Requests, Refused: byName(s.Refused), FromClients: s.FromClients, ToClients: s.ToClients,
		AcceptExhausted: s.AcceptExhausted, Panics: s.Panics, TrackingDropped: s.TrackingDropped, LogDropped: s.LogDropped,
		Listeners: viewListeners(s.Listeners), Loops: viewLoops(s.Loops), Phases: viewPhases(s.Phases),
		Routes: api.Routes{
			Routes: s.Routes.Routes, Failures: s.Routes.Failures, Hits: s.Routes.Hits, Asked: s.Routes.Asked,
			Failed: s.Routes.Failed, Stale: s.Routes.Stale, Evicted: s.Routes.Evicted,
		},
		ColdStarts: viewColdStarts(&s),
	}
}

func viewListeners(all []engine.ListenerStats) []api.Listener {
	v := make([]api.Listener, 0, len(all))
	for _, l := range all {
		v = append(v, api.Listener{
			Name: l.Name, Protocol: l.Protocol, Address: l.Address.String(),
			Active: l.Active, Accepted: l.Accepted, FromClients: l.FromClients, ToClients: l.ToClients,
		})
	}
	return v
}

func viewLoops(all []engine.LoopStats) []api.Loop {
	v := make([]api.Loop, 0, len(all))
	for _, l := range all {
		v = append(v, api.Loop{Sessions: l.Sessions, Busy: l.Busy.Seconds(), Lag: l.Lag.Seconds()})
	}
	return v
}

func viewPhases(all map[engine.State]engine.Histogram) map[string]api.Phase {
	v := make(map[string]api.Phase, len(all))
	for state, h := range all {
		v[state.String()] = api.Phase{Count: h.Count(), Seconds: h.Sum.Seconds()}
	}
	return v
}

func viewColdStarts(s *engine.Stats) api.ColdStarts {
	return api.ColdStarts{
		Begun: s.Starts.Starts, Ready: s.Starts.Ready, Failed: s.Starts.Failures, TimedOut: s.Starts.Timeouts,
		Overflows: s.Starts.Overflows, Starting: s.Starts.Starting, Waiting: s.Starts.Waiting, Slowest: s.Starts.Slowest.Seconds(),
		UnderWay: viewUnderWay(s.Starts.UnderWay),
	}
}

func viewUnderWay(all []coldstart.Start) []api.ColdStart {
	v := make([]api.ColdStart, 0, len(all))
	for _, s := range all {
		v = append(v, api.ColdStart{
			Protocol: s.Protocol, Resource: s.Resource, Phase: s.Phase.String(), Waiting: s.Waiting, Age: time.Since(s.Since).Seconds(),
		})
	}
	return v
}

func byName[K interface {
	comparable
	String() string
}](counts map[K]uint64) map[string]uint64 {
	named := make(map[string]uint64, len(counts))
	for k, n := range counts {
		named[k.String()] = n
	}
	return named
}
