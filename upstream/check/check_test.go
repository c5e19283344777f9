package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/upstream"
)

var (
	mysqlGreeting = mysqlPacket(0, "\x0a11.4.2-MariaDB\x00\x01\x00\x00\x0012345678\x00\xff\xff\x2d\x02\x00\xff\xff\x15"+
		strings.Repeat("\x00", 10)+"123456789012\x00mysql_native_password\x00")
	mongoYes = mongoReply("\x08isWritablePrimary\x00\x01\x03topologyVersion\x00\x05\x00\x00\x00\x00\x02setName\x00\x03\x00\x00\x00rs\x00" +
		"\x09localTime\x0012345678\x07id\x00123456789012\x0anull\x00\x05bin\x00\x02\x00\x00\x00\x00ab" +
		"\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f")
)

func mysqlPacket(number byte, payload string) string {
	return string([]byte{byte(len(payload)), byte(len(payload) >> 8), 0, number}) + payload
}

// mongoReply is an OP_MSG with a document of those fields.
func mongoReply(fields string) string {
	n := 4 + len(fields) + 1
	le := func(v int) string { return string([]byte{byte(v), byte(v >> 8), 0, 0}) }
	return le(mongoOverhead+n) + le(7) + le(1) + le(opMsg) + le(0) + "\x00" + le(n) + fields + "\x00"
}

func postgresError(state string) string {
	body := "SFATAL\x00VFATAL\x00C" + state + "\x00Msorry\x00\x00"
	return "E\x00\x00\x00" + string([]byte{byte(4 + len(body))}) + body
}

// TestBackends has every protocol's check look at backends that are well, not
// well, or something else.
func TestBackends(t *testing.T) {
	up, down := upstream.Connected, upstream.Failed
	for _, tc := range []struct {
		name     string
		protocol string
		backend  func(net.Conn)
		want     upstream.Outcome
	}{
		{"asks for SCRAM", "postgresql", answers("R\x00\x00\x00\x17\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"), up},
		{"lets us in", "postgresql", answers("R\x00\x00\x00\x08\x00\x00\x00\x00"), up},
		{"no such user", "postgresql", answers(postgresError("28000")), up},
		{"no such database", "postgresql", answers(postgresError("3D000")), up},
		{"starting up", "postgresql", answers(postgresError("57P03")), down},
		{"full", "postgresql", answers(postgresError("53300")), down},
		{"error without a code", "postgresql", answers("E\x00\x00\x00\x0aMhuh\x00\x00"), down},
		{"endless error", "postgresql", answers("E\x7f\xff\xff\xff"), down},
		{"error of no length", "postgresql", answers("E\x00\x00\x00\x03"), down},
		{"half an error", "postgresql", answersAndHangsUp(postgresError("28000")[:12]), upstream.HungUp},

		{"no password wanted", "mysql", mysqlServer("\x00\x00\x00\x02\x00\x00\x00"), up},
		{"access denied", "mysql", mysqlServer("\xff\x15\x04#28000Access denied"), up},
		{"other method, then denied", "mysql", mysqlServer("\xfemysql_native_password\x0012345678901234567890\x00", "\xff\x15\x04#28000Access denied"), up},
		{"more data", "mysql", mysqlServer("\xfecaching_sha2_password\x0012345678901234567890\x00", "\x01\x04"), up},
		{"other methods without end", "mysql", mysqlServer("\xfex\x00", "\xfey\x00", "\xfez\x00"), up},
		{"empty answer", "mysql", mysqlServer(""), down},
		{"too many connections", "mysql", hangsUp(mysqlPacket(0, "\xff\x10\x04Too many connections")), down},
		{"host blocked", "mysql", hangsUp(mysqlPacket(0, "\xff\x69\x04Host is blocked")), down},
		{"empty greeting", "mysql", says(mysqlPacket(0, "")), down},
		{"half an ERR", "mysql", says(mysqlPacket(0, "\xff\x10")), down},
		{"endless greeting", "mysql", says("\xff\xff\xff\x00"), down},
		{"half a greeting", "mysql", hangsUp(mysqlGreeting[:20]), upstream.HungUp},
		{"hangs up on the login", "mysql", hangsUp(mysqlGreeting), upstream.HungUp},

		{"ok", "mongodb", answers(mongoYes), up},
		{"ok as an int32", "mongodb", answers(mongoReply("\x10ok\x00\x01\x00\x00\x00")), up},
		{"ok as an int64", "mongodb", answers(mongoReply("\x12ok\x00\x01\x00\x00\x00\x00\x00\x00\x00")), up},
		{"ok as a boolean", "mongodb", answers(mongoReply("\x08ok\x00\x01")), up},
		{"not ok", "mongodb", answers(mongoReply("\x01ok\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02errmsg\x00\x02\x00\x00\x00x\x00")), down},
		{"ok as a text", "mongodb", answers(mongoReply("\x02ok\x00\x02\x00\x00\x001\x00")), down},
		{"nothing of the kind", "mongodb", answers(mongoReply("\x08x\x00\x01")), down},
		{"a text that is too long", "mongodb", answers(mongoReply("\x02x\x00\xff\xff\xff\xff1\x00")), down},
		{"half a number", "mongodb", answers(mongoReply("\x01ok\x00\x00\x00")), down},
		{"unknown kind", "mongodb", answers(mongoReply("\x06x\x00\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f")), down},
		{"endless", "mongodb", answers("\xff\xff\xff\x7f\x01\x00\x00\x00\x01\x00\x00\x00\xdd\x07\x00\x00"), down},
		{"half a reply", "mongodb", answersAndHangsUp(mongoYes[:30]), upstream.HungUp},

		{"greets", "smtp", smtpServer("220 mx ESMTP\r\n"), up},
		{"greets in lines", "smtp", smtpServer("220-mx\r\n220-has much to say\r\n220 ESMTP\r\n"), up},
		{"greets and hangs up", "smtp", hangsUp("220 mx\r\n"), up},
		{"busy", "smtp", says("421 4.3.2 Try later\r\n"), down},
		{"no service", "smtp", says("554 no\r\n"), down},
		{"greets without end", "smtp", says(strings.Repeat("220-and\r\n", 5000)), upstream.HungUp},
		{"half a greeting", "smtp", hangsUp("220-mx\r\n22"), upstream.HungUp},

		{"200", "http", answers("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"), up},
		{"302", "http", answers("HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n"), up},
		{"HTTP/1.0", "http", answersAndHangsUp("HTTP/1.0 204 \r\n\r\n"), up},
		{"early hints", "http", answers("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), up},
		{"early hints without end", "http", answers(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100)), down},
		{"404", "http", answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), down},
		{"503", "http", answers("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"), down},
		{"endless head", "http", answers("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 50_000)), down},
		{"half a head", "http", answersAndHangsUp("HTTP/1.1 200 OK\r\nX: y\r\n"), upstream.HungUp},

		{"says nothing", "redis", says(""), up},
		{"hangs up", "tcp", hangsUp(""), up},
	} {
		t.Run(tc.protocol+" "+tc.name, func(t *testing.T) {
			wantOutcome(t, tc.name, run(t, serve(t, tc.backend), For(tc.protocol, Options{})), tc.want)
		})
	}
}

// answersAndHangsUp reads the question first, so that its end isn't a reset.
func answersAndHangsUp(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 4096)); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

// smtpServer greets and says goodbye.
func smtpServer(greeting string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, greeting)
		answers("221 bye\r\n")(conn)
	}
}

