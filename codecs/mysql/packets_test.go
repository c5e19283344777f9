package mysql

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testPassword = "correct horse"

// counting is a source of bytes that aren't random.
type counting struct{ next byte }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		c.next++
		b[i] = c.next
	}
	return len(b), nil
}

// failing is a source that has no bytes.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// testKey is made once: it takes its time.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, minKeyBits)
	if err != nil {
		panic(err)
	}
	return key
})

// computing does a codec's computations at once, so that codectest, which
// knows none, can drive it. What both steps write is joined.
type computing struct{ *codec }

func (c computing) Client(in []byte) codecs.Step  { return c.done(c.codec.Client(in)) }
func (c computing) Backend(in []byte) codecs.Step { return c.done(c.codec.Backend(in)) }

func (c computing) done(step codecs.Step) codecs.Step {
	if step.Action != codecs.Compute {
		return step
	}
	toClient, toBackend := bytes.Clone(step.ToClient), bytes.Clone(step.ToBackend)
	step.Work()
	next := c.Computed()
	next.Consumed = step.Consumed
	next.ToClient = append(toClient, next.ToClient...)
	if joined := append(toBackend, next.ToBackend...); len(joined) > 0 {
		next.ToBackend = joined
	}
	return next
}

// started is a session and its codec, which tests look into.
type started struct {
	*codectest.Session
	codec *codec
}

// start starts a session with known nonces and forgets the greeting.
func start(t testing.TB, o Options) started {
	t.Helper()
	if o.Random == nil {
		o.Random = &counting{}
	}
	if o.NextID == nil {
		o.NextID = func() uint32 { return 0x04030201 }
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	front := Front(o)
	var made *codec
	inner := front.New
	front.New = func() codecs.Codec {
		made = inner().(*codec)
		return computing{made}
	}
	s := started{Session: codectest.Start(t, front), codec: made}
	s.ToClient = nil
	return s
}

// heardClient and heardBackend return what a side was sent since the last call.
func (s started) heardClient() []byte {
	heard := s.ToClient
	s.ToClient = nil
	return heard
}

func (s started) heardBackend() []byte {
	heard := s.ToBackend
	s.ToBackend = nil
	return heard
}

// packetOf builds a packet.
func packetOf(seq uint8, payload []byte) []byte {
	return (&leg{next: seq}).appendPacket(nil, payload)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// aliceResponse is what a modern driver sends.
func aliceResponse() response {
	return response{
		capabilities: DefaultCapabilities &^ ConnectWithDB,
		maxPacket:    1 << 24,
		collation:    utf8mb4,
		user:         []byte("alice"),
		answer:       bytes.Repeat([]byte{0xaa}, nativeSize),
		plugin:       []byte(nameNative),
		attributes:   attributesOf("_client_name", "test"),
	}
}

// in returns the response with that database.
func (p response) in(database string) response {
	p.capabilities |= ConnectWithDB
	p.database = []byte(database)
	return p
}

func (p response) packet(seq uint8) []byte { return packetOf(seq, appendResponse(nil, p)) }

// sslRequest returns the SSLRequest that comes before the response.
func (p response) sslRequest() []byte {
	p.capabilities |= SSL
	return packetOf(1, appendResponseHead(nil, p))
}

func attributesOf(pairs ...string) []byte {
	var all []byte
	for _, s := range pairs {
		all = appendLengthed(all, s)
	}
	return all
}

// backendSalt is the nonce a backend gives the second time, otherSalt that of
// its greeting.
var (
	backendSalt = []byte("ABCDEFGHIJKLMNOPQRST")
	otherSalt   = []byte("abcdefghijklmnopqrst")
)

// backendGreeting is a modern server's.
func backendGreetingPacket(c Capabilities) []byte {
	return packetOf(0, appendGreeting(nil, greeting{
		version: []byte("10.11.0-MariaDB"), id: 77, salt: otherSalt, capabilities: c, plugin: []byte(nameNative),
	}))
}

func modernBackend() []byte { return backendGreetingPacket(DefaultCapabilities | SSL) }

func switchTo(seq uint8, plugin string) []byte {
	return packetOf(seq, appendAuthSwitch(nil, plugin, backendSalt))
}

func okPacket(seq uint8) []byte { return packetOf(seq, appendOK(nil, statusAutocommit)) }

func errPacket(seq uint8, code uint16, text string) []byte {
	return packetOf(seq, append(appendERR(nil, code, "28000"), text...))
}

// said is an ERR packet taken apart.
type said struct {
	seq   uint8
	code  uint16
	state string
	text  string
}

func parseERR(t testing.TB, packet []byte) said {
	t.Helper()
	if len(packet) < headerSize+9 || payloadSize(packet) != len(packet)-headerSize || packet[4] != typeERR || packet[7] != '#' {
		t.Fatalf("%q isn't one ERR packet", packet)
	}
	return said{packet[3], uint16(packet[5]) | uint16(packet[6])<<8, string(packet[8:13]), string(packet[13:])}
}
