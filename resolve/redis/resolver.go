package redis

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Resolver is the resolve.Resolver that answers from Redis, and all of the
// optional interfaces. Safe for concurrent use. It must be closed.
type Resolver struct {
	o       Options
	keys    pattern
	link    *link
	tracked *flusher // nil without Options.Activity
	// activity is how tracked is written.
	activity activityKeys
	closing  sync.Once

	changed atomic.Pointer[func(resource string)]
	doubt   atomic.Pointer[func()]

	asked, failed, invalidated, purged atomic.Uint64
}

var (
	_ resolve.Resolver      = (*Resolver)(nil)
	_ resolve.Notifier      = (*Resolver)(nil)
	_ resolve.Doubter       = (*Resolver)(nil)
	_ resolve.Purger        = (*Resolver)(nil)
	_ resolve.StatsReporter = (*Resolver)(nil)
	_ io.Closer             = (*Resolver)(nil)
)

// New connects and returns once the first attempt has ended. That Redis is
// away then is no error, nor later; that it doesn't let the proxy in or use
// what it needs is.
func New(o Options) (*Resolver, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	keys, err := parsePattern(o.Key)
	if err != nil {
		return nil, err
	}
	r := &Resolver{o: o, keys: keys}
	if err := r.startFlusher(); err != nil {
		return nil, err
	}
	r.link = startLink(&r.o, linkEvents{established: r.established, invalidated: r.invalidate, purge: r.purgeMessage})
	if err := <-r.link.first; err != nil && !isPassing(err) {
		r.link.close()
		return nil, fmt.Errorf("redis: %w", err)
	}
	if r.tracked != nil {
		r.tracked.start(r.writeActivity)
	}
	return r, nil
}

// Close writes what is known of the use, for as long as Options.Timeout at most,
// and disconnects. It may be called more than once.
func (r *Resolver) Close() error {
	r.closing.Do(func() {
		if r.tracked != nil {
			r.tracked.close(r.o.Timeout)
		}
		r.link.close()
	})
	return nil
}

// Resolve reads the resource's hash. Redis remembers that, and tells when it
// changes.
func (r *Resolver) Resolve(ctx context.Context, req resolve.Request) (resolve.Result, error) {
	r.asked.Add(1)
	res, err := r.resolve(ctx, req)
	if err != nil {
		r.failed.Add(1)
	}
	return res, err
}

func (r *Resolver) resolve(ctx context.Context, req resolve.Request) (resolve.Result, error) {
	if len(req.Resource) > maxResource {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "a resource of %d bytes", len(req.Resource))
	}
	key := r.keys.key(req.Protocol, req.Resource)
	fields, err := r.read(ctx, key)
	if err != nil {
		return resolve.Result{}, err
	}
	if len(fields) == 0 {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "redis has no key %q", key)
	}
	res, err := parseRecord(fields)
	if resolve.KindOf(err) == resolve.Internal && err != nil {
		// Once per negative TTL and hash: the cache asks no more often.
		r.o.Logger.Error("redis: a resource's hash is faulty", "key", key, "error", err)
	}
	return res, err
}

// read returns the fields of a hash, none if there is no such key, and has Redis
// track it. What doesn't answer in time counts as away.
func (r *Resolver) read(ctx context.Context, key string) (map[string]string, error) {
	c, err := r.link.get()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	// The time is that of noStore, which keeps nothing.
	fields, err := c.DoCache(ctx, c.B().Hgetall().Key(key).Cache(), r.o.Timeout).AsStrMap()
	if err != nil {
		return nil, failure(r.o.withoutSecrets(err))
	}
	return fields, nil
}

// publish returns how many listen at the server that was asked.
func (r *Resolver) publish(ctx context.Context, channel, message string) (listeners int64, err error) {
	c, err := r.link.get()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	listeners, err = c.Do(ctx, c.B().Publish().Channel(channel).Message(message).Build()).AsInt64()
	if err != nil {
		return 0, failure(r.o.withoutSecrets(err))
	}
	return listeners, nil
}

// Stats returns whether Redis is there, how often it was asked and that failed,
// how many changes and purges it told of, and what the tracking of the use is
// doing.
func (r *Resolver) Stats() map[string]any {
	stats := map[string]any{
		"connected":     r.link.up.Load(),
		"connects":      r.link.connects.Load(),
		"asked":         r.asked.Load(),
		"failed":        r.failed.Load(),
		"invalidations": r.invalidated.Load(),
		"purges":        r.purged.Load(),
	}
	if r.tracked != nil {
		r.tracked.stats(stats)
	}
	return stats
}

// established is called when the connection is there, for the first time or
// again: what has changed in between isn't known.
func (r *Resolver) established() {
	r.doubtAll()
	if r.tracked != nil {
		r.tracked.renew()
	}
}
