// Package multiplextest tests MongoDB connections that use several backends:
// peers whose every byte the test decides on both sides of the engine, and one
// client of the Go driver with three FerretDB servers.
package multiplextest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// routes are the backends' addresses by resource, which may change.
type routes struct {
	mu sync.Mutex
	at map[string]string
}

var _ resolve.Resolver = (*routes)(nil)

// Resolve implements resolve.Resolver.
func (r *routes) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if endpoint, known := r.at[q.Resource]; known {
		return resolve.Result{Endpoint: endpoint}, nil
	}
	return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no route")
}

// stand is a proxy that multiplexes, with backends by resource.
type stand struct {
	*enginetest.Proxy
	t        *testing.T
	backends map[string]*enginetest.Backend
}

func start(t *testing.T, impl engine.Impl, changes ...func(*engine.Config)) *stand {
	t.Helper()
	s := &stand{t: t, backends: make(map[string]*enginetest.Backend)}
	r := &routes{at: make(map[string]string)}
	for _, name := range []string{"shop", "bank", "mall"} {
		s.backends[name] = enginetest.Listen(t)
		r.at[name] = s.backends[name].Address()
	}
	cfg := enginetest.Config(impl, mongodb.Front(mongodb.Options{Multiplex: true}), r)
	for _, change := range changes {
		change(&cfg)
	}
	s.Proxy = enginetest.Start(t, cfg)
	return s
}

// client is a client on the wire.
type client struct{ *enginetest.Conn }

func (s *stand) client() client { return client{s.Dial()} }

// accept waits for the proxy at a backend.
func (s *stand) accept(name string) client {
	s.t.Helper()
	return client{s.backends[name].Accept()}
}

// message is a message on the wire.
type message struct {
	id, to int32
	flags  uint32
	body   string // behind the flags
}

func (m message) String() string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(20+len(m.body)))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.id))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.to))
	b = binary.LittleEndian.AppendUint32(b, 2013)
	return string(binary.LittleEndian.AppendUint32(b, m.flags)) + m.body
}

// moreToCome is the flag of unacknowledged writes and of streams of replies.
const moreToCome = 2

// command is a request of a database.
func command(id int32, name, database string) message {
	return message{id: id, body: section(text(name, "things") + text("$db", database))}
}

// reply is the answer to a request.
func reply(id, to int32, says string) message {
	return message{id: id, to: to, body: section(text("says", says))}
}

func text(name, value string) string {
	return "\x02" + name + "\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(value)+1))) + value + "\x00"
}

// section is a section of kind 0 with these fields.
func section(fields string) string {
	return "\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(fields)+1))) + fields + "\x00"
}

// documents is a section of kind 1 that is about so long.
func documents(size int) string {
	one := section(text("pad", string(make([]byte, 1000))))[1:]
	all := "documents\x00" + strings.Repeat(one, size/len(one)+1)
	return "\x01" + string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(all)))) + all
}

// tell sends messages.
func (c client) tell(t *testing.T, messages ...message) {
	t.Helper()
	for _, m := range messages {
		c.Say(m.String())
	}
}

// hears reads exactly these messages.
func (c client) hears(t *testing.T, messages ...message) {
	t.Helper()
	for _, m := range messages {
		c.Hear(m.String())
	}
}

// read reads one message, whatever it is.
func (c client) read(t *testing.T) message {
	t.Helper()
	head := make([]byte, 20)
	_, err := io.ReadFull(c.In, head)
	enginetest.Must(t, err)
	body := make([]byte, binary.LittleEndian.Uint32(head)-20)
	_, err = io.ReadFull(c.In, body)
	enginetest.Must(t, err)
	return message{
		int32(binary.LittleEndian.Uint32(head[4:])), int32(binary.LittleEndian.Uint32(head[8:])),
		binary.LittleEndian.Uint32(head[16:]), string(body),
	}
}

// refused reads the proxy's refusal of a request.
func (c client) refused(t *testing.T, id int32, code int32) {
	t.Helper()
	m := c.read(t)
	want := "\x10code\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(code)))
	if m.to != id || !contains(m.body, want) {
		t.Fatalf("got %q to %d, want code %d to %d", m.body, m.to, code, id)
	}
}

// asks has a client ask a backend, which answers.
func (c client) asks(t *testing.T, backend client, id int32, database string) {
	t.Helper()
	request, answer := command(id, "find", database), reply(1000+id, id, fmt.Sprint("I am ", database))
	c.tell(t, request)
	backend.hears(t, request)
	backend.tell(t, answer)
	c.hears(t, answer)
}

// over ends a client, and waits until its backends know.
func (c client) over(t *testing.T, backends ...client) {
	t.Helper()
	enginetest.Must(t, c.Close())
	for _, b := range backends {
		b.HearGone()
	}
}

// codes are those of the table of errors.
const (
	unreachable = 6
	notFound    = 26
	tooMany     = 202
	timeout     = 89
)

// plainFront is for listeners beside the one that multiplexes.
func plainFront() codecs.Front { return mongodb.Front(mongodb.Options{}) }

// connect connects a client to a listener that isn't the first.
func connect(t *testing.T, to netip.AddrPort) client {
	t.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	enginetest.Must(t, err)
	return client{enginetest.NewConn(t, c)}
}
