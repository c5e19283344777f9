package pgtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// hostileDeadline is what clients get who must run into it. An honest login
// must be able to make it even on a busy machine, so logins come first.
const hostileDeadline = time.Second

// bystander is an established session that keeps asking while others attack.
type bystander struct {
	stop chan struct{}
	done chan error
}

func startBystander(t *testing.T, conn *pgx.Conn) *bystander {
	b := &bystander{stop: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		for {
			select {
			case <-b.stop:
				b.done <- nil
				return
			default:
			}
			if _, err := conn.Exec(t.Context(), whoami); err != nil {
				b.done <- err
				return
			}
		}
	}()
	return b
}

// unharmed ends the bystander's questions, which must all have been answered.
func (b *bystander) unharmed(t *testing.T) {
	t.Helper()
	close(b.stop)
	if err := <-b.done; err != nil {
		t.Errorf("an established session was harmed: %v", err)
	}
}

// underAttack runs an attack on a proxy with short deadlines, beside a session
// that was there before.
func underAttack(t *testing.T, attack func(t *testing.T, p *proxy)) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), func(cfg *engine.Config) {
			cfg.Timeouts.Detect, cfg.Timeouts.Flush = hostileDeadline, hostileDeadline
		})
		b := startBystander(t, connect(t, p.url("alpha")+"?sslmode=disable"))
		attack(t, p)
		b.unharmed(t)
	})
}

// TestSilentConnections has many clients that never speak, nor read, nor
// leave.
func TestSilentConnections(t *testing.T) {
	underAttack(t, func(t *testing.T, p *proxy) {
		conns := make([]net.Conn, *silent)
		for i := range conns {
			conns[i] = dialRaw(t, p)
		}
		p.AwaitClosed(engine.DetectTimeout, uint64(*silent))
		for _, conn := range conns {
			wantRefusal(t, conn, "57P03")
		}
	})
}

// TestTrickle sends a startup byte by byte, faster than any deadline and too
// slow to be done in time.
func TestTrickle(t *testing.T) {
	underAttack(t, func(t *testing.T, p *proxy) {
		conn := dialRaw(t, p)
		startup := append(opening(10_000, 3<<16), bytes.Repeat([]byte{'x'}, 10_000)...)
		pace := time.NewTicker(10 * time.Millisecond)
		defer pace.Stop()
		for p.Stats().Closed[engine.DetectTimeout] == 0 && len(startup) > 0 {
			// The proxy may have closed already: then it is counted soon.
			_, _ = conn.Write(startup[:1])
			startup = startup[1:]
			<-pace.C
		}
		if len(startup) == 0 {
			t.Error("the deadline didn't come")
		}
	})
}

// opening is the beginning of a client's packet.
func opening(length, code uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, length), code)
}

// malformed are first packets that no client sends.
var malformed = []struct {
	name   string
	bytes  []byte
	code   string
	reason engine.Reason
}{
	{"longer than any server takes", opening(10_005, 3<<16), "08P01", engine.Malformed},
	{"as long as can be said", opening(0xffff_ffff, 3<<16), "08P01", engine.Malformed},
	{"shorter than itself", opening(7, 3<<16), "08P01", engine.Malformed},
	{"without an end", append(opening(14, 3<<16), "user\x00a"...), "08P01", engine.Malformed},
	{"another protocol", []byte("GET / HTTP/1.1\r\nHost: db\r\n\r\n"), "08P01", engine.Malformed},
	{"direct TLS", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), "0A000", engine.Unsupported},
	{"protocol 2", append(opening(296, 2<<16), make([]byte, 288)...), "0A000", engine.Unsupported},
	{"nobody", append(opening(9, 3<<16), 0), "28000", engine.Forbidden},
}

func TestMalformedStartup(t *testing.T) {
	underAttack(t, func(t *testing.T, p *proxy) {
		want := make(map[engine.Reason]uint64)
		for _, m := range malformed {
			t.Run(m.name, func(t *testing.T) {
				conn := dialRaw(t, p)
				if _, err := conn.Write(m.bytes); err != nil {
					t.Fatal(err)
				}
				wantRefusal(t, conn, m.code)
			})
			want[m.reason]++
		}
		for reason, n := range want {
			p.AwaitClosed(reason, n)
		}
	})
}

// wantRefusal reads an ErrorResponse with that SQLSTATE, and the end; then it
// closes the connection.
func wantRefusal(t *testing.T, conn net.Conn, code string) {
	t.Helper()
	message, err := pgproto3.NewFrontend(conn, conn).Receive()
	if err != nil {
		t.Fatalf("no refusal: %v", err)
	}
	if e, ok := message.(*pgproto3.ErrorResponse); !ok || e.Code != code {
		t.Errorf("refused with %+v, want %s", message, code)
	}
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after the refusal: %q, %v", rest, err)
	}
	enginetest.CloseAll(t, conn)
}

// randomClients is how many clients send random bytes.
const randomClients = 300

// TestRandomBytes sends noise of random length, some of it behind a header that
// makes sense. Every client must be rid of in its deadline.
func TestRandomBytes(t *testing.T) {
	underAttack(t, func(t *testing.T, p *proxy) {
		random := rand.New(rand.NewPCG(1, 2))
		conns := make([]net.Conn, randomClients)
		for i := range conns {
			conns[i] = dialRaw(t, p)
			// The proxy may have had enough before it is all written.
			_, _ = conns[i].Write(noise(random))
		}
		for _, conn := range conns {
			awaitEnd(t, conn)
		}
		enginetest.Eventually(t, "only the bystander is left", func() bool { return p.Stats().Active == 1 })
		s := p.Stats()
		if n := s.Closed[engine.Malformed] + s.Closed[engine.Unsupported]; n == 0 {
			t.Errorf("no session was closed as malformed: %v", s.Closed)
		}
	})
}

// noise is what a hostile client sends.
func noise(random *rand.Rand) []byte {
	b := make([]byte, random.IntN(20_000))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	codes := []uint32{3 << 16, cancelCode, cancelCode + 1, cancelCode + 2}
	if pick := random.IntN(2 * len(codes)); pick < len(codes) {
		b = append(opening(uint32(8+random.IntN(9_000)), codes[pick]), b...)
	}
	return b
}

// awaitEnd reads a connection to its end, of whatever kind, and closes it.
func awaitEnd(t *testing.T, conn net.Conn) {
	t.Helper()
	var slow net.Error
	if _, err := io.Copy(io.Discard, conn); errors.As(err, &slow) && slow.Timeout() {
		t.Errorf("a client who sent noise is still connected after %v", enginetest.Patience)
	}
	enginetest.CloseAll(t, conn)
}
