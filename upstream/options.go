package upstream

import (
	"errors"
	"fmt"
	"time"
)

// Options are what the endpoints of a Registry have in common. The zero value
// is DefaultOptions; each part that is zero has its defaults.
type Options struct {
	Breaker BreakerOptions
	Health  HealthOptions
	// OnChange is told of every change of an endpoint's breaker; nil tells
	// nobody. It is called on the goroutine or loop whose attempt made the
	// change, with locks held: it must be quick and not call the Registry.
	OnChange func(Change)
	// OnHealth is told when an endpoint's health changes, with the last check's
	// error if it is Down; nil tells nobody. It is called on the check's
	// goroutine.
	OnHealth func(endpoint string, h Health, cause error)
}

// Change is a breaker that has changed its phase.
type Change struct {
	Endpoint string
	From, To Phase
	// Trouble is the last failure, which is the cause if To is Open.
	Trouble Outcome
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{Breaker: defaultBreaker(), Health: defaultHealth()}
}

// Validate returns every fault of the options at once, joined.
func (o Options) Validate() error {
	o = o.complete()
	return errors.Join(o.Breaker.Validate(), o.Health.Validate())
}

// complete puts the defaults in the place of parts that are zero.
func (o Options) complete() Options {
	if o.Breaker == (BreakerOptions{}) {
		o.Breaker = defaultBreaker()
	}
	if o.Health == (HealthOptions{}) {
		o.Health = defaultHealth()
	}
	return o
}

// BreakerOptions say when a breaker opens and for how long.
type BreakerOptions struct {
	// Failures opens it when so many attempts in a row have failed; 0 doesn't.
	Failures int
	// FailureRate opens it when this share of the attempts of the last Window has
	// failed, from 0 to 1, and there were at least MinAttempts; 0 doesn't. It is
	// looked at whenever an attempt fails.
	FailureRate float64
	MinAttempts int
	Window      time.Duration
	// OpenTime is how long it stays open, twice as long each time that it
	// opens anew, up to MaxOpenTime; it begins from OpenTime once it has been
	// closed for a Window. Each time is made longer or shorter by a fifth at
	// most, at random, so that many proxies don't probe at once.
	OpenTime, MaxOpenTime time.Duration
}

func defaultBreaker() BreakerOptions {
	return BreakerOptions{
		Failures:    5,
		FailureRate: 0.5,
		MinAttempts: 20,
		Window:      10 * time.Second,
		OpenTime:    time.Second,
		MaxOpenTime: time.Minute,
	}
}

// Validate returns every fault of the options at once, joined.
func (o BreakerOptions) Validate() error {
	return errors.Join(
		fault(o.Failures < 0, "breaker: %d failures in a row is less than 0", o.Failures),
		fault(!(o.FailureRate >= 0 && o.FailureRate <= 1), "breaker: failure rate %v isn't from 0 to 1", o.FailureRate),
		fault(o.MinAttempts < 1 || o.MinAttempts > slotMax, "breaker: %d attempts isn't from 1 to %d", o.MinAttempts, slotMax),
		fault(o.Window < minWindow, "breaker: window %v is shorter than %v", o.Window, minWindow),
		fault(o.OpenTime <= 0, "breaker: open time %v isn't positive", o.OpenTime),
		fault(o.MaxOpenTime < o.OpenTime || o.MaxOpenTime > maxOpenTime,
			"breaker: longest open time %v isn't from %v to %v", o.MaxOpenTime, o.OpenTime, maxOpenTime),
	)
}

// maxOpenTime is far above what is of use, and far below what overflows.
const maxOpenTime = 24 * time.Hour

func fault(bad bool, format string, args ...any) error {
	if !bad {
		return nil
	}
	return fmt.Errorf(format, args...)
}
