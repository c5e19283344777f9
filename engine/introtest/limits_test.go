package introtest

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	sqlmysql "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// one lets every client have one session.
func one(cfg *engine.Config) { cfg.Limits.Sessions = 1 }

// refused asks for a session of a client that may have no more, in its protocol.
type refused func(t *testing.T, p *enginetest.Proxy)

func postgresRefused(t *testing.T, p *enginetest.Proxy) {
	_, err := pgx.Connect(t.Context(), "postgres://u@"+p.Address()+"/some?sslmode=disable")
	var told *pgconn.PgError
	if !errors.As(err, &told) || told.Code != "53300" {
		t.Errorf("PostgreSQL: %v", err)
	}
}

func mysqlRefused(t *testing.T, p *enginetest.Proxy) {
	db, err := sql.Open("mysql", "u:p@tcp("+p.Address()+")/some")
	enginetest.Must(t, err)
	defer enginetest.CloseAll(t, db)
	var told *sqlmysql.MySQLError
	if err := db.PingContext(t.Context()); !errors.As(err, &told) || told.Number != 1040 {
		t.Errorf("MySQL: %v", err)
	}
}

func smtpRefused(t *testing.T, p *enginetest.Proxy) {
	client := p.Dial()
	client.HearTo("220 localhost ESMTP\r\n")
	client.Say("EHLO a.example\r\n")
	client.Hear("421 4.7.0 ")
	client.HearEnd()
	enginetest.Must(t, client.Close())
}

func httpRefused(t *testing.T, p *enginetest.Proxy) {
	client := p.Dial()
	client.Say(get)
	head := client.HearEnd()
	for _, want := range []string{"HTTP/1.1 503 ", "\r\nRetry-After: ", "\r\nConnection: close\r\n"} {
		if !strings.Contains(head, want) {
			t.Errorf("HTTP: %q has no %q", head, want)
		}
	}
	enginetest.Must(t, client.Close())
}

func mongodbRefused(t *testing.T, p *enginetest.Proxy) {
	client := p.Dial()
	client.Say(message(2, "find", "c"))
	client.HearTo("\x10code\x00" + string(binary.LittleEndian.AppendUint32(nil, 202)))
	client.HearEnd()
	enginetest.Must(t, client.Close())
}

// message is MongoDB's {command: argument, $db: "some"}.
func message(id uint32, command, argument string) string {
	text := func(key, value string) string {
		return "\x02" + key + "\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(value)+1))) + value + "\x00"
	}
	fields := text(command, argument) + text("$db", "some") + "\x00"
	document := string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(fields)))) + fields
	header := make([]byte, 0, 16)
	for _, n := range []uint32{uint32(16 + 4 + 1 + len(document)), id, 0, 2013} {
		header = binary.LittleEndian.AppendUint32(header, n)
	}
	return string(header) + "\x00\x00\x00\x00\x00" + document
}

// Who has as many sessions as it may is told in its protocol, and has a place
// again when one of them has gone.
func TestTooManyFromClient(t *testing.T) {
	for name, tt := range map[string]struct {
		front   codecs.Front
		refused refused
	}{
		"PostgreSQL": {postgres.Front(postgres.Options{}), postgresRefused},
		"MySQL":      {mysql.Front(mysql.Options{}), mysqlRefused},
		"SMTP":       {smtp.Front(smtp.Options{}), smtpRefused},
		"MongoDB":    {mongodb.Front(mongodb.Options{}), mongodbRefused},
		"HTTP":       {engine.HTTPFront(), httpRefused},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p, _ := start(t, impl, tt.front, one)
				for range 2 {
					first := p.Dial()
					p.AwaitActive(1)
					tt.refused(t, p)
					enginetest.Must(t, first.Close())
					p.AwaitActive(0)
				}
				s := p.Stats()
				if n := s.Closed[engine.TooManyFromClient] + s.Refused[engine.TooManyFromClient]; n < 2 {
					t.Errorf("%d sessions were refused", n)
				}
			})
		})
	}
}

