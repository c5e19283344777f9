package coldstart

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// Options configures a Starter. Start from DefaultOptions.
type Options struct {
	// Timeout bounds one start, from its first client on. A client's own wait is
	// bounded by whoever lets it wait, with Starter.Leave.
	Timeout time.Duration
	// Interval is the time between two looks whether the resource is ready.
	Interval time.Duration
	// Settle is how long the outcome of a start is passed on to clients that come
	// behind it, so that one that was on its way when the resource got ready
	// doesn't wake it again, and a start that failed isn't tried again at once.
	Settle time.Duration
	// PerResource and Total are the most clients that wait at once.
	PerResource, Total int
	// Starts is the most resources that are being started at once.
	Starts int
}

// DefaultOptions returns the defaults: those of the original proxy where it has
// the setting.
func DefaultOptions() Options {
	return Options{
		Timeout:     30 * time.Second,
		Interval:    100 * time.Millisecond,
		Settle:      time.Second,
		PerResource: 10_000,
		Total:       100_000,
		Starts:      256,
	}
}

// Validate returns every fault at once, joined.
func (o *Options) Validate() error {
	var errs []error
	for name, d := range map[string]time.Duration{"timeout": o.Timeout, "interval": o.Interval, "settling time": o.Settle} {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("cold start: the %s, %v, isn't positive", name, d))
		}
	}
	for name, n := range map[string]int{"clients per resource": o.PerResource, "clients in total": o.Total, "starts at once": o.Starts} {
		if n < 1 {
			errs = append(errs, fmt.Errorf("cold start: %s: %d is less than 1", name, n))
		}
	}
	return errors.Join(errs...)
}

// Hooks is what a Starter needs of its surroundings. All are called on
// goroutines of the Starter's; all are required.
type Hooks struct {
	// Waker returns what has a resource started; nil if the resolver isn't one.
	Waker func() resolve.Waker
	// Refresh asks the resolver anew (resolve.Cache.Refresh).
	Refresh func(ctx context.Context, req resolve.Request) (*resolve.Route, error)
	// Woken notes that a route is ready whatever its State says, and returns it as
	// one that is (resolve.Cache.Woken).
	Woken func(*resolve.Route) *resolve.Route
	// Probe returns nil if the route's backend serves, and may take until ctx ends.
	Probe func(ctx context.Context, route *resolve.Route) error
	// Room takes a place at the resource for the next client, nil if there is
	// none. It must not block.
	Room func(*resolve.Route) *upstream.Resource
}
