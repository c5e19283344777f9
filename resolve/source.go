package resolve

import (
	"reflect"
	"sync"
)

// source is what a Cache has its answers from. It is replaced as a whole.
type source struct {
	resolver Resolver
	CacheOptions

	calls   sync.RWMutex // held for reading by calls of the resolver
	retired bool         // another one has taken its place
}

// o is the source in force.
func (c *Cache) o() *source { return c.live.Load() }

// enter returns the source in force for a call of its resolver, which leave ends.
func (c *Cache) enter() *source {
	for {
		s := c.o()
		s.calls.RLock()
		if !s.retired {
			return s
		}
		s.calls.RUnlock()
	}
}

func (s *source) leave() { s.calls.RUnlock() }

// Replace has r answer from now on, with other options but for MaxEntries. Unless r
// is the present resolver and judges addresses by the same guards, everything cached is
// forgotten. Before it returns, the last call of the former Resolver's Resolve has: it
// may be closed then, but for its other interfaces. One call at a time, of any goroutine.
func (c *Cache) Replace(r Resolver, o CacheOptions) {
	old := c.o()
	o = o.withDefaults()
	o.MaxEntries = old.MaxEntries
	c.live.Store(&source{resolver: r, CacheOptions: o})
	same := Same(old.resolver, r)
	if !same {
		c.listen(r)
	}
	if !same || !reflect.DeepEqual(old.Guard, o.Guard) || !reflect.DeepEqual(old.Guards, o.Guards) {
		c.forget("")
	}
	old.calls.Lock()
	defer old.calls.Unlock()
	old.retired = true
}

// listen has the cache told by a resolver that tells.
func (c *Cache) listen(r Resolver) {
	if n, ok := r.(Notifier); ok {
		n.Notify(c.forget)
	}
	if d, ok := r.(Doubter); ok {
		d.NotifyDoubt(c.expire)
	}
}

// Same says that two resolvers are one.
func Same(a, b Resolver) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && a == b
}