// Who has no place isn't served by the codec either for longer than it takes to
// name a resource.
func TestPatienceIsForThoseWithin(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, _ := start(t, impl, mongodb.Front(mongodb.Options{}), one, func(cfg *engine.Config) { cfg.Timeouts.Detect = 100 * time.Millisecond })
		first, second := p.Dial(), p.Dial()
		for _, client := range []*enginetest.Conn{first, second} {
			client.Say(message(1, "hello", "x"))
			client.HearTo("isdbgrid")
		}
		p.AwaitClosed(engine.DetectTimeout, 1)
		p.AwaitActive(1)
		for _, client := range []*enginetest.Conn{first, second} {
			enginetest.Must(t, client.Close())
		}
		p.AwaitActive(0)
	})
}

// Those behind a proxy are told apart, and those that are exempt have no limit.
func TestClientsAreToldApart(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, smtp.Front(smtp.Options{}), one, func(cfg *engine.Config) {
			cfg.ProxyProtocolFrom = loopback
			cfg.Limits.IPv6 = 48
			cfg.Limits.Exempt = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
		})
		var clients []*enginetest.Conn
		for i, tt := range []struct {
			from    string
			refused bool
		}{
			{"192.0.2.1", false}, {"192.0.2.2", false}, {"192.0.2.1", true}, {"198.51.100.1", false}, {"198.51.100.1", false},
			{"2001:db8:1::1", false}, {"2001:db8:1:2::1", true}, {"2001:db8:2::1", false},
		} {
			family, to := "TCP4", "127.0.0.1"
			if strings.Contains(tt.from, ":") {
				family, to = "TCP6", "::1"
			}
			client := p.Dial()
			clients = append(clients, client)
			client.Say(fmt.Sprintf("PROXY %s %s %s 1 2\r\n", family, tt.from, to))
			client.HearTo("220 localhost ESMTP\r\n")
			client.Say("EHLO a.example\r\n")
			if tt.refused {
				client.Hear("421 4.7.0 ")
				client.HearEnd()
			} else {
				link := backend.Accept()
				link.Say("220 backend\r\n")
				link.Hear("EHLO a.example\r\n")
				link.Say(fmt.Sprintf("250 %d\r\n", i))
				client.Hear(fmt.Sprintf("250 %d\r\n", i))
				defer enginetest.CloseAll(t, link)
			}
		}
		for _, client := range clients {
			enginetest.Must(t, client.Close())
		}
		p.AwaitClosed(engine.TooManyFromClient, 2)
	})
}

// Who comes too often is refused, but not for ever.
func TestTooFastFromClient(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, engine.HTTPFront(), func(cfg *engine.Config) { cfg.Limits.Rate = 2 })
		attempt := func() (served bool) {
			client := p.Dial()
			client.Say("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
			served = strings.HasPrefix(client.HearEnd(), "HTTP/1.1 200 ")
			enginetest.Must(t, client.Close())
			return served
		}
		ctx, stop := context.WithCancel(t.Context())
		served := enginetest.Async(func() error { return serve(ctx, backend) })
		if !attempt() {
			t.Error("the first was refused")
		}
		enginetest.Eventually(t, "one is refused", func() bool { return !attempt() })
		enginetest.Eventually(t, "one is served again", attempt)
		stop()
		enginetest.Must(t, backend.Close())
		enginetest.Must(t, <-served)
		if n := p.Stats().Refused[engine.TooFastFromClient]; n == 0 {
			t.Error("none was refused as too fast")
		}
	})
}

// serve answers every request of a backend's, one per connection, until ctx is
// done.
func serve(ctx context.Context, backend *enginetest.Backend) error {
	for {
		c, err := backend.AcceptTCP()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		buf := make([]byte, 4096)
		for got := ""; !strings.HasSuffix(got, "\r\n\r\n"); {
			n, err := c.Read(buf)
			if got += string(buf[:n]); err != nil {
				break
			}
		}
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
		_ = c.Close()
	}
}
