package resolve

import (
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// routeTable is a routes file, read: results by resource id. Never changed
// once made.
type routeTable map[string]Result

// maxFaults is how many faults of a file are told at once.
const maxFaults = 10

// parseRoutes reads a routes file, see File. Whatever isn't expected there is
// a fault: unknown fields, values of the wrong kind, duplicates, anchors and
// tags. Every fault names its line, and the resource if there is one; none
// quotes metadata, which may hold a secret.
func parseRoutes(content []byte) (routeTable, error) {
	entries, faults := routeEntries(content)
	table := make(routeTable, len(entries))
	lines := make(map[string]int, len(entries))
	for _, e := range entries {
		res, err := e.result()
		if first := lines[e.name]; err == nil && first != 0 {
			err = e.fault(e.key, "is there already, in line %d", first)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		table[e.name], lines[e.name] = res, e.line(e.key)
	}
	if len(faults) > 0 {
		return nil, joinFaults(faults)
	}
	return table, nil
}

func joinFaults(faults []error) error {
	if more := len(faults) - maxFaults; more > 0 {
		faults = append(faults[:maxFaults:maxFaults], fmt.Errorf("and %d more", more))
	}
	return errors.Join(faults...)
}

// routeEntry is one entry of the mapping under routes; its faults name it.
type routeEntry struct {
	field
	scope
}

func newRouteEntry(f field, offset int) routeEntry {
	return routeEntry{field: f, scope: scope{offset: offset, within: fmt.Sprintf("route %q: ", f.name)}}
}

func (e *routeEntry) result() (res Result, err error) {
	if e.name == "" {
		return Result{}, e.fault(e.key, "a resource id can't be empty")
	}
	fields, err := e.fields(e.value)
	if err != nil {
		return Result{}, err
	}
	for _, f := range fields {
		if err := e.set(&res, f); err != nil {
			return Result{}, err
		}
	}
	switch {
	case res.Endpoint == "" && len(res.Others) == 0:
		return Result{}, e.fault(e.key, "no endpoint")
	case res.Endpoint == "":
		res.Endpoint, res.Others = res.Others[0], res.Others[1:]
	}
	if len(res.Others) > MaxOthers {
		return Result{}, e.fault(e.key, "%d endpoints are more than %d", 1+len(res.Others), 1+MaxOthers)
	}
	return res, nil
}

// set puts the value of a field into res.
func (e *routeEntry) set(res *Result, f field) (err error) {
	switch f.name {
	case "endpoint":
		res.Endpoint, err = e.endpoint(f.value)
	case "endpoints":
		res.Others, err = e.endpoints(f.value)
	case "balance":
		res.Balance, err = parsed(e, f.value, ParseBalance)
	case "state":
		res.State, err = parsed(e, f.value, ParseState)
	case "wake":
		res.Wake, err = e.wake(f.value)
	case "max_sessions":
		res.MaxSessions, err = parsed(e, f.value, parseLimit)
	case "session_rate":
		res.SessionRate, err = parsed(e, f.value, parseLimit)
	case "timeout":
		res.Timeout, err = e.timeout(f.value)
	case "ttl":
		res.TTL, err = e.duration(f.value)
	case "metadata":
		res.Metadata, err = e.metadata(f.value)
	default:
		err = e.fault(f.key, "unknown field %q: want endpoint, endpoints, balance, state, wake, "+
			"max_sessions, session_rate, timeout, ttl or metadata", f.name)
	}
	return err
}

func (e *routeEntry) endpoint(n ast.Node) (string, error) {
	endpoint, err := e.text(n)
	if err != nil {
		return "", err
	}
	if _, _, err := ParseEndpoint(endpoint); err != nil {
		return "", e.fault(n, "%w", err)
	}
	return endpoint, nil
}

func (e *routeEntry) timeout(n ast.Node) (time.Duration, error) {
	d, err := e.duration(n)
	if err == nil && d <= 0 {
		err = e.fault(n, "the timeout %v isn't positive", d)
	}
	return d, err
}

func (e *routeEntry) duration(n ast.Node) (time.Duration, error) {
	s, err := e.text(n)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, e.fault(n, "%q isn't a duration such as 5s or 500ms", s)
	}
	return d, nil
}

func (e *routeEntry) metadata(n ast.Node) (map[string]string, error) {
	fields, err := e.fields(n)
	if err != nil {
		return nil, err
	}
	metadata := make(map[string]string, len(fields))
	for _, f := range fields {
		if metadata[f.name], err = e.text(f.value); err != nil {
			return nil, err
		}
	}
	return metadata, nil
}
