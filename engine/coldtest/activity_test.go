package coldtest

import (
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// ledger is a resolver that is told of sessions.
type ledger struct {
	resolve.Resolver

	mu     sync.Mutex
	events []string
	bytes  uint64 // from clients, by the last Track
}

var _ resolve.Tracker = (*ledger)(nil)

func (l *ledger) note(event string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
}

// OnConnect implements resolve.Tracker.
func (l *ledger) OnConnect(resolve.Request, resolve.Result) { l.note("connect") }

// OnDisconnect implements resolve.Tracker.
func (l *ledger) OnDisconnect(_ resolve.Request, _ resolve.Result, _, _ uint64) { l.note("disconnect") }

// Track implements resolve.Tracker.
func (l *ledger) Track(_ resolve.Request, _ resolve.Result, fromClient, _ uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, "track")
	l.bytes = fromClient
}

func (l *ledger) has(want ...string) func() bool {
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.events) != len(want) {
			return false
		}
		for i, event := range want {
			if l.events[i] != event {
				return false
			}
		}
		return true
	}
}

// message is an OP_MSG that asks for a command of a database: a document of a
// number and of the database's name.
func message(id byte, command, database string) string {
	doc := "\x10" + command + "\x00\x01\x00\x00\x00" +
		"\x02$db\x00" + string(rune(len(database)+1)) + "\x00\x00\x00" + database + "\x00\x00"
	doc = string(rune(len(doc)+4)) + "\x00\x00\x00" + doc
	body := "\x00\x00\x00\x00\x00" + doc
	return string(rune(len(body)+16)) + "\x00\x00\x00" + string(rune(id)) + "\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00" + body
}

// What drivers say to learn whether the server lives, which is answered here, is no
// use of the resource: a platform may put it to sleep.
func TestHelloIsNoActivity(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		resolver := &ledger{Resolver: resolve.Fixed(backend.Address())}
		cfg := enginetest.Config(impl, mongodb.Front(mongodb.Options{}), resolver)
		cfg.TrackInterval = time.Nanosecond
		proxy := enginetest.Start(t, cfg)
		client := proxy.Dial()
		client.Say(message(1, "count", "alpha"))
		link := backend.Accept()
		link.HearTo("alpha\x00\x00")
		link.Say(message(9, "ok", "alpha"))
		client.HearTo("alpha\x00\x00")
		enginetest.Eventually(t, "the use is told", resolver.has("connect", "track"))
		for range 3 {
			client.Say(message(2, "hello", "admin"))
			client.HearTo("\x02\x00\x00\x00\xdd\x07\x00\x00")
		}
		enginetest.CloseAll(t, client, link)
		enginetest.Eventually(t, "nothing else is", resolver.has("connect", "track", "disconnect"))
	})
}
