package redis

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Bounds of a hash, far above any use: what is cached must stay small.
const (
	maxFields = 64
	maxValue  = 8 << 10 // bytes
)

// blocked is the state of a resource that may not be reached; the others are
// resolve.State's.
const blocked = "blocked"

var errBlocked = errors.New("the resource's state is " + blocked)

// record is a hash on its way to be a Result.
type record struct {
	resolve.Result
	blocked bool
}

// parseRecord makes a Result of the hash of a resource. Errors are *resolve.Error:
// Forbidden for one that is blocked, Internal for a hash with any fault: it is
// better that one resource fails than that a setting is silently ignored. They
// name the field and don't quote its value, which may be a secret.
func parseRecord(fields map[string]string) (resolve.Result, error) {
	if len(fields) > maxFields {
		return resolve.Result{}, resolve.Errorf(resolve.Internal, "%d fields are more than %d", len(fields), maxFields)
	}
	var r record
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := r.field(name, fields[name]); err != nil {
			return resolve.Result{}, resolve.Errorf(resolve.Internal, "field %.100q: %w", name, err)
		}
	}
	switch {
	case r.blocked:
		return resolve.Result{}, &resolve.Error{Kind: resolve.Forbidden, Err: errBlocked}
	case r.Endpoint == "":
		return resolve.Result{}, resolve.Errorf(resolve.Internal, "no field %q", "endpoint")
	}
	return r.Result, nil
}

// field takes one field. In the order of their names, so that faults are always
// the same.
func (r *record) field(name, value string) (err error) {
	if len(value) > maxValue {
		return fmt.Errorf("%d bytes are more than %d", len(value), maxValue)
	}
	switch name {
	case "balance":
		r.Balance, err = resolve.ParseBalance(value)
	case "drain":
		r.Drain, err = parseDuration(value)
	case "endpoint":
		err = r.endpoints(value)
	case "max_sessions":
		r.MaxSessions, err = parseCount(value)
	case "metadata":
		err = r.metadataObject(value)
	case "session_rate":
		r.SessionRate, err = parseCount(value)
	case "state":
		err = r.state(value)
	case "timeout":
		r.Timeout, err = parsePositive(value)
	case "tls", "tls_server_name":
		err = r.meta(name, value)
	case "ttl":
		r.TTL, err = parseDuration(value)
	case "wake":
		r.Wake, err = value, checkWake(value)
	default:
		key, ok := strings.CutPrefix(name, "metadata.")
		if !ok {
			return errors.New("unknown")
		}
		err = r.meta(key, value)
	}
	return err
}

// endpoints takes a list with commas.
func (r *record) endpoints(list string) error {
	if n := 1 + strings.Count(list, ","); n > 1+resolve.MaxOthers {
		return fmt.Errorf("%d endpoints are more than %d", n, 1+resolve.MaxOthers)
	}
	for endpoint := range strings.SplitSeq(list, ",") {
		endpoint = strings.Trim(endpoint, " ")
		if _, _, err := resolve.ParseEndpoint(endpoint); err != nil {
			return err
		}
		if r.Endpoint == "" {
			r.Endpoint = endpoint
			continue
		}
		r.Others = append(r.Others, endpoint)
	}
	return nil
}

func (r *record) state(name string) (err error) {
	if r.blocked = name == blocked; r.blocked {
		return nil
	}
	if r.State, err = resolve.ParseState(name); err != nil {
		return errors.New("want ready, cold, draining or " + blocked)
	}
	return nil
}

var errCount = errors.New("want a whole number from 0 to 2147483647")

func parseCount(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n > math.MaxInt32 {
		return 0, errCount
	}
	return int(n), nil
}

var errDuration = errors.New(`want a time with its unit, such as "5s" or "500ms"`)

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errDuration
	}
	return d, nil
}

func parsePositive(text string) (time.Duration, error) {
	d, err := parseDuration(text)
	if err == nil && d < 0 {
		return 0, errors.New("a negative time")
	}
	return d, err
}

// checkWake takes what Resolver.Wake understands.
func checkWake(wake string) error {
	if _, publish := publishChannel(wake, ""); publish || wake == "" {
		return nil
	}
	if err := resolve.CheckWakeURL(wake); err != nil {
		return fmt.Errorf(`want "publish", "publish:<channel>" or: %w`, err)
	}
	return nil
}
