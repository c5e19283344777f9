package figurestest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// count is an OP_MSG that asks for a command of the database "app".
const count = "\x32\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00" +
	"\x00\x00\x00\x00\x00" +
	"\x1d\x00\x00\x00\x10count\x00\x01\x00\x00\x00\x02$db\x00\x04\x00\x00\x00app\x00\x00"

// A session's backend is timed once, from what it was asked first, whether its codec
// stays or not.
func TestFirstByteOfASession(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for name, front := range map[string]codecs.Front{"relayed at once": tcp.Front("db"), "by a codec": mongodb.Front(mongodb.Options{})} {
			t.Run(name, func(t *testing.T) {
				s := start(t, impl, front)
				client := s.Dial()
				client.Say(count)
				backend := s.backend.Accept()
				backend.Hear(count)
				s.awaitFirstBytes(0)
				backend.Say(count)
				client.Hear(count)
				s.awaitFirstBytes(1)
				client.Say(count)
				backend.Hear(count)
				backend.Say(count)
				client.Hear(count)
				enginetest.CloseAll(t, client, backend)
				s.AwaitActive(0)
				s.awaitFirstBytes(1)
				s.awaitMoved(2*len(count), 2*len(count))
			})
		}
	})
}

// A backend that speaks first hasn't been asked, and one that never answers isn't
// timed.
func TestFirstByteUnasked(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, tcp.Front("db"))
		client := s.Dial()
		backend := s.backend.Accept()
		backend.Say("220 hello")
		client.Hear("220 hello")
		passes(client, backend, 10)
		passes(backend, client, 10)
		silent := s.Dial()
		silent.Say("hello?")
		other := s.backend.Accept()
		other.Hear("hello?")
		enginetest.CloseAll(t, client, backend, silent, other)
		s.AwaitActive(0)
		s.awaitFirstBytes(0)
	})
}

// Of HTTP every request is timed.
func TestFirstByteOfRequests(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, engine.HTTPFront())
		client := s.Dial()
		client.Say(get)
		backend := s.backend.Accept()
		for i := range uint64(3) {
			if i > 0 {
				client.Say(get)
			}
			backend.HearTo("\r\n\r\n")
			s.awaitFirstBytes(i)
			backend.Say(fine)
			client.HearTo("fine")
			s.awaitFirstBytes(i + 1)
		}
		enginetest.CloseAll(t, client, backend)
	})
}
