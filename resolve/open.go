package resolve

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// OpenOptions is what a resolver may need besides its URL.
type OpenOptions struct {
	// Logger takes what happens outside of any session; nil discards it.
	Logger *slog.Logger
	// Wake has a resource started under the URL its route names; nil if that is
	// not to be. Package resolve/webhook makes one.
	Wake WakeFunc
	// Schemes are the resolvers beyond this package, by the scheme of their URLs:
	// "https", "redis".
	Schemes map[string]OpenFunc
}

// errMalformed stands for url.Parse's errors, which quote the parts that a password ends up in.
var errMalformed = errors.New("resolver: malformed URL: characters of a password that mean something in URLs are written as %XX")

// OpenFunc makes a resolver of a URL. It doesn't keep the URL's text, nor quotes
// it in an error, for it may hold a password.
type OpenFunc func(u *url.URL, o OpenOptions) (Resolver, error)

// orDiscard is how every optional logger of this package gets its default.
func orDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// Open makes the resolver a URL names:
//
//	fixed://host:port      every resource lives there, see Fixed
//	file:///routes.yaml    a table in a file, watched, see File
//
// and those of OpenOptions.Schemes.
//
// If the resolver implements io.Closer, the caller closes it. Errors don't
// quote the URL, which may hold a password.
func Open(rawURL string, o OpenOptions) (Resolver, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errMalformed
	}
	r, err := open(u, o)
	if err != nil {
		return nil, fmt.Errorf("resolver: %w", err)
	}
	return r, nil
}

func open(u *url.URL, o OpenOptions) (Resolver, error) {
	switch u.Scheme {
	case "fixed":
		return openFixed(u)
	case "file":
		return openFileURL(u, o)
	case "":
		return nil, errors.New("the URL has no scheme: want fixed://host:port or file:///path")
	}
	if open := o.Schemes[u.Scheme]; open != nil {
		return open(u, o)
	}
	return nil, fmt.Errorf("unknown scheme %q: want %s", u.Scheme, o.schemes())
}

// schemes lists what Open takes.
func (o *OpenOptions) schemes() string {
	all := append([]string{"fixed"}, slices.Sorted(maps.Keys(o.Schemes))...)
	return strings.Join(all, ", ") + " or file"
}

// extras says whether a URL has parts that a plain scheme://host/path lacks.
func extras(u *url.URL) bool {
	return u.User != nil || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != ""
}