// mysqlServer greets and gives an answer to each packet.
func mysqlServer(replies ...string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, mysqlGreeting)
		for i, reply := range replies {
			_, number, err := readMySQL(conn)
			if err != nil || number != byte(2*i+1) {
				return
			}
			_, _ = io.WriteString(conn, mysqlPacket(number+1, reply))
		}
		_, _ = io.Copy(io.Discard, conn)
	}
}

// protocolsWithChecks are those whose check is more than a connection.
var protocolsWithChecks = []codecs.Protocol{codecs.PostgreSQL, codecs.MySQL, codecs.MongoDB, codecs.SMTP, codecs.HTTP}

// TestBadBackends has what any check may meet.
func TestBadBackends(t *testing.T) {
	for _, p := range protocolsWithChecks {
		fn := For(p.String(), Options{})
		wantOutcome(t, p.String()+": nobody there", run(t, refused(t), fn), upstream.Refused)
		wantOutcome(t, p.String()+": hangs up", run(t, serve(t, hangsUp("")), fn), upstream.HungUp)
		wantOutcome(t, p.String()+": garbage", run(t, serve(t, says(strings.Repeat("garbage\r\n", 100))), fn), upstream.Failed)
	}
}

// TestSilentBackends uses pipes: with fake time the wait is none.
func TestSilentBackends(t *testing.T) {
	_, client := certificate(t)
	for _, p := range protocolsWithChecks {
		for _, options := range []Options{{}, {TLS: client, TLSFirst: true}} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				ours, theirs := net.Pipe()
				defer theirs.Close()
				go func() { _, _ = io.Copy(io.Discard, theirs) }()
				dial := func(context.Context, netip.AddrPort) (net.Conn, error) { return ours, nil }
				err := Run(ctx, dial, make([]netip.AddrPort, 1), For(p.String(), options))
				wantOutcome(t, p.String(), err, upstream.Silent)
			})
		}
	}
}

