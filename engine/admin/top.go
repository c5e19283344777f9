package admin

import (
	"cmp"
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// other is the label of what isn't among the top.
const other = "other"

// snapshot is what one scrape is made from.
type snapshot struct {
	engine.Stats
	version string
	top     int // the most series of one kind, other apart

	endpoints, resources           []row // valid once they were asked for
	otherEndpoints, otherResources *others
}

// row is one series of each of several metrics.
type row struct {
	labels                                  []string
	sessions, fromClient, toClient, refused float64
}

func (r row) traffic() float64 { return r.fromClient + r.toClient }

// add takes in the figures of another one.
func (r *row) add(o row) {
	r.sessions += o.sessions
	r.fromClient += o.fromClient
	r.toClient += o.toClient
	r.refused += o.refused
}

// attempts sums up those of all endpoints.
func (s *snapshot) attempts() map[upstream.Outcome]uint64 {
	sum := make(map[upstream.Outcome]uint64)
	for _, o := range upstream.Outcomes() {
		sum[o] = 0 // a counter is there before its first event
	}
	for _, e := range s.Endpoints {
		for o, n := range e.Attempts {
			sum[o] += n
		}
	}
	return sum
}

func (s *snapshot) topEndpoints() []row {
	if s.endpoints == nil {
		rows := make([]row, 0, len(s.Endpoints))
		for _, e := range s.Endpoints {
			rows = append(rows, row{[]string{e.Name}, float64(e.Sessions), float64(e.FromClient), float64(e.ToClient), float64(e.Refused)})
		}
		total := sum(rows)
		s.endpoints = top(rows, s.top, []string{other})
		s.otherEndpoints.settle(s.endpoints, total)
	}
	return s.endpoints
}

func (s *snapshot) topResources() []row {
	if s.resources == nil {
		rows := make([]row, 0, len(s.Resources))
		for _, r := range s.Resources {
			rows = append(rows, row{labels: []string{r.Protocol, r.Name}, sessions: float64(r.Sessions), fromClient: float64(r.FromClient), toClient: float64(r.ToClient)})
		}
		total := sum(rows)
		s.resources = top(rows, s.top, []string{other, other})
		s.otherResources.settle(s.resources, total)
	}
	return s.resources
}

func sum(rows []row) (all row) {
	for _, r := range rows {
		all.add(r)
	}
	return all
}

// top returns the n rows with the most traffic and one for the others, which is
// always there. Names are clients' words: those that aren't UTF-8 are made so, and
// rows with the same labels are one.
func top(rows []row, n int, others []string) []row {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.traffic(), a.traffic()), cmp.Compare(b.sessions, a.sessions), slices.Compare(a.labels, b.labels))
	})
	all := []row{{labels: others}}
	at := map[string]int{key(others): 0}
	for i, r := range rows {
		if i >= n {
			all[0].add(r)
			continue
		}
		for i := range r.labels {
			r.labels[i] = strings.ToValidUTF8(r.labels[i], "\ufffd")
		}
		if same, taken := at[key(r.labels)]; taken {
			all[same].add(r)
			continue
		}
		at[key(r.labels)] = len(all)
		all = append(all, r)
	}
	return all
}

func key(labels []string) string { return strings.Join(labels, "\xff") }
