package redis

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// The time between two attempts to reach Redis doubles from the first to the
// second, and is up to a half shorter by chance.
const (
	firstDelay = 50 * time.Millisecond
	lastDelay  = time.Second
)

var errAway = errors.New("redis is away")

// link is the connection to Redis and the goroutine that keeps it: it follows the
// purge channel, which also tells when the connection breaks. Commands come from
// any goroutine.
type link struct {
	o *Options
	// life ends with close.
	life context.Context
	end  context.CancelFunc
	// events is who hears of it, from goroutines of rueidis, which wait
	// meanwhile.
	events linkEvents

	// client is nil until the first connection.
	client atomic.Pointer[rueidis.Client]
	// up says that the purge channel is followed.
	up       atomic.Bool
	connects atomic.Uint64
	// first has the outcome of the first attempt.
	first     chan error
	firstOnce sync.Once
	done      chan struct{}
}

// linkEvents is what a link tells of.
type linkEvents struct {
	// established: connected, also anew.
	established func()
	// invalidated: these keys have changed; nil: any may have.
	invalidated func([]rueidis.RedisMessage)
	// purge: a message on the purge channel.
	purge func(rueidis.PubSubMessage)
}

// startLink starts to connect. It must be closed.
func startLink(o *Options, events linkEvents) *link {
	l := &link{o: o, events: events, first: make(chan error, 1), done: make(chan struct{})}
	l.life, l.end = context.WithCancel(context.Background())
	go l.run()
	return l
}

// close ends the connection and waits for the goroutine. To be called once.
func (l *link) close() {
	l.end()
	<-l.done
	if c := l.client.Load(); c != nil {
		(*c).Close()
	}
}

// get returns the client unless it is known to be of no use. In a cluster the
// other nodes may be there although the one is away that the channel is
// followed at: a command finds out.
func (l *link) get() (rueidis.Client, error) {
	c := l.client.Load()
	if c == nil || !l.up.Load() && l.o.Mode != Cluster {
		return nil, &resolve.Error{Kind: resolve.Unavailable, Err: errAway}
	}
	return *c, nil
}

func (l *link) run() {
	defer close(l.done)
	delay := firstDelay
	for l.life.Err() == nil {
		before := l.connects.Load()
		err := l.follow()
		l.lost(err)
		if l.connects.Load() != before {
			delay = firstDelay
		}
		l.pause(delay)
		delay = min(2*delay, lastDelay)
	}
}

// pause waits, or until the end.
func (l *link) pause(d time.Duration) {
	select {
	case <-l.life.Done():
	case <-time.After(d/2 + rand.N(d/2)):
	}
}

// follow connects and stays with the purge channel until that breaks.
func (l *link) follow() error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	ctx := rueidis.WithOnSubscriptionHook(l.life, func(s rueidis.PubSubSubscription) {
		if s.Kind == "subscribe" {
			l.established()
		}
	})
	return c.Receive(ctx, c.B().Subscribe().Channel(l.o.PurgeChannel).Build(), l.events.purge)
}

// connect makes the client once; from then on it connects by itself.
func (l *link) connect() (rueidis.Client, error) {
	if c := l.client.Load(); c != nil {
		return *c, nil
	}
	c, err := rueidis.NewClient(l.o.clientOption(l.life, l.events.invalidated))
	if err != nil {
		return nil, err
	}
	l.client.Store(&c)
	return c, nil
}

func (l *link) established() {
	// In this order: a question in between isn't answered by an old route that
	// was just allowed to serve on.
	l.up.Store(true)
	l.events.established()
	l.connects.Add(1)
	l.firstOnce.Do(func() { l.first <- nil })
	l.o.Logger.Info("redis: connected", "mode", l.o.Mode.String())
}

func (l *link) lost(err error) {
	wasUp := l.up.Swap(false)
	if err == nil {
		err = errAway
	}
	err = l.o.withoutSecrets(err)
	wasFirst := false
	l.firstOnce.Do(func() { l.first <- err; wasFirst = true })
	if l.life.Err() == nil && (wasUp || wasFirst) {
		l.o.Logger.Warn("redis: away, what is cached serves on", "error", err)
	}
}
