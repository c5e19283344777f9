package top

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// maxListed is how many sessions, and resources, are asked for: more than anybody
// scrolls through, few enough to be made every second.
const maxListed = 2000

// snapshot is what one poll brought. It isn't changed any more.
type snapshot struct {
	at    time.Time
	stats api.Stats
	// err is why there are no figures, or not all of them.
	err error
	// table is the one whose list was asked for, listErr why the server has none.
	table     table
	listErr   error
	resources []api.Resource
	endpoints []api.Endpoint
	sessions  api.Sessions
}

// poll asks the server for its figures and what a table shows.
func poll(ctx context.Context, c *api.Client, t table) *snapshot {
	s := &snapshot{table: t}
	s.stats, s.err = c.Stats(ctx)
	s.at = time.Now()
	if s.err != nil {
		return s
	}
	switch t {
	case resources:
		s.resources, s.listErr = c.Resources(ctx, api.ResourceFilter{Limit: maxListed})
	case endpoints:
		s.endpoints, s.listErr = c.Endpoints(ctx)
	case sessions:
		s.sessions, s.listErr = c.Sessions(ctx, api.SessionFilter{Limit: maxListed})
	}
	if s.listErr != nil && !lacks(s.listErr) {
		s.err = s.listErr // the server has gone since it said its figures
	}
	return s
}

// lacks says that an error is the server's word that it doesn't have something, as
// older ones say, or doesn't give it.
func lacks(err error) bool {
	var refused *api.StatusError
	return errors.As(err, &refused) && (refused.Code < 500 || refused.Code == http.StatusNotImplemented)
}

// interval is what lies between two polls of the same engine. The zero value is
// that before the second poll: every rate is unknown.
type interval struct {
	before  *snapshot
	seconds float64
}

// since returns the interval that ends with a snapshot. An engine that has been
// started anew counts from zero.
func since(before, now *snapshot) interval {
	if before == nil || before.err != nil || now.err != nil || !before.stats.Started.Equal(now.stats.Started) {
		return interval{}
	}
	seconds := now.stats.Time.Sub(before.stats.Time).Seconds()
	if now.stats.Time.IsZero() { // an older server
		seconds = now.at.Sub(before.at).Seconds()
	}
	if seconds <= 0 {
		return interval{}
	}
	return interval{before, seconds}
}

// rate is how much a counter gains in a second.
func (i interval) rate(before, now uint64) float64 {
	if i.seconds == 0 || now < before {
		return unknown
	}
	return float64(now-before) / i.seconds
}

// share is the part of the interval that something took, 1 for all of it.
func (i interval) share(before, now float64) float64 {
	if i.seconds == 0 || now < before {
		return unknown
	}
	return (now - before) / i.seconds
}

// stats is the older of the interval's figures, valid for rate and share.
func (i interval) stats() *api.Stats {
	if i.before == nil {
		return new(api.Stats)
	}
	return &i.before.stats
}

// gains are the counters that have grown, and by how much.
func gains(before, now map[string]uint64) map[string]uint64 {
	all := make(map[string]uint64)
	for name, n := range now {
		if n > before[name] {
			all[name] = n - before[name]
		}
	}
	return all
}

// byKey is a list's items by what they are known by.
func byKey[K comparable, T any](list []T, key func(T) K) map[K]T {
	m := make(map[K]T, len(list))
	for _, item := range list {
		m[key(item)] = item
	}
	return m
}
