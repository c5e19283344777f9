package mysqltest

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// session is one client's.
type session struct {
	proxy  *recorder
	codec  codecs.Codec
	action codecs.Action
	fail   codecs.Failure
	client side
	server side
	said   transcript
}

// side is one of the two connections.
type side struct {
	name    byte
	conn    net.Conn
	pending []byte
	// reading says that a read is under way, which ends with an event.
	reading bool
	events  chan event
}

func newSide(name byte, conn net.Conn) side {
	return side{name: name, conn: conn, events: make(chan event, 1)}
}

// event is what a read has brought: bytes, or an error.
type event struct {
	bytes []byte
	err   error
}

func (s *session) run() {
	defer s.end()
	s.do(&s.client, s.codec.Start(), nil)
	for s.action == codecs.More {
		side, e := s.next()
		if e.err != nil {
			s.write(&s.client, s.left(side))
			return
		}
		s.said.hear(side.name, e.bytes)
		side.pending = append(side.pending, e.bytes...)
		s.present(side)
		s.present(&s.client)
	}
	switch s.action {
	case codecs.Relay:
		s.relay()
	case codecs.Fail:
		s.refuse(s.fail)
	}
}

// next waits for bytes of either side.
func (s *session) next() (*side, event) {
	s.read(&s.client)
	s.read(&s.server)
	select {
	case e := <-s.client.events:
		s.client.reading = false
		return &s.client, e
	case e := <-s.server.events:
		s.server.reading = false
		return &s.server, e
	}
}

// left returns what is told to the client when a side ends: a backend that goes
// without a word leaves that to the codec.
func (s *session) left(side *side) []byte {
	if side == &s.client {
		return nil
	}
	return s.codec.Refuse(nil, codecs.Failure{Kind: codecs.Unavailable})
}

// present calls the codec as long as it consumes something.
func (s *session) present(side *side) {
	for s.action == codecs.More && len(side.pending) > 0 {
		before := len(side.pending)
		method := s.codec.Client
		if side == &s.server {
			method = s.codec.Backend
		}
		in := append([]byte(nil), side.pending...)
		s.do(side, method(in), in)
		if len(side.pending) == before {
			return
		}
	}
}

// do does what a step says.
func (s *session) do(from *side, step codecs.Step, in []byte) {
	from.pending = from.pending[step.Consumed:]
	s.write(&s.client, step.ToClient)
	s.write(&s.server, step.ToBackend)
	resource := string(step.Resource)
	clear(in)
	s.action, s.fail = step.Action, step.Failure
	switch step.Action {
	case codecs.StartTLS:
		s.action = codecs.More
		s.secureClient()
	case codecs.StartBackendTLS:
		s.action = codecs.More
		s.secureBackend()
	case codecs.Compute:
		s.action = codecs.More
		done := make(chan struct{})
		go func() { step.Work(); close(done) }()
		<-done
		s.do(from, s.codec.(codecs.Computer).Computed(), nil)
	case codecs.Route:
		s.action = codecs.More
		s.open(resource)
	}
}

func (s *session) write(side *side, b []byte) {
	if len(b) == 0 {
		return
	}
	s.said.say(side.name, b)
	if _, err := side.conn.Write(b); err != nil {
		s.proxy.t.Logf("write to %c: %v", side.name, err)
	}
}

func (s *session) secureClient() {
	inner := &replayed{Conn: s.client.conn, first: s.client.pending}
	s.client.pending = nil
	conn := tls.Server(inner, serverTLS())
	if err := conn.Handshake(); err != nil {
		s.proxy.t.Logf("TLS with the client: %v", err)
		s.action = codecs.Fail
		return
	}
	s.client.conn = conn
	name := conn.ConnectionState().ServerName
	s.do(&s.client, s.codec.(codecs.Upgrader).Secured(codecs.TLS{ServerName: name}), nil)
}

func (s *session) secureBackend() {
	conn := tls.Client(s.server.conn, &tls.Config{InsecureSkipVerify: true})
	if err := conn.Handshake(); err != nil {
		s.proxy.t.Errorf("TLS with the backend: %v", err)
		s.action = codecs.Fail
		return
	}
	s.server.conn = conn
	s.do(&s.client, s.codec.(codecs.Upgrader).BackendSecured(s.client.pending), nil)
}

// open connects to the resource's backend.
func (s *session) open(resource string) {
	b, ok := s.proxy.backends[resource]
	if !ok {
		s.action = codecs.Fail
		s.fail = codecs.Failure{Kind: codecs.NotFound, Resource: resource}
		return
	}
	conn, err := net.Dial(b.network, b.address)
	if err != nil {
		s.action = codecs.Fail
		s.fail = codecs.Failure{Kind: codecs.Unavailable, Resource: resource}
		return
	}
	conn.SetDeadline(time.Now().Add(patience))
	s.server = newSide(fromServer, conn)
	in := append([]byte(nil), s.client.pending...)
	s.do(&s.client, s.codec.Open(in, b.target), in)
}

// read has a side's next bytes come as an event.
func (s *session) read(side *side) {
	if side.conn == nil || side.reading {
		return
	}
	side.reading = true
	conn := side.conn
	s.proxy.running.Go(func() {
		buffer := make([]byte, 16<<10)
		n, err := conn.Read(buffer)
		if n > 0 {
			err = nil
		}
		side.events <- event{bytes: buffer[:n], err: err}
	})
}

// relay passes everything on. A read that is still under way brings the first
// bytes of its side.
func (s *session) relay() {
	var both sync.WaitGroup
	both.Go(func() { s.pump(&s.server, &s.client) })
	both.Go(func() { s.pump(&s.client, &s.server) })
	both.Wait()
}

func (s *session) pump(to, from *side) {
	defer closeWrite(to.conn)
	if from.reading {
		e := <-from.events
		from.reading = false
		from.pending = append(from.pending, e.bytes...)
	}
	if _, err := to.conn.Write(from.pending); err != nil {
		return
	}
	io.Copy(to.conn, from.conn)
}

// refuse says why the session ends, and closes when that has been read.
func (s *session) refuse(f codecs.Failure) {
	s.write(&s.client, s.codec.Refuse(nil, f))
	closeWrite(s.client.conn)
}

// end closes both connections and waits for the reads.
func (s *session) end() {
	closeWrite(s.client.conn)
	if s.server.conn != nil {
		s.server.conn.Close()
	}
	if s.action == codecs.Fail || s.action == codecs.Close {
		io.Copy(io.Discard, s.client.conn)
	}
	s.client.conn.Close()
	for _, side := range []*side{&s.client, &s.server} {
		if side.reading {
			<-side.events
		}
	}
}

func closeWrite(conn net.Conn) {
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		c.CloseWrite()
	}
}

// replayed is a connection whose first bytes have been read already.
type replayed struct {
	net.Conn
	first []byte
}

func (r *replayed) Read(b []byte) (int, error) {
	if len(r.first) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.first)
	r.first = r.first[n:]
	return n, nil
}
