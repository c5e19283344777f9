package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// statsView is /stats. Counters count from the start; bytes are added when a
// session ends.
type statsView struct {
	Draining        bool                 `json:"draining"`
	Active          int64                `json:"active"`
	Accepted        uint64               `json:"accepted"`
	Closed          map[string]uint64    `json:"closed"`
	Requests        uint64               `json:"requests"`
	Refused         map[string]uint64    `json:"refused"`
	FromClients     uint64               `json:"from_clients"`
	ToClients       uint64               `json:"to_clients"`
	AcceptExhausted uint64               `json:"accept_exhausted"`
	Panics          uint64               `json:"panics"`
	TrackingDropped uint64               `json:"tracking_dropped"`
	Listeners       []listenerView       `json:"listeners"`
	Phases          map[string]phaseView `json:"phases"`
	Routes          routesView           `json:"routes"`
	ColdStarts      startsView           `json:"cold_starts"`
}

type listenerView struct {
	Name        string `json:"name"`
	Protocol    string `json:"protocol"`
	Active      uint64 `json:"active"`
	Accepted    uint64 `json:"accepted"`
	FromClients uint64 `json:"from_clients"`
	ToClients   uint64 `json:"to_clients"`
}

// phaseView is how often sessions have left a state, and how long they were there
// altogether.
type phaseView struct {
	Count   uint64  `json:"count"`
	Seconds float64 `json:"seconds"`
}

type routesView struct {
	Routes   int    `json:"routes"`
	Failures int    `json:"failures"`
	Asked    uint64 `json:"asked"`
	Failed   uint64 `json:"failed"`
	Stale    uint64 `json:"stale"`
	Evicted  uint64 `json:"evicted"`
}

type startsView struct {
	Begun     uint64  `json:"begun"`
	Ready     uint64  `json:"ready"`
	Failed    uint64  `json:"failed"`
	TimedOut  uint64  `json:"timed_out"`
	Overflows uint64  `json:"overflows"`
	Starting  int     `json:"starting"`
	Waiting   int     `json:"waiting"`
	Slowest   float64 `json:"slowest_seconds"`
}

func viewStats(s engine.Stats) statsView {
	v := statsView{
		Draining: s.Draining, Active: s.Active, Accepted: s.Accepted, Closed: byName(s.Closed),
		Requests: s.Requests, Refused: byName(s.Refused), FromClients: s.FromClients, ToClients: s.ToClients,
		AcceptExhausted: s.AcceptExhausted, Panics: s.Panics, TrackingDropped: s.TrackingDropped,
		Listeners: []listenerView{}, Phases: make(map[string]phaseView),
		Routes: routesView(s.Routes),
		ColdStarts: startsView{
			Begun: s.Starts.Starts, Ready: s.Starts.Ready, Failed: s.Starts.Failures, TimedOut: s.Starts.Timeouts,
			Overflows: s.Starts.Overflows, Starting: s.Starts.Starting, Waiting: s.Starts.Waiting, Slowest: s.Starts.Slowest.Seconds(),
		},
	}
	for _, l := range s.Listeners {
		v.Listeners = append(v.Listeners, listenerView(l))
	}
	for state, h := range s.Phases {
		v.Phases[state.String()] = phaseView{h.Count(), h.Sum.Seconds()}
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

// endpointView is one of /endpoints.
type endpointView struct {
	Name        string            `json:"name"`
	Sessions    int64             `json:"sessions"`
	Breaker     string            `json:"breaker"`
	Until       *time.Time        `json:"until,omitempty"` // when an open breaker admits a probe
	Consecutive uint32            `json:"consecutive_failures"`
	Health      string            `json:"health"`
	Trouble     string            `json:"last_failure"`
	Attempts    map[string]uint64 `json:"attempts"`
	Refused     uint64            `json:"refused"`
	FromClients uint64            `json:"from_clients"`
	ToClients   uint64            `json:"to_clients"`
}

// viewEndpoints has those with the most sessions first.
func viewEndpoints(s engine.Stats) []endpointView {
	slices.SortFunc(s.Endpoints, func(a, b upstream.EndpointStats) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.Name, b.Name))
	})
	all := make([]endpointView, 0, len(s.Endpoints))
	for _, e := range s.Endpoints {
		v := endpointView{
			Name: e.Name, Sessions: e.Sessions, Breaker: e.Breaker.Phase.String(), Consecutive: e.Breaker.Consecutive,
			Health: e.Health.String(), Trouble: e.Trouble.String(), Attempts: byName(e.Attempts), Refused: e.Refused,
			FromClients: e.FromClient, ToClients: e.ToClient,
		}
		if !e.Breaker.Until.IsZero() {
			v.Until = &e.Breaker.Until
		}
		all = append(all, v)
	}
	return all
}

// resourceView is one of /resources.
type resourceView struct {
	Protocol    string `json:"protocol"`
	Name        string `json:"name"`
	Sessions    int    `json:"sessions"`
	FromClients uint64 `json:"from_clients"`
	ToClients   uint64 `json:"to_clients"`
}

// The number of resources that are listed.
const (
	listedByDefault = 100
	listedAtMost    = 10_000
)

// resources lists those with the most sessions first: whose name contains what
// the query's name says, as many as its limit.
func (s *Server) resources(w http.ResponseWriter, r *http.Request) {
	limit, q := listedByDefault, r.URL.Query()
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > listedAtMost {
			fail(w, http.StatusBadRequest, "limit: want a number from 1 to "+strconv.Itoa(listedAtMost))
			return
		}
		limit = n
	}
	all := []resourceView{}
	for _, r := range s.engine.Stats().Resources {
		if strings.Contains(r.Name, q.Get("name")) {
			all = append(all, resourceView{r.Protocol, r.Name, r.Sessions, r.FromClient, r.ToClient})
		}
	}
	slices.SortFunc(all, func(a, b resourceView) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Protocol, b.Protocol))
	})
	say(w, all[:min(len(all), limit)])
}
