package resolve

import (
	"context"
	"errors"
	"net/url"
)

// WakeFunc has a resource started under the URL that its route names, and returns
// as Waker.Wake does.
type WakeFunc func(ctx context.Context, url string, req Request, res Result) error

// CheckWakeURL says what is wrong with a URL for a WakeFunc.
func CheckWakeURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" {
		return errors.New("want an http or https URL, without a user and a fragment")
	}
	return nil
}

// wakeable gives answers a URL to wake by.
type wakeable struct {
	group
	url  string
	wake WakeFunc
}

// WithWake returns r with a URL to wake by in every Result that names none, for
// resolvers that know nothing of waking. wake is called for that URL; any other
// Result.Wake is r's own affair. Optional interfaces are r's.
func WithWake(r Resolver, url string, wake WakeFunc) Resolver {
	return withTracking(&wakeable{group{[]Resolver{r}}, url, wake})
}

// Resolve asks the resolver and adds the URL.
func (w *wakeable) Resolve(ctx context.Context, req Request) (Result, error) {
	res, err := w.members[0].Resolve(ctx, req)
	if err == nil && res.Wake == "" {
		res.Wake = w.url
	}
	return res, err
}

// Wake has a resource started by the URL, or by the resolver.
func (w *wakeable) Wake(ctx context.Context, req Request, res Result) error {
	if res.Wake == w.url {
		return w.wake(ctx, w.url, req, res)
	}
	return wakeBy(ctx, w, req, res)
}

// answerer implements router.
func (w *wakeable) answerer(_ Request, res Result) (Resolver, Result) { return w.members[0], res }
