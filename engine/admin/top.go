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
	version              string
	endpoints, resources []row
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

func endpointRows(all []upstream.EndpointStats) []row {
	rows := make([]row, 0, len(all))
	for _, e := range all {
		rows = append(rows, row{[]string{e.Name}, float64(e.Sessions), float64(e.FromClient), float64(e.ToClient), float64(e.Refused)})
	}
	return rows
}

func resourceRows(all []upstream.ResourceStats) []row {
	rows := make([]row, 0, len(all))
	for _, r := range all {
		rows = append(rows, row{labels: []string{r.Protocol, r.Name}, sessions: float64(r.Sessions), fromClient: float64(r.FromClient), toClient: float64(r.ToClient)})
	}
	return rows
}

// ranking are the rows of one kind: those with the most traffic, and one for the others.
type ranking struct {
	rows   []row
	raised map[string]row // those with sessions as they were shown last, by labels
	others others
}

// update makes the rows anew, of all there are.
func (r *ranking) update(all []row, n int, others []string) {
	all = legible(all)
	r.raise(all)
	total := sum(all)
	r.rows = top(all, n, others)
	r.others.settle(r.rows, total)
}

// raise keeps counters from falling: what a session has moved that ends while it is looked
// at all of them is missing once.
func (r *ranking) raise(all []row) {
	now := make(map[string]row)
	for i := range all {
		one, k := &all[i], key(all[i].labels)
		if before, was := r.raised[k]; was {
			one.fromClient, one.toClient = max(one.fromClient, before.fromClient), max(one.toClient, before.toClient)
		}
		if one.sessions > 0 {
			now[k] = *one
		}
	}
	r.raised = now
}

func sum(rows []row) (all row) {
	for _, r := range rows {
		all.add(r)
	}
	return all
}

// legible makes labels UTF-8, which clients' words needn't be, and of the rows that have the
// same ones then a single row: one counter for as long as any of them is there.
func legible(rows []row) []row {
	at := make(map[string]int, len(rows))
	all := make([]row, 0, len(rows))
	for _, r := range rows {
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

// top returns the n rows with the most traffic, behind one for the others, which is
// always there.
func top(rows []row, n int, others []string) []row {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.traffic(), a.traffic()), cmp.Compare(b.sessions, a.sessions), slices.Compare(a.labels, b.labels))
	})
	all := []row{{labels: others}}
	for i, r := range rows {
		if i >= n || slices.Equal(r.labels, others) {
			all[0].add(r)
		} else {
			all = append(all, r)
		}
	}
	return all
}

func key(labels []string) string { return strings.Join(labels, "\xff") }
