package upstream

import (
	"errors"
	"fmt"
	"time"
)

// Health is what active checks say of an endpoint.
type Health uint8

// The health of an endpoint. The zero value is Unchecked.
const (
	// Unchecked: nobody looks; sessions are let through.
	Unchecked Health = iota
	// Up: its checks succeed.
	Up
	// Down: its checks fail; no session is let through.
	Down

	healths
)

var healthNames = [healths]string{Unchecked: "unchecked", Up: "up", Down: "down"}

// String returns the health's name, which is also its metric label.
func (h Health) String() string {
	if h < healths {
		return healthNames[h]
	}
	return "unknown"
}

// Mode says how endpoints are checked.
type Mode uint8

// The modes. The zero value is Off.
const (
	// Off: not at all. Checks would keep a tenant awake that sleeps when nobody
	// connects.
	Off Mode = iota
	// TCP: that it accepts connections.
	TCP
	// Protocol: that it answers in its protocol.
	Protocol

	modes
)

var modeNames = [modes]string{Off: "off", TCP: "tcp", Protocol: "protocol"}

// String returns the mode's name, which ParseMode takes.
func (m Mode) String() string {
	if m < modes {
		return modeNames[m]
	}
	return "unknown"
}

// ParseMode is the inverse of Mode.String.
func ParseMode(s string) (Mode, error) {
	for m, name := range modeNames {
		if s == name {
			return Mode(m), nil
		}
	}
	return 0, fmt.Errorf("unknown way to check %q: want off, tcp or protocol", s)
}

// HealthOptions say how endpoints are checked.
type HealthOptions struct {
	Mode Mode
	// Interval is the time between two checks of an endpoint, jitter apart.
	Interval time.Duration
	// Timeout is how long a check may take.
	Timeout time.Duration
	// Rise is how many checks in a row must succeed for an endpoint that is down
	// to be up, Fall how many must fail for it to be down.
	Rise, Fall int
	// InUse is for how long after the last session that wanted it an endpoint is
	// checked.
	InUse time.Duration
	// MaxEndpoints is the most endpoints that are checked; further ones aren't.
	MaxEndpoints int
	// Concurrency is the most checks at once.
	Concurrency int
	// Path is what HTTP's check asks for; "" is "/".
	Path string
}

func defaultHealth() HealthOptions {
	return HealthOptions{
		Interval:     5 * time.Second,
		Timeout:      2 * time.Second,
		Rise:         2,
		Fall:         3,
		InUse:        10 * time.Minute,
		MaxEndpoints: 4096,
		Concurrency:  64,
		Path:         "/",
	}
}

// Validate returns every fault of the options at once, joined.
func (o HealthOptions) Validate() error {
	return errors.Join(
		fault(o.Mode >= modes, "active check: unknown mode %d", o.Mode),
		fault(o.Interval <= 0, "active check: interval %v isn't positive", o.Interval),
		fault(o.Timeout <= 0, "active check: timeout %v isn't positive", o.Timeout),
		fault(o.Rise < 1, "active check: rise %d is less than 1", o.Rise),
		fault(o.Fall < 1, "active check: fall %d is less than 1", o.Fall),
		fault(o.InUse <= 0, "active check: time in use %v isn't positive", o.InUse),
		fault(o.MaxEndpoints < 1, "active check: %d endpoints is less than 1", o.MaxEndpoints),
		fault(o.Path != "" && o.Path[0] != '/', "active check: path %q doesn't begin with /", o.Path),
		fault(o.Concurrency < 1, "active check: %d at once is less than 1", o.Concurrency),
	)
}
