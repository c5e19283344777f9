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

// proxy is what signals act on: an engine.Engine.
type proxy interface {
	Shutdown(ctx context.Context) error
	Stats() engine.Stats
	Failed() <-chan error
}

// supervise serves signals until one asks to end or p fails, and then ends p:
// sessions may go on for the drain time, or until a second such signal. It
// returns p's failure, if that was it.
func supervise(p proxy, signals <-chan os.Signal, drain time.Duration, log *slog.Logger) error {
	why, failure := awaitEnd(p, signals, nil, log)
	log.Info("draining", "why", why, "sessions", p.Stats().Active, "timeout", drain)
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer cancel()
		if why, _ := awaitEnd(p, signals, over, log); why != "" {
			log.Warn("closing what is left", "why", why)
		}
	}()
	// The error only says that sessions had to be closed; the engine has
	// logged it.
	_ = p.Shutdown(ctx)
	close(over)
	logStats(log, p.Stats())
	return failure
}

// awaitEnd returns why p is to end: a signal's name or p's failure; "" once
// over is closed. The other signal asks for statistics.
func awaitEnd(p proxy, signals <-chan os.Signal, over <-chan struct{}, log *slog.Logger) (why string, failure error) {
	for {
		select {
		case <-over:
			return "", nil
		case err := <-p.Failed():
			return "failure", err
		case sig := <-signals:
			if sig != statsSignal {
				return sig.String(), nil
			}
			logStats(log, p.Stats())
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
