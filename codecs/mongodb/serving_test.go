package mongodb

import (
	"bytes"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

// settings have everything set, so that nothing in the answers varies.
var settings = Options{
	MinWireVersion: 6, MaxWireVersion: 17, Version: [3]int32{6, 0, 14},
	Now:          func() int64 { return 1_700_000_000_000 },
	ConnectionID: func() int32 { return 42 },
}

// mongos is what every hello answers with these settings.
func mongos(extra map[string]any) map[string]any {
	fields := map[string]any{
		"msg": "isdbgrid", "maxBsonObjectSize": int32(16777216), "maxMessageSizeBytes": int32(48000000),
		"maxWriteBatchSize": int32(100000), "localTime": uint64(1_700_000_000_000), "logicalSessionTimeoutMinutes": int32(30),
		"connectionId": int32(42), "minWireVersion": int32(6), "maxWireVersion": int32(17), "ok": one64,
	}
	for name, value := range extra {
		fields[name] = value
	}
	return fields
}

var served = []struct {
	name   string
	packet []byte
	want   decoded
}{
	{"isMaster", firstHello, decoded{1, true, mongos(map[string]any{"ismaster": true, "helloOk": true})}},
	{"ismaster by OP_MSG", msg(7, num("ismaster", 1), str("$db", "admin")), decoded{7, false, mongos(map[string]any{"ismaster": true})}},
	{"hello", nextHello, decoded{2, false, mongos(map[string]any{"isWritablePrimary": true})}},
	{"hello of another database", msg(7, num("hello", 1), str("$db", "shop")), decoded{7, false, mongos(map[string]any{"isWritablePrimary": true})}},
	{"streaming hello", flagged(flagExhaust, 8, section0(num("hello", 1), sub("topologyVersion"), num("maxAwaitTimeMS", 10000), str("$db", "admin"))),
		decoded{8, false, mongos(map[string]any{"isWritablePrimary": true})}},
	{"hello with a checksum", flagged(flagChecksum, 9, section0(num("hello", 1), str("$db", "admin")), "abcd"),
		decoded{9, false, mongos(map[string]any{"isWritablePrimary": true})}},
	{"ping", ping, decoded{3, false, map[string]any{"ok": one64}}},
	{"buildInfo", msg(-1, num("buildInfo", 1), str("$db", "admin")), decoded{-1, false, map[string]any{
		"version": "6.0.14", "versionArray": map[string]any{"0": int32(6), "1": int32(0), "2": int32(14), "3": int32(0)},
		"bits": int32(64), "debug": false, "maxBsonObjectSize": int32(16777216), "ok": one64}}},
}

func TestServed(t *testing.T) {
	for _, tt := range served {
		t.Run(tt.name, func(t *testing.T) {
			for chunks := range codectest.Splits(tt.packet) {
				s := codectest.Start(t, Front(settings))
				s.Client(chunks...)
				if s.Action != codecs.More || len(s.FromClient) > 0 {
					t.Fatalf("action %d, %+v, %d bytes left", s.Action, s.Failure, len(s.FromClient))
				}
				if got := one(t, s.ToClient); !equal(got, tt.want) {
					t.Fatalf("%+v, want %+v", got, tt.want)
				}
			}
		})
	}
}

func equal(a, b decoded) bool {
	return a.to == b.to && a.legacy == b.legacy && equalFields(a.fields, b.fields)
}

func equalFields(a, b map[string]any) bool {
	for name, value := range a {
		if inner, ok := value.(map[string]any); ok {
			other, _ := b[name].(map[string]any)
			if !equalFields(inner, other) {
				return false
			}
		} else if b[name] != value {
			return false
		}
	}
	return len(a) == len(b)
}

func TestServedWithoutAReply(t *testing.T) {
	s := codectest.Start(t, Front(settings))
	s.Client(flagged(flagMoreToCome, 3, section0(num("ping", 1), str("$db", "admin"))), flagged(flagMoreToCome, 4, section0(num("hello", 1))))
	if s.Action != codecs.More || len(s.ToClient)+len(s.FromClient) > 0 {
		t.Errorf("action %d, the client heard %q, %q is left", s.Action, s.ToClient, s.FromClient)
	}
}

func TestServedClientsMayStay(t *testing.T) {
	c := Front(Options{}).New()
	if step := c.Client(firstHello); !step.Patient {
		t.Errorf("%+v", step)
	}
	if step := c.Client(find); step.Patient || step.Action != codecs.Route {
		t.Errorf("%+v", step)
	}
}

func TestHelloWithoutClockAndNumbers(t *testing.T) {
	s := codectest.Start(t, Front(Options{}))
	s.Client(nextHello)
	got := one(t, s.ToClient).fields
	if got["localTime"] != nil || got["connectionId"] != nil || got["maxWireVersion"] != int32(21) || got["minWireVersion"] != int32(0) {
		t.Errorf("%v", got)
	}
}

func speculative(id int32, fields ...field) []byte {
	return query(id, "admin.$cmd", num("isMaster", 1), sub("speculativeAuthenticate", fields...))
}

var routings = []struct {
	name   string
	packet []byte
	want   string
}{
	{"saslSupportedMechs", loginHello, "shop"},
	{"saslSupportedMechs, a user with dots", msg(1, num("hello", 1), str("saslSupportedMechs", "shop.alice.b"), str("$db", "admin")), "shop"},
	{"both", query(1, "admin.$cmd", num("isMaster", 1), sub("speculativeAuthenticate", str("db", "other")), str("saslSupportedMechs", "shop.a")), "shop"},
	{"speculativeAuthenticate", speculative(1, num("saslStart", 1), str("db", "shop")), "shop"},
	{"saslStart", msg(1, num("saslStart", 1), str("mechanism", "PLAIN"), str("$db", "shop")), "shop"},
	{"authenticate", msg(1, num("authenticate", 1), str("$db", "$external")), "$external"},
	{"find", find, "shop"},
	{"$db first", msg(1, str("find", "x"), str("$db", "shop"), sub("filter", str("$db", "no"))), "shop"},
	{"the first of two", msg(1, str("find", "x"), str("$db", "shop"), str("$db", "other")), "shop"},
	{"insert", insert, "shop"},
	{"kind 1 first", flagged(0, 1, section1("documents", doc(str("$db", "no"))), section0(str("insert", "x"), str("$db", "shop"))), "shop"},
	{"with a checksum", flagged(flagChecksum, 1, section0(num("find", 1), str("$db", "shop")), "abcd"), "shop"},
	{"without a reply", flagged(flagMoreToCome, 1, section0(num("insert", 1), str("$db", "shop"))), "shop"},
	{"ping of a database", msg(1, num("ping", 1), str("$db", "shop")), "shop"},
	{"another command of admin", msg(1, num("listDatabases", 1), str("$db", "admin")), "admin"},
	{"the longest name", msg(1, num("find", 1), str("$db", strings.Repeat("x", 63))), strings.Repeat("x", 63)},
	{"every type of field", msg(1, str("find", "x"), double("a", 1), array("b"), raw(kindBinary, "c", "\x03\x00\x00\x00\x00abc"),
		raw(kindUndefined, "d", ""), raw(kindObjectID, "e", "123456789012"), boolean("f", true), raw(kindDate, "g", "12345678"),
		raw(kindNull, "h", ""), raw(kindRegex, "i", "a\x00b\x00"), raw(kindPointer, "j", "\x02\x00\x00\x00a\x00123456789012"),
		raw(kindCode, "k", "\x02\x00\x00\x00a\x00"), raw(kindSymbol, "l", "\x02\x00\x00\x00a\x00"),
		raw(kindScoped, "m", "\x0f\x00\x00\x00\x02\x00\x00\x00a\x00\x05\x00\x00\x00\x00"), raw(kindTimestamp, "n", "12345678"),
		raw(kindInt64, "o", "12345678"), raw(kindDecimal, "p", "1234567812345678"), raw(kindMin, "q", ""), raw(kindMax, "r", ""),
		str("$db", "shop")), "shop"},
}

func TestRouting(t *testing.T) {
	for _, tt := range routings {
		t.Run(tt.name, func(t *testing.T) {
			for chunks := range codectest.Splits(tt.packet) {
				s := codectest.Start(t, Front(Options{}))
				s.Client(chunks...)
				if s.Action != codecs.Route || string(s.Resource) != tt.want || len(s.ToClient) > 0 {
					t.Fatalf("action %d, resource %q, %+v, the client heard %q", s.Action, s.Resource, s.Failure, s.ToClient)
				}
			}
		})
	}
}

// What isn't a login is answered here.
func TestHellosThatDoNotLogIn(t *testing.T) {
	for name, packet := range map[string][]byte{
		"no database":           speculative(1, num("saslStart", 1)),
		"a database that isn't": speculative(1, str("db", "a/b")),
		"no document":           query(1, "admin.$cmd", num("isMaster", 1), num("speculativeAuthenticate", 1)),
		"a number":              speculative(1, num("db", 1)),
		"no client":             query(1, "admin.$cmd", num("isMaster", 1), num("client", 1)),
		"no application":        query(1, "admin.$cmd", num("isMaster", 1), sub("client")),
		"a nameless one":        query(1, "admin.$cmd", num("isMaster", 1), sub("client", sub("application"))),
	} {
		s := codectest.Start(t, Front(Options{}))
		s.Client(packet)
		if s.Action != codecs.More || len(s.ToClient) == 0 {
			t.Errorf("%s: action %d, %+v", name, s.Action, s.Failure)
		}
	}
}

// The $db of a long message is enough.
func TestRoutingByTheBeginning(t *testing.T) {
	long := flagged(0, 6, section0(str("insert", "things"), str("$db", "shop")), section1("documents", doc(str("pad", strings.Repeat("x", 1<<20)))))
	s := codectest.Start(t, Front(Options{}))
	end := bytes.Index(long, []byte("shop")) + 5
	s.Client(long[:end-1])
	if s.Action != codecs.More {
		t.Fatalf("decided too early: action %d", s.Action)
	}
	s.Client(long[end-1 : end])
	if s.Action != codecs.Route {
		t.Errorf("action %d", s.Action)
	}
}

func compiled(t testing.TB, expr string) *naming.Pattern {
	t.Helper()
	p, err := naming.CompilePattern(expr)
	must(t, err)
	return p
}

func TestNamedResources(t *testing.T) {
	server, application, resource := compiled(t, `^([a-z]+)\.mongo\.`), compiled(t, "^tenant-(.+)"), compiled(t, "^db-(.+)")
	for _, tt := range []struct {
		name    string
		options Options
		server  string
		sent    []byte
		want    string
	}{
		{"the server name wins", Options{ServerNamePattern: server, ApplicationPattern: application}, "acme.mongo.example", join(firstHello, find), "acme"},
		{"a server name that doesn't match", Options{ServerNamePattern: server, ApplicationPattern: application}, "mongo.example", join(firstHello, find), "shop"},
		{"no pattern for it", Options{}, "acme.mongo.example", join(firstHello, find), "shop"},
		{"the application's name", Options{ApplicationPattern: application}, "", join(firstHello, msg(1, num("find", 1), str("$db", "x"))), "shop"},
		{"the server name at a login", Options{ServerNamePattern: server}, "acme.mongo.example", loginHello, "acme"},
		{"no login, no name", Options{ApplicationPattern: application}, "", find, "shop"},
		{"a part of the database's name", Options{ResourcePattern: resource}, "", msg(1, num("find", 1), str("$db", "db-7")), "7"},
		{"a part of the login's", Options{ResourcePattern: resource}, "", speculative(1, str("db", "db-7")), "7"},
		{"shown at once by the server name", Options{ServerNamePattern: server, ShowTopology: true}, "acme.mongo.example", firstHello, "acme"},
		{"shown at once by the application", Options{ApplicationPattern: application, ShowTopology: true}, "", firstHello, "shop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := codectest.StartSecured(t, Front(tt.options), codecs.TLS{ServerName: tt.server})
			s.Client(tt.sent)
			if s.Action != codecs.Route || string(s.Resource) != tt.want {
				t.Errorf("action %d, resource %q, %+v", s.Action, s.Resource, s.Failure)
			}
		})
	}
}

func TestNamesWithoutAResource(t *testing.T) {
	s := codectest.Start(t, Front(Options{ResourcePattern: compiled(t, "^db-(.+)")}))
	s.Client(find)
	if want := (codecs.Failure{Kind: codecs.NotFound, Resource: "shop"}); s.Action != codecs.Fail || s.Failure != want {
		t.Errorf("action %d, %+v, want %+v", s.Action, s.Failure, want)
	}
}

// A monitor wakes no backend, though its server name says which.
func TestNamedMonitorsAreServed(t *testing.T) {
	s := codectest.StartSecured(t, Front(Options{ServerNamePattern: compiled(t, "^([a-z]+)")}), codecs.TLS{ServerName: "acme"})
	s.Client(firstHello, nextHello, ping)
	if s.Action != codecs.More || len(decode(t, s.ToClient)) != 3 {
		t.Errorf("action %d", s.Action)
	}
}
