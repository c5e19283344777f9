package client

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// patience ends a test that hangs. No outcome depends on its length.
const patience = 30 * time.Second

// peer is the server's side of one connection, which a test scripts.
type peer struct {
	*pgproto3.Backend
	t    *testing.T
	conn *net.TCPConn
}

// serve runs a script for every connection until the end of the test, and
// returns where to connect. The script's connection is closed when it returns.
func serve(t *testing.T, script func(*peer)) netip.AddrPort {
	t.Helper()
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				script(&peer{Backend: pgproto3.NewBackend(conn, conn), t: t, conn: conn})
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// send sends messages at once.
func (p *peer) send(messages ...pgproto3.BackendMessage) {
	p.t.Helper()
	for _, m := range messages {
		p.Send(m)
	}
	if err := p.Flush(); err != nil {
		p.t.Errorf("peer: %v", err)
	}
}

// greet lets a client in and returns what it asked for.
func (p *peer) greet() map[string]string {
	p.t.Helper()
	message, err := p.ReceiveStartupMessage()
	if err != nil {
		p.t.Errorf("peer: %v", err)
		return nil
	}
	p.send(&pgproto3.AuthenticationOk{}, ready)
	startup, _ := message.(*pgproto3.StartupMessage)
	return startup.Parameters
}

var ready = &pgproto3.ReadyForQuery{TxStatus: 'I'}

// query waits for a query and returns the tag it asks for, "" if there is none.
func (p *peer) query() (tag string) {
	for {
		message, err := p.Receive()
		if err != nil {
			return tag
		}
		switch m := message.(type) {
		case *pgproto3.Bind:
			tag = string(m.Parameters[0])
		case *pgproto3.Sync:
			return tag
		}
	}
}

// row is a DataRow of texts.
func row(values ...string) *pgproto3.DataRow {
	r := &pgproto3.DataRow{}
	for _, v := range values {
		r.Values = append(r.Values, []byte(v))
	}
	return r
}

// columns describes columns of text.
func columns(n int) *pgproto3.RowDescription {
	return &pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, n)}
}

var selected = &pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}

// answer is what a query is answered with if all is well.
func answer(tag string) []pgproto3.BackendMessage {
	return []pgproto3.BackendMessage{&pgproto3.ParseComplete{}, &pgproto3.BindComplete{}, columns(1), row(tag), selected, ready}
}

// settings are those of a client of target.
func settings(target netip.AddrPort, databases ...string) PostgresSettings {
	return PostgresSettings{Target: target, User: "app", Password: "secret", Databases: databases}
}

func newDialer(t *testing.T, s PostgresSettings) Dialer {
	t.Helper()
	d, err := NewPostgres(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// limited is a context that ends a test that hangs.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// dial opens the n-th connection. The test closes it.
func dial(t *testing.T, d Dialer, n uint64) Conn {
	t.Helper()
	conn, err := d.Dial(limited(t), netip.Addr{}, n)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func exchange(t *testing.T, conn Conn) {
	t.Helper()
	if err := conn.Exchange(limited(t)); err != nil {
		t.Fatal(err)
	}
}

func closeConn(t *testing.T, conn Conn) {
	t.Helper()
	if err := conn.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// expect checks the kind of an error.
func expect(t *testing.T, err error, kind measure.Failure, answer string) {
	t.Helper()
	if gotKind, gotAnswer := Classify(err); err == nil || gotKind != kind || gotAnswer != answer {
		t.Errorf("%v is %v %q, want %v %q", err, gotKind, gotAnswer, kind, answer)
	}
}

// interrupt cancels and overstays an exchange that the server doesn't answer.
func interrupt(t *testing.T, d Dialer) {
	t.Helper()
	late, end := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer end()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for ctx, kind := range map[context.Context]measure.Failure{late: measure.Late, cancelled: measure.Other} {
		conn := dial(t, d, 0)
		expect(t, conn.Exchange(ctx), kind, "")
		closeConn(t, conn)
	}
}
