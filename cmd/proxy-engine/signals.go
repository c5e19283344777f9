package main

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// proxy is what a supervisor minds: an engine.Engine.
type proxy interface {
	Retire()
	Shutdown(ctx context.Context) error
	Stats() engine.Stats
	Failed() <-chan error
}

// timing says how long ending takes: how long clients are still let in, and how long
// sessions may go on then; and how long an upgrade may take.
type timing struct{ delay, drain, upgrade time.Duration }

// supervisor ends a proxy when it is time.
type supervisor struct {
	proxy proxy
	log   *slog.Logger
	// timing is asked when the end has come.
	timing func() timing
	// signals are those that were sent to the process. actions are what some of them
	// have done; they are called one at a time. All others end the proxy.
	signals <-chan os.Signal
	actions map[os.Signal]func()
	// replaced is closed when another process has taken over, asked when an operator
	// wants the proxy to end.
	replaced, asked <-chan struct{}
	// ending is called when the end has come.
	ending func(replaced bool)
}

// occasion is why a proxy is to end.
type occasion struct {
	why string
	// replaced says that another process has taken over, failure what has gone wrong
	// if nothing else is the occasion.
	replaced bool
	failure  error
}

// run serves signals until it is time to end, and then ends the proxy. Clients are let in for
// the delay, unless another process lets them in or the proxy has failed. Then sessions may go
// on for the drain time. A second signal ends all of it. It returns the proxy's failure, if that
// was it.
func (s *supervisor) run() error {
	o := s.awaitEnd(nil)
	s.proxy.Retire()
	s.replaced, s.asked = nil, nil
	t := s.timing()
	if o.replaced || o.failure != nil {
		t.delay = 0
	}
	s.log.Info("draining", "why", o.why, "sessions", s.proxy.Stats().Active, "delay", t.delay, "timeout", t.drain)
	s.ending(o.replaced)
	over := make(chan struct{})
	s.drain(t, over)
	close(over)
	logStats(s.log, s.proxy.Stats())
	return o.failure
}

// drain ends the proxy. A signal that comes until over is closed cuts it short.
func (s *supervisor) drain(t timing, over <-chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), t.delay+t.drain)
	defer cancel()
	go func() {
		defer cancel()
		if o := s.awaitEnd(over); o.why != "" {
			s.log.Warn("closing what is left", "why", o.why)
		}
	}()
	select {
	case <-time.After(t.delay):
	case <-ctx.Done():
	}
	// The error only says that sessions had to be closed; the engine has
	// logged it.
	_ = s.proxy.Shutdown(ctx)
}

// awaitEnd returns why the proxy is to end, with no reason once over is closed.
func (s *supervisor) awaitEnd(over <-chan struct{}) occasion {
	for {
		select {
		case <-over:
			return occasion{}
		case <-s.replaced:
			return occasion{why: "another process has taken over", replaced: true}
		case <-s.asked:
			return occasion{why: "an operator's request"}
		case err := <-s.proxy.Failed():
			return occasion{why: "failure", failure: err}
		case sig := <-s.signals:
			act, known := s.actions[sig]
			if !known {
				return occasion{why: sig.String()}
			}
			act()
		}
	}
}

// maxEndpointLines is how many backends, those with the most sessions, have a
// line of their own in the statistics.
const maxEndpointLines = 50

func logStats(log *slog.Logger, s engine.Stats) {
	log.Info("statistics",
		"active", s.Active, "accepted", s.Accepted, "closed", countGroup(s.Closed),
		"from_clients", s.FromClients, "to_clients", s.ToClients,
		"accept_exhausted", s.AcceptExhausted, "panics", s.Panics, "endpoints", len(s.Endpoints))
	slices.SortFunc(s.Endpoints, func(a, b upstream.EndpointStats) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.Name, b.Name))
	})
	for _, e := range s.Endpoints[:min(len(s.Endpoints), maxEndpointLines)] {
		log.Info("endpoint statistics", "endpoint", e.Name, "sessions", e.Sessions,
			"attempts", countGroup(e.Attempts), "from_clients", e.FromClient, "to_clients", e.ToClient)
	}
}

// countGroup holds the counts that aren't zero, by the name of what is counted.
func countGroup[K interface {
	cmp.Ordered
	String() string
}](counts map[K]uint64) slog.Value {
	var attrs []slog.Attr
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[k]; n > 0 {
			attrs = append(attrs, slog.Uint64(k.String(), n))
		}
	}
	return slog.GroupValue(attrs...)
}
