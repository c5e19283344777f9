package client

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

func TestPostgresSaysWhatItShould(t *testing.T) {
	type visit struct {
		from       netip.Addr
		parameters map[string]string
		tags       []string
		ending     pgproto3.FrontendMessage
	}
	visits := make(chan visit, 1)
	target := serve(t, func(p *peer) {
		v := visit{from: netip.MustParseAddrPort(p.conn.RemoteAddr().String()).Addr(), parameters: p.greet()}
		for range 3 {
			v.tags = append(v.tags, p.query())
			p.send(answer(v.tags[len(v.tags)-1])...)
		}
		v.ending, _ = p.Receive()
		visits <- v
	})
	d := newDialer(t, settings(target, "alpha", "beta"))
	seen := make(map[string]bool)
	for n, want := range []string{"alpha", "beta", "alpha"} {
		from := netip.AddrFrom4([4]byte{127, 1, 0, byte(n + 1)})
		conn, err := d.Dial(limited(t), from, uint64(n))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			exchange(t, conn)
		}
		closeConn(t, conn)
		v := <-visits
		if v.from != from || v.parameters["database"] != want || v.parameters["user"] != "app" {
			t.Errorf("connection %d is from %v with %v", n, v.from, v.parameters)
		}
		if _, ok := v.ending.(*pgproto3.Terminate); !ok {
			t.Errorf("the connection ends with %T, want Terminate", v.ending)
		}
		for _, tag := range v.tags {
			if seen[tag] {
				t.Errorf("%s has been asked for twice", tag)
			}
			seen[tag] = true
		}
	}
}

// TestPostgresWrongAnswers wants every answer but the one noticed.
func TestPostgresWrongAnswers(t *testing.T) {
	type messages = []pgproto3.BackendMessage
	for name, answers := range map[string]func(tag string) messages{
		"another tag": func(string) messages { return answer("1") },
		"nothing":     func(string) messages { return messages{columns(1), row(""), selected, ready} },
		"null": func(string) messages {
			return messages{columns(1), &pgproto3.DataRow{Values: [][]byte{nil}}, selected, ready}
		},
		"no row":             func(string) messages { return messages{columns(1), selected, ready} },
		"no result":          func(string) messages { return messages{&pgproto3.EmptyQueryResponse{}, ready} },
		"two rows":           func(tag string) messages { return messages{columns(1), row(tag), row(tag), selected, ready} },
		"two columns":        func(tag string) messages { return messages{columns(2), row(tag, tag), selected, ready} },
		"no column":          func(string) messages { return messages{columns(0), row(), selected, ready} },
		"a row out of place": func(tag string) messages { return messages{row(tag), selected, ready} },
		"an endless answer":  func(string) messages { return messages{columns(1), row("1")} },
		"an odd refusal":     func(string) messages { return messages{&pgproto3.ErrorResponse{Severity: "ERROR", Code: "?"}, ready} },
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, newDialer(t, settings(serve(t, func(p *peer) {
				p.greet()
				p.send(answers(p.query())...)
				_, _ = p.Receive() // waits for the client's end
			}), "any")), 0)
			expect(t, conn.Exchange(limited(t)), measure.Wrong, "")
			closeConn(t, conn)
		})
	}
}

// TestPostgresBytesThatMeanNothing sends what is no PostgreSQL at all, to a new
// client and to a query.
func TestPostgresBytesThatMeanNothing(t *testing.T) {
	for name, bytes := range map[string]string{
		"HTTP":                 "HTTP/1.1 400 Bad Request\r\n\r\n",
		"a length below four":  "Z\x00\x00\x00\x03",
		"a length beyond all":  "D\xff\xff\xff\xff",
		"longer than we read":  "D\x00\x10\x00\x00",
		"an unknown message":   "\x01\x00\x00\x00\x04",
		"a row cut within":     "D\x00\x00\x00\x08\x00\x01\x7f\xff",
		"an unknown challenge": "R\x00\x00\x00\x08\x00\x00\x00\x63",
	} {
		t.Run(name, func(t *testing.T) {
			early := newDialer(t, settings(serve(t, func(p *peer) {
				_, _ = p.ReceiveStartupMessage()
				_, _ = p.conn.Write([]byte(bytes))
				_, _ = p.Receive()
			}), "any"))
			_, err := early.Dial(limited(t), netip.Addr{}, 0)
			expect(t, err, measure.Wrong, "")

			conn := dial(t, newDialer(t, settings(serve(t, func(p *peer) {
				p.greet()
				p.query()
				_, _ = p.conn.Write([]byte(bytes))
				_, _ = p.Receive()
			}), "any")), 0)
			expect(t, conn.Exchange(limited(t)), measure.Wrong, "")
			closeConn(t, conn)
		})
	}
}

// TestPostgresRefusals has the server, or a proxy in its place, say no.
func TestPostgresRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		severity string
		answer   []pgproto3.BackendMessage // after the refusal
	}{
		"fatal": {severity: "FATAL"},
		"error": {severity: "ERROR", answer: []pgproto3.BackendMessage{ready}},
	} {
		t.Run(name, func(t *testing.T) {
			refusal := append([]pgproto3.BackendMessage{&pgproto3.ErrorResponse{Severity: c.severity, Code: "53300"}}, c.answer...)
			early := newDialer(t, settings(serve(t, func(p *peer) {
				_, _ = p.ReceiveStartupMessage()
				p.send(refusal...)
				_, _ = p.Receive()
			}), "any"))
			_, err := early.Dial(limited(t), netip.Addr{}, 0)
			expect(t, err, measure.Rejected, "SQLSTATE 53300")

			conn := dial(t, newDialer(t, settings(serve(t, func(p *peer) {
				p.greet()
				p.query()
				p.send(refusal...)
				_, _ = p.Receive()
			}), "any")), 0)
			expect(t, conn.Exchange(limited(t)), measure.Rejected, "SQLSTATE 53300")
			closeConn(t, conn)
		})
	}
}

