package resolve

import (
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/proxy-engine/proxy-engine/resolve/strictyaml"
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
		if first := lines[e.Name]; err == nil && first != 0 {
			err = e.Fault(e.Key, "is there already, in line %d", first)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		table[e.Name], lines[e.Name] = res, e.Line(e.Key)
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
	strictyaml.Field
	strictyaml.Scope
}

func newRouteEntry(f strictyaml.Field, offset int) routeEntry {
	return routeEntry{Field: f, Scope: strictyaml.Scope{Offset: offset, Within: fmt.Sprintf("route %q: ", f.Name)}}
}

func (e *routeEntry) result() (res Result, err error) {
	if e.Name == "" {
		return Result{}, e.Fault(e.Key, "a resource id can't be empty")
	}
	fields, err := e.Fields(e.Value)
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
		return Result{}, e.Fault(e.Key, "no endpoint")
	case res.Endpoint == "":
		res.Endpoint, res.Others = res.Others[0], res.Others[1:]
	}
	if len(res.Others) > MaxOthers {
		return Result{}, e.Fault(e.Key, "%d endpoints are more than %d", 1+len(res.Others), 1+MaxOthers)
	}
	return res, nil
}

// set puts the value of a field into res.
func (e *routeEntry) set(res *Result, f strictyaml.Field) (err error) {
	switch f.Name {
	case "endpoint":
		res.Endpoint, err = e.endpoint(f.Value)
	case "endpoints":
		res.Others, err = e.endpoints(f.Value)
	case "balance":
		res.Balance, err = parsed(e, f.Value, ParseBalance)
	case "state":
		res.State, err = parsed(e, f.Value, ParseState)
	case "wake":
		res.Wake, err = e.wake(f.Value)
	case "drain":
		res.Drain, err = e.duration(f.Value)
	case "max_sessions":
		res.MaxSessions, err = parsed(e, f.Value, parseLimit)
	case "session_rate":
		res.SessionRate, err = parsed(e, f.Value, parseLimit)
	case "timeout":
		res.Timeout, err = e.timeout(f.Value)
	case "ttl":
		res.TTL, err = e.duration(f.Value)
	case "metadata":
		res.Metadata, err = e.metadata(f.Value)
	default:
		err = e.Fault(f.Key, "unknown field %q: want endpoint, endpoints, balance, state, wake, drain, "+
			"max_sessions, session_rate, timeout, ttl or metadata", f.Name)
	}
	return err
}

func (e *routeEntry) endpoint(n ast.Node) (string, error) {
	endpoint, err := e.Text(n)
	if err != nil {
		return "", err
	}
	if _, _, err := ParseEndpoint(endpoint); err != nil {
		return "", e.Fault(n, "%w", err)
	}
	return endpoint, nil
}

func (e *routeEntry) timeout(n ast.Node) (time.Duration, error) {
	d, err := e.duration(n)
	if err == nil && d <= 0 {
		err = e.Fault(n, "the timeout %v isn't positive", d)
	}
	return d, err
}

func (e *routeEntry) duration(n ast.Node) (time.Duration, error) {
	s, err := e.Text(n)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, e.Fault(n, "%q isn't a duration such as 5s or 500ms", s)
	}
	return d, nil
}

func (e *routeEntry) metadata(n ast.Node) (map[string]string, error) {
	fields, err := e.Fields(n)
	if err != nil {
		return nil, err
	}
	metadata := make(map[string]string, len(fields))
	for _, f := range fields {
		if metadata[f.Name], err = e.Text(f.Value); err != nil {
			return nil, err
		}
	}
	return metadata, nil
}
