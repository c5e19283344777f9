package client

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

// mysqlPeer is the server's side of a connection.
type mysqlPeer struct {
	net.Conn
	// database is what the client has asked for.
	database string
}

// say sends packets, the first of that number.
func (p *mysqlPeer) say(number int, payloads ...string) {
	var all bytes.Buffer
	for i, payload := range payloads {
		fmt.Fprintf(&all, "%c\x00\x00%c%s", len(payload), number+i, payload)
	}
	_, _ = p.Write(all.Bytes()) // reading tells
}

// hear returns the next packet's payload, "" at the end.
func (p *mysqlPeer) hear() string {
	head := make([]byte, 4)
	if _, err := io.ReadFull(p, head); err != nil {
		return ""
	}
	payload := make([]byte, int(head[0])|int(head[1])<<8)
	_, _ = io.ReadFull(p, payload)
	return string(payload)
}

// Greetings differ in the flag that offers TLS. What else they offer is the
// least with a method and a database.
const (
	mysqlGreeting    = "\x0a8.0.40\x00\x01\x00\x00\x00abcdefgh\x00\x09\x82\x2d\x02\x00\x08\x00\x15" + mysqlGreetingEnd
	mysqlGreetingTLS = "\x0a8.0.40\x00\x01\x00\x00\x00abcdefgh\x00\x09\x8a\x2d\x02\x00\x08\x00\x15" + mysqlGreetingEnd
	mysqlGreetingEnd = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00"
	mysqlOK          = "\x00\x00\x00\x02\x00\x00\x00"
	mysqlEOF         = "\xfe\x00\x00\x02\x00"
	mysqlColumn      = "\x03def\x00\x00\x00\x01x\x00\x0c\x3f\x00\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00"
	mysqlTooMany     = "\xff\x10\x04#08004Too many connections"
)

// greet lets a client in that has no password.
func (p *mysqlPeer) greet() {
	p.say(0, mysqlGreeting)
	p.letIn(p.hear(), 2)
}

func (p *mysqlPeer) letIn(response string, number int) {
	if len(response) > 32 {
		_, rest, _ := strings.Cut(response[32:], "\x00")
		p.database, _, _ = strings.Cut(rest[1:], "\x00")
	}
	p.say(number, mysqlOK)
}

// mysqlRows is a result with these rows of one value.
func mysqlRows(values ...string) []string {
	all := []string{"\x01", mysqlColumn, mysqlEOF}
	for _, v := range values {
		all = append(all, string(rune(len(v)))+v)
	}
	return append(all, mysqlEOF)
}

func serveMySQL(t *testing.T, script func(*mysqlPeer)) netip.AddrPort {
	t.Helper()
	return serve(t, func(p *peer) { script(&mysqlPeer{Conn: p.conn}) })
}

func mysqlTo(target netip.AddrPort, databases ...string) MySQLSettings {
	return MySQLSettings{Target: target, User: "app", Databases: databases}
}

func newMySQL(t *testing.T, s MySQLSettings) Dialer {
	t.Helper()
	d, err := NewMySQL(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMySQLSaysWhatItShould(t *testing.T) {
	type visit struct {
		database string
		heard    []string
	}
	visits := make(chan visit, 1)
	d := newMySQL(t, mysqlTo(serveMySQL(t, func(p *mysqlPeer) {
		p.greet()
		v := visit{database: p.database}
		for {
			heard := p.hear()
			v.heard = append(v.heard, heard)
			tag, asked := strings.CutPrefix(heard, "\x03select ")
			if !asked {
				visits <- v
				return
			}
			p.say(1, mysqlRows(tag)...)
		}
	}), "alpha", "beta"))
	seen := make(map[string]bool)
	for n, want := range []string{"alpha", "beta", "alpha"} {
		conn := dial(t, d, uint64(n))
		exchange(t, conn)
		exchange(t, conn)
		closeConn(t, conn)
		v := <-visits
		if v.database != want || len(v.heard) != 3 || v.heard[2] != "\x01" {
			t.Errorf("database %q, heard %q", v.database, v.heard)
		}
		for _, asked := range v.heard {
			if seen[asked] && asked != "\x01" {
				t.Errorf("%s has been asked twice", asked)
			}
			seen[asked] = true
		}
	}
}

// TestMySQLWrongAnswers wants every answer but the one noticed.
func TestMySQLWrongAnswers(t *testing.T) {
	for name, answer := range map[string]func(tag string) []string{
		"another tag": func(string) []string { return mysqlRows("1") },
		"no row":      func(string) []string { return mysqlRows() },
		"two rows":    func(tag string) []string { return mysqlRows(tag, tag) },
		"no result":   func(string) []string { return []string{mysqlOK} },
		"two columns": func(tag string) []string {
			return []string{"\x02", mysqlColumn, mysqlColumn, mysqlEOF, "\x011\x011", mysqlEOF}
		},
		"null": func(string) []string { return []string{"\x01", mysqlColumn, mysqlEOF, "\xfb", mysqlEOF} },
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, newMySQL(t, mysqlTo(serveMySQL(t, func(p *mysqlPeer) {
				p.greet()
				p.say(1, answer(strings.TrimPrefix(p.hear(), "\x03select "))...)
				p.hear() // waits for the client's end
			}), "any")), 0)
			expect(t, conn.Exchange(limited(t)), measure.Wrong, "")
			closeConn(t, conn)
		})
	}
}

