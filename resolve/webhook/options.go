package webhook

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Defaults of Options.
const (
	// DefaultTimeout is less than resolve.DefaultTimeout, so that waiting for
	// one's turn and being refused fit in as well.
	DefaultTimeout = 3 * time.Second
	// DefaultConcurrency is what a small service takes.
	DefaultConcurrency = 64
)

// minKey is the fewest bytes of a key for signatures.
const minKey = 16

// Options configures a Resolver or a Waker. The zero value of each field means its
// default, where it has one.
type Options struct {
	// Token is sent as a bearer token, Key signs; either, both or none. A Key
	// has at least 16 bytes.
	Token string
	Key   []byte
	// Timeout bounds one POST with its answer. Default DefaultTimeout.
	Timeout time.Duration
	// Concurrency is the most POSTs at once; further ones wait for their turn
	// until their context ends. Default DefaultConcurrency.
	Concurrency int
	// Roots are the authorities that the service's certificate may be of. Default:
	// the system's.
	Roots *x509.CertPool
	// Messages are what clients may be told, by message_key; see
	// resolve.Error.Text.
	Messages map[string]string
	// Origins ("https://api.internal", with the port unless it is the scheme's)
	// are where resources may be woken. A Resolver also takes its own; a Waker
	// takes any if there are none, which a Token forbids: it would be sent to
	// wherever a route says.
	Origins []string
}

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Concurrency == 0 {
		o.Concurrency = DefaultConcurrency
	}
	return o
}

// Validate returns every fault at once, joined. None quotes a secret.
func (o *Options) Validate() error {
	var errs []error
	if o.Timeout < 0 {
		errs = append(errs, errors.New("the timeout is negative"))
	}
	if o.Concurrency < 0 {
		errs = append(errs, errors.New("the concurrency is negative"))
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("the token has characters that aren't visible ASCII"))
	}
	if n := len(o.Key); n > 0 && n < minKey {
		errs = append(errs, fmt.Errorf("the key for signatures has %d bytes, want at least %d", n, minKey))
	}
	for _, text := range o.Origins {
		if u, err := url.Parse(text); err != nil || text != origin(u) || resolve.CheckWakeURL(text) != nil {
			errs = append(errs, fmt.Errorf("origin %.100q: want http://host[:port] or https://host[:port]", text))
		}
	}
	for key, text := range o.Messages {
		if text == "" || !resolve.ValidText(text) {
			errs = append(errs, fmt.Errorf("message %.100q: want 1 to %d characters of printable ASCII", key, resolve.MaxText))
		}
	}
	return errors.Join(errs...)
}

// Origin returns the origin of a URL to POST to, "" if it isn't one.
func Origin(target string) string {
	u, err := parseTarget(target)
	if err != nil {
		return ""
	}
	return origin(u)
}

// origin is the part of a URL that says who is talked to.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}

// mayWake says whether resources may be woken by a URL.
func (o *Options) mayWake(u *url.URL) bool {
	return len(o.Origins) == 0 || slices.Contains(o.Origins, origin(u))
}
