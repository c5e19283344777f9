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
	Shutdown(ctx context.Context) error
	Stats() engine.Stats
	Failed() <-chan error
}

// supervisor ends a proxy when it is time.
type supervisor struct {
	proxy proxy
	log   *slog.Logger
	// drain is how long sessions may go on then.
	drain time.Duration
	// signals are those that were sent to the process. actions are what some of them
	// have done; they are called one at a time. All others end the proxy.
	signals <-chan os.Signal
	actions map[os.Signal]func()
}

// run serves signals until one asks to end or the proxy fails, and then ends it:
// sessions may go on for the drain time, or until a second such signal. It returns
// the proxy's failure, if that was it.
func (s *supervisor) run() error {
	why, failure := s.awaitEnd(nil)
	s.log.Info("draining", "why", why, "sessions", s.proxy.Stats().Active, "timeout", s.drain)
	ctx, cancel := context.WithTimeout(context.Background(), s.drain)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer cancel()
		if why, _ := s.awaitEnd(over); why != "" {
			s.log.Warn("closing what is left", "why", why)
		}
	}()
	// The error only says that sessions had to be closed; the engine has
	// logged it.
	_ = s.proxy.Shutdown(ctx)
	close(over)
	logStats(s.log, s.proxy.Stats())
	return failure
}

// awaitEnd returns why the proxy is to end: a signal's name or its failure; ""
// once over is closed.
func (s *supervisor) awaitEnd(over <-chan struct{}) (why string, failure error) {
	for {
		select {
		case <-over:
			return "", nil
		case err := <-s.proxy.Failed():
			return "failure", err
		case sig := <-s.signals:
			act, known := s.actions[sig]
			if !known {
				return sig.String(), nil
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
