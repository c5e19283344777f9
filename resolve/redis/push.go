package redis

import (
	"context"

	"github.com/redis/rueidis"
)

// everything is the message on the purge channel that means all resources.
const everything = "*"

// Notify has changed called when a resource's key changes, and when one is
// published on the purge channel.
func (r *Resolver) Notify(changed func(resource string)) { r.changed.Store(&changed) }

// NotifyDoubt has doubt called when the connection has broken or come back, and
// when the database was flushed: Redis doesn't tell the two apart.
func (r *Resolver) NotifyDoubt(doubt func()) { r.doubt.Store(&doubt) }

// Purge has every instance forget a resource, "" for all: it is published on the
// purge channel. This instance's caches are the caller's.
func (r *Resolver) Purge(resource string) {
	if resource == "" {
		resource = everything
	}
	if _, err := r.publish(context.Background(), r.o.PurgeChannel, resource); err != nil {
		r.o.Logger.Warn("redis: the other instances weren't told of a purge", "resource", resource, "error", err)
	}
}

// invalidate is called with the keys that have changed, nil if any may have. On
// a goroutine of rueidis, which reads nothing meanwhile: an answer read before
// is known to be old before one is read after.
func (r *Resolver) invalidate(keys []rueidis.RedisMessage) {
	if keys == nil {
		r.doubtAll()
		return
	}
	for _, message := range keys {
		key, err := message.ToString()
		if err != nil {
			continue
		}
		if resource, ours := r.keys.resource(key); ours {
			r.invalidated.Add(1)
			r.tell(resource)
		}
	}
}

func (r *Resolver) purgeMessage(m rueidis.PubSubMessage) {
	r.purged.Add(1)
	if m.Message == everything {
		r.tell("")
		return
	}
	r.tell(m.Message)
}

func (r *Resolver) tell(resource string) {
	if changed := r.changed.Load(); changed != nil {
		(*changed)(resource)
	}
}

func (r *Resolver) doubtAll() {
	if doubt := r.doubt.Load(); doubt != nil {
		(*doubt)()
	}
}
