package upstream

import (
	"math"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	if err := (Options{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := DefaultOptions().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, spoil := range map[string]func(*Options){
		"failures":         func(o *Options) { o.Breaker.Failures = -1 },
		"rate":             func(o *Options) { o.Breaker.FailureRate = 1.5 },
		"no rate":          func(o *Options) { o.Breaker.FailureRate = math.NaN() },
		"attempts":         func(o *Options) { o.Breaker.MinAttempts = 0 },
		"window":           func(o *Options) { o.Breaker.Window = time.Millisecond },
		"open time":        func(o *Options) { o.Breaker.OpenTime = 0 },
		"longest":          func(o *Options) { o.Breaker.MaxOpenTime = time.Millisecond },
		"longest of all":   func(o *Options) { o.Breaker.MaxOpenTime = math.MaxInt64 },
		"mode":             func(o *Options) { o.Health.Mode = modes },
		"interval":         func(o *Options) { o.Health.Interval = 0 },
		"timeout":          func(o *Options) { o.Health.Timeout = -1 },
		"rise":             func(o *Options) { o.Health.Rise = 0 },
		"fall":             func(o *Options) { o.Health.Fall = 0 },
		"in use":           func(o *Options) { o.Health.InUse = 0 },
		"endpoints":        func(o *Options) { o.Health.MaxEndpoints = 0 },
		"path":             func(o *Options) { o.Health.Path = "healthz" },
		"checks at a time": func(o *Options) { o.Health.Concurrency = 0 },
	} {
		o := DefaultOptions()
		spoil(&o)
		if o.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
