package resolve

import (
	"errors"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// parsed returns a scalar that parse takes.
func parsed[T any](e *routeEntry, n ast.Node, parse func(string) (T, error)) (x T, err error) {
	s, err := e.Text(n)
	if err != nil {
		return x, err
	}
	if x, err = parse(s); err != nil {
		return x, e.Fault(n, "%w", err)
	}
	return x, nil
}

// endpoints returns the endpoints of a list that isn't empty.
func (e *routeEntry) endpoints(n ast.Node) ([]string, error) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, e.Fault(n, "want a list, found %s", n.Type().YAMLName())
	}
	if len(list.Values) == 0 {
		return nil, e.Fault(n, "the list has no endpoints")
	}
	all := make([]string, len(list.Values))
	for i, item := range list.Values {
		var err error
		if all[i], err = e.endpoint(item); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// wake returns a URL. It isn't quoted in faults: its path or query may be secret.
func (e *routeEntry) wake(n ast.Node) (string, error) {
	s, err := e.Text(n)
	if err != nil {
		return "", err
	}
	if err := CheckWakeURL(s); err != nil {
		return "", e.Fault(n, "wake: %w", err)
	}
	return s, nil
}

func parseLimit(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, errLimit
	}
	return int(n), nil
}

var errLimit = errors.New("want a whole number from 0 to 2147483647")
