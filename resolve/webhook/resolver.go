package webhook

import (
	"context"
	"errors"
	"io"
	"net/url"
	"unicode/utf8"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Resolver asks a web service. Safe for concurrent use.
type Resolver struct {
	*client
	url *url.URL
}

var (
	_ resolve.Resolver      = (*Resolver)(nil)
	_ resolve.Waker         = (*Resolver)(nil)
	_ resolve.StatsReporter = (*Resolver)(nil)
	_ io.Closer             = (*Resolver)(nil)
	_ resolve.OpenFunc      = Open
)

// New returns the Resolver that asks under a URL, http or https.
func New(target string, o Options) (*Resolver, error) {
	u, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	o.Origins = append([]string{origin(u)}, o.Origins...)
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	return &Resolver{client: c, url: u}, nil
}

// parseTarget parses a URL to POST to. Faults don't quote it.
func parseTarget(target string) (*url.URL, error) {
	if err := resolve.CheckWakeURL(target); err != nil {
		return nil, err
	}
	return url.Parse(target)
}

// Open returns the Resolver of a URL whose query is options, see ParseOptions. The
// service is asked without them.
func Open(u *url.URL, _ resolve.OpenOptions) (resolve.Resolver, error) {
	o, err := ParseOptions(u.RawQuery)
	if err != nil {
		return nil, err
	}
	target := *u
	target.RawQuery, target.ForceQuery = "", false
	r, err := New(target.String(), o)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// errText: JSON is UTF-8, in which two such ids would look the same.
var errText = errors.New("the resource id isn't UTF-8")

// Resolve asks the service.
func (r *Resolver) Resolve(ctx context.Context, req resolve.Request) (resolve.Result, error) {
	if !utf8.ValidString(req.Resource) {
		return resolve.Result{}, &resolve.Error{Kind: resolve.NotFound, Err: errText}
	}
	a, err := r.post(ctx, r.url, newQuestion(req))
	if err != nil {
		return resolve.Result{}, err
	}
	return r.o.result(a)
}

// Wake has a resource started by the URL the answer named.
func (r *Resolver) Wake(ctx context.Context, req resolve.Request, res resolve.Result) error {
	return r.wake(ctx, res.Wake, req, res)
}