// TestMySQLRefused is refused in place of the greeting, of the login and of a
// query.
func TestMySQLRefused(t *testing.T) {
	for name, script := range map[string]func(*mysqlPeer){
		"greeting": func(p *mysqlPeer) { p.say(0, mysqlTooMany) },
		"login":    func(p *mysqlPeer) { p.say(0, mysqlGreeting); p.hear(); p.say(2, mysqlTooMany) },
		"query":    func(p *mysqlPeer) { p.greet(); p.hear(); p.say(1, mysqlTooMany); p.hear() },
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := newMySQL(t, mysqlTo(serveMySQL(t, script), "any")).Dial(limited(t), netip.Addr{}, 0)
			if err == nil {
				err = conn.Exchange(limited(t))
				closeConn(t, conn)
			}
			expect(t, err, measure.Rejected, "MySQL 1040")
		})
	}
}

// TestMySQLEnds loses the server, and is told how.
func TestMySQLEnds(t *testing.T) {
	conn := dial(t, newMySQL(t, mysqlTo(serveMySQL(t, func(p *mysqlPeer) { p.greet(); p.hear() }), "any")), 0)
	expect(t, conn.Exchange(limited(t)), measure.FailureOf(io.EOF), "")
	closeConn(t, conn)
	_, err := newMySQL(t, mysqlTo(serveMySQL(t, func(*mysqlPeer) {}), "any")).Dial(limited(t), netip.Addr{}, 0)
	expect(t, err, measure.FailureOf(io.EOF), "")
}

func TestMySQLOverTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "certificate.pem")
	if err := (throwaway.Certificate{Names: []string{"db.example"}}).Write(file); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	target := serveMySQL(t, func(p *mysqlPeer) {
		p.say(0, mysqlGreetingTLS)
		p.hear()
		p.Conn = tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{pair}})
		p.letIn(p.hear(), 3)
		p.hear()
	})
	for name, kind := range map[string]measure.Failure{"db.example": measure.Other, "other.example": measure.Untrusted} {
		s, agreed := mysqlTo(target, "any"), ""
		s.TLS, s.Established = &secure.Settings{CA: file, ServerName: name}, func(terms secure.Terms) { agreed = terms.String() }
		conn, err := newMySQL(t, s).Dial(limited(t), netip.Addr{}, 0)
		if err != nil {
			expect(t, err, kind, "certificate: for another name")
			continue
		}
		if kind == measure.Untrusted || !strings.HasPrefix(agreed, "TLS 1.3") {
			t.Errorf("%s: agreed on %q", name, agreed)
		}
		closeConn(t, conn)
	}
	plain := mysqlTo(serveMySQL(t, func(p *mysqlPeer) { p.greet() }), "any")
	plain.TLS = &secure.Settings{}
	_, err = newMySQL(t, plain).Dial(limited(t), netip.Addr{}, 0)
	expect(t, err, measure.Handshake, errNoTLS.Error())
}

// TestMySQLInterrupted cancels and overstays an exchange that isn't answered.
func TestMySQLInterrupted(t *testing.T) {
	d := newMySQL(t, mysqlTo(serveMySQL(t, func(p *mysqlPeer) { p.greet(); p.hear(); p.hear() }), "any"))
	interrupt(t, d)
}

func TestMySQLSettings(t *testing.T) {
	good := mysqlTo(netip.MustParseAddrPort("127.0.0.1:3306"), "any")
	for name, spoil := range map[string]func(*MySQLSettings){
		"no target":    func(s *MySQLSettings) { s.Target = netip.AddrPort{} },
		"no user":      func(s *MySQLSettings) { s.User = "" },
		"no database":  func(s *MySQLSettings) { s.Databases = nil },
		"no such file": func(s *MySQLSettings) { s.TLS = &secure.Settings{CA: "nowhere"} },
	} {
		s := good
		spoil(&s)
		if _, err := NewMySQL(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
