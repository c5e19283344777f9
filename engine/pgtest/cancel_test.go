package pgtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestInterruptPsql presses Ctrl-C.
func TestInterruptPsql(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		for _, name := range names {
			t.Run(name, func(t *testing.T) { interruptPsql(t, p.url(name)+"?application_name=interrupted", name) })
		}
	})
}

func interruptPsql(t *testing.T, url, cluster string) {
	client := launch(t, enginetest.Patience, servers.farm.Program("psql"), psqlArguments(url, "-c", sleep)...)
	awaitSleeping(t, admin(t, cluster, "postgres"), "interrupted", 1)
	if err := client.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	got := client.wait(t)
	const want = "ERROR:  57014: canceling statement due to user request"
	if got.code != 1 || !strings.Contains(got.stderr, want) {
		t.Errorf("psql's exit code is %d, and it says %q, want 1 and %q", got.code, got.stderr, want)
	}
}

// TestContextCancellation abandons a query of pgx's, as it is by default: pgx
// sends a CancelRequest and closes the session without waiting for the answer.
func TestContextCancellation(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		for _, name := range names {
			server := admin(t, name, "postgres")
			s := sleepOn(t, connect(t, p.url(name)+"?application_name=abandoned"), "abandoned")
			awaitSleeping(t, server, "abandoned", 1)
			s.cancel(t)
			<-s.ended
			if !errors.Is(s.err, context.Canceled) {
				t.Errorf("%s: the query ended with %v", name, s.err)
			}
			awaitSleeping(t, server, "abandoned", 0)
		}
	})
}

const (
	// crowd is how many sessions sleep at once, on all clusters together.
	crowd = 200
	// victims is how many of them are cancelled one by one.
	victims = 9
)

// TestCancelInACrowd cancels some of many queries, on three servers and by way
// of any event loop: those and no others end.
func TestCancelInACrowd(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		all := startCrowd(t, p)
		for i := range victims {
			s := all[i*crowd/victims]
			s.cancel(t)
			s.wantCancelled(t)
			wantAwake(t, i+1)
		}
		for _, s := range all {
			s.cancel(t)
		}
		for _, s := range all {
			s.wantCancelled(t)
		}
		if n := p.Stats().Closed[engine.UnknownKey]; n != 0 {
			t.Errorf("%d cancel requests had an unknown key", n)
		}
	})
}

// startCrowd returns when all of the crowd sleep.
func startCrowd(t *testing.T, p *proxy) []*sleeper {
	t.Helper()
	all := make([]*sleeper, crowd)
	for i := range all {
		all[i] = startSleeper(t, p.url(names[i%len(names)]), fmt.Sprintf("crowd %d", i))
	}
	for i, name := range names {
		awaitSleeping(t, admin(t, name, "postgres"), "crowd %", (crowd+len(names)-1-i)/len(names))
	}
	return all
}

// wantAwake checks that so many of the crowd have been cancelled.
func wantAwake(t *testing.T, n int) {
	t.Helper()
	left := 0
	for _, name := range names {
		left += sleepingOn(t, name)
	}
	if left != crowd-n {
		t.Errorf("after %d cancel requests %d queries run on, want %d", n, left, crowd-n)
	}
}

func sleepingOn(t *testing.T, name string) int {
	t.Helper()
	server, err := servers.named[name].Connect(t.Context(), "postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(t.Context())
	return sleeping(t, server, "crowd %")
}

// TestUnknownKey tries to cancel with keys that nobody has: never issued, of a
// session that has ended, of a live session but for one bit.
func TestUnknownKey(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		gone := connect(t, p.url("alpha"))
		goneKey := keyOf(gone)
		if err := gone.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.awaitGone(1)
		live := startSleeper(t, p.url("beta"), "live")
		live.awaitRunning(t, "beta")
		nearly := keyOf(live.conn)
		nearly[len(nearly)-1] ^= 1
		for _, key := range [][]byte{make([]byte, 8), goneKey, nearly, append(keyOf(live.conn), 0)} {
			if words := sendCancel(t, p, key); len(words) > 0 {
				t.Errorf("a cancel request with the key %x is answered: %q", key, words)
			}
		}
		p.AwaitClosed(engine.UnknownKey, 4)
		live.cancel(t)
		live.wantCancelled(t)
	})
}

// keyOf is what a CancelRequest for the session carries.
func keyOf(conn *pgx.Conn) []byte {
	key := binary.BigEndian.AppendUint32(nil, conn.PgConn().PID())
	return append(key, conn.PgConn().SecretKey()...)
}

// cancelCode is the CancelRequest's.
const cancelCode = 1234<<16 | 5678

// sendCancel sends a CancelRequest and returns what comes until the end.
func sendCancel(t *testing.T, p *proxy, key []byte) []byte {
	t.Helper()
	packet := binary.BigEndian.AppendUint32(nil, uint32(8+len(key)))
	packet = binary.BigEndian.AppendUint32(packet, cancelCode)
	conn := dialRaw(t, p)
	if _, err := conn.Write(append(packet, key...)); err != nil {
		t.Fatal(err)
	}
	words, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("after a cancel request: %v", err)
	}
	return words
}

// dialRaw connects without a protocol.
func dialRaw(t *testing.T, p *proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(enginetest.Patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}
