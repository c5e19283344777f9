package top

import (
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// table is one of those that the screen shows by turns.
type table uint8

const (
	resources table = iota
	endpoints
	sessions
	listeners
	tables
)

// String returns the table's name, as --table has it.
func (t table) String() string {
	return [tables]string{"resources", "endpoints", "sessions", "listeners"}[t]
}

// subject is what a row is about, which stays what it is from poll to poll.
type subject struct {
	table          table
	protocol, name string // name is a session's ID
}

// column is one of a table.
type column struct {
	title string
	width int
	// grows says that it has a share of what the others leave.
	grows bool
	// number says that it is sorted and aligned as one.
	number bool
	// rank is how early the column goes when there is no room: those of the highest
	// first, of 0 never.
	rank int
}

// cell is what a row has in a column.
type cell struct {
	text  string // clean
	n     float64
	style style
}

// row is one of a table.
type row struct {
	subject subject
	// label is how people call it.
	label string
	cells []cell
}

// columnsOf are a table's, in the order in which rows have their cells.
func columnsOf(t table) []column {
	sent := []column{{title: "IN/S", width: 7, number: true, rank: 2}, {title: "OUT/S", width: 7, number: true, rank: 2}}
	switch t {
	case resources:
		return append(append([]column{{title: "RESOURCE", width: 14, grows: true}, {title: "PROTOCOL", width: 8, rank: 3}, {title: "STATE", width: 8, rank: 1},
			{title: "SESS", width: 5, number: true}, {title: "WAIT", width: 5, number: true, rank: 4}}, sent...),
			column{title: "ACTIVE", width: 6, number: true, rank: 5}, column{title: "ENDPOINTS", width: 14, grows: true, rank: 6})
	case endpoints:
		return append(append([]column{{title: "ENDPOINT", width: 14, grows: true}, {title: "BREAKER", width: 9, rank: 1}, {title: "FORCED", width: 6, rank: 4},
			{title: "HEALTH", width: 9, rank: 3}, {title: "SESS", width: 5, number: true}, {title: "CONN/S", width: 6, number: true, rank: 5},
			{title: "FAIL/S", width: 6, number: true, rank: 5}, {title: "REFUSED", width: 7, number: true, rank: 6}}, sent...),
			column{title: "LAST FAILURE", width: 12, rank: 7})
	case sessions:
		return append([]column{{title: "CLIENT", width: 21, grows: true}, {title: "LISTENER", width: 10, rank: 6}, {title: "PROTOCOL", width: 8, rank: 5},
			{title: "RESOURCE", width: 10, grows: true, rank: 1}, {title: "BACKEND", width: 14, grows: true, rank: 4}, {title: "STATE", width: 10, rank: 3},
			{title: "TLS", width: 3, rank: 7}, {title: "AGE", width: 6, number: true}}, sent...)
	}
	return append([]column{{title: "LISTENER", width: 12, grows: true}, {title: "ADDRESS", width: 15, grows: true, rank: 3}, {title: "PROTOCOL", width: 8, rank: 1},
		{title: "SESS", width: 5, number: true}, {title: "NEW/S", width: 5, number: true}, {title: "ACCEPTED", width: 8, number: true, rank: 4}}, sent...)
}

// rowsOf are a table's, in the server's order; none if it wasn't asked for.
func rowsOf(t table, now *snapshot, i interval) []row {
	switch t {
	case resources:
		return resourceRows(now, i)
	case endpoints:
		return endpointRows(now, i)
	case sessions:
		return sessionRows(now, i)
	}
	return listenerRows(now, i)
}

func text(s string) cell { return cell{text: clean(s)} }

func status(s string) cell { return cell{text: clean(s), style: styleOf(s)} }

// styleOf is how a state is shown.
func styleOf(state string) style {
	switch state {
	case "ready", "relaying", "standing", "up":
		return good
	case "starting", "waking", "draining", "drain", "half-open", "half_open", "flushing":
		return warning
	case "blocked", "open", "down":
		return bad
	}
	return plain
}

func number(n float64, format func(float64) string) cell { return cell{text: format(n), n: n} }

func count[N int | int64 | uint64](n N) cell { return number(float64(n), formatCount) }

// traffic are the cells of bytes in a second. was says that there are figures from
// before.
func (i interval) traffic(was bool, fromBefore, from, toBefore, to uint64) []cell {
	if !was {
		i = interval{}
	}
	return []cell{number(i.rate(fromBefore, from), formatSize), number(i.rate(toBefore, to), formatSize)}
}

// list returns the older list, of the same table.
func list[T any](i interval, t table, of func(*snapshot) []T) []T {
	if i.before == nil || i.before.table != t {
		return nil
	}
	return of(i.before)
}

func resourceRows(now *snapshot, i interval) (rows []row) {
	key := func(r api.Resource) subject { return subject{resources, r.Protocol, r.Name} }
	before := byKey(list(i, resources, func(s *snapshot) []api.Resource { return s.resources }), key)
	for _, r := range now.resources {
		was, had := before[key(r)]
		cells := []cell{text(r.Name), text(r.Protocol), status(r.State), count(r.Sessions), count(r.Waiting)}
		cells = append(cells, i.traffic(had, was.FromClients, r.FromClients, was.ToClients, r.ToClients)...)
		cells = append(cells, number(sinceActivity(now, r.LastActivity), formatAge), text(strings.Join(r.Endpoints, " ")))
		rows = append(rows, row{key(r), clean(r.Protocol + " resource " + r.Name), cells})
	}
	return rows
}

// sinceActivity is in seconds, by the server's clock.
func sinceActivity(now *snapshot, at *time.Time) float64 {
	if at == nil || now.stats.Time.IsZero() {
		return unknown
	}
	return max(now.stats.Time.Sub(*at).Seconds(), 0)
}

func endpointRows(now *snapshot, i interval) (rows []row) {
	key := func(e api.Endpoint) subject { return subject{table: endpoints, name: e.Name} }
	before := byKey(list(i, endpoints, func(s *snapshot) []api.Endpoint { return s.endpoints }), key)
	for _, e := range now.endpoints {
		was, had := before[key(e)]
		made, failed := attempts(e.Attempts)
		madeBefore, failedBefore := attempts(was.Attempts)
		cells := []cell{text(e.Name), status(e.Breaker), status(e.Forced), status(e.Health), count(e.Sessions),
			number(unless(had, i.rate(madeBefore, made)), formatRate), faults(unless(had, i.rate(failedBefore, failed))), count(e.Refused)}
		cells = append(cells, i.traffic(had, was.FromClients, e.FromClients, was.ToClients, e.ToClients)...)
		rows = append(rows, row{key(e), clean("endpoint " + e.Name), append(cells, text(e.Trouble))})
	}
	return rows
}

// unless is a rate, unknown without figures from before.
func unless(had bool, rate float64) float64 {
	if !had {
		return unknown
	}
	return rate
}

// faults is a rate that should be 0.
func faults(rate float64) cell {
	c := number(rate, formatRate)
	if rate > 0 {
		c.style = bad
	}
	return c
}

// attempts are an endpoint's: those that connected, and those whose end says that
// something is wrong with it.
func attempts(by map[string]uint64) (made, failed uint64) {
	for outcome, n := range by {
		switch outcome {
		case "connected":
			made += n
		case "served", "exhausted", "abandoned":
		default:
			failed += n
		}
	}
	return made, failed
}

func sessionRows(now *snapshot, i interval) (rows []row) {
	key := func(s api.Session) subject { return subject{sessions, s.Protocol, s.ID} }
	before := byKey(list(i, sessions, func(s *snapshot) []api.Session { return s.sessions.Sessions }), key)
	for _, s := range now.sessions.Sessions {
		was, had := before[key(s)]
		secured := "no"
		if s.TLS {
			secured = "yes"
		}
		cells := []cell{text(s.Client), text(s.Listener), text(s.Protocol), text(used(s)), text(backend(s)), status(s.State), text(secured), number(s.Age, formatAge)}
		cells = append(cells, i.traffic(had, was.FromClients, s.FromClients, was.ToClients, s.ToClients)...)
		rows = append(rows, row{key(s), clean("session " + s.ID + " of " + s.Client), cells})
	}
	return rows
}

// used are the resources that a session uses; of most protocols it is one.
func used(s api.Session) string { return s.Resource + strings.Join(s.Resources, " ") }

// backend is the address a session is connected to, or the endpoint it will be.
func backend(s api.Session) string {
	if s.Backend != "" {
		return s.Backend
	}
	return s.Endpoint
}

func listenerRows(now *snapshot, i interval) (rows []row) {
	key := func(l api.Listener) subject { return subject{listeners, l.Protocol, l.Name} }
	before := byKey(i.stats().Listeners, key)
	for _, l := range now.stats.Listeners {
		was, had := before[key(l)]
		cells := []cell{text(l.Name), text(l.Address), text(l.Protocol), count(l.Active), number(unless(had, i.rate(was.Accepted, l.Accepted)), formatRate), count(l.Accepted)}
		cells = append(cells, i.traffic(had, was.FromClients, l.FromClients, was.ToClients, l.ToClients)...)
		rows = append(rows, row{key(l), clean("listener " + l.Name), cells})
	}
	return rows
}
