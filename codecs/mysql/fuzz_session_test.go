package mysql

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// maxFuzzed is enough for every packet of the phase.
const maxFuzzed = 4096

// outcome is what came of a side's bytes.
type outcome struct {
	action              codecs.Action
	failure             codecs.Failure
	resource, wanted    string
	toClient, toBackend string
}

func outcomeOf(s started) outcome {
	return outcome{s.Action, s.Failure, string(s.Resource), string(s.Wanted), string(s.ToClient), string(s.ToBackend)}
}

// FuzzClient: whatever a client says until it is routed, refused or served
// comes to the same in chunks of any size, and no packet it is sent is
// malformed.
func FuzzClient(f *testing.F) {
	late := join(lateClient().packet(1), packetOf(3, []byte{sha2KeyRequest}))
	f.Add(aliceResponse().in("shop").packet(1), []byte{7})
	f.Add(oldResponse().packet(1), []byte{1, 40})
	f.Add(aliceResponse().sslRequest(), []byte{3})
	f.Add(late, []byte{9})
	f.Add(join(lateClient().packet(1), packetOf(3, nil)), []byte{5})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), []byte{2})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		run := func(sizes []byte) outcome {
			s := start(t, Options{TLS: TLSOffered, LateBinding: true, Key: testKey(), UserSeparator: "@"})
			s.Client(codectest.Chop(in, sizes)...)
			return outcomeOf(s)
		}
		whole := run(nil)
		if chopped := run(sizes); chopped != whole {
			t.Fatalf("whole %+v, in chunks %+v", whole, chopped)
		}
		checkFramed(t, []byte(whole.toClient))
	})
}

// checkFramed expects whole packets.
func checkFramed(t *testing.T, said []byte) {
	t.Helper()
	for len(said) > 0 {
		if len(said) < headerSize || len(said) < headerSize+payloadSize(said) {
			t.Fatalf("%q isn't whole", said)
		}
		said = said[headerSize+payloadSize(said):]
	}
}

// FuzzBackend: whatever a backend says in the login comes to the same in chunks
// of any size, and every byte of it that the client hears was said.
func FuzzBackend(f *testing.F) {
	f.Add(join(modernBackend(), switchTo(2, nameNative), okPacket(3)), []byte{5})
	f.Add(join(modernBackend(), switchTo(2, nameSHA2), packetOf(3, []byte{1, 3}), okPacket(4)), []byte{1})
	f.Add(join(modernBackend(), errPacket(2, 1045, "Access denied")), []byte{30, 2})
	f.Add(packetOf(0, []byte("\xff\x69\x04Host is blocked")), []byte{4})
	f.Add(join(modernBackend(), packetOf(2, []byte{typeAuthSwitch})), []byte{6})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		run := func(sizes []byte) outcome {
			s := opened(t, Options{}, aliceResponse().in("shop"), codecs.Target{})
			s.Backend(codectest.Chop(in, sizes)...)
			return outcomeOf(s)
		}
		whole := run(nil)
		if chopped := run(sizes); chopped != whole {
			t.Fatalf("whole %+v, in chunks %+v", whole, chopped)
		}
		checkHeard(t, whole, in)
	})
}

// checkHeard expects that the client has heard no packet the backend hasn't said.
func checkHeard(t *testing.T, o outcome, said []byte) {
	t.Helper()
	for heard := []byte(o.toClient); len(heard) > headerSize && o.action != codecs.Relay; {
		payload := heard[headerSize : headerSize+payloadSize(heard)]
		if !bytes.Contains(said, payload) {
			t.Fatalf("the client heard %q", payload)
		}
		heard = heard[headerSize+len(payload):]
	}
}

// FuzzPasswords: whatever a backend without TLS says while a password is held
// for it, of a client inside TLS or of one bound late, it isn't told the
// password, and its bytes come to the same in chunks of any size.
func FuzzPasswords(f *testing.F) {
	key := packetOf(6, testPublicKey())
	full := packetOf(4, []byte{typeMoreData, sha2Full})
	f.Add(false, join(key, okPacket(8)), []byte{7})
	f.Add(false, join(switchTo(6, nameClear), okPacket(8)), []byte{3})
	f.Add(false, packetOf(6, []byte("\x01-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")), []byte{9})
	f.Add(true, join(switchTo(2, nameSHA2), full, key, okPacket(8), okPacket(1)), []byte{7})
	f.Add(true, join(switchTo(2, nameClear), okPacket(4)), []byte{3})
	f.Add(true, join(switchTo(2, nameNative), okPacket(4), okPacket(1)), []byte{1})
	f.Add(true, join(okPacket(2), errPacket(1, 1193, "Unknown system variable")), []byte{30})
	f.Fuzz(func(t *testing.T, late bool, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		run := func(sizes []byte) outcome {
			s := holding(t, late)
			s.Backend(codectest.Chop(in, sizes)...)
			if bytes.Contains(s.ToBackend, []byte(testPassword)) {
				t.Fatalf("the backend heard %q", s.ToBackend)
			}
			o := outcomeOf(s)
			o.toBackend = fmt.Sprint(len(o.toBackend), " bytes") // what is encrypted is never the same
			return o
		}
		whole := run(nil)
		if chopped := run(sizes); chopped != whole {
			t.Fatalf("whole %+v, in chunks %+v", whole, chopped)
		}
		checkHeard(t, whole, in)
	})
}

// holding returns a session that holds a password for a backend without TLS: of
// a client inside TLS that was asked for it, or of one bound late, which has set
// something, and whose backend has its response.
func holding(t *testing.T, late bool) started {
	t.Helper()
	if !late {
		s := twoLegs(t, nameSHA2, true, false, Options{})
		s.fullAuthentication(t, nameSHA2)
		s.fromClient(clear0)
		s.heardBackend()
		return s
	}
	s := waiting(t, Options{})
	s.command(commandQuery, "set x = 1")
	s.command(commandInitDB, "shop")
	s.heardClient()
	s.Open(codecs.Target{})
	s.Backend(modernBackend())
	s.heardBackend()
	return s
}

// FuzzCommands: whatever a client sends that is logged in without a backend
// comes to the same in chunks of any size; every answer is of whole packets,
// and a route has a name that can be asked for.
func FuzzCommands(f *testing.F) {
	for _, command := range []string{"\x0e", "\x02shop", "\x03use `shop`", "\x03set x=1", "\x03select @@version, 1", "\x1b\x00\x00", "\x01", "\x03kill query 7", "\x0c\x07\x00\x00\x80"} {
		f.Add(packetOf(0, []byte(command)), []byte{3})
	}
	f.Add(join(packetOf(0, []byte("\x0e")), packetOf(0, []byte("\x03use shop")), packetOf(0, []byte("\x0e"))), []byte{1})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		run := func(sizes []byte) outcome {
			s := waiting(t, Options{})
			s.Client(codectest.Chop(in, sizes)...)
			return outcomeOf(s)
		}
		whole := run(nil)
		if chopped := run(sizes); chopped != whole {
			t.Fatalf("whole %+v, in chunks %+v", whole, chopped)
		}
		checkFramed(t, []byte(whole.toClient))
		if whole.action == codecs.Route && !validDatabase(whole.resource) {
			t.Fatalf("routed to %q", whole.resource)
		}
		if whole.action == codecs.RouteKey && len(whole.wanted) != len(keyPrefix)+4 {
			t.Fatalf("wants %q", whole.wanted)
		}
	})
}
