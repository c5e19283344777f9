package mongodb

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

func malformed(detail string) codecs.Failure {
	return codecs.Failure{Kind: codecs.Malformed, Detail: detail}
}

func unsupported(detail string) codecs.Failure {
	return codecs.Failure{Kind: codecs.Unsupported, Detail: detail}
}

// lengthened returns the message with another length in front.
func lengthened(packet []byte, length uint32) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, length), packet[4:]...)
}

// altered returns the message with another byte somewhere.
func altered(packet []byte, at int, b byte) []byte {
	c := append([]byte(nil), packet...)
	c[at] = b
	return c
}

// whole stands for the whole message.
const whole = -1

var hostile = []struct {
	name   string
	packet []byte
	// at is the byte the decision falls on.
	at   int
	want codecs.Failure
}{
	{"length 0", lengthened(find, 0), 4, malformed(detailHeader)},
	{"length within the header", lengthened(find, 15), 4, malformed(detailHeader)},
	{"length one too great", lengthened(find, maxMessage+1), 4, malformed(detailHeader)},
	{"length -1", lengthened(find, 0xffffffff), 4, malformed(detailHeader)},
	{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), 4, malformed(detailHeader)},
	{"TLS", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on"), 16, malformed(detailHeader)},
	{"no opcode", packet(0, 1, 0, ""), 16, malformed(detailHeader)},
	{"an old reply", oldReply(1), 16, malformed(detailHeader)},
	{"OP_COMPRESSED", packet(opCompressed, 1, 0, "\xdd\x07\x00\x00"), 16, unsupported(detailCompressed)},
	{"OP_INSERT", packet(opInsert, 1, 0, "x"), 16, unsupported(detailOldOps)},
	{"OP_GET_MORE", packet(opGetMore, 1, 0, "x"), 16, unsupported(detailOldOps)},

	{"OP_QUERY of a collection", query(1, "shop.things", num("isMaster", 1)), whole, unsupported(detailQuery)},
	{"OP_QUERY of a command", query(1, "shop.$cmd", num("ping", 1)), whole, unsupported(detailQuery)},
	{"OP_QUERY of nothing", query(1, "admin.$cmd"), whole, unsupported(detailQuery)},
	{"OP_QUERY without a collection", packet(opQuery, 1, 0, "\x00\x00\x00\x00admin.$cmd"), whole, unsupported(detailQuery)},
	{"OP_QUERY without flags", packet(opQuery, 1, 0, ""), whole, unsupported(detailQuery)},
	{"OP_QUERY without a query", packet(opQuery, 1, 0, "\x00\x00\x00\x00admin.$cmd\x0012345678"), whole, unsupported(detailQuery)},
	{"OP_QUERY of a long query", packet(opQuery, 1, 0, "\x00\x00\x00\x00admin.$cmd\x0012345678\xff\x00\x00\x00\x00"), whole, unsupported(detailQuery)},
	{"OP_QUERY too long", packet(opQuery, 1, 0, strings.Repeat("x", maxBuffered))[:64], 16, malformed(detailLong)},

	{"no flags", packet(opMsg, 1, 0, ""), 16, malformed(detailFlags)},
	{"half the flags", packet(opMsg, 1, 0, "\x00\x00"), 16, malformed(detailFlags)},
	{"unknown flags", flagged(1<<2, 1, section0(num("find", 1))), 20, malformed(detailFlags)},
	{"no section", flagged(0, 1), 20, malformed(detailNoDatabase)},
	{"nothing but a checksum", flagged(flagChecksum, 1, "abcd"), whole, malformed(detailNoDatabase)},
	{"not even a checksum", flagged(flagChecksum, 1, "abc"), 20, malformed(detailSections)},
	{"a short section", flagged(0, 1, "\x00\x05\x00\x00"), 20, malformed(detailSections)},
	{"kind 2", flagged(0, 1, "\x02"+string(doc())), 25, malformed(detailSections)},
	{"a document of 4", flagged(0, 1, "\x00\x04\x00\x00\x00\x00"), 25, malformed(detailSections)},
	{"a document longer than the message", flagged(0, 1, "\x00\x06\x00\x00\x00\x00"), 25, malformed(detailSections)},
	{"a document into the checksum", flagged(flagChecksum, 1, "\x00\x06\x00\x00\x00\x00", "abcd"), 25, malformed(detailSections)},
	{"an empty command", flagged(0, 1, section0()), 26, malformed(detailNoDatabase)},
	{"no $db", msg(1, num("find", 1)), whole, malformed(detailNoDatabase)},
	{"$db in kind 1", flagged(0, 1, section0(num("find", 1)), section1("documents", doc(str("$db", "shop")))), whole, malformed(detailNoDatabase)},
	{"a $db that is a number", msg(1, num("find", 1), num("$db", 1)), 40, malformed(detailSections)},
	{"an empty $db", msg(1, num("find", 1), str("$db", "")), whole - 1, malformed(detailDatabase)},
	{"a $db too long", msg(1, num("find", 1), str("$db", strings.Repeat("x", 64))), whole - 1, malformed(detailDatabase)},
	{"a $db with a dot", msg(1, num("find", 1), str("$db", "a.b")), whole - 1, malformed(detailDatabase)},
	{"a $db with a NUL", msg(1, num("find", 1), str("$db", "a\x00b")), whole - 1, malformed(detailDatabase)},
	{"a $db of no length", msg(1, num("find", 1), raw(kindString, "$db", "\x00\x00\x00\x00x")), 44, malformed(detailSections)},
	{"a $db longer than the document", msg(1, num("find", 1), raw(kindString, "$db", "\x09\x00\x00\x00shop\x00")), 44, malformed(detailSections)},
	{"a $db that doesn't end", msg(1, num("find", 1), raw(kindString, "$db", "\x05\x00\x00\x00shopx")), whole - 1, malformed(detailSections)},
	{"a type that isn't", msg(1, num("find", 1), raw(0x20, "x", "abc")), 38, malformed(detailSections)},
	{"a field without an end", flagged(0, 1, "\x00\x07\x00\x00\x00\x10ab"), 28, malformed(detailSections)},
	{"an end too early", flagged(0, 1, "\x00\x07\x00\x00\x00\x00ab"), 26, malformed(detailSections)},
	{"no end", altered(msg(1, num("find", 1)), 35, 1), 36, malformed(detailSections)},

	{"a hello too long", flagged(0, 1, section0(num("hello", 1), str("pad", strings.Repeat("x", maxBuffered))))[:64], 32, malformed(detailLong)},
	{"a hello with two sections", flagged(0, 1, section0(num("hello", 1)), section1("x")), whole, malformed(detailHello)},
	{"a hello in the second section", flagged(0, 1, section1("x"), section0(num("hello", 1))), whole, malformed(detailSections)},
	{"a hello without an end", altered(msg(1, num("hello", 1), str("x", "y")), len(msg(1, num("hello", 1), str("x", "y")))-1, 1), whole, malformed(detailHello)},
	{"saslSupportedMechs without a user", msg(1, num("hello", 1), str("saslSupportedMechs", "shop")), whole, malformed(detailUser)},
	{"saslSupportedMechs without a database", msg(1, num("hello", 1), str("saslSupportedMechs", ".alice")), whole, malformed(detailUser)},
	{"saslSupportedMechs that is a number", msg(1, num("hello", 1), num("saslSupportedMechs", 1)), whole, malformed(detailUser)},
}

func TestHostileRequests(t *testing.T) {
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			if tt.at < 0 {
				tt.at += len(tt.packet) + 1
			}
			s := codectest.Start(t, Front(Options{}))
			s.Client(codectest.Bytewise(tt.packet[:tt.at-1])...)
			if s.Action != codecs.More {
				t.Fatalf("decided too early: action %d, %+v", s.Action, s.Failure)
			}
			s.Client(tt.packet[tt.at-1 : tt.at])
			if s.Action != codecs.Fail || s.Failure != tt.want {
				t.Fatalf("at byte %d of %d: action %d, %+v, want %+v", tt.at, len(tt.packet), s.Action, s.Failure, tt.want)
			}
			for chunks := range codectest.Splits(tt.packet) {
				s := codectest.Start(t, Front(Options{}))
				s.Client(chunks...)
				if s.Action != codecs.Fail || s.Failure != tt.want {
					t.Fatalf("in %d chunks: action %d, %+v, want %+v", len(chunks), s.Action, s.Failure, tt.want)
				}
			}
			if said := one(t, s.Refuse(s.Failure)); said.fields["ok"] != uint64(0) || said.fields["errmsg"] != tt.want.Detail {
				t.Errorf("%+v", said)
			}
		})
	}
}
