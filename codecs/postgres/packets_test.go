package postgres

import (
	"encoding/binary"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	version30 = 3 << 16
	version32 = 3<<16 | 2
)

// untyped builds an opening packet with a true length.
func untyped(code uint32, body string) []byte {
	packet := binary.BigEndian.AppendUint32(nil, uint32(headerSize+len(body)))
	packet = binary.BigEndian.AppendUint32(packet, code)
	return append(packet, body...)
}

// startup builds a StartupMessage of names and values in turn.
func startup(version uint32, parameters ...string) []byte {
	var body []byte
	for _, s := range parameters {
		body = appendString(body, s)
	}
	return untyped(version, string(append(body, 0)))
}

// lengthened returns the packet with another length in front.
func lengthened(packet []byte, length uint32) []byte {
	return append(binary.BigEndian.AppendUint32(nil, length), packet[4:]...)
}

// typed builds a message with a type byte and a true length.
func typed(kind byte, body string) []byte {
	packet := append([]byte{kind}, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(packet[1:], uint32(4+len(body)))
	return append(packet, body...)
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

var (
	sslRequest    = untyped(codeSSL, "")
	gssencRequest = untyped(codeGSSENC, "")
	cancelRequest = untyped(codeCancel, "\x00\x00\x1b\xb5"+"\xd6\xb0\x53\xfa")
	aliceStartup  = startup(version30, "user", "alice", "database", "shop")
)

// opened returns a session whose backend has been opened with aliceStartup and
// has heard nothing else.
func opened(t testing.TB) *codectest.Session {
	t.Helper()
	s := codectest.Start(t, Front(Options{}))
	s.Client(aliceStartup)
	s.Open(codecs.Target{})
	return s
}

// decodeError decodes what Refuse said with pgx's decoder.
func decodeError(t testing.TB, said []byte) pgproto3.ErrorResponse {
	t.Helper()
	if len(said) < typedHeader || said[0] != typeError || int(binary.BigEndian.Uint32(said[1:]))+1 != len(said) {
		t.Fatalf("%q isn't one ErrorResponse", said)
	}
	var e pgproto3.ErrorResponse
	if err := e.Decode(said[typedHeader:]); err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	return e
}
