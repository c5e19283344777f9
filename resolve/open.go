package resolve

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
)

// OpenOptions is what a resolver may need besides its URL.
type OpenOptions struct {
	// Logger takes what happens outside of any session; nil discards it.
	Logger *slog.Logger
}

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
// If the resolver implements io.Closer, the caller closes it. Errors don't
// quote the URL, which may hold a password.
func Open(rawURL string, o OpenOptions) (Resolver, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("resolver: malformed URL: %w", withoutURL(err))
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
	default:
		return nil, fmt.Errorf("unknown scheme %q: want fixed or file", u.Scheme)
	}
}

// withoutURL takes the URL out of an error of url.Parse.
func withoutURL(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		return parse.Err
	}
	return err
}

// extras says whether a URL has parts that a plain scheme://host/path lacks.
func extras(u *url.URL) bool {
	return u.User != nil || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != ""
}