// TestPostgresEnds has the connection end in the middle.
func TestPostgresEnds(t *testing.T) {
	half := []byte("T\x00\x00\x00\x06\x00")
	for name, c := range map[string]struct {
		end  func(p *peer)
		kind measure.Failure
	}{
		"between messages": {func(*peer) {}, measure.Ended},
		"within a message": {func(p *peer) { _, _ = p.conn.Write(half) }, measure.Ended},
		"reset":            {func(p *peer) { _ = p.conn.SetLinger(0) }, measure.Reset},
	} {
		t.Run(name, func(t *testing.T) {
			early := newDialer(t, settings(serve(t, func(p *peer) {
				_, _ = p.ReceiveStartupMessage()
				c.end(p)
			}), "any"))
			_, err := early.Dial(limited(t), netip.Addr{}, 0)
			expect(t, err, c.kind, "")

			conn := dial(t, newDialer(t, settings(serve(t, func(p *peer) {
				p.greet()
				p.query()
				c.end(p)
			}), "any")), 0)
			expect(t, conn.Exchange(limited(t)), c.kind, "")
			closeConn(t, conn)
		})
	}
}

func TestPostgresNobodyListens(t *testing.T) {
	target := serve(t, func(*peer) {})
	gone := netip.AddrPortFrom(netip.MustParseAddr("127.77.0.1"), target.Port())
	_, err := newDialer(t, settings(gone, "any")).Dial(limited(t), netip.Addr{}, 0)
	expect(t, err, measure.Refused, "")
}

// TestPostgresSilence has the server say nothing: once to a new client, once to
// a query, and counts that nobody connects besides, not even to cancel.
func TestPostgresSilence(t *testing.T) {
	accepted := make(chan string, 10)
	target := serve(t, func(p *peer) {
		accepted <- p.conn.RemoteAddr().String()
		message, err := p.ReceiveStartupMessage()
		if startup, ok := message.(*pgproto3.StartupMessage); ok && startup.Parameters["database"] == "talks" {
			p.send(&pgproto3.AuthenticationOk{}, ready)
		}
		for err == nil {
			_, err = p.Receive()
		}
	})
	d := newDialer(t, settings(target, "talks", "silent"))
	conn := dial(t, d, 0)
	expect(t, conn.Exchange(soon(t)), measure.Late, "")
	closeConn(t, conn)
	_, err := d.Dial(soon(t), netip.Addr{}, 1)
	expect(t, err, measure.Late, "")

	if n := len(accepted); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestPostgresCancelled(t *testing.T) {
	d := newDialer(t, settings(serve(t, func(p *peer) {
		p.greet()
		_, _ = p.Receive()
	}), "any"))
	conn := dial(t, d, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := conn.Exchange(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled exchange: %v", err)
	}
	closeConn(t, conn)
}

// TestPostgresAnswerOfAnother has the answer of the exchange before come once
// more.
func TestPostgresAnswerOfAnother(t *testing.T) {
	conn := dial(t, newDialer(t, settings(serve(t, func(p *peer) {
		p.greet()
		first := p.query()
		p.send(answer(first)...)
		p.query()
		p.send(answer(first)...)
		_, _ = p.Receive()
	}), "any")), 0)
	exchange(t, conn)
	expect(t, conn.Exchange(limited(t)), measure.Wrong, "")
	closeConn(t, conn)
}

// soon is a context that is done before a server that says nothing.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// TestPostgresEnvironment wants the variables that the library knows unheard.
func TestPostgresEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"PGHOST": "192.0.2.1", "PGPORT": "1", "PGDATABASE": "other", "PGUSER": "other", "PGPASSWORD": "other",
		"PGPASSFILE": "/nonexistent", "PGAPPNAME": "other", "PGCONNECT_TIMEOUT": "1", "PGSSLMODE": "verify-full",
		"PGSSLCERT": "/nonexistent", "PGSSLKEY": "/nonexistent", "PGSSLROOTCERT": "/nonexistent", "PGSSLCERTMODE": "require",
		"PGSSLNEGOTIATION": "direct", "PGTARGETSESSIONATTRS": "standby", "PGTZ": "UTC", "PGOPTIONS": "-c work_mem=1",
		"PGMINPROTOCOLVERSION": "3.2", "PGMAXPROTOCOLVERSION": "3.2", "PGCHANNELBINDING": "require", "PGREQUIREAUTH": "md5",
	} {
		t.Setenv(name, value)
	}
	asked := make(chan map[string]string, 1)
	target := serve(t, func(p *peer) {
		asked <- p.greet()
		_, _ = p.Receive()
	})
	closeConn(t, dial(t, newDialer(t, settings(target, "mine")), 0))
	got := <-asked
	want := map[string]string{"user": "app", "database": "mine", "application_name": "loadtest"}
	for name, value := range got {
		if want[name] != value {
			t.Errorf("asked for %s=%s", name, value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
}

func TestPostgresSettings(t *testing.T) {
	target := netip.MustParseAddrPort("127.0.0.1:5432")
	for name, s := range map[string]PostgresSettings{
		"no target":   {User: "app", Databases: []string{"any"}},
		"no user":     {Target: target, Databases: []string{"any"}},
		"no database": {Target: target, User: "app"},
	} {
		if _, err := NewPostgres(s); err == nil || err.Error() != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