// TestAddresses tries one after the other, each with its share of the time.
func TestAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		begin := time.Now()
		var tried []string
		dial := func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			tried = append(tried, fmt.Sprint(a.Port(), " at ", time.Since(begin)))
			if a.Port() < 3 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			ours, theirs := net.Pipe()
			theirs.Close()
			return ours, nil
		}
		local := netip.MustParseAddr("127.0.0.1")
		addresses := []netip.AddrPort{netip.AddrPortFrom(local, 1), netip.AddrPortFrom(local, 2), netip.AddrPortFrom(local, 3), netip.AddrPortFrom(local, 4)}
		if err := Run(ctx, dial, addresses[:3], TCP); err != nil {
			t.Error(err)
		}
		if got, want := strings.Join(tried, ", "), "1 at 0s, 2 at 3s, 3 at 6s"; got != want {
			t.Errorf("tried %s, want %s", got, want)
		}
		if err := Run(ctx, dial, nil, TCP); err == nil {
			t.Error("no address is well")
		}
		failing := func(context.Context, net.Conn) error { return errors.New("x") }
		wantOutcome(t, "the last one's error", Run(ctx, dial, addresses[2:], failing), upstream.Failed)
	})
}

func TestNamesAreTheCodecs(t *testing.T) {
	for _, p := range protocolsWithChecks {
		err := run(t, serve(t, hangsUp("")), For(p.String(), Options{}))
		if err == nil {
			t.Errorf("%v is checked as TCP", p)
		}
	}
}

func TestTLS(t *testing.T) {
	server, client := certificate(t)
	for _, tc := range []struct {
		protocol string
		script   func(net.Conn)
	}{
		{"http", answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
		{"mongodb", answers(mongoYes)},
		{"smtp", smtpServer("220 mx\r\n")},
		{"redis", says("-ERR\r\n")},
	} {
		fn := For(tc.protocol, Options{TLS: client, TLSFirst: true})
		if err := run(t, serve(t, secured(server, tc.script)), fn); err != nil {
			t.Errorf("%s: %v", tc.protocol, err)
		}
		wantOutcome(t, tc.protocol+" without TLS", run(t, serve(t, tc.script), fn), upstream.HandshakeFailed)
		_, stranger := certificate(t)
		fn = For(tc.protocol, Options{TLS: stranger, TLSFirst: true})
		wantOutcome(t, tc.protocol+" of others", run(t, serve(t, secured(server, tc.script)), fn), upstream.HandshakeFailed)
	}
	// Those that speak of TLS later are checked before.
	if err := run(t, serve(t, smtpServer("220 mx\r\n")), For("smtp", Options{TLS: client})); err != nil {
		t.Error(err)
	}
	if err := run(t, serve(t, answers(postgresError("28000"))), For("postgresql", Options{TLS: client})); err != nil {
		t.Error(err)
	}
}

func TestHTTPRequest(t *testing.T) {
	for _, tc := range []struct{ path, host, want string }{
		{"", "", "GET / HTTP/1.1\r\nHost: %s\r\n"},
		{"/healthz?deep=1", "shop.example", "GET /healthz?deep=1 HTTP/1.1\r\nHost: shop.example\r\n"},
	} {
		asked := make(chan string, 1)
		a := serve(t, func(conn net.Conn) {
			in := bufio.NewReader(conn)
			line, _ := in.ReadString('\n')
			host, _ := in.ReadString('\n')
			asked <- line + host
			says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(conn)
		})
		if err := run(t, a, For("http", Options{Path: tc.path, Host: tc.host})); err != nil {
			t.Error(err)
		}
		if got, want := <-asked, strings.Replace(tc.want, "%s", a.String(), 1); got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
}

func TestHTTPRequestIsOne(t *testing.T) {
	for _, tc := range [][2]string{{"/ HTTP/1.1\r\nX: y\r\n\r\nGET /", ""}, {"/", "a\r\nX: y"}, {"/ö", ""}, {"/", "a\x7f"}} {
		err := run(t, serve(t, answers("HTTP/1.1 200 OK\r\n\r\n")), HTTP(tc[0], tc[1], 0))
		wantOutcome(t, fmt.Sprintf("%q", tc), err, upstream.Failed)
	}
}

// TestSMTPWaitsNotForEver has a backend greet and not answer QUIT.
func TestSMTPWaitsNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		go says("220 mx\r\n")(theirs)
		if err := SMTP(t.Context(), ours); err != nil {
			t.Error(err)
		}
	})
}

// TestSMTPEndsOrderly wants the QUIT to be waited out.
func TestSMTPEndsOrderly(t *testing.T) {
	said := make(chan string, 1)
	a := serve(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 mx\r\n")
		line, _ := bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, "221 bye\r\n")
		said <- line
	})
	if err := run(t, a, SMTP); err != nil {
		t.Error(err)
	}
	if got := <-said; got != "QUIT\r\n" {
		t.Errorf("said %q", got)
	}
}
