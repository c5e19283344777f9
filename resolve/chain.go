package resolve

import (
	"cmp"
	"context"
	"errors"
)

// chain asks its members one after the other.
type chain struct {
	group
	// origins are the marks of the members' answers, ready made.
	origins []origin
}

// origin marks an answer with the member of a chain that gave it. The mark stays
// with the Result through the caches, so that it needs no table, which would have
// to be bounded, and is right even when another member answers by now.
type origin struct {
	chain *chain
	by    Resolver
	// within is the mark that a chain within this one has made.
	within *origin
}

// Chain returns the resolver that asks several in their order until one knows the
// resource. Only NotFound moves on: after any other error the next one's answer
// might be wrong, so that error is the chain's. A NotFound of all has the shortest
// of their TTLs, and the first Text and RetryAfter given. An answer isn't reused if
// a member before forbade the reuse of its NotFound; otherwise it is kept for its
// own TTL, for members that may come to know more are Notifiers or are purged.
//
// Notifier, Doubter, Purger, StatsReporter and io.Closer stand for all members;
// Waker and Tracker are for the one that gave the answer, by a mark in the Result:
// whoever wraps a chain must pass on its Results, not copies of their fields.
func Chain(members ...Resolver) Resolver {
	if len(members) == 1 {
		return members[0]
	}
	c := &chain{group: group{members}, origins: make([]origin, len(members))}
	for i, r := range members {
		c.origins[i] = origin{chain: c, by: r}
	}
	return withTracking(c)
}

// Resolve asks the members.
func (c *chain) Resolve(ctx context.Context, req Request) (Result, error) {
	var missed misses
	for i, r := range c.members {
		res, err := r.Resolve(ctx, req)
		if err == nil {
			return missed.mark(c.mark(i, res)), nil
		}
		if KindOf(err) != NotFound {
			return Result{}, err
		}
		missed.add(err)
	}
	return Result{}, missed.error()
}

// mark notes that member i has given the answer.
func (c *chain) mark(i int, res Result) Result {
	if res.origin == nil {
		res.origin = &c.origins[i]
	} else {
		res.origin = &origin{chain: c, by: c.members[i], within: res.origin}
	}
	return res
}

// Wake implements Waker.
func (c *chain) Wake(ctx context.Context, req Request, res Result) error {
	return wakeBy(ctx, c, req, res)
}

// answerer implements router.
func (c *chain) answerer(_ Request, res Result) (Resolver, Result) {
	o := res.origin
	if o == nil || o.chain != c {
		return nil, res
	}
	res.origin = o.within
	return o.by, res
}

// misses are the NotFounds of the members asked so far.
type misses []*Error

func (m *misses) add(err error) {
	var e *Error
	if errors.As(err, &e) {
		*m = append(*m, e)
	}
}

// mark forbids the reuse of an answer that a NotFound stands behind which may not
// be reused either: the next client may be known there.
func (m misses) mark(res Result) Result {
	for _, e := range m {
		if e.TTL < 0 {
			res.TTL = -1
		}
	}
	return res
}

// error is what comes of nobody's knowing.
func (m misses) error() error {
	all := Error{Kind: NotFound}
	causes := make([]error, len(m))
	for i, e := range m {
		causes[i] = cmp.Or(e.Err, error(e))
		all.Text = cmp.Or(all.Text, e.Text)
		all.RetryAfter = cmp.Or(all.RetryAfter, e.RetryAfter)
		if i == 0 || cmp.Or(e.TTL, DefaultNegativeTTL) < cmp.Or(all.TTL, DefaultNegativeTTL) {
			all.TTL = e.TTL
		}
	}
	all.Err = errors.Join(causes...)
	return &all
}
