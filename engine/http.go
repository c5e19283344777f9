package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/http"
)

// HTTP are the settings of all listeners that serve HTTP. Start from
// DefaultHTTP.
type HTTP struct {
	// Limits bound heads and bodies.
	Limits http.Limits
	// RequestsPerConnection closes a client's connection after so many, 0 never.
	RequestsPerConnection int

	// HeadTimeout: from a request's first byte until its head is complete.
	HeadTimeout time.Duration
	// KeepAlive: how long a client's connection may be idle between requests.
	KeepAlive time.Duration
	// FirstByte: from the request until the first byte of the response.
	FirstByte time.Duration
	// Stall: how long a body may make no progress.
	Stall time.Duration

	// PoolSize is the most idle connections to backends, over all event loops.
	PoolSize int
	// PoolIdle is how long a connection may be idle there, PoolLifetime how old
	// it may get; 0 for no bound.
	PoolIdle, PoolLifetime time.Duration

	// BackendHost replaces the client's Host by the endpoint's name.
	BackendHost bool
	// Trusted are the clients that are proxies of ours: what they say about
	// theirs is kept.
	Trusted []netip.Prefix
	// Bare adds no word about the client to requests (the original's fast path).
	Bare bool
	// Via is this proxy's pseudonym in Via; "" adds none.
	Via string
	// Telemetry adds X-Proxy-* to responses.
	Telemetry bool
	// AssumeOK passes every status on as 200 unless it decides how the message
	// ends (the original's fast assume-ok).
	AssumeOK bool
	// Direct is the answer to every request, none of which is forwarded or has
	// its host looked up; nil forwards them.
	Direct *http.Static
}

// DefaultHTTP returns the defaults: those of the original proxy where it has
// the setting.
func DefaultHTTP() HTTP {
	return HTTP{
		Limits:      http.DefaultLimits(),
		HeadTimeout: 15 * time.Second,
		KeepAlive:   60 * time.Second,
		FirstByte:   30 * time.Second,
		Stall:       30 * time.Second,
		PoolSize:    2048,
		PoolIdle:    60 * time.Second,
		Telemetry:   true,
	}
}

// HTTPFront is the Front of listeners that serve HTTP, which has a driver of
// its own instead of a codec.
func HTTPFront() codecs.Front {
	return codecs.Front{Protocol: codecs.HTTP, ClientFirst: true, ALPN: []string{"http/1.1"}}
}

// validate returns every fault at once, joined.
func (h *HTTP) validate() error {
	var errs []error
	for name, d := range map[string]time.Duration{
		"head": h.HeadTimeout, "keep-alive": h.KeepAlive, "first byte": h.FirstByte, "stall": h.Stall,
	} {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("HTTP %s timeout: %v isn't positive", name, d))
		}
	}
	if h.PoolSize < 0 || h.PoolIdle < 0 || h.PoolLifetime < 0 || h.RequestsPerConnection < 0 {
		errs = append(errs, errors.New("HTTP: pool size, times and requests per connection can't be negative"))
	}
	if h.Via != "" && !http.IsToken(h.Via) {
		errs = append(errs, fmt.Errorf("HTTP: Via's pseudonym %q isn't a token", h.Via))
	}
	return errors.Join(append(errs, checkDirect(h.Direct))...)
}

// checkDirect returns what is wrong with a direct response.
func checkDirect(d *http.Static) error {
	switch {
	case d == nil:
		return nil
	case d.Status < 200 || d.Status > 599:
		return fmt.Errorf("HTTP direct response: the status %d isn't from 200 to 599", d.Status)
	case d.Type != "" && len(http.AppendField(nil, "Content-Type", []byte(d.Type))) == 0:
		return fmt.Errorf("HTTP direct response: %q can't be a Content-Type", d.Type)
	}
	return nil
}

// trusts says whether a client is a proxy of ours.
func (h *HTTP) trusts(client netip.Addr) bool {
	return containedIn(h.Trusted, client)
}
